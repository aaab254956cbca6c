"""How a detector runs between acquisitions, and how late the host may be."""

from __future__ import annotations

import math
from collections import deque

from piccolo3.devices.interface import SpectrometerInfo, TimeChange

__all__ = ["Idling"]

_LEAST = 0.003  # s that the host may be late without another try, for short exposures
_FREE = 0.01  # s, what costs nothing, for a shutter moves meanwhile; a fifth of the exposure at most
_MOST = 0.02  # s, for long ones, for which another try is dear, and for a host that is often late
_SHARE = 0.01  # of the integration time
_FORGIVEN = 0.98  # how soon it is trusted again
_REMEMBERED = 9  # pauses, of the directions of a sequence and its dark
_ALIKE = 0.002  # s
_EARLY = 0.0008  # s, how much earlier than ever the next acquisition may come
_WORTHWHILE = 0.003  # s, idle exposures that are shorter are not worth the trouble
_FURTHEST = 8  # idle exposures ahead


class Idling:
    """The idle time of a device is its shortest one, for the exposure that is under way has to be waited for.

    Where that is long, it is stretched a little, so that an exposure ends when the next acquisition is expected: the
    pauses, in which shutters move, are alike. If the expectation is wrong, time is lost and nothing else.
    The guard, the time of the exposure that follows the wanted one, is longer where the buffer is small: what the
    buffer has must not be pushed out before it is read. All times in s.
    """

    def __init__(self, info: SpectrometerInfo) -> None:
        self.shortest = info.min_integration_time / 1000
        self._transfer = info.freshness.read_out_time / 1000
        self._depth = max(1, info.freshness.surely_kept)
        self._lateness = _LEAST
        self._stretches = info.freshness.on_change is TimeChange.NEXT_EXPOSURE and self.shortest >= _WORTHWHILE
        self._pauses: deque[float] = deque(maxlen=_REMEMBERED)
        self._ended = math.nan

    def tolerance(self, seconds: float) -> float:
        """How late the host may be in an exposure that long."""
        return min(_MOST, max(self._lateness, min(_FREE, 0.2 * seconds), _SHARE * seconds))

    def guard(self, seconds: float, slack: float) -> float:
        """The guard of an exposure that long, whose end is known within `slack`."""
        needed = slack + self._transfer + self.tolerance(seconds)
        return max(self.shortest, needed / self._depth)

    def was_late(self) -> None:
        """The host was too late: allow it twice that."""
        self._lateness = min(_MOST, 2 * self._lateness)

    def was_in_time(self) -> None:
        """It was not, or nobody knows: it would never be tried again if nothing but success were forgiving."""
        self._lateness = max(_LEAST, _FORGIVEN * self._lateness)

    def began(self, moment: float) -> None:
        """An acquisition began to wait for the exposure that was under way."""
        if not math.isnan(self._ended):
            self._pauses.append(moment - self._ended)
            self._ended = math.nan

    def idle(self, seconds: float, ended: float, boundary: float) -> float:
        """The idle time after an exposure of `seconds` that ended at `ended`; an idle one begins at `boundary`."""
        self._ended = ended
        if not self._stretches or not self._pauses:
            return self.shortest
        left = ended + self._expected() + _EARLY - boundary
        number = math.floor(left / self.shortest)
        if not 1 <= number <= _FURTHEST:
            return self.shortest
        stretched = left / number
        # X must last until the idle one has certainly ended; the next exposure is likely to be as long as this one
        return stretched if stretched + _EARLY <= seconds else self.shortest

    def _expected(self) -> float:
        """The pause that followed when the last one was like this."""
        pauses = list(self._pauses)
        for before, after in zip(pauses[-2::-1], pauses[:0:-1], strict=True):
            if abs(before - pauses[-1]) < _ALIKE:
                return after
        return pauses[-1]
