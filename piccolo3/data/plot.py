"""A picture of a batch: its light spectra, a panel for each spectrometer."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from piccolo3.data.levels import Level, Row, rows
from piccolo3.data.reader import Findings, RunReader
from piccolo3.data.source import Source
from piccolo3.errors import InvalidValue, NotFound, PiccoloError
from piccolo3.spectrum import parse_file_name
from piccolo3.store.atomic import write_files

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]

_COLOURS = {"downwelling": "#0072b2", "upwelling": "#009e73"}
_OTHERS = ("#d55e00", "#cc79a7", "#e69f00", "#56b4e9")
_MOST = 100  # curves of a channel: more can't be told apart, and would not fit into the memory of a small computer
_UNITS = {
    Level.RAW: "counts",
    Level.CORRECTED: "counts per ms, without dark",
    Level.REFLECTANCE: "relative reflectance",
}

Curves = dict[str, dict[str, list[Row]]]  # by serial number and direction


def plot(source: Source, run: str, path: Path | str, *, batch: int | None = None, level: str = "corrected") -> Findings:
    """Draw the light spectra of a batch (the last one with any, unless one is named) and write a PNG.

    Raises NotFound where there is nothing to draw, PiccoloError where matplotlib is not installed, InvalidValue for a
    level that there is not, StoreError where the file can't be written.
    """
    try:
        wanted = Level(level)
    except ValueError as error:
        raise InvalidValue(str(error)) from error
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise PiccoloError("for plots install the extra `plot`: pip install 'piccolo3[plot]'") from error
    reader = RunReader(source, run)
    numbers = [batch] if batch is not None else _batches(reader)
    for number in numbers:
        curves = _curves(reader, number, wanted)
        if curves:
            title = f"Run {run}, batch {number}" if number >= 0 else f"Run {run}"
            write_files({Path(path).absolute(): _png(title, curves, wanted)}, clobber=True)
            return reader.findings
    where = f"batch {batch} of the run {run!r}" if batch is not None else f"the run {run!r}"
    why = "".join(f"; {text} ({count})" for text, count in reader.findings.remarks.items())
    raise NotFound(f"there is nothing to draw in {where} at the level {wanted}{why}")


def _batches(reader: RunReader) -> list[int]:
    """The batches of a run, newest first; -1 for what is in none."""
    return list(dict.fromkeys(_batch_of(name) for name in reversed(reader.names)))


def _batch_of(name: str) -> int:
    parsed = parse_file_name(name)
    return -1 if parsed is None else parsed.batch


def _curves(reader: RunReader, batch: int, level: Level) -> Curves:
    names = [name for name in reader.names if _batch_of(name) == batch]
    # of a long batch every n-th file
    found: Curves = {}
    for name in names[:: -(-len(names) // _MOST) or 1]:
        spectra = reader.load(name)
        for row in rows(reader, level, name, spectra) if spectra is not None else ():
            if not row.spectrum.dark:
                found.setdefault(row.setup.serial_number, {}).setdefault(row.setup.direction, []).append(row)
    return found


def _png(title: str, spectrometers: Mapping[str, Mapping[str, Sequence[Row]]], level: Level) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 1.0 + 2.9 * len(spectrometers)), facecolor="white")
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    FigureCanvasAgg(figure)
    figure.suptitle(_drawable(title), fontsize=13, fontweight="bold", x=0.01, ha="left")
    panels = figure.subplots(len(spectrometers), 1, squeeze=False)[:, 0]
    for panel, (serial_number, channels) in zip(panels, spectrometers.items(), strict=True):
        _panel(panel, channels)
        panel.set_ylabel(_UNITS[level], fontsize=9)
        panel.set_title(_drawable(serial_number), fontsize=10, fontweight="bold", loc="left")
        panel.grid(color="#e4e8ec", linewidth=0.7)
    panels[-1].set_xlabel("wavelength / nm")
    data = io.BytesIO()
    # without the version of matplotlib the same spectra give the same bytes
    figure.savefig(data, format="png", dpi=130, metadata={"Software": None})
    return data.getvalue()


def _drawable(text: str) -> str:
    return text.encode("utf-8", errors="replace").decode().replace("$", r"\$")


def _panel(panel: Axes, channels: Mapping[str, Sequence[Row]]) -> None:
    others = iter(_OTHERS * (1 + len(channels) // len(_OTHERS)))
    for direction, found in channels.items():
        colour = _COLOURS.get(direction.lower()) or next(others)
        for number, row in enumerate(found):
            wavelengths = row.setup.wavelengths()
            x = np.arange(row.setup.pixels, dtype=np.float64) if wavelengths is None else wavelengths
            last = number == len(found) - 1
            count = f", {len(found)} spectra" if len(found) > 1 else ""
            label = f"{_drawable(direction)}, {row.spectrum.actual_integration_time:g} ms{count}" if last else None
            width, alpha = (1.1, 1.0) if last else (0.7, 0.35)
            panel.plot(x, row.values, color=colour, linewidth=width, alpha=alpha, label=label)
    panel.margins(x=0)
    panel.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=4, fontsize=8, frameon=False)
