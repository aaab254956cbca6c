"""Never a wrong spectrum: exposures that were certainly made at the wanted integration time, after a given moment.

A spectrometer integrates all the time, keeps finished exposures, and a thread of the host may be held up anywhere for
any time, also inside a call. What is relied on is only what `piccolo3.devices.interface` says of the device:

* exposures follow one another; each is made at the integration time that was set last before it began;
* a request is answered by the oldest finished exposure, else by the one under way; none is handed out twice;
* at most `buffer_depth` finished ones wait.

**Counting** is always right: at the moment u when the integration time T is set, at most `buffer_depth` + 1 exposures
that are not yet read have begun (the finished ones and the one under way). So after that many reads, or a cleared
buffer and one read, the next one began after u. It leaves an exposure of T under way, which the next acquisition has
to wait for.

**Marking** makes exactly one exposure of T; it is for T well above the idle time t, the shortest one of the device,
at which it runs between acquisitions. Set T at u: the one under way ends before u + t, then the wanted one, X, begins.
Once it has certainly begun, set the guard time g for those after it. Take what had finished before (`buffer_depth` of
them, for the buffer was full; or clear it), and if it is then certainly before u + T, X is unfinished and the next to
be handed out. It is X that is read then, unless the request left so late that `buffer_depth` later exposures had
pushed X out, which takes until u + T + `buffer_depth` g: if the answer is there before that moment, it is X.
Where one of these can't be shown, it is done again by counting.
"""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import Clock
from piccolo3.devices.averaging import mean_of
from piccolo3.devices.interface import Exposure, Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceError, DeviceInterrupted, InvalidValue, SpectrumRejected

__all__ = ["Acquirer"]

_logger = logging.getLogger(__name__)

_DRIFT = 1e-3  # how wrong the device's clock may be against the host's
_HOLD_UP = 0.02  # s that the host may be late without another try
_NAP = 0.1  # s, the longest sleep of our own; longer waits are reads, which the device's interrupt() ends
_MARGIN = 2.0  # s added to the time that a read may take at most
_UNKNOWN = 15.0  # s, the longest exposure that is expected to be under way when a device was opened
_NOISY_PIXELS = 16  # read noise is a count or more: by chance they are all equal once in 10^9 exposures


class _Doubt(Exception):
    """It could not be shown that an exposure was the wanted one."""


class _Unusable(_Doubt):
    """What the device sent can't be a spectrum."""


