"""How a detector runs between acquisitions, and how late the host may be."""

from __future__ import annotations

from piccolo3.devices.interface import SpectrometerInfo

__all__ = ["Idling"]

_LEAST = 0.003  # s that the host may be late without another try, for short exposures
_MOST = 0.02  # s, for long ones, and for a host that is often late
_SHARE = 0.01  # of the integration time: another try costs that once
_FORGIVEN = 0.98  # how soon it is trusted again


class Idling:
    """The idle time of a device is its shortest one, for the exposure that is under way has to be waited for.

    The guard, the time of the exposure that follows the wanted one, is longer where the buffer is small: what the
    buffer has must not be pushed out before it is read. All times in s.
    """

    def __init__(self, info: SpectrometerInfo) -> None:
        self.shortest = info.min_integration_time / 1000
        self._transfer = info.freshness.read_out_time / 1000
        self._depth = max(1, info.freshness.buffer_depth)
        self._lateness = _LEAST

    def tolerance(self, seconds: float) -> float:
        """How late the host may be in an exposure that long."""
        return min(_MOST, max(self._lateness, _SHARE * seconds))

    def guard(self, seconds: float, slack: float) -> float:
        """The guard of an exposure that long, whose end is known within `slack`."""
        needed = slack + self._transfer + self.tolerance(seconds)
        return max(self.shortest, needed / self._depth)

    def was_late(self) -> None:
        """The host was too late: allow it twice that."""
        self._lateness = min(_MOST, 2 * self._lateness)

    def was_in_time(self) -> None:
        """It was not."""
        self._lateness = max(_LEAST, _FORGIVEN * self._lateness)
