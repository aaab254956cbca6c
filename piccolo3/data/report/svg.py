"""Small charts as SVG, to be put into a page: no scripts, nothing from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import ceil, floor, isfinite, log10

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve", "chart", "clock", "ticks", "time_ticks"]

WIDTH, HEIGHT = 860, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 12, 10, 34
_MOST = 700  # points that can be told apart


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve: label, class of the style sheet, and points, NaN where it is interrupted."""

    label: str
    style: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    dots: bool = False


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, at most `most` and one."""
    if not high > low:
        return [low]
    step = 10.0 ** floor(log10((high - low) / most))
    step = next(step * factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= most)
    return [step * number for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


_STEPS = (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 7 * 86400, 30 * 86400, 91 * 86400, 365 * 86400)


def time_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round times (UTC) from `low` to `high`, s since 1970."""
    step = next((one for one in _STEPS if (high - low) / one <= most), _STEPS[-1] * ceil((high - low) / 1e9))
    return [float(step * number) for number in range(ceil(low / step), floor(high / step) + 1)]


def clock(seconds: float, span: float) -> str:
    """A time on an axis that covers `span` seconds."""
    when = datetime.fromtimestamp(seconds, UTC)
    if span > 3 * 86400:
        return f"{when:%Y-%m-%d}"
    return f"{when:%m-%d %H:%M}" if span > 86400 else f"{when:%H:%M:%S}" if span < 1200 else f"{when:%H:%M}"


def chart(curves: Sequence[Curve], *, label: str, unit: str, over_time: bool = False, zero: bool = False) -> str:
    """Curves over wavelength or time with axes and a legend; empty where there is nothing to draw."""
    curves = [_thinned(curve) for curve in curves if np.isfinite(curve.y).any()]
    if not curves:
        return ""
    left, right = _range([curve.x for curve in curves])
    low, high = _range([curve.y for curve in curves])
    low = min(low, 0.0) if zero else low - 0.05 * (high - low)
    high += 0.05 * (high - low)

    def across(x: float) -> float:
        return _LEFT + (x - left) / (right - left) * (WIDTH - _LEFT - _RIGHT)

    def up(y: float) -> float:
        return HEIGHT - _BOTTOM - (y - low) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    marks = time_ticks(left, right) if over_time else ticks(left, right, 9)
    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">']
    for y in ticks(low, high):
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{up(y):.1f}" y2="{up(y):.1f}"/>')
        parts.append(f'<text class="tick" x="{_LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end">{y:.6g}</text>')
    for x in marks:
        text = clock(x, right - left) if over_time else f"{x:g}"
        parts.append(f'<text class="tick" x="{across(x):.1f}" y="{HEIGHT - 17}" text-anchor="middle">{text}</text>')
        parts.append(
            f'<line class="grid" x1="{across(x):.1f}" x2="{across(x):.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
        )
    parts += [line for curve in curves for line in _lines(curve, across, up)]
    axis = "UTC" if over_time else "wavelength / nm"
    parts.append(f'<text class="tick" x="{WIDTH - _RIGHT}" y="{HEIGHT - 3}" text-anchor="end">{axis}</text></svg>')
    legend = "".join(f'<span class="{curve.style}">{escape(curve.label)}</span>' for curve in curves)
    head = f"<figcaption>{escape(label)} <em>{escape(unit)}</em></figcaption>"
    return f'<figure>{head}{"".join(parts)}<p class="legend">{legend}</p></figure>'


def _lines(curve: Curve, across: Callable[[float], float], up: Callable[[float], float]) -> list[str]:
    if curve.dots or len(curve.x) == 1:
        return [
            f'<circle class="{curve.style}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="2"/>'
            for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True)
            if isfinite(y)
        ]
    pieces: list[list[str]] = [[]]
    for x, y in zip(curve.x.tolist(), curve.y.tolist(), strict=True):
        if isfinite(y):
            pieces[-1].append(f"{across(x):.1f},{up(y):.1f}")
        elif pieces[-1]:
            pieces.append([])
    return [f'<polyline class="{curve.style}" points="{" ".join(piece)}"/>' for piece in pieces if piece]


def _range(values: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    joined = np.concatenate(values)
    joined = joined[np.isfinite(joined)]
    low, high = float(joined.min()), float(joined.max())
    if high > low:
        return low, high
    margin = abs(low) * 0.05 or 1.0
    return low - margin, high + margin


def _thinned(curve: Curve) -> Curve:
    """With few enough points; of each group the highest and the lowest stay, so that lines in spectra do."""
    size = len(curve.x)
    if size <= _MOST or curve.dots:
        return curve
    kept = {0, size - 1}
    for group in np.array_split(np.arange(size), _MOST // 2):
        values = curve.y[group]
        if np.isfinite(values).any():
            kept |= {int(group[np.nanargmin(values)]), int(group[np.nanargmax(values)])}
        else:
            kept.add(int(group[0]))
    chosen = sorted(kept)
    return Curve(curve.label, curve.style, curve.x[chosen], curve.y[chosen])
