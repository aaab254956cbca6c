"""The nonlinearity of the detectors, such that the usual correction by Ocean Optics undoes it.

With y the counts above the dark level, the correction is x = y / p(y), p being the polynomial of the coefficients that
the device reports, lowest order first. No coefficients: linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["linear", "measured"]

_STEPS = 4096


def linear(counts: float, coefficients: Sequence[float]) -> float:
    """The counts of a linear detector for measured counts above the dark level."""
    if not coefficients:
        return counts
    return counts / float(np.polynomial.polynomial.polyval(counts, np.asarray(coefficients)))


def measured(counts: NDArray[np.float64], coefficients: tuple[float, ...], saturation: float) -> NDArray[np.float64]:
    """The counts above the dark level for those of a linear detector, right up to `saturation`."""
    if not coefficients:
        return counts
    linear_counts, measured_counts = _table(coefficients, saturation)
    return np.interp(counts, linear_counts, measured_counts)


@cache
def _table(coefficients: tuple[float, ...], saturation: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    counts = np.linspace(-0.02 * saturation, 1.05 * saturation, _STEPS)
    return counts / np.polynomial.polynomial.polyval(counts, np.asarray(coefficients)), counts
