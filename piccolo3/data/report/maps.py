"""The time line of the batches and the map of what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import isfinite

from piccolo3.data.report.gather import BatchFacts, Channel, Gathered
from piccolo3.data.report.svg import WIDTH, clock, time_ticks

__all__ = ["BatchOutcome", "Verdict", "coverage_map", "moment", "time_line", "verdict"]

_MOST_BARS = 1200
_MOST_COLUMNS = 120
_LABELS = 250


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """How a batch ended, from a catalogue: `result` is complete, aborted or failed, `reason` a sentence or None."""

    result: str
    reason: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to show for a batch: a class of the style sheet, and a sentence."""

    style: str
    text: str


def moment(seconds: float) -> str:
    """A time in full, or a dash."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC" if isfinite(seconds) else "—"


def verdict(batch: BatchFacts, channels: set[Channel], outcome: BatchOutcome | None) -> Verdict:
    """What became of a batch: as the catalogue has it, else as far as the files tell."""
    if batch.unreadable:
        return Verdict("bad", f"{batch.unreadable} of {batch.files} files can't be read")
    if outcome is not None and outcome.result != "complete":
        style = "bad" if outcome.result == "failed" else "warn"
        return Verdict(style, outcome.result + (f": {outcome.reason}" if outcome.reason else ""))
    gaps = sum(batch.sequences - batch.lights[channel] for channel in channels)
    if gaps > 0:
        return Verdict("warn", f"{gaps} light spectra are missing")
    if any(batch.lights[channel] and not batch.darks[channel] for channel in channels):
        return Verdict("warn", "darks are missing")
    if batch.flagged:
        return Verdict("flagged", f"complete; {batch.flagged} of {batch.spectra} spectra are flagged")
    return Verdict("good", "complete" if outcome is not None else "all files are there")


def time_line(found: Gathered, outcomes: Mapping[int, BatchOutcome]) -> str:
    """Bars from the start to the end of each batch, coloured by what became of it."""
    timed = [batch for batch in found.batches if isfinite(batch.start)]
    if not timed:
        return "<p>No file could be read.</p>"
    left, right = min(batch.start for batch in timed), max(batch.end for batch in timed)
    span = max(right - left, 1.0)

    def across(seconds: float) -> float:
        return 10 + (seconds - left) / span * (WIDTH - 20)

    parts = [f'<svg viewBox="0 0 {WIDTH} 64" role="img" aria-label="time line of the batches">']
    for tick in time_ticks(left, left + span):
        parts.append(f'<line class="grid" x1="{across(tick):.1f}" x2="{across(tick):.1f}" y1="4" y2="40"/>')
        text = clock(tick, span)
        parts.append(f'<text class="tick" x="{across(tick):.1f}" y="56" text-anchor="middle">{text}</text>')
    step = -(-len(timed) // _MOST_BARS)
    for start in range(0, len(timed), step):
        group = timed[start : start + step]
        told = [(batch, verdict(batch, found.channels, outcomes.get(batch.number))) for batch in group]
        worst, shown = max(told, key=lambda one: _SEVERITY.index(one[1].style))
        x, end = across(min(one.start for one in group)), across(max(one.end for one in group))
        title = f"batch {worst.number}, {moment(worst.start)}: {shown.text}"
        parts.append(
            f'<rect class="{shown.style}" x="{x:.1f}" y="10" width="{max(end - x, 2.0):.1f}" height="24">'
            f"<title>{escape(title)}</title></rect>"
        )
    return "".join([*parts, "</svg>"])


_SEVERITY = ("good", "flagged", "warn", "bad")


def coverage_map(found: Gathered) -> str:
    """For each channel and kind a row, for each batch (or group of them) a column: how much of it is there."""
    step = -(-len(found.batches) // _MOST_COLUMNS)
    groups = [found.batches[start : start + step] for start in range(0, len(found.batches), step)]
    channels = sorted(found.channels)
    size = (WIDTH - _LABELS - 10) / max(len(groups), 12)
    rows = [(channel, kind) for channel in channels for kind in ("light", "dark")]
    height = 16 * len(rows) + 26
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="map of what is missing">']
    for row, (channel, kind) in enumerate(rows):
        label = escape(f"{channel[0]} {channel[1]} {kind}"[-38:])
        parts.append(f'<text class="tick" x="{_LABELS - 6}" y="{16 * row + 12}" text-anchor="end">{label}</text>')
        for column, group in enumerate(groups):
            style, text = _cell(group, channel, kind)
            x = _LABELS + column * size
            name = f"batch {group[0].number}" if len(group) == 1 else f"batches {group[0].number} to {group[-1].number}"
            parts.append(
                f'<rect class="{style}" x="{x:.1f}" y="{16 * row + 1}" width="{max(size - 1, 1):.1f}" height="14">'
                f"<title>{escape(f'{name}, {channel[0]} {channel[1]}: {text}')}</title></rect>"
            )
    for column in range(0, len(groups), max(1, len(groups) // 8)):
        x = _LABELS + (column + 0.5) * size
        text = f"b{groups[column][0].number}"
        parts.append(f'<text class="tick" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{text}</text>')
    return "".join([*parts, "</svg>"])


def _cell(group: Sequence[BatchFacts], channel: Channel, kind: str) -> tuple[str, str]:
    unreadable = sum(batch.unreadable for batch in group)
    if kind == "dark":
        wanted = sum(bool(batch.sequences) or bool(batch.darks) for batch in group)
        there = sum(bool(batch.darks[channel]) for batch in group)
        text = f"{there} of {wanted} batches have a dark"
    else:
        wanted = sum(batch.sequences for batch in group)
        there = sum(batch.lights[channel] for batch in group)
        text = f"{there} of {wanted} light sequences"
    if not wanted:
        return "none", "darks only"
    if there >= wanted:
        return "good", text
    style = "bad" if not there else "warn"
    return style, text + (f"; {unreadable} files can't be read" if unreadable else "")