class Acquirer:
    """Takes exposures with one open spectrometer. All calls are made by one thread and may block."""

    def __init__(self, spectrometer: Spectrometer, info: SpectrometerInfo, clock: Clock) -> None:
        self._spectrometer = spectrometer
        self._info = info
        self._clock = clock
        self._sleeper = clock.sleeper()
        self._idle = info.min_integration_time / 1000
        self._transfer = info.read_out_time / 1000
        self._guard = max(self._idle, (self._idle + self._transfer + _HOLD_UP) / info.buffer_depth)
        stale = 0 if info.can_clear_buffer else info.buffer_depth
        self._marking_from = self._idle + (stale + 1) * self._transfer + _HOLD_UP
        # what may be under way: until `_ends_by` anything, then exposures of `_set_time`
        self._set_time = _UNKNOWN
        self._ends_by = 0.0
        self._discarded = 0
        self._last: NDArray[np.int32] | None = None

    def acquire(self, integration_time: float, *, not_before: float, averages: int = 1) -> Exposure:
        """The counts of `averages` exposures of `integration_time` ms that began after `not_before` (monotonic, s).

        Whatever it is asked to look at must stay as it is until this returns. The times in the result are right
        within the time that the host was held up; the start is never before `not_before`.
        Raises InvalidValue for less than one exposure and where the device can't integrate so long or short,
        SpectrumRejected where no exposure could be shown to be right, and the device's own errors; after an error the
        next call starts from nothing.
        """
        if not self._info.min_integration_time <= integration_time <= self._info.max_integration_time:
            raise InvalidValue(
                f"{self._info.serial_number} integrates {self._info.min_integration_time:g} to "
                f"{self._info.max_integration_time:g} ms, not {integration_time:g} ms"
            )
        if averages < 1:
            raise InvalidValue(f"a spectrum is the mean of one exposure or more, not of {averages}")
        return mean_of([self._acquire(integration_time, not_before) for _ in range(averages)])

    def _acquire(self, integration_time: float, not_before: float) -> Exposure:
        seconds = integration_time / 1000
        self._discarded = 0
        marking = seconds * (1 - _DRIFT) >= self._marking_from
        strategies = [self._by_marking] * marking + [self._by_counting] * 2
        unusable = 0
        for strategy in strategies:
            try:
                counts, start = strategy(seconds, not_before)
            except _Doubt as doubt:
                _logger.info("%s: %s", self._info.serial_number, doubt)
                reason = str(doubt)
                unusable += isinstance(doubt, _Unusable)
                if unusable > 1:
                    break
            else:
                self._be_idle()
                return Exposure(
                    counts=counts,
                    start=start,
                    end=start + seconds,
                    integration_time=integration_time,
                    discarded=self._discarded,
                    repeated=unusable > 0,
                )
        raise SpectrumRejected(f"{self._info.serial_number} gave no spectrum to rely on: {reason}")

    def _by_counting(self, seconds: float, not_before: float) -> tuple[NDArray[np.int32], float]:
        if not self._info.can_clear_buffer and seconds > 2 * self._idle:
            self._run_idle()  # only for speed: what has to be discarded is then there and need not be exposed first
        self._wait_until(not_before)
        earliest = self._clock.monotonic()
        self._set(seconds)
        self._discard_older()
        return self._keep(seconds, earliest, None)

    def _by_marking(self, seconds: float, not_before: float) -> tuple[NDArray[np.int32], float]:
        self._run_idle()
        self._wait_until(not_before)
        earliest = self._clock.monotonic()
        self._set(seconds)
        self._wait_until(self._ends_by + self._transfer)
        self._set(self._guard)
        self._discard_finished()
        unfinished_until = earliest + seconds * (1 - _DRIFT)
        if self._clock.monotonic() >= unfinished_until:
            raise _Doubt("the host was held up while an exposure was made")
        pushed_out_from = unfinished_until + self._info.buffer_depth * self._guard * (1 - _DRIFT)
        return self._keep(seconds, earliest, pushed_out_from)

    def _keep(self, seconds: float, earliest: float, latest: float | None) -> tuple[NDArray[np.int32], float]:
        """Read the wanted exposure, begun after `earliest`, and refuse it if it comes too early or after `latest`."""
        counts = self._read()
        now = self._clock.monotonic()
        if now < earliest + seconds * (1 - _DRIFT):
            raise _Doubt("the device answered sooner than it can have integrated")
        if latest is not None and now >= latest:
            raise _Doubt("the host was held up while an exposure was read")
        self._ends_by = now
        return counts, max(earliest, now - self._transfer - seconds)

    def _run_idle(self) -> None:
        """Come to where the one under way is of the idle time, and the buffer is full unless it can be cleared."""
        if self._set_time != self._idle:
            self._set(self._idle)
        if self._ends_by - self._clock.monotonic() > _NAP:
            self._discard_older()
        # `_ends_by` is not before the last exposure that was kept was read: the buffer fills from there at the latest;
        # where it does not, because of a failure in between, reading what should be in it takes too long and is noticed
        fill = 0 if self._info.can_clear_buffer else (self._info.buffer_depth + 1) * self._idle * (1 + _DRIFT)
        self._wait_until(self._ends_by + fill)

    def _be_idle(self) -> None:
        """Leave the device at its idle time. The exposure in hand is not given up for a failure here."""
        if self._set_time == self._idle:
            return
        try:
            self._set(self._idle)
        except DeviceInterrupted:
            raise
        except DeviceError as error:
            _logger.warning("%s can't be set to its idle time: %s", self._info.serial_number, error)

    def _set(self, seconds: float) -> None:
        before = self._set_time
        self._set_time = max(before, seconds)  # holds also if the device fails and we can't know whether it was set
        self._spectrometer.set_integration_time(seconds * 1000)
        self._set_time = seconds
        self._ends_by = max(self._ends_by, self._clock.monotonic() + before * (1 + _DRIFT))

    def _discard_older(self) -> None:
        """Read all that began before the integration time was set: then the one under way is of the time set."""
        if self._info.can_clear_buffer:
            self._discard_finished()
            self._discard(1)
        else:
            self._discard(self._info.buffer_depth + 1)
        self._ends_by = self._clock.monotonic()

    def _discard_finished(self) -> None:
        """Empty a buffer that is full or can be cleared."""
        if self._info.can_clear_buffer:
            self._spectrometer.clear_buffer()
        else:
            self._discard(self._info.buffer_depth)

    def _discard(self, number: int) -> None:
        for _ in range(number):
            self._read()
            self._discarded += 1

    def _read(self) -> NDArray[np.int32]:
        under_way = max(self._ends_by - self._clock.monotonic(), self._set_time)
        counts = self._spectrometer.read(under_way * (1 + _DRIFT) + self._transfer + _MARGIN)
        last, self._last = self._last, counts
        if counts.shape != (self._info.pixels,):
            raise _Unusable(f"it has {counts.size} pixels instead of {self._info.pixels}")
        if not counts.any():
            raise _Unusable("all its counts are zero")
        # also of those thrown away: a repeated one must not be counted
        if last is not None and np.array_equal(counts, last) and self._is_noisy(counts):
            raise _Unusable("it is the same as the one before, count for count")
        return counts

    def _is_noisy(self, counts: NDArray[np.int32]) -> bool:
        """Whether enough pixels are not saturated that two exposures can't be the same by chance."""
        return int(np.count_nonzero(counts < self._info.saturation)) >= _NOISY_PIXELS

    def _wait_until(self, moment: float) -> None:
        while (missing := moment - self._clock.monotonic()) > 0:
            self._sleeper.sleep(missing)
