"""The scheduler of an engine: put together, started and stopped."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from piccolo3.components.jobs import JobMaker
from piccolo3.errors import StoreError
from piccolo3.housekeeping import Health, Level
from piccolo3.scheduling import HaltChanged, Scheduler
from piccolo3.server.jobs import JobRunner, PowerSwitches, ScheduleDoor
from piccolo3.store.schedule import Halt, ScheduleStore
from piccolo3.timing import ClockStepped, ClockTrustChanged, PositionChanged
from piccolo3.wire import show_time
from piccolo3.workers import SpectrometerGroup

if TYPE_CHECKING:
    from piccolo3.server.engine import Engine

__all__ = ["Planner"]

_SOURCE = "scheduler"
_logger = logging.getLogger(__name__)


class Planner:
    """Starts jobs on an engine whose recorder runs. `maker` makes jobs for its `scheduler`."""

    def __init__(self, engine: Engine) -> None:
        place = engine.time_and_place
        self._engine = engine
        self._config = engine.instrument.scheduler
        self._door = ScheduleDoor(engine.writer, engine.store, self._make_store, self._tell)
        self.scheduler = Scheduler(
            self._door,
            JobRunner(engine.recorder, engine.spectrometers),
            engine.clock,
            engine.broker,
            engine.journal.note,
            trusted=lambda: place.timekeeper.trusted,
            position=place.locator.position,
            power=self._power(),
            grace=self._config.grace,
            most_failures=self._config.failures,
        )
        self.maker = JobMaker(engine.recorder, engine.clock, place.locator.position)
        self._subscriptions = [
            engine.broker.subscribe(kind, lambda _: self.scheduler.clock_stepped())
            for kind in (ClockStepped, ClockTrustChanged, PositionChanged)
        ]
        self._subscriptions.append(engine.broker.subscribe(ClockTrustChanged, lambda _: self._forget_in_time()))
        self._forgetting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Read the schedule, and start what is due."""
        await self.scheduler.start()
        self._forget_in_time()

    def _forget_in_time(self) -> None:
        """Once, but not by a clock that may be years ahead: that would be everything."""
        if self._forgetting is None and self._engine.time_and_place.timekeeper.trusted:
            self._forgetting = asyncio.create_task(self._forget(), name="forget old runs of jobs")

    async def _forget(self) -> None:
        before = self._engine.clock.utcnow() - timedelta(days=self._config.keep_runs)
        try:
            await self._door(lambda store: store.forget_runs(before))
        except StoreError as error:
            _logger.warning("what came of old jobs is not forgotten: %s", error.message)

    def show(self, health: Health) -> None:
        """Let the operator see, from now on, that no job is started."""

        def note(halt: Halt | None) -> None:
            if halt is None:
                health.note(_SOURCE, Level.OK, "jobs are started again")
            else:
                since = show_time(halt.since.replace(microsecond=0))
                health.note(_SOURCE, Level.WARN, f"no job is started since {since} ({halt.reason})")

        self._subscriptions.append(self._engine.broker.subscribe(HaltChanged, lambda event: note(event.halt)))
        note(self.scheduler.halted)

    async def stop(self) -> None:
        """Start nothing any more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.wait({self._forgetting})
        await self.scheduler.stop()
        await self._door.stop()

    def _make_store(self) -> ScheduleStore:
        # here and not above: it takes a while, which is the thread's
        from piccolo3.store.schedule.sql import SqlSchedule

        return SqlSchedule(self._folder, self._engine.clock)

    @property
    def _folder(self) -> Path:
        return self._engine.store.path

    def _tell(self, sentence: str) -> None:
        self._engine.journal.note("schedule", sentence, level="warning", source=_SOURCE)

    def _power(self) -> PowerSwitches | None:
        instrument, workers = self._engine.instrument, self._engine.spectrometers
        switched = [
            workers[spectrometer.serial_number]
            for spectrometer in instrument.spectrometers
            if spectrometer.power_switch is not None
        ]
        if not switched:
            return None
        common = instrument.all_spectrometers
        return PowerSwitches(
            SpectrometerGroup(switched, self._engine.clock, power_delay=common.power_delay),
            power_delay=common.power_delay,
            settling=common.longest_settling,
        )
