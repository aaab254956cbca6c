"""How the scheduler gets its work done: batches by the recorder, switches of spectrometers, rows in the store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from piccolo3.components.jobs import order_of
from piccolo3.errors import Busy, DeviceError, StoreError
from piccolo3.origin import origin
from piccolo3.recording import Recorder
from piccolo3.scheduling import Begun, RunResult
from piccolo3.status import SpectrometerStatus
from piccolo3.store import Store
from piccolo3.store.schedule import Job, RunOutcome, ScheduleStore, TaskKind
from piccolo3.workers import SpectrometerGroup, Writer
from piccolo3.workers.calls import at_most

__all__ = ["JobRunner", "PowerSwitches", "ScheduleDoor"]

T = TypeVar("T")
_PATIENCE = 0.5  # s


class JobRunner:
    """Does what jobs say; see `piccolo3.scheduling.Runner`."""

    def __init__(self, recorder: Recorder, spectrometers: SpectrometerGroup) -> None:
        self._recorder = recorder
        self._spectrometers = spectrometers

    @property
    def busy(self) -> bool:
        return self._recorder.busy

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        await self._recorder.idle()

    async def run(self, job: Job, begun: Begun) -> RunResult:
        """Do it; Busy where something else is under way."""
        origin.set(f"job {job.id}")  # a job has a task of its own
        order = order_of(job)
        if order is None:
            return await self._switch(job, begun)
        outcome = await self._recorder.record(order, begun)
        reason = outcome.reason or "; ".join(outcome.lost) or None
        return RunResult(outcome=RunOutcome(outcome.result), reason=reason, run=outcome.run, batch=outcome.batch)

    async def _switch(self, job: Job, begun: Begun) -> RunResult:
        if self.busy:
            raise Busy("piccolo system is busy")
        begun()
        switch = self._spectrometers.power_on if job.task is TaskKind.POWER_ON else self._spectrometers.power_off
        refusals = await switch()
        reason = "; ".join(f"{serial}: {text}" for serial, text in refusals.items())
        return RunResult(outcome=RunOutcome.COMPLETE, reason=reason or None)


class PowerSwitches:
    """Spectrometers that have a power switch; see `piccolo3.scheduling.Power`.

    It takes `connecting` seconds until the last one that was switched on is found, and `settling` until it is cold.
    """

    def __init__(
        self, switched: SpectrometerGroup, *, power_delay: float, settling: float, connecting: float = 30.0
    ) -> None:
        self._switched = switched
        self._power_delay = power_delay
        self._settling = settling
        self._connecting = connecting
        self._cooled = dict.fromkeys(switched, True)  # unless they say that they have no cooler

    @property
    def warm_up(self) -> float:
        """How long (s) it takes from switching them on, one after the other, until the last one has settled."""
        for serial_number, worker in self._switched.items():
            if worker.have_cooler is not None:
                self._cooled[serial_number] = worker.have_cooler
        settling = self._settling if any(self._cooled.values()) else 0.0
        return self._power_delay * max(0, len(self._switched) - 1) + self._connecting + settling

    async def switch_off(self) -> None:
        """Switch them off; DeviceError where one is not off then."""
        refusals = await self._switched.power_off()
        on = [name for name, worker in self._switched.items() if worker.status is not SpectrometerStatus.POWERED_OFF]
        if on:
            raise DeviceError("; ".join(f"{name}: {refusals.get(name, 'is not off')}" for name in on))

    async def switch_on(self) -> None:
        """Switch them on, one after the other in the background; those that are on stay so."""
        await self._switched.power_on()


class ScheduleDoor:
    """The store of the schedule, in the thread of the data directory that it is in; see `scheduling.AsksStore`.

    It is made by `make` at the first use, opened when it is needed, and closed before the directory is unmounted.
    `tell` is called with what it says when it is opened.
    """

    def __init__(
        self, writer: Writer, store: Store, make: Callable[[], ScheduleStore], tell: Callable[[str], None]
    ) -> None:
        self._writer = writer
        self._store = store
        self._make = make
        self._tell = tell
        self._schedule: ScheduleStore | None = None
        self._said: list[str] = []
        writer.before_unmounting(self._close)

    async def __call__(self, function: Callable[[ScheduleStore], T], /) -> T:
        """What `function` finds in the store, or does to it; goes on where the caller is cancelled."""
        try:
            return await self._writer.save(partial(self._do, function))
        finally:
            said, self._said = self._said, []
            for sentence in said:
                self._tell(sentence)

    async def stop(self) -> None:
        """Close it; a disk that hangs is left."""
        await at_most(self._writer.run(self._close), _PATIENCE)

    def _do(self, function: Callable[[ScheduleStore], T]) -> T:
        if not self._store.is_open:
            raise StoreError("the schedule can't be used: the data directory is not there")
        if self._schedule is None:
            self._schedule = self._make()
        if not self._schedule.is_open:
            self._said += self._schedule.open()
        return function(self._schedule)

    def _close(self) -> None:
        if self._schedule is not None:
            self._schedule.close()
