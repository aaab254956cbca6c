"""Plots in a terminal, drawn with the dots of the Braille block (two by four in each character)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

__all__ = ["Curve", "draw"]

_BRAILLE = 0x2800
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # by column and row, Unicode chapter 21.1
_LABEL = 8


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve; `x` ascending."""

    label: str
    style: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


def draw(title: str, curves: Sequence[Curve], top: float, width: int = 80, height: int = 10) -> Text:
    """Draw curves from 0 to `top` on a canvas of `width` by `height` characters including its labels."""
    columns = max(10, width - _LABEL - 1)
    left = min(float(curve.x[0]) for curve in curves)
    right = max(float(curve.x[-1]) for curve in curves)
    dots = np.zeros((height, columns), dtype=np.int64)
    owner = np.full((height, columns), -1)
    for number, curve in enumerate(curves):
        _trace(curve, left, right, top, dots, owner, number)
    text = Text()
    text.append(f"{'':{_LABEL}} {title}  ", style="bold")
    for curve in curves:
        text.append(f"━ {curve.label}  ", style=curve.style)
    text.append("\n")
    for row in range(height):
        label = f"{top:.0f}" if row == 0 else "0" if row == height - 1 else ""
        text.append(f"{label:>{_LABEL - 1}} ┤" if label else f"{'':{_LABEL}}│", style="dim")
        for column in range(columns):
            who = int(owner[row, column])
            character = chr(_BRAILLE + int(dots[row, column])) if who >= 0 else " "
            text.append(character, style=curves[who].style if who >= 0 else "")
        text.append("\n")
    axis = f"{left:.0f} nm"
    text.append(f"{'':{_LABEL}} {axis}{f'{right:.0f} nm':>{columns - len(axis)}}\n", style="dim")
    return text


def _trace(
    curve: Curve,
    left: float,
    right: float,
    top: float,
    dots: NDArray[np.int64],
    owner: NDArray[np.int64],
    number: int,
) -> None:
    """Set the dots of a curve: one height for each of the columns of dots, joined to that of its neighbour."""
    height, columns = dots.shape
    grid = np.linspace(left, right, 2 * columns)
    values = np.interp(grid, curve.x, curve.y, left=np.nan, right=np.nan)
    levels = np.clip(values / top, 0.0, 1.0) * (4 * height - 1)
    before: int | None = None
    for column, level in enumerate(levels):
        if np.isnan(level):
            before = None
            continue
        here = round(float(level))
        start = here if before is None else before + (here > before) - (here < before)
        for dot in range(min(start, here), max(start, here) + 1):
            row = 4 * height - 1 - dot
            dots[row // 4, column // 2] |= _DOTS[column % 2][row % 4]
            owner[row // 4, column // 2] = number
        before = here
