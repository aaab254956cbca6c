"""Scenarios for the scheduler, in words and as functions.

Their steps are done on a virtual clock, by a real scheduler with a rig that only takes time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Protocol

from piccolo3.errors import PiccoloError
from piccolo3.position import Position
from piccolo3.scheduling import Scheduler
from piccolo3.store.schedule import Every, Job, JobRun, Once, Quiet, TaskKind, When

__all__ = [
    "Situation",
    "Stage",
    "Step",
    "ask",
    "bare",
    "change",
    "clock",
    "every",
    "fails",
    "job",
    "moment",
    "once",
    "others",
    "power_cut",
    "quiet",
    "see_jobs",
    "see_next",
    "told",
    "works",
]

DAY = datetime(2026, 6, 21, tzinfo=UTC)


class Stage(Protocol):
    """What scenarios are played on."""

    scheduler: Scheduler | None
    trusted: bool
    disk: bool
    position: Position | None

    async def add(self, when: When, *, name: str = "", takes: float = 1.0, **values: Any) -> Job:
        """Take up a job."""

    async def power_cut(self, seconds: float) -> None:
        """For so long."""

    async def stopped(self, seconds: float) -> None:
        """The daemon is stopped, and started after that time."""

    def others_record(self, seconds: float) -> None:
        """Somebody else uses the rig."""

    def set_clock(self, moment: datetime) -> None:
        """The wall clock is set."""

    def fails(self, name: str, error: BaseException) -> None:
        """What comes of jobs of that name from now on."""

    def works(self, name: str) -> None:
        """It does not any more."""

    def refuse_next(self) -> None:
        """The rig refuses the next job, for somebody else was quicker."""

    def break_scheduler(self) -> None:
        """An error in the program ends its task."""

    def say(self, line: str) -> None:
        """What is to be seen beside the table of runs."""


Action = Callable[[Stage], Awaitable[object] | None]


@dataclass(frozen=True, slots=True)
class Step:
    """At a time (as of a clock that is never set), what is done, in words and as a function."""

    at: str
    text: str
    do: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One row of the table. `runs` is what has become of jobs at the end, `said` what else was to be seen."""

    name: str
    happens: str
    steps: tuple[Step, ...]
    end: str
    runs: tuple[str, ...]
    said: tuple[str, ...] = ()
    start: str = "12:00"
    power: bool = False


def moment(text: str) -> datetime:
    """A time of the day of all scenarios, or after `2027-06-21 ` of another one."""
    day, _, clock = text.rpartition(" ")
    date = datetime.fromisoformat(day) if day else DAY
    parsed = time.fromisoformat(clock)
    return datetime.combine(date, parsed, tzinfo=UTC)


def told(run: JobRun) -> str:
    """A run as a line."""
    line = f"job {run.job}, {_shown(run.planned)}: {run.outcome.value if run.outcome else 'running'}"
    if run.started is not None:
        line += f", {_shown(run.started)} to {_shown(run.ended) if run.ended else '?'}"
    if run.late:
        line += ", late"
    if run.coalesced:
        line += f", with {run.coalesced} time{'s' if run.coalesced > 1 else ''} before"
    return f"{line} ({run.reason})" if run.reason else line


def _shown(when: datetime) -> str:
    clock = f"{when:%H:%M:%S}".removesuffix(":00")
    return clock if when.date() == DAY.date() else f"{when:%Y-%m-%d} {clock}"


def _scheduler(stage: Stage) -> Scheduler:
    assert stage.scheduler is not None
    return stage.scheduler


def _length(seconds: float) -> str:
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and not seconds % size:
            return f"{seconds / size:g} {name}"
    return f"{seconds:g} s"


# ---- steps ----


def job(at: str, number: int, when: When, text: str, *, takes: float = 60, **values: Any) -> Step:
    """A job is asked for."""
    name = f"job {number}"
    words = f"{name}: {text}, takes {_length(takes)}"
    if values.get("ignores_quiet_time"):
        words += ", ignores quiet time"
    if "grace" in values:
        words += f", grace {_length(values['grace'])}"
    return Step(at, words, lambda stage: stage.add(when, name=name, takes=takes, **values))


def every(number: int, seconds: float, *, at: str = "12:00", end: str | None = None, **values: Any) -> Step:
    """A job with an interval, asked for at noon."""
    when = Every(start=moment(at), seconds=seconds, end=None if end is None else moment(end))
    text = f"every {_length(seconds)} from {at}" + (f" to {end}" if end else "")
    return job("12:00", number, when, text, **values)


def once(number: int, at: str, **values: Any) -> Step:
    """A job with a single time, asked for at noon."""
    return job("12:00", number, Once(at=moment(at)), f"once at {at}", **values)


def others(at: str, seconds: float) -> Step:
    """Somebody else uses the rig."""
    return Step(at, f"somebody records for {_length(seconds)}", lambda stage: stage.others_record(seconds))


def power_cut(at: str, seconds: float) -> Step:
    """The power fails."""
    return Step(at, f"the power fails for {_length(seconds)}", lambda stage: stage.power_cut(seconds))


def clock(at: str, to: str) -> Step:
    """The wall clock is set."""
    return Step(at, f"the clock is set to {to}", lambda stage: stage.set_clock(moment(to)))


def fails(at: str, number: int, error: BaseException, words: str) -> Step:
    """From now on a job fails."""
    return Step(at, f"job {number} will fail: {words}", lambda stage: stage.fails(f"job {number}", error))


def works(at: str, number: int) -> Step:
    """It does not any more."""
    return Step(at, f"job {number} will work", lambda stage: stage.works(f"job {number}"))


def quiet(start: str, end: str, **values: Any) -> Step:
    """Quiet time, from noon on."""
    words = f"quiet time from {start} to {end}"
    if values.get("power_off"):
        words += f", power-off time with a delay of {_length(values['power_delay'])}"
    first, last = (time.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    quiet = Quiet(enabled=True, start=first, end=last, **values)
    return Step("12:00", words, lambda stage: _scheduler(stage).set_quiet(quiet))


def ask(at: str, words: str, what: Callable[[Scheduler], Awaitable[object] | None]) -> Step:
    """Something else is asked for."""

    async def ask(stage: Stage) -> None:
        try:
            answer = what(_scheduler(stage))
            if answer is not None:
                await answer
        except PiccoloError as error:
            stage.say(f"refused: {error.message}")

    return Step(at, words, ask)


def change(at: str, words: str, **values: object) -> Step:
    """Something in the world changes, and the scheduler is told."""

    def alter(stage: Stage) -> None:
        for name, value in values.items():
            setattr(stage, name, value)
        _scheduler(stage).clock_stepped()

    return Step(at, words, alter)


def see_jobs(at: str) -> Step:
    """Look at the jobs."""

    def see(stage: Stage) -> None:
        jobs = [f"{job.id} {job.status.value}" for job in _scheduler(stage).jobs]
        stage.say(f"jobs: {', '.join(jobs) or 'none'}")

    return Step(at, "look at the jobs", see)


def see_next(at: str, number: int) -> Step:
    """Look at what comes next."""

    def see(stage: Stage) -> None:
        for start in _scheduler(stage).next(number):
            skipped = f" ({start.skipped})" if start.skipped else ""
            stage.say(f"next: job {start.job.id}, {_shown(start.planned)}{skipped}")

    return Step(at, "look at what comes next", see)


def bare(when: When) -> Job:
    """A job that is only due then."""
    return Job(task=TaskKind.RECORD, when=when, made=DAY)
