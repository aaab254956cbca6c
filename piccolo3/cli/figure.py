"""The picture of a batch: dark-corrected counts against wavelength, a panel for each spectrometer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from piccolo3.cli.recorded import Measured
from piccolo3.cli.table import milliseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["COLOURS", "save"]

# distinguishable also for colour-blind people (Wong, Nature Methods 8, 441, 2011)
COLOURS = {"downwelling": "#0072b2", "upwelling": "#009e73"}
_OTHERS = ("#d55e00", "#cc79a7", "#e69f00", "#56b4e9")
_INK = "#33383d"
_GRID = "#dfe3e7"
_BANDS = (("O$_2$-B", 686.7), ("O$_2$-A", 760.5))  # nm, deepest lines of the oxygen bands


def save(path: Path, title: str, spectrometers: Mapping[str, Mapping[str, Measured]]) -> None:
    """Draw and write a PNG."""
    # imported here: it takes a second, and is needed for nothing else
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 1.0 + 2.7 * len(spectrometers)), facecolor="white")
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=13, fontweight="bold", color=_INK, x=0.01, ha="left")
    panels = figure.subplots(len(spectrometers), 1, squeeze=False)[:, 0]
    for panel, (serial_number, channels) in zip(panels, spectrometers.items(), strict=True):
        _panel(panel, serial_number, channels)
    panels[-1].set_xlabel("wavelength / nm", color=_INK)
    figure.align_ylabels()
    figure.savefig(path, dpi=150)


def _panel(panel: Axes, serial_number: str, channels: Mapping[str, Measured]) -> None:
    others = iter(_OTHERS * (1 + len(channels) // len(_OTHERS)))
    top = 0.0
    for direction, measured in channels.items():
        colour = COLOURS.get(direction) or next(others)
        time = milliseconds(measured.light.integration_time)
        label = f"{direction}, {time} ms, peak {measured.light.peak_percent:.0f} %"
        counts, wavelengths = measured.counts, measured.wavelengths
        panel.fill_between(wavelengths, counts, color=colour, alpha=0.10, linewidth=0)
        panel.plot(wavelengths, counts, color=colour, linewidth=1.0, label=label)
        top = max(top, float(counts.max()))
    first = next(iter(channels.values()))
    saturation = first.light.saturation_level
    if saturation is not None:
        panel.axhline(saturation, color="#d55e00", linewidth=1.0, linestyle=(0, (6, 3)))
        panel.annotate(
            f"saturation {saturation:.0f}",
            xy=(1.0, saturation),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 3),
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=8,
            color="#d55e00",
        )
        top = max(top, saturation)
    left, right = float(first.wavelengths[0]), float(first.wavelengths[-1])
    panel.set_xlim(left, right)
    panel.set_ylim(min(0.0, -0.01 * top), 1.14 * top)
    for name, band in _BANDS:
        if left + 0.02 * (right - left) < band < right - 0.02 * (right - left):
            panel.axvline(band, color=_GRID, linewidth=0.8, zorder=0)
            panel.annotate(
                name,
                xy=(band, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color="#7b848c",
            )
    model = first.light.model
    panel.set_title(f"{serial_number}  {model or ''}".strip(), loc="left", fontsize=10, color=_INK)
    _dress(panel)


def _dress(panel: Axes) -> None:
    panel.set_ylabel("light minus dark / counts", color=_INK)
    panel.grid(axis="y", color=_GRID, linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(colors=_INK, labelsize=9)
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}".replace(",", "\u2009"))
    for side, spine in panel.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color("#aab2b9")
    panel.legend(loc="upper left", frameon=False, fontsize=9, labelcolor=_INK, ncols=2, borderaxespad=0.2)
