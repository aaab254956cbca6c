"""The page of a report: one file of HTML that can be read anywhere, off line, with the scripts switched off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from math import isfinite

import numpy as np

from piccolo3 import __version__
from piccolo3.data.report.gather import Gathered, Latest, Thinned
from piccolo3.data.report.maps import BatchOutcome, coverage_map, moment, time_line, verdict
from piccolo3.data.report.style import STYLE
from piccolo3.data.report.svg import Curve, chart
from piccolo3.spectrum import Flag

__all__ = ["page"]

_MOST_ROWS = 200


def page(found: Gathered, outcomes: Mapping[int, BatchOutcome]) -> str:
    """The report; the same run gives the same page."""
    run = escape(found.run.encode("utf-8", errors="replace").decode())
    sections = [
        ("Time line", time_line(found, outcomes) + _colours()),
        ("What is there, what is missing", coverage_map(found) + _unreadable(found)),
        ("Latest spectra", _spectra(found)),
        ("Signal", _over_time(_peaks(found), "Peak of the light spectra", "% of saturation")),
        ("Temperatures", _over_time(_temperatures(found), "Detectors", "°C")),
        ("Quality flags", _flags(found)),
        ("Batches", _batches(found, outcomes)),
    ]
    body = "\n".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Run {run}</title><style>{STYLE}</style></head>\n"
        f"<body><header><h1>Run {run}</h1>{_summary(found)}</header>\n{body}\n"
        f"<footer>Made by piccolo3 {__version__} from the files of the run.</footer></body></html>\n"
    )


def _summary(found: Gathered) -> str:
    starts = [batch.start for batch in found.batches if isfinite(batch.start)]
    ends = [batch.end for batch in found.batches if isfinite(batch.end)]
    spectrometers = sorted({serial_number for serial_number, _ in found.channels})
    cards = {
        "first": moment(min(starts, default=float("nan"))),
        "last": moment(max(ends, default=float("nan"))),
        "batches": str(len(found.batches)),
        "light spectra": str(found.lights.total()),
        "dark spectra": str(found.darks.total()),
        "spectrometers": ", ".join(f"{one} ({found.models.get(one, 'model not known')})" for one in spectrometers),
        "files that can't be read": str(len(found.unreadable)),
    }
    items = "".join(f"<div><dt>{key}</dt><dd>{escape(value) or '—'}</dd></div>" for key, value in cards.items())
    simulated = '<p class="note">Some of these spectra are simulated.</p>' if found.simulated else ""
    return f"<dl>{items}</dl>{simulated}"


def _colours() -> str:
    meanings = {
        "good": "complete",
        "flagged": "spectra are flagged",
        "warn": "incomplete",
        "bad": "failed or unreadable",
    }
    return (
        f'<p class="legend">{"".join(f"""<span class="{key}">{text}</span>""" for key, text in meanings.items())}</p>'
    )


def _unreadable(found: Gathered) -> str:
    if not found.unreadable:
        return ""
    shown = list(found.unreadable.items())[:_MOST_ROWS]
    rest = len(found.unreadable) - len(shown)
    return (
        "<h3>Files that can't be read</h3>"
        + _table(["file", "why"], [[name, why] for name, why in shown])
        + (f"<p>and {rest} more</p>" if rest else "")
    )


def _style(direction: str, number: int) -> str:
    return {"downwelling": "c0", "upwelling": "c1"}.get(direction.lower(), f"c{2 + number % 4}")


def _spectra(found: Gathered) -> str:
    charts = []
    for serial_number in sorted({serial_number for serial_number, _ in found.latest}):
        own = [(channel, latest) for channel, latest in found.latest.items() if channel[0] == serial_number]
        for has_dark in (True, False):
            curves = [
                _curve(latest, channel[1], number)
                for number, (channel, latest) in enumerate(own)
                if latest.has_dark is has_dark
            ]
            unit = "counts per ms, without dark, linear" if has_dark else "counts as recorded (there is no dark)"
            charts.append(chart(curves, label=serial_number or "spectrometer not known", unit=unit, zero=True))
    return "".join(charts) or "<p>There are no light spectra.</p>"


def _curve(latest: Latest, direction: str, number: int) -> Curve:
    x = latest.wavelengths if latest.wavelengths is not None else np.arange(len(latest.values), dtype=np.float64)
    label = f"{direction}, {latest.name}" + ("" if latest.wavelengths is not None else ", by pixel")
    return Curve(label, _style(direction, number), x, latest.values)


def _peaks(found: Gathered) -> dict[str, tuple[str, Thinned]]:
    return {
        f"{serial_number} {direction}": (f"c{number % 6}", points)
        for number, ((serial_number, direction), points) in enumerate(sorted(found.peaks.items()))
    }


def _temperatures(found: Gathered) -> dict[str, tuple[str, Thinned]]:
    return {key: (f"c{number % 6}", points) for number, (key, points) in enumerate(sorted(found.temperatures.items()))}


def _over_time(curves: Mapping[str, tuple[str, Thinned]], label: str, unit: str) -> str:
    drawn = []
    for name, (style, points) in curves.items():
        x, y = np.array(points.points, dtype=np.float64).T
        drawn.append(Curve(name, style, x, y, dots=True))
    return chart(drawn, label=label, unit=unit, over_time=True) or "<p>None are known.</p>"


def _flags(found: Gathered) -> str:
    if not found.flags:
        return "<p>No spectrum is flagged.</p>"
    names = [str(flag.name) for flag in Flag]
    names += sorted({name for counts in found.flags.values() for name in counts} - set(names))
    rows = []
    for channel in sorted(found.channels):
        counts = found.flags.get(channel, Counter())
        total = found.lights[channel] + found.darks[channel]
        rows.append([*channel, str(total), *(str(counts.get(name, 0) or "") for name in names)])
    return _table(["spectrometer", "channel", "spectra", *(name.lower().replace("_", " ") for name in names)], rows)


def _batches(found: Gathered, outcomes: Mapping[int, BatchOutcome]) -> str:
    shown = found.batches[-_MOST_ROWS:]
    rows = []
    for batch in reversed(shown):
        outcome = outcomes.get(batch.number)
        told = verdict(batch, found.channels, outcome)
        kind = outcome.kind if outcome is not None and outcome.kind else "record" if batch.sequences else "dark"
        numbers = [str(batch.sequences), str(batch.spectra), str(batch.files)]
        rows.append([str(batch.number), kind, moment(batch.start), moment(batch.end), *numbers, told.text])
    before = len(found.batches) - len(shown)
    head = ["batch", "kind", "start", "end", "sequences", "spectra", "files", "outcome"]
    opened = " open" if len(rows) <= 30 else ""
    table = f"<details{opened}><summary>{len(rows)} newest</summary>{_table(head, rows)}</details>"
    return table + (f"<p>and {before} before</p>" if before else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    heads = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
