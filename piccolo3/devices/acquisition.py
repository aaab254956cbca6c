"""Never a wrong spectrum: exposures that were certainly made at the wanted integration time, after a given moment.

A detector hands out exposures that began long ago, and a thread of the host may be held up anywhere for any time, also
inside a call. What is relied on is only what the `Freshness` of the device says:

* exposures follow one another; each is made at the integration time that was set last before it began;
* a request is answered by the oldest finished exposure, else by the one under way; none is handed out twice;
* at most `buffer_depth` finished ones wait, the oldest being dropped for another one.

Let T be set at u, in a detector that takes it from the next exposure on, and X be the first exposure of T. It begins
before B, when the exposure that was under way at u has certainly ended.

**Ageing**, where the device is known well, discards nothing: what is handed out at B + `buffer_depth` T or later can't
be older than X. If the buffer can be cleared, that is so for what is handed out after it was cleared at B or later.

**Counting**: at u, at most `buffer_depth` + 1 exposures not yet read have begun (the finished ones and the one under
way). After that many reads, or a cleared buffer and one read, the next one began after u. At B or later there is one
less, for all of them have ended and the buffer has no more room.

Both are right however late the host is, and leave an exposure of T under way. Whatever is handed out after that began
later still: **more** exposures of T, for a mean or a next spectrum of the same view, need no proof of their own.

If these reads were over before X can have been, X is the next to be handed out; and so it is after ageing, if X can't
have been dropped from the buffer by then. X began before B, so it is over at B + T.

**Guarding** makes T end: once the wanted exposure has certainly begun, another time, the guard g, is set for those
after it. Single exposures that are long enough are **marked** so: when X has begun, set g; take what had finished
before (`buffer_depth` of them, for the buffer was full; or clear it); if it is then certainly before u + T, X is
unfinished and the next to be handed out. The last one of several is guarded when the one before it was read.

What is known to be the next is handed out unless the request left so late that `surely_kept` exposures of g (of T
without a guard) had pushed it out. If the answer is there before they can have been made, it is the wanted one. If that
can't be shown, it is done again. X is over at B + T, before it was read out: whatever it looks at may change from then
on. If the answer then turns out not to be X, it has been **overtaken**, and only the caller can have it done again.

Where a new integration time restarts the exposure at once, X begins at u, so B is u; no guard is needed. On demand,
X begins when it is asked for. See docs/explanations/freshness.md.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from piccolo3.clock import Clock
from piccolo3.devices.averaging import mean_of
from piccolo3.devices.idling import Idling
from piccolo3.devices.interface import Exposure, Spectrometer, SpectrometerInfo, TimeChange
from piccolo3.devices.underway import DRIFT, NAP, Doubt, GivenUp, UnderWay, Unusable
from piccolo3.errors import DeviceError, DeviceInterrupted, InvalidValue, SpectrumRejected

__all__ = ["Acquirer", "GivenUp", "Over", "Overtaken"]

_logger = logging.getLogger(__name__)

_MOST_DOUBTS = 2

_Taken = tuple[NDArray[np.int32], float]  # counts and start

# told by when (monotonic, s) what is looked at may change; what is told last counts
Over = Callable[[float], None]


class Overtaken(SpectrumRejected):
    """What was to be seen may have changed before it was noticed that the exposure can't be relied on.

    `unusable` counts those that could not be a spectrum.
    """

    def __init__(self, message: str, *, unusable: int) -> None:
        super().__init__(message)
        self.unusable = unusable


class Acquirer:
    """Takes exposures with one open spectrometer. All calls are made by one thread and may block."""

    def __init__(self, spectrometer: Spectrometer, info: SpectrometerInfo, clock: Clock) -> None:
        self._info = info
        self._freshness = freshness = info.freshness
        self._device = UnderWay(spectrometer, info, clock)
        self._idling = Idling(info)
        self._transfer = freshness.read_out_time / 1000
        self._runs_on = freshness.on_change is TimeChange.NEXT_EXPOSURE
        self._stale = 0 if freshness.can_clear_buffer else freshness.buffer_depth
        # of exposures that follow one another: the first one began after this, within that; the last one ended
        self._first_from = self._first_within = self._ended = math.nan
        self._over: Over | None = None
        self._is_over = False

    def acquire(
        self,
        integration_time: float,
        *,
        not_before: float,
        averages: int = 1,
        stay: bool = False,
        over: Over | None = None,
        unusable: int = 0,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Exposure:
        """The mean of `averages` exposures of `integration_time` ms that began after `not_before` (monotonic, s).

        Whatever it is asked to look at must stay as it is until this returns, or until the moment that `over` is told,
        from this thread, maybe some time before. Where it is told, Overtaken may be raised: ask again, with its
        `unusable`, when what is looked at is as it was. The times in the result are right
        within the time that the host was held up; the start is never before `not_before`.
        With `stay` the device goes on with the same integration time, so that a call that asks for it again, with
        the same `not_before`, gets the exposure that follows; any other call has to wait for the one under way.
        Once it is not `wanted` any more, GivenUp is raised when the read under way has returned.
        What can't be a spectrum is repeated once. Raises InvalidValue for less than one exposure and where the
        device can't integrate so long or short, SpectrumRejected where no exposure could be shown to be right, and
        the device's own errors; after an error the next call starts from nothing.
        """
        self._check(integration_time, averages)
        self._over, self._is_over, self._device.wanted = over, False, wanted
        actual = self._info.possible_integration_time(integration_time)
        seconds = actual / 1000
        reads = self._device.reads
        taken: list[Exposure] = []
        doubts = 0
        while len(taken) < averages:
            guarded = not stay and len(taken) == averages - 1
            try:
                counts, start = self._next(seconds, not_before, guarded=guarded, safely=unusable + doubts > 0)
            except GivenUp:
                self._be_idle()
                raise
            except Doubt as doubt:
                _logger.info("%s: %s", self._info.serial_number, doubt)
                unusable += isinstance(doubt, Unusable)
                doubts += not isinstance(doubt, Unusable)
                if self._is_over and unusable <= 1:
                    self._be_idle()
                    raise Overtaken(f"{self._info.serial_number}: {doubt}", unusable=unusable) from None
                if unusable > 1 or doubts > _MOST_DOUBTS:
                    self._be_idle()
                    raise SpectrumRejected(f"{self._info.serial_number} gave no spectrum to rely on: {doubt}") from None
            else:
                taken.append(
                    Exposure(
                        counts=counts,
                        start=start,
                        end=start + seconds,
                        integration_time=integration_time,
                        actual_integration_time=actual,
                        discarded=0,
                    )
                )
        self._tell_over(self._device.now())
        if not stay:
            self._be_idle(taken[-1])
        return mean_of(taken, discarded=self._device.reads - reads - averages, repeated=unusable > 0)

    def _check(self, integration_time: float, averages: int) -> None:
        if not self._info.min_integration_time <= integration_time <= self._info.max_integration_time:
            raise InvalidValue(
                f"{self._info.serial_number} integrates {self._info.min_integration_time:g} to "
                f"{self._info.max_integration_time:g} ms, not {integration_time:g} ms"
            )
        if averages < 1:
            raise InvalidValue(f"a spectrum is the mean of one exposure or more, not of {averages}")

    # ---- the strategies ----

    def _next(self, seconds: float, not_before: float, *, guarded: bool, safely: bool) -> _Taken:
        """The next exposure; `safely` if something went wrong with the one before."""
        if not self._info.free_running:
            return self._on_demand(seconds, not_before)
        if self._device.is_at(seconds) and self._device.next_from >= not_before:
            return self._go_on(seconds, guarded=guarded and self._runs_on)
        idle = self._device.longest if self._idles() else self._idling.shortest
        if guarded and not safely and self._runs_on and self._is_long(seconds, idle):
            return self._by_marking(seconds, not_before)
        if safely:
            return self._by_counting(seconds, not_before, early=False)
        self._idling.was_in_time()
        early = guarded and self._over is not None
        if self._ages_soon(seconds, not_before):
            return self._by_ageing(seconds, not_before, early=early)
        return self._by_counting(seconds, not_before, early=early)

    def _on_demand(self, seconds: float, not_before: float) -> _Taken:
        device = self._device
        if not device.is_at(seconds):
            device.set(seconds)
        device.wait_until(not_before)
        return self._keep(seconds, device.now(), None)

    def _go_on(self, seconds: float, *, guarded: bool) -> _Taken:
        """What follows what was kept last. The guard outlasts what is not known of its end."""
        device, ended = self._device, self._ended
        earliest, requested = device.next_from, device.now()
        slack = self._first_within + 2 * DRIFT * (requested - self._first_from + seconds)
        guard = self._idling.guard(seconds, slack)
        until, another_until = None, -math.inf
        if guarded and guard < seconds:
            device.set(guard)
            until = self._pushed_out_from(earliest, seconds, guard)
            if device.now() >= earliest + seconds * (1 - DRIFT):  # so late that there may be another one like it
                another_until = device.ends_by
        counts, start = self._keep(seconds, earliest, until, goes_on=until is None)
        device.ends_by = max(device.ends_by, another_until)
        waiting = math.floor((requested - ended) / seconds)  # have finished since, and the oldest were dropped
        if waiting > 0:
            start = max(earliest, min(start, ended + max(0, waiting - self._freshness.buffer_depth) * seconds))
        self._ended = start + seconds
        return counts, start

    def _by_ageing(self, seconds: float, not_before: float, *, early: bool) -> _Taken:
        device = self._device
        device.wait_until(not_before)
        earliest = device.now()
        self._idling.began(earliest)
        device.settle(seconds)
        latest_start = device.ends_by
        self._first_within = latest_start - earliest
        if self._freshness.can_clear_buffer:
            device.wait_until(latest_start)
            device.clear()
            return self._keep_next(seconds, earliest, latest_start, early=early)
        aged = latest_start + self._stale * seconds * (1 + DRIFT)
        until = self._foretell(seconds, earliest, latest_start, aged) if early else None
        device.wait_until(aged)
        counts, start = self._keep(seconds, earliest, until)
        return counts, self._begun(seconds, start, earliest, latest_start)

    def _by_counting(self, seconds: float, not_before: float, *, early: bool) -> _Taken:
        device = self._device
        if self._stale and seconds > 2 * self._idling.shortest:
            self._run_idle(self._stale)  # only for speed: what is to be discarded need not be exposed first
        device.wait_until(not_before)
        earliest = device.now()
        device.set(seconds)
        latest_start = device.ends_by
        device.discard_older()
        now = device.now()
        self._first_within = (latest_start if now < earliest + seconds * (1 - DRIFT) else now) - earliest
        return self._keep_next(seconds, earliest, latest_start, early=early)

    def _by_marking(self, seconds: float, not_before: float) -> _Taken:
        device = self._device
        if self._stale > 1 or not self._is_soon_over(seconds, not_before):
            self._run_idle(self._stale - 1)  # the one under way is the last that the buffer needs to be full
        device.wait_until(not_before)
        earliest = device.now()
        self._idling.began(earliest)
        device.set(seconds)
        device.wait_until(device.ends_by + self._transfer)
        latest_start = device.ends_by
        guard = min(seconds, self._idling.guard(seconds, latest_start - earliest))
        device.set(guard)
        device.discard_finished()
        if device.now() >= earliest + seconds * (1 - DRIFT):
            self._idling.was_late()
            raise Doubt("the host was held up while an exposure was made")
        self._tell_over(latest_start + seconds * (1 + DRIFT))
        until = self._pushed_out_from(earliest, seconds, guard)
        counts, start = self._keep(seconds, earliest, until, goes_on=False)
        return counts, min(start, max(earliest, latest_start))

    # ---- what they have in common ----

    def _tell_over(self, moment: float) -> None:
        if self._over is not None:
            self._is_over = True
            self._over(moment)

    def _foretell(self, seconds: float, earliest: float, latest_start: float, finished: float) -> float | None:
        """Tell when X is over, which is the next to be handed out; until when it must have been.

        None, and nothing is told, where a host that is a little late after it has `finished` could not keep to that.
        """
        until = self._pushed_out_from(earliest, seconds, seconds)
        if finished + self._transfer + self._idling.tolerance(seconds) > until:
            return None
        self._tell_over(latest_start + seconds * (1 + DRIFT))
        return until

    def _pushed_out_from(self, earliest: float, seconds: float, guard: float) -> float:
        return earliest + (seconds + self._freshness.surely_kept * guard) * (1 - DRIFT)

    def _keep_next(self, seconds: float, earliest: float, latest_start: float, *, early: bool) -> _Taken:
        """Read the wanted exposure after older ones were read, or cleared; it is X if X can't have ended by then."""
        if not early or self._device.now() >= earliest + seconds * (1 - DRIFT):
            return self._keep(seconds, earliest, None)
        until = self._foretell(seconds, earliest, latest_start, latest_start + seconds * (1 + DRIFT))
        counts, start = self._keep(seconds, earliest, until)
        return counts, start if until is None else self._begun(seconds, start, earliest, latest_start)

    def _begun(self, seconds: float, start: float, earliest: float, latest_start: float) -> float:
        """When X began."""
        start = max(earliest, min(start, latest_start))
        self._ended = start + seconds
        return start

    def _keep(self, seconds: float, earliest: float, until: float | None, *, goes_on: bool = True) -> _Taken:
        """Read the wanted exposure, begun after `earliest`, and refuse it if it comes too early, or not `until` then.

        `goes_on`: those that follow it are like it.
        """
        device = self._device
        requested = device.now()
        counts = device.read()
        now = device.now()
        ends_from = earliest + seconds * (1 - DRIFT)
        if now < ends_from:
            device.next_from = math.nan
            raise Doubt("the device answered sooner than it can have integrated")
        if until is not None and now >= until:
            self._idling.was_late()
            raise Doubt("the host was held up while an exposure was read")
        device.ends_by = now
        start = max(earliest, min(requested, now - self._transfer - seconds))  # an answer may be late
        if goes_on:
            if earliest != device.next_from:  # it is the first one
                self._first_from = earliest
            device.next_from, self._ended = ends_from, start + seconds
        if until is not None:
            self._idling.was_in_time()
        return counts, start

    def _is_long(self, seconds: float, under_way: float) -> bool:
        """Whether an exposure can be marked: all that has to be done before it ends can be done."""
        discarding = (self._stale + 1) * self._transfer
        return seconds * (1 - DRIFT) >= under_way + discarding + self._idling.tolerance(seconds)

    def _is_soon_over(self, seconds: float, not_before: float) -> bool:
        """Whether the one under way needs no longer guard than an idle one, so that it may be the last before X."""
        under_way = self._device.ends_by - max(self._device.now(), not_before)
        idle = self._idling.shortest
        longer = self._idling.guard(seconds, under_way) > self._idling.guard(seconds, idle)
        return self._idles() and (under_way <= idle or not longer) and self._is_long(seconds, under_way)

    def _ages_soon(self, seconds: float, not_before: float) -> bool:
        """Whether ageing takes no longer than counting, nor so long that it had to be interrupted."""
        device = self._device
        if not self._freshness.is_certain:  # nor is it then that it is the oldest one that is dropped
            return False
        moment = max(device.now(), not_before)
        under_way = max(device.longest, device.ends_by - moment) if self._runs_on else 0.0
        wait = under_way + self._stale * seconds
        return wait <= NAP and wait <= under_way + max(seconds, self._stale * self._transfer)

    def _idles(self) -> bool:
        return self._device.certain and self._device.longest < 2 * self._idling.shortest

    def _run_idle(self, fill: int) -> None:
        """Come to where the one under way is of the idle time, and `fill` more wait in the buffer."""
        device = self._device
        if not self._idles():
            device.set(self._idling.shortest)
        if device.ends_by - device.now() > NAP:
            device.discard_older()
        # `ends_by` is not before the last exposure that was kept was read: the buffer fills from there at the latest;
        # where it does not, because of a failure in between, reading what should be in it takes too long and is noticed
        device.wait_until(device.ends_by + max(0, fill) * device.longest * (1 + DRIFT))

    def _be_idle(self, last: Exposure | None = None) -> None:
        """Leave the device at its idle time. The exposure in hand is not given up for a failure here."""
        if not self._info.free_running:
            return
        seconds = self._idling.shortest
        if last is not None:
            # what follows the last one is under way: the guard, one more like it, or an idle one
            seconds = self._idling.idle(last.integration_time / 1000, last.end, last.end + self._device.longest)
        if self._device.is_at(seconds):
            return
        try:
            self._device.set(seconds)
        except DeviceInterrupted:
            raise
        except DeviceError as error:
            _logger.warning("%s can't be set to its idle time: %s", self._info.serial_number, error)
