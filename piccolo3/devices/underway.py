"""One open spectrometer, and what is certain of what it is doing."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import Clock
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo, TimeChange
from piccolo3.errors import DeviceError

__all__ = ["DRIFT", "NAP", "Doubt", "GivenUp", "UnderWay", "Unusable"]

DRIFT = 1e-3  # how wrong the device's clock may be against the host's
NAP = 0.1  # s, the longest sleep of our own; longer waits are reads, which the device's interrupt() ends
_MARGIN = 2.0  # s added to the time that a read may take at most
_UNKNOWN = 15.0  # s, the longest exposure expected under way in a device that does not tell
_NOISY_PIXELS = 16  # read noise is a count or more: by chance they are all equal once in 10^9 exposures


class Doubt(Exception):
    """It could not be shown that an exposure was the wanted one."""


class Unusable(Doubt):
    """What the device sent can't be a spectrum."""


class GivenUp(DeviceError):
    """Nobody wants it any more; nothing is wrong with the device."""


class UnderWay:
    """Calls the device and keeps account. Times are seconds, moments on the monotonic scale of `clock`.

    Until `ends_by` anything may be under way; exposures that begin later take `longest` at most, exactly so if
    `certain`. `next_from`: what is handed out next began then or later, and is of the time set; nan if that is not
    known. `reads` counts what was handed out. Once nothing more is `wanted`, asked from the thread that reads, there is
    no further read.
    """

    def __init__(self, spectrometer: Spectrometer, info: SpectrometerInfo, clock: Clock) -> None:
        self._spectrometer = spectrometer
        self._info = info
        self._clock = clock
        self.wanted: Callable[[], bool] = lambda: True
        self._sleeper = clock.sleeper()
        opens_at = info.freshness.opens_at
        self.certain = False
        self.longest = _UNKNOWN if opens_at is None else opens_at / 1000
        self.ends_by = self.now() + self.longest * (1 + DRIFT)
        self.next_from = math.nan
        self.reads = 0
        self._last: NDArray[np.int32] | None = None
        self._number: int | None = None

    def now(self) -> float:
        """The moment."""
        return self._clock.monotonic()

    def is_at(self, seconds: float) -> bool:
        """Whether exposures that begin from now on certainly take that long, or what the device makes of it."""
        return self.certain and self.longest == self._possible(seconds)

    def set(self, seconds: float) -> None:
        """Set the integration time, or what the device can make of it without making it shorter."""
        seconds = self._possible(seconds)
        before = self.longest
        # as long as this holds if the device fails, for nobody knows then whether it was set
        self.longest, self.certain, self.next_from = max(before, seconds), False, math.nan
        self._spectrometer.set_integration_time(seconds * 1000)
        self.longest, self.certain = seconds, True
        if self._info.freshness.on_change is TimeChange.NEXT_EXPOSURE:
            self.ends_by = max(self.ends_by, self.now() + before * (1 + DRIFT))
        else:
            self.ends_by = self.now()

    def _possible(self, seconds: float) -> float:
        if not self._info.integration_time_step:
            return seconds
        return self._info.possible_integration_time(seconds * 1000) / 1000

    def settle(self, seconds: float) -> None:
        """Let everything that begins after `ends_by` be of this integration time, begun after this call."""
        if self._info.freshness.on_change is TimeChange.NEXT_EXPOSURE and self.is_at(seconds):
            self.ends_by = max(self.ends_by, self.now() + seconds * (1 + DRIFT))
        else:
            self.set(seconds)

    def clear(self) -> None:
        """Forget what had finished."""
        self._spectrometer.clear_buffer()

    def read(self) -> NDArray[np.int32]:
        """The counts of what is handed out next. Raises Unusable, GivenUp, and what the device raises."""
        if not self.wanted():
            raise GivenUp("nobody waits for the exposure any more")
        under_way = max(self.ends_by - self.now(), self.longest)
        expected, self.next_from = self.next_from, math.nan
        counts = self._spectrometer.read(under_way * (1 + DRIFT) + self._info.freshness.read_out_time / 1000 + _MARGIN)
        self.reads += 1
        self.next_from = expected  # nor does it matter whether what was unusable was handed out or lost
        self._check(counts)
        return counts

    def _check(self, counts: NDArray[np.int32]) -> None:
        # also what is thrown away: a repeated one must not be counted
        number = self._spectrometer.exposure_number() if self._info.freshness.counts_exposures else None
        (last, self._last), (last_number, self._number) = (self._last, counts), (self._number, number)
        if counts.shape != (self._info.pixels,):
            raise Unusable(f"it has {counts.size} pixels instead of {self._info.pixels}")
        if not counts.any():
            raise Unusable("all its counts are zero")
        if number is not None and number == last_number:
            raise Unusable(f"the device says that it is exposure {number} again")
        if last is not None and np.array_equal(counts, last) and self._is_noisy(counts):
            raise Unusable("it is the same as the one before, count for count")

    def _is_noisy(self, counts: NDArray[np.int32]) -> bool:
        """Whether enough pixels are not saturated that two exposures can't be the same by chance."""
        return int(np.count_nonzero(counts < self._info.saturation)) >= _NOISY_PIXELS

    def discard(self, number: int) -> None:
        """Throw away what is handed out next."""
        for _ in range(number):
            self.read()

    def discard_finished(self) -> None:
        """Empty a buffer that is full or can be cleared."""
        if self._info.freshness.can_clear_buffer:
            self.clear()
        else:
            self.discard(self._info.freshness.buffer_depth)

    def discard_older(self) -> None:
        """Read all that began before the integration time was set: what is handed out next is of the time set.

        What was under way ends soon, and is then one of those in the buffer; or else it is one more to read.
        """
        one_more = self._info.freshness.on_change is TimeChange.NEXT_EXPOSURE
        if one_more and self.ends_by - self.now() <= NAP:
            self.wait_until(self.ends_by)
            one_more = False
        if self._info.freshness.can_clear_buffer:
            self.clear()
            self.discard(int(one_more))
        else:
            self._count_older(self._info.freshness.buffer_depth + one_more)
        self.ends_by = self.now()

    def _count_older(self, older: int) -> None:
        """Discard that many, or less where the device's numbers show that others were dropped."""
        first: int | None = None
        for _ in range(older):
            self.discard(1)
            first = self._number if first is None else first
            # at most `older` - 1 that are older than the time set come after the first one
            if first is not None and self._number is not None and self._number - first >= older - 1:
                return

    def wait_until(self, moment: float) -> None:
        """Sleep."""
        while (missing := moment - self.now()) > 0:
            self._sleeper.sleep(missing)
