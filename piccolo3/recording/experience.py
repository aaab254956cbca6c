"""How long the computer takes besides the devices, learned from what was recorded."""

from __future__ import annotations

__all__ = ["Experience"]

_FIRST_GUESS = 0.002  # s
_SHARE = 0.3  # of the newest in the running mean
_LEAST, _MOST = -0.005, 0.05  # s; whatever is beyond is no matter of the computer


class Experience:
    """`host` (s) is what a measurement of one channel takes more than devices account for, in the mean."""

    def __init__(self) -> None:
        self.host = _FIRST_GUESS
        self._batches = 0

    def learn(self, more: float, measurements: int) -> None:
        """A batch of so many measurements took this much (s) more than devices account for."""
        each = more / max(1, measurements)
        if _LEAST <= each <= _MOST:
            self.host += (_SHARE if self._batches else 1.0) * (each - self.host)
            self._batches += 1
