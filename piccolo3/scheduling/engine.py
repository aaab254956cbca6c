"""What goes on by itself: a task that starts jobs when they are due, and can't die.

It sleeps until the next job of all has to be looked at. Waits run on the monotonic clock, the wall clock is read at
each wake-up, and compared with the monotonic one: a clock that was set means that everything is planned anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError, Unavailable
from piccolo3.events import Broker
from piccolo3.position import Position
from piccolo3.scheduling import planning
from piccolo3.scheduling.agenda import Agenda
from piccolo3.scheduling.book import Book, Statistics
from piccolo3.scheduling.conductor import Conductor, Performance
from piccolo3.scheduling.events import HaltChanged, JobsChanged, QuietChanged, SchedulerRestarted
from piccolo3.scheduling.gaps import EVER, Gaps
from piccolo3.scheduling.keeper import Keeper
from piccolo3.scheduling.needs import AsksStore, Notes, Power, Runner, RunResult
from piccolo3.scheduling.power import PowerSaver
from piccolo3.scheduling.quiet import quiet_window
from piccolo3.store.schedule import Halt, Job, JobStatus, RunOutcome
from piccolo3.store.values import INTERRUPTED

__all__ = ["GRACE", "MOST_FAILURES", "Engine"]

GRACE = 600.0  # s
MOST_FAILURES = 3
_TOLERANCE = 5.0  # s that a start may always be late by
_LONGEST = 300.0  # s of a sleep: so long a clock that was set may stay unnoticed where nobody tells
_LOOK = 30.0  # s until it is asked again whether the clock can be trusted, where nobody tells
_LOAD = 30.0  # s until the schedule is read again
_STEP, _DRIFT = 2.0, 0.001  # s, and part of the time that has passed, that the clocks may differ by
_MOVED = 0.02  # degrees: a receiver's wandering does not move the sun
_AT_ONCE = 20  # jobs that are looked at before others have their turn
_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # s until the task goes on after an error in the program
_logger = logging.getLogger(__name__)


class Engine:
    """What goes on by itself; `Scheduler` adds what can be asked."""

    def __init__(
        self,
        ask: AsksStore,
        runner: Runner,
        clock: Clock,
        broker: Broker,
        notes: Notes,
        *,
        trusted: Callable[[], bool] = lambda: True,
        position: Callable[[], Position | None] = lambda: None,
        power: Power | None = None,
        grace: float = GRACE,
        most_failures: int = MOST_FAILURES,
    ) -> None:
        self._clock = clock
        self._broker = broker
        self._notes = notes
        self._trusted = trusted
        self._position = position
        self._grace = grace
        self._agenda = Agenda()
        self._gaps = Gaps()
        self._keeper = Keeper(ask, clock, self._agenda.get)
        self._book = Book(self._agenda, self._keeper, clock, broker, notes, most_failures)
        self._wake = asyncio.Event()
        self._conductor = Conductor(
            runner, clock, told=lambda done: self._book.begin(done.row), ended=self._ended, wake=self._wake.set
        )
        self._saver = None if power is None else PowerSaver(power, clock, notes, self._wake.set)
        self._halt: Halt | None = None
        self._loaded = False
        self._untrusted: datetime | None = None
        self._set_back = False
        self._reviving: asyncio.Task[None] | None = None
        self._last = (clock.monotonic(), clock.utcnow())
        self._task: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    @property
    def statistics(self) -> Statistics:
        """What has been done since the daemon was started."""
        return self._book.statistics

    # ---- start and stop ----

    async def start(self) -> None:
        """Read the schedule, and start what is due; where it can't be read that is tried again for ever."""
        try:
            await self._load()
        except PiccoloError as error:
            _logger.warning("the schedule can't be read for now, no job is started: %s", error)
            self._notes("scheduler", f"the schedule can't be read: {error}", level="alarm", source="scheduler")
        except Exception:
            _logger.exception("the schedule can't be read by an error in the program, no job is started")
        self._task = asyncio.create_task(self._supervise(), name="scheduler")

    async def stop(self) -> None:
        """Start nothing any more; what is being done ends as aborted."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if self._reviving is not None:
            self._reviving.cancel()
            await asyncio.wait({self._reviving})
        if self._saver is not None:
            await self._saver.stop()
        await self._conductor.stop()
        await self._keeper.stop()

    def clock_stepped(self) -> None:
        """The clock was set, or whether it can be trusted has changed, or the position: look at it now."""
        self._wake.set()

    async def _load(self) -> None:
        jobs, quiet, halt, unfinished = await self._keeper.ask(
            lambda store: (store.jobs(), store.quiet(), store.halt(), store.unfinished())
        )
        now = self._now()
        self._gaps.add(EVER, now, "the daemon was not running")
        self._halt, self._agenda.quiet = self._halt or halt, quiet
        for job in jobs:
            self._agenda.put(job, now)
        for run in unfinished:
            self._book.interrupted(run, INTERRUPTED)
        self._loaded = self._set_back = True
        self._plan_all(now)
        for job in self._agenda.active:
            self._finish_over(job.id, now)

    def _ready(self) -> None:
        if not self._loaded:
            raise Unavailable("the schedule could not be read yet")

    # ---- the task ----

    async def _supervise(self) -> None:
        pause = _PAUSE
        while True:
            try:
                await self._go_on()
            except Exception as error:
                self.statistics.restarts += 1
                reason = f"{type(error).__name__}: {error}"
                _logger.exception("the scheduler ended by an error in the program, and goes on")
                self._notes("scheduler", f"the scheduler was restarted: {reason}", level="alarm", source="scheduler")
                self._broker.publish(SchedulerRestarted(restarts=self.statistics.restarts, reason=reason))
            await self._clock.asleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _go_on(self) -> None:
        while not self._loaded:
            try:
                await self._load()
            except PiccoloError:
                await self._clock.asleep(_LOAD)
            else:
                for event in (JobsChanged(), QuietChanged(quiet=self._agenda.quiet), HaltChanged(halt=self._halt)):
                    self._broker.publish(event)
        self._plan_all(self._now())
        while True:
            self._wake.clear()
            await self._sleep(await self._review())

    async def _sleep(self, seconds: float | None) -> None:
        sleeping: set[asyncio.Future[object]] = {asyncio.ensure_future(self._wake.wait())}
        if seconds is not None:
            sleeping.add(asyncio.ensure_future(self._clock.asleep(seconds)))
        try:
            await asyncio.wait(sleeping, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in sleeping:
                task.cancel()

    async def _review(self) -> float | None:
        """Do what is due; how long (s) there is nothing to do then."""
        self.statistics.wake_ups += 1
        now = self._now()
        if not self._is_trusted(now):
            return _LOOK
        self._move(now)
        if self._set_back and (self._reviving is None or self._reviving.done()):
            self._reviving = asyncio.create_task(self._revive(), name="jobs of a clock that was ahead")
        delays = []
        if self._halt is None:
            await self._take(now)
            now = self._now()
            self._begin_next(now)
            wake = self._agenda.next_wake
            if wake is not None:
                delays.append((wake - now).total_seconds())
            if self._agenda.wants_position and self._agenda.position is None:
                delays.append(_LOOK)
        if self._saver is not None:
            delay = self._saver.review(now, self._agenda.quiet, idle=self._conductor.free)
            if delay is not None:
                delays.append(delay)
            if self._saver.waits:
                self._conductor.await_idle()
        return min(*delays, _LONGEST) if delays else None

    # ---- the clock, and where we are ----

    def _now(self) -> datetime:
        """The time of day. Where it is not what the monotonic clock says everything is planned anew."""
        (then, wall), (monotonic, now) = self._last, (self._clock.monotonic(), self._clock.utcnow())
        self._last = (monotonic, now)
        passed = monotonic - then
        expected = wall + timedelta(seconds=passed)
        if abs((now - expected).total_seconds()) > _STEP + _DRIFT * passed:
            self.statistics.clock_steps += 1
            if now > expected:
                self._gaps.add(expected, now, f"the clock was set from {_shown(expected)} to {_shown(now)}")
            else:
                self._set_back = True
            _logger.info("the clock was set from %s to %s: jobs are planned anew", _shown(expected), _shown(now))
            self._plan_all(now)
        return now

    def _plan_all(self, now: datetime) -> None:
        if self._trusted():
            self._agenda.plan_all(now)

    def _is_trusted(self, now: datetime) -> bool:
        if not self._trusted():
            if self._untrusted is None:
                self._untrusted = now
                _logger.warning("jobs wait, for the clock can't be trusted")
            return False
        if self._untrusted is not None:
            begin = min(self._untrusted, now)
            self._gaps.add(begin, now, "the clock could not be trusted")
            self._untrusted = None
            _logger.info("the clock can be trusted, jobs go on")
            self._agenda.plan_all(now)
            for job in self._agenda.active:
                self._finish_over(job.id, now)
        return True

    async def _revive(self) -> None:
        """Take up jobs again that were done only because the clock was ahead: the end of them is still to come."""
        try:
            done = await self._keeper.ask(lambda store: store.jobs({JobStatus.DONE}))
        except PiccoloError:
            return  # it is tried again at the next look
        except Exception:
            _logger.exception("jobs that are done can't be read by an error in the program")
            done = ()
        self._set_back = False
        now = self._now()
        for job in done:
            ahead = job.reached is not None and job.reached > now
            if ahead and self._agenda.get(job.id) is None and not self._agenda.was_over(job, now):
                job = replace(job, status=JobStatus.ACTIVE)
                self._agenda.put(job, now)
                self._keeper.keep_job(job)
                self._broker.publish(JobsChanged(job=job.id))
                self._notes("job", f"job {job.id} goes on: the clock was ahead when it was done", source="scheduler")
                self._plan_all(now)
                self._wake.set()

    def _move(self, now: datetime) -> None:
        there, here = self._agenda.position, self._position()
        if here is not None and (
            there is None
            or abs(here.latitude - there.latitude) > _MOVED
            or abs(here.longitude - there.longitude) > _MOVED
        ):
            self._agenda.position = here
            if self._agenda.wants_position:
                self._agenda.plan_all(now)

    # ---- what is due ----

    async def _take(self, now: datetime) -> None:
        for count, number in enumerate(self._agenda.take(now), start=1):
            self._guarded(number, now, self._look_at)
            if not count % _AT_ONCE:
                await asyncio.sleep(0)

    def _guarded(self, number: int, now: datetime, function: Callable[[Job, datetime], None]) -> None:
        """One job that is broken harms no other."""
        job = self._agenda.get(number)
        if job is None or job.status is not JobStatus.ACTIVE:
            return
        try:
            function(job, now)
        except Exception as error:
            _logger.exception("job %d can't be planned by an error in the program", number)
            self._book.fault(job, now, f"error in the program: {type(error).__name__}: {error}")
            self._agenda.change(number, reached=now)
            self._agenda.plan(number, now)

    def _look_at(self, job: Job, now: datetime) -> None:
        """What has become due of a job: it waits for its turn, or is too late, or there is quiet time."""
        planned, late = self._pass_quiet(job, now)
        if planned is None:
            self._settle(job.id, now)
        elif late > max(_TOLERANCE, self._grace if job.grace is None else job.grace):
            self._skip(job, planned, now, self._gaps.reason(planned, "the scheduler was held up"))
        else:
            self._agenda.wait(job.id, planned)

    def _begin_next(self, now: datetime) -> None:
        """Begin the first of those that wait, where there is room for it."""
        while (number := self._agenda.first_waiting()) is not None:
            if not self._conductor.free:
                self._conductor.await_idle()
                return
            self._guarded(number, now, self._begin)

    def _begin(self, job: Job, now: datetime) -> None:
        since = self._agenda.since(job.id)
        planned, late = self._pass_quiet(job, now)
        grace = self._grace if job.grace is None else job.grace
        if planned is None:
            self._settle(job.id, now)
        elif late > max(_TOLERANCE, planning.patience(job, grace)):
            self._skip(job, planned, now, "something else was running")
        else:
            times = self._agenda.due(job.id, now).times
            self._agenda.change(job.id, reached=planned)
            self._agenda.plan(job.id, now)
            self._conductor.perform(job, self._book.open(job, planned, times, now), since)

    def _pass_quiet(self, job: Job, now: datetime) -> tuple[datetime | None, float]:
        """The last time that is due (None: there is none) and how late (s) it is now; notes what quiet time took."""
        due = self._agenda.due(job.id, now)
        if due.quiet is not None:
            self._book.skip(job, due.quiet, due.quiet_times, RunOutcome.QUIET, "quiet time")
            if due.planned is not None and due.quiet < due.planned:
                self._agenda.change(job.id, reached=due.quiet)
        if due.planned is None:
            return None, 0.0
        if not job.ignores_quiet_time and quiet_window(self._agenda.quiet, now) is not None:
            # it was due before, and would begin in it
            reason = "it had to wait until quiet time had begun"
            self._book.skip(job, due.planned, due.times, RunOutcome.QUIET, reason)
            return None, 0.0
        return due.planned, (now - due.planned).total_seconds()

    def _skip(self, job: Job, planned: datetime, now: datetime, reason: str) -> None:
        times = self._agenda.due(job.id, now).times
        self._book.skip(job, planned, times, RunOutcome.MISSED, reason)
        self._settle(job.id, now)

    def _settle(self, number: int, now: datetime) -> None:
        """Everything of a job is dealt with until now: plan what comes, or be done with it."""
        reached = self._agenda.job(number).reached
        self._agenda.change(number, reached=now if reached is None else max(reached, now))
        self._agenda.plan(number, now)
        self._finish_over(number, now)

    def _finish_over(self, number: int, now: datetime) -> None:
        """Be done with a job of which nothing is left, and nothing is due."""
        current = self._conductor.current
        job = self._agenda.get(number)
        if job is None or job.status is not JobStatus.ACTIVE or (current is not None and current.job.id == number):
            return
        if self._trusted() and self._agenda.is_over(number, now):
            self._book.finish(number)

    def _ended(self, done: Performance, result: RunResult | None) -> None:
        now, job = self._now(), done.job
        if result is not None:
            self._book.end(done.row, result)
        elif done.since is not None and self._agenda.get(job.id) is not None:
            # somebody else was quicker: it waits on
            self._agenda.change(job.id, reached=job.reached)
            self._agenda.plan(job.id, now)
            self._agenda.wait(job.id, done.since)
        if result is not None:
            self._finish_over(job.id, now)


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
