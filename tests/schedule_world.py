"""A scheduler on a virtual clock, with a rig that does what it is told: jobs take as long as is said, or fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

from piccolo3.errors import Busy, StoreError
from piccolo3.events import Broker, Event
from piccolo3.position import Position
from piccolo3.scheduling import Begun, Notes, RunResult, Scheduler
from piccolo3.season import VirtualClock, run
from piccolo3.store.schedule import Job, JobRun, RunOutcome, ScheduleStore, TaskKind, When
from piccolo3.store.schedule.memory import MemorySchedule

__all__ = ["NOON", "Rig", "Switches", "World", "play"]

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
T = TypeVar("T")


class Rig:
    """Does jobs; also records for others. `takes` (s), `does` and `begins` are of jobs by their names."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._busy = 0
        self._idle = asyncio.Event()
        self.takes: dict[str, float] = {}
        self.does: dict[str, Callable[[], Awaitable[RunResult | None]]] = {}
        self.started: list[tuple[int, datetime]] = []
        self.refuse = 0
        self.batches = 0

    @property
    def busy(self) -> bool:
        return self._busy > 0

    async def idle(self) -> None:
        while self._busy:
            self._idle.clear()
            await self._idle.wait()

    async def record(self, seconds: float) -> None:
        """Somebody else uses it."""
        self._busy += 1
        try:
            await self._clock.asleep(seconds)
        finally:
            self._busy -= 1
            self._idle.set()

    async def run(self, job: Job, begun: Begun) -> RunResult:
        if self._busy or self.refuse:
            self.refuse = max(0, self.refuse - 1)
            raise Busy("piccolo system is busy")
        self._busy += 1
        try:
            self.batches += 1
            self.started.append((job.id, self._clock.utcnow()))
            begun(run="tower", batch=self.batches)
            await self._clock.asleep(self.takes.get(job.name, 1.0))
            result = await self.does[job.name]() if job.name in self.does else None
            return result or RunResult(outcome=RunOutcome.COMPLETE)
        finally:
            self._busy -= 1
            self._idle.set()


class Switches:
    """The power of spectrometers."""

    def __init__(self, clock: VirtualClock, warm_up: float = 0.0) -> None:
        self._clock = clock
        self.warm_up = warm_up
        self.switched: list[tuple[str, datetime]] = []
        self.error: Exception | None = None

    async def switch_off(self) -> None:
        await self._switch("off")

    async def switch_on(self) -> None:
        await self._switch("on")

    async def _switch(self, word: str) -> None:
        if self.error is not None:
            raise self.error
        self.switched.append((word, self._clock.utcnow()))


class World:
    """A daemon that can be switched off and on again. To be made in the loop of the clock."""

    def __init__(self, clock: VirtualClock, *, power: Switches | None = None) -> None:
        self.clock = clock
        self.store = MemorySchedule()
        self.store.open()
        self.rig = Rig(clock)
        self.power = power
        self.trusted = True
        self.position: Position | None = None
        self.disk = True
        self.notes: list[tuple[str, str]] = []  # level and message
        self.events: list[Event] = []
        self.tells = True
        self.said: list[str] = []
        self.scheduler: Scheduler | None = None
        self._others: set[asyncio.Task[None]] = set()

    async def ask(self, function: Callable[[ScheduleStore], T], /) -> T:
        await asyncio.sleep(0)
        if not self.disk:
            raise StoreError("the disk is full")
        return function(self.store)

    def note(self, kind: str, message: str, *, level: str = "info", source: str = "", details: object = None) -> None:
        self.notes.append((level, message))

    async def up(self) -> Scheduler:
        """Start the daemon."""
        broker = Broker()
        broker.subscribe(Event, self.events.append)
        notes: Notes = self.note
        self.scheduler = Scheduler(
            self.ask,
            self.rig,
            self.clock,
            broker,
            notes,
            trusted=lambda: self.trusted,
            position=lambda: self.position,
            power=self.power,
        )
        await self.scheduler.start()
        return self.scheduler

    async def down(self) -> None:
        """Stop it."""
        if self.scheduler is not None:
            await self.scheduler.stop()
            self.scheduler = None

    async def power_cut(self, seconds: float) -> None:
        """Nothing is written any more from now on; it starts again after that time."""
        self.disk = False
        await self.down()
        self.disk = True
        await self.clock.asleep(seconds)
        await self.up()

    async def until(self, moment: datetime) -> None:
        """Let time pass until the wall clock says so."""
        while (left := (moment - self.clock.utcnow()).total_seconds()) > 0:
            await self.clock.asleep(left)

    async def stopped(self, seconds: float) -> None:
        """The daemon is stopped, and starts again after that time."""
        await self.down()
        await self.clock.asleep(seconds)
        await self.up()

    def set_clock(self, moment: datetime) -> None:
        """Nobody tells the scheduler."""
        self.clock.set_utc(moment)
        if self.tells and self.scheduler is not None:
            self.scheduler.clock_stepped()

    def fails(self, name: str, error: BaseException) -> None:
        """Jobs of that name fail from now on."""

        async def fail() -> RunResult | None:
            raise error

        self.rig.does[name] = fail

    def works(self, name: str) -> None:
        """They don't any more."""
        del self.rig.does[name]

    def refuse_next(self) -> None:
        """The rig refuses the next job."""
        self.rig.refuse += 1

    def break_scheduler(self) -> None:
        """An error in the program ends the task of the scheduler."""
        assert self.scheduler is not None
        scheduler, review = self.scheduler, self.scheduler._review

        async def broken() -> float | None:
            scheduler._review = review  # type: ignore[method-assign]
            raise RuntimeError("broken")

        scheduler._review = broken  # type: ignore[method-assign]
        scheduler.clock_stepped()

    def say(self, line: str) -> None:
        """What was seen."""
        self.said.append(line)

    def others_record(self, seconds: float) -> None:
        """Somebody else uses the rig."""
        task = asyncio.get_running_loop().create_task(self.rig.record(seconds))
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    def make(self, when: When, *, name: str = "", **values: Any) -> Job:
        """A job that is not in the schedule yet."""
        return Job(task=TaskKind.RECORD, when=when, name=name, made=self.clock.utcnow(), **values)

    async def add(self, when: When, *, name: str = "", takes: float = 1.0, **values: Any) -> Job:
        """A new job."""
        self.rig.takes[name] = takes
        assert self.scheduler is not None
        return await self.scheduler.add(self.make(when, name=name, **values))

    @property
    def rows(self) -> list[JobRun]:
        """What the store has, the first first."""
        return list(reversed(self.store.runs(limit=1000).entries))


def play(
    scene: Callable[[World], Coroutine[Any, Any, T]], start: datetime = NOON, *, warm_up: float | None = None
) -> T:
    """What a scene returns that begins at `start`; the daemon runs, and is stopped after it.

    With `warm_up` (s) spectrometers have power switches.
    """

    async def main() -> T:
        world = World(clock, power=None if warm_up is None else Switches(clock, warm_up))
        await world.up()
        try:
            return await scene(world)
        finally:
            await world.down()

    clock = VirtualClock(start)
    return run(clock, main())
