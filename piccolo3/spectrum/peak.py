"""The peak of a spectrum, whatever single pixels do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["smoothed_peak"]


def smoothed_peak(counts: NDArray[np.int32] | NDArray[np.float64], optical_pixel_range: tuple[int, int]) -> float:
    """The highest median of three neighbours among the optical pixels (first to one past the last).

    One hot pixel does not count; with fewer than three optical pixels it is the highest of them.
    """
    first, end = optical_pixel_range
    optical = counts[first:end]
    if optical.size < 3:
        return float(optical.max())
    left, middle, right = optical[:-2], optical[1:-1], optical[2:]
    medians = np.maximum(np.minimum(left, middle), np.minimum(np.maximum(left, middle), right))
    return float(medians.max())
