"""What a server does by itself: jobs, when they are due, what came of them, and quiet time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Unpack

from piccolo3.client import answers
from piccolo3.client.connection import GET
from piccolo3.client.fields import Room, setting, value
from piccolo3.client.plan import BatchOptions, batch_arguments
from piccolo3.errors import InvalidValue
from piccolo3.wire import JsonValue, parse_time_of_day, show_time, show_time_of_day

__all__ = [
    "ComingStart",
    "Halt",
    "Job",
    "JobOptions",
    "JobRun",
    "NewJobOptions",
    "Schedule",
    "When",
    "by_cron",
    "by_sun",
    "every",
    "once",
]

When = Mapping[str, JsonValue]
"""When a job is due: what `once`, `every`, `by_cron` and `by_sun` make."""

_WHAT = "control/scheduler"
_PAGE = 50


def once(at: datetime) -> When:
    """One time."""
    return {"kind": "once", "at": show_time(at)}


def every(seconds: float, start: datetime | None = None, end: datetime | None = None) -> When:
    """At `start` (None: now), then every so many seconds, to `end` at the latest."""
    return {"kind": "every", "seconds": seconds, **_between(start, end)}


def by_cron(expression: str, timezone: str = "UTC", start: datetime | None = None, end: datetime | None = None) -> When:
    """When five fields say so: minute, hour, day, month, day of the week."""
    return {"kind": "cron", "expression": expression, "timezone": timezone, **_between(start, end)}


def by_sun(
    seconds: float,
    *,
    rise_offset: float = 0.0,
    set_offset: float = 0.0,
    elevation: float | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> When:
    """Every so many seconds from sunrise to sunset, which are moved by the offsets (s).

    With `elevation` (degrees) while the sun is at least so high instead.
    """
    return {
        "kind": "sun",
        "seconds": seconds,
        "rise_offset": rise_offset,
        "set_offset": set_offset,
        "elevation": elevation,
        **_between(start, end),
    }


def _between(start: datetime | None, end: datetime | None) -> dict[str, JsonValue]:
    return {"start": None if start is None else show_time(start), "end": None if end is None else show_time(end)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job, with all parameters as they were when it was made; it is started `next`, None for never."""

    id: int
    task: str
    parameters: Mapping[str, JsonValue]
    when: When
    name: str
    description: str
    status: str
    grace: float | None
    ignores_quiet_time: bool
    made: datetime
    made_by: str
    failures: int
    next: datetime | None

    @classmethod
    def of(cls, body: JsonValue) -> Job:
        """Read what the server says."""
        item = answers.mapping(body, _WHAT)
        return cls(
            id=answers.integer(item.get("id"), _WHAT),
            task=answers.text(item.get("task"), _WHAT),
            parameters=answers.mapping(item.get("parameters"), _WHAT),
            when=answers.mapping(item.get("when"), _WHAT),
            name=answers.text(item.get("name"), _WHAT),
            description=answers.text(item.get("description"), _WHAT),
            status=answers.text(item.get("status"), _WHAT),
            grace=answers.optional_number(item.get("grace"), _WHAT),
            ignores_quiet_time=answers.truth(item.get("ignores_quiet_time"), _WHAT),
            made=answers.moment(item.get("made"), _WHAT),
            made_by=answers.text(item.get("made_by"), _WHAT),
            failures=answers.integer(item.get("failures"), _WHAT),
            next=_optional_moment(item.get("next")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """A time at which a job was due, and what came of it; it is running while there is no `outcome`.

    That is complete, aborted, failed, missed or quiet; `coalesced` other times before were done with this one.
    """

    id: int
    job: int
    planned: datetime
    started: datetime | None
    ended: datetime | None
    outcome: str | None
    reason: str | None
    run: str | None
    batch: int | None
    late: bool
    coalesced: int

    @classmethod
    def of(cls, body: JsonValue) -> JobRun:
        """Read what the server says."""
        item = answers.mapping(body, _WHAT)
        return cls(
            id=answers.integer(item.get("id"), _WHAT),
            job=answers.integer(item.get("job"), _WHAT),
            planned=answers.moment(item.get("planned"), _WHAT),
            started=_optional_moment(item.get("started")),
            ended=_optional_moment(item.get("ended")),
            outcome=answers.optional_text(item.get("outcome"), _WHAT),
            reason=answers.optional_text(item.get("reason"), _WHAT),
            run=answers.optional_text(item.get("run"), _WHAT),
            batch=answers.optional_integer(item.get("batch"), _WHAT),
            late=answers.truth(item.get("late"), _WHAT),
            coalesced=answers.integer(item.get("coalesced"), _WHAT),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComingStart:
    """A start to come; `skipped` says why nothing will be done then, None if it will."""

    time: datetime
    job: int
    name: str
    task: str
    skipped: str | None

    @classmethod
    def of(cls, body: JsonValue) -> ComingStart:
        """Read what the server says."""
        item = answers.mapping(body, _WHAT)
        return cls(
            time=answers.moment(item.get("time"), _WHAT),
            job=answers.integer(item.get("job"), _WHAT),
            name=answers.text(item.get("name"), _WHAT),
            task=answers.text(item.get("task"), _WHAT),
            skipped=answers.optional_text(item.get("skipped"), _WHAT),
        )


class JobOptions(BatchOptions, total=False):
    """What can be said of a job, see `Schedule.add`."""

    name: str | None
    description: str | None
    grace: float | None
    ignore_quiet_time: bool | None


class NewJobOptions(JobOptions, total=False):
    """What can't be changed later: record, dark, auto, power_on or power_off."""

    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Since when, why, and by whose wish no job is started."""

    since: datetime
    reason: str
    by: str


def _optional_moment(body: JsonValue) -> datetime | None:
    return None if body is None else answers.moment(body, _WHAT)


def _halt(body: JsonValue, what: str) -> Halt | None:
    if body is None:
        return None
    item = answers.mapping(body, what)
    return Halt(
        since=answers.moment(item.get("since"), what),
        reason=answers.text(item.get("reason"), what),
        by=answers.text(item.get("by"), what),
    )


def _last_run(body: JsonValue, _: str) -> JobRun | None:
    return None if body is None else JobRun.of(body)


def _starts(body: JsonValue, what: str) -> tuple[ComingStart, ...]:
    return tuple(map(ComingStart.of, _list(body, what)))


def _time_of_day(body: JsonValue, what: str) -> time:
    return parse_time_of_day(answers.text(body, what), naive="refuse")


class Schedule(Room):
    """Jobs of a server; refusals are raised as its typed errors, NotFound for the number of a job that is not there."""

    segments = ("control", "scheduler")

    enabled = setting("enabled", answers.truth)
    """Whether jobs are started at all; `make_safe` ends that."""

    halt = value("halt", _halt)
    """Why they are not, None if they are."""

    coming = value("next", _starts)
    """The next few starts; see `next`."""

    last_run = value("last_run", _last_run)
    """The run that began or ended last, None if there was none since the server was started."""

    quiet_enabled = setting("quietTimeEnabled", answers.truth)
    """Whether jobs rest in the quiet time."""

    quiet_start = setting("quietStart", _time_of_day, show_time_of_day)
    """When the quiet time begins, aware."""

    quiet_end = setting("quietEnd", _time_of_day, show_time_of_day)
    """When the quiet time ends, aware; it goes over midnight if that is before its begin."""

    power_off_enabled = setting("powerOffEnabled", answers.truth)
    """Whether spectrometers that have a power switch are off in the quiet time."""

    power_delay = setting("powerDelay", answers.number)
    """How long (s) after the begin of the quiet time they go off, and before its end on at the latest."""

    async def jobs(self) -> AsyncIterator[Job]:
        """All that are active or suspended, by their numbers."""
        after: int | None = None
        while True:
            page = answers.mapping(await self.command("list", {"after": after, "limit": _PAGE}), _WHAT)
            for item in _list(page.get("jobs"), _WHAT):
                yield Job.of(item)
            after = answers.optional_integer(page.get("cursor"), _WHAT)
            if after is None:
                return

    async def job(self, number: int) -> Job:
        """One of them."""
        return Job.of(await self._connection.request(GET, (*self.segments, "job", str(number))))

    async def add(self, when: When, **wanted: Unpack[NewJobOptions]) -> Job:
        """Make a job; the same twice is one. Conflict where there are too many.

        It does a batch, or the `task` dark, auto, power_on, power_off. `recipe`, `run`, `sequences`, `auto`, `delay`,
        `target`, `mode`, `averages`, `burst` and `triggered` are those of a batch, with what is set now where they are
        None; `name` and `description` are for people; what was due longer ago than `grace` (s) is skipped; with
        `ignore_quiet_time` it is done in the quiet time, too.
        """
        return Job.of(await self.command("add", {"when": when, **batch_arguments(wanted)}))

    async def edit(self, number: int, when: When | None = None, **wanted: Unpack[JobOptions]) -> Job:
        """Change what is not None; takes what `add` takes, but for the task."""
        return Job.of(await self.command("edit", {"jid": number, "when": when, **batch_arguments(wanted)}))

    async def suspend(self, number: int) -> None:
        """Start a job no more, until `unsuspend`."""
        await self.command("suspend", {"jid": number})

    async def unsuspend(self, number: int) -> None:
        """Start it again, from its next time on."""
        await self.command("unsuspend", {"jid": number})

    async def delete(self, number: int) -> None:
        """Delete a job; what it is doing is done to its end."""
        await self.command("delete", {"jid": number})

    async def run_now(self, number: int) -> JobRun:
        """Start it now, beside its times; returns when it has begun. Busy while something is being done."""
        return JobRun.of(await self.command("run_now", {"jid": number}))

    async def runs(self, number: int | None = None, limit: int | None = None) -> AsyncIterator[JobRun]:
        """What came of the times at which a job (None: any) was due, the last first; `limit` (None: all) of them."""
        cursor: str | None = None
        while limit is None or limit > 0:
            size = _PAGE if limit is None else min(limit, _PAGE)
            wanted: dict[str, JsonValue] = {"jid": number, "limit": size, "cursor": cursor}
            page = answers.mapping(await self.command("runs", wanted), _WHAT)
            for item in _list(page.get("runs"), _WHAT):
                yield JobRun.of(item)
            limit = None if limit is None else limit - size
            cursor = answers.optional_text(page.get("cursor"), _WHAT)
            if cursor is None:
                return

    async def next(self, count: int = 20) -> tuple[ComingStart, ...]:
        """The coming starts of all jobs, at most 1000; what falls into one quiet time is told once for each."""
        return _starts(await self.command("starts", {"count": count}), _WHAT)


def _list(body: JsonValue, what: str) -> list[JsonValue]:
    if not isinstance(body, list):
        raise InvalidValue(f"the server's {what} is {str(body)[:80]!r}, not a list")
    return body
