"""The mean of several exposures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from piccolo3.devices.interface import Exposure

__all__ = ["mean_of"]


def mean_of(exposures: Sequence[Exposure], *, discarded: int, repeated: bool) -> Exposure:
    """One or more exposures at one integration time, in the order in which they were made, as one.

    `counts` are the mean, rounded; `deviation` is that of a sample (n - 1), about the mean before it was rounded.
    """
    first, last, number = exposures[0], exposures[-1], len(exposures)
    if number == 1:
        return replace(first, discarded=discarded, repeated=repeated)
    total = np.zeros(first.counts.shape)
    squares = np.zeros(first.counts.shape)
    for exposure in exposures:  # relative to the first one, so that squares stay small; no array for all of them
        difference = (exposure.counts - first.counts).astype(np.float64)
        total += difference
        squares += difference * difference
    variance = np.maximum(squares - total * total / number, 0.0) / (number - 1)
    return replace(
        first,
        counts=np.rint(first.counts + total / number).astype(np.int32),
        deviation=np.sqrt(variance).astype(np.float32),
        end=last.end,
        averages=number,
        discarded=discarded,
        repeated=repeated,
    )
