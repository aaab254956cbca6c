"""Spectra that were not transferred to their end.

Where less came than was asked for, cseabreeze does not notice: the rest of what it hands out is still that of the
spectrum before, in its buffer (also the byte at the end that it looks at). Noise makes it impossible that so many
pixels, up to the last one, have the same counts twice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Leftovers"]

_IMPOSSIBLE = 1e-9


class Leftovers:
    """Compares each spectrum with the one before."""

    def __init__(self) -> None:
        self._last: NDArray[np.int32] | None = None
        self._varies: NDArray[np.bool_] | None = None  # some devices have pixels at the end that never change

    def in_(self, counts: NDArray[np.int32]) -> int:
        """How many pixels at the end of `counts`, shape (pixels,), are left over from the one before; 0 if none are."""
        last, self._last = self._last, counts
        if last is None or last.shape != counts.shape:
            self._varies = None
            return 0
        differs = counts != last
        known, self._varies = self._varies, differs if self._varies is None else self._varies | differs
        return 0 if known is None else _run_by_no_chance(differs, known)


def _run_by_no_chance(differs: NDArray[np.bool_], varies: NDArray[np.bool_]) -> int:
    """The length of the run of equal pixels at the end, 0 if chance may have made it."""
    changed = np.flatnonzero(differs)
    if changed.size == 0:  # the same spectrum again, which is noticed elsewhere
        return 0
    end = int(changed[-1]) + 1
    compared = np.count_nonzero(varies[:end])
    equal = compared - np.count_nonzero(differs[:end] & varies[:end])
    chance = float((equal + 1) / (compared + 1))  # that a pixel is equal, judged by those before
    run = np.count_nonzero(varies[end:])
    return differs.size - end if chance**run < _IMPOSSIBLE else 0
