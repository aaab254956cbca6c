"""Jobs and quiet time of the original program, from its `scheduler.sqlite`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, parse
from piccolo3.store.failures import shown, store_error
from piccolo3.store.schedule.values import Every, Job, JobStatus, Once, Quiet, TaskKind, When

__all__ = ["LEGACY_FILE", "Imported", "read_legacy"]

LEGACY_FILE = "scheduler.sqlite"
_EPOCH = datetime(1970, 1, 1)
_JOBS = "SELECT id, job, start_time, next_time, end_time, interval, ignoreQuietTime, status FROM jobs ORDER BY id"
_PARAMETERS = ("run", "sequences", "autointegration", "delay", "target")
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was found. `last` is the highest number that was ever given, `problems` has a sentence for each."""

    jobs: tuple[Job, ...]
    quiet: Quiet
    last: int
    problems: tuple[str, ...]


def read_legacy(path: Path, now: datetime) -> Imported | None:
    """What is alive in the file, which is not touched; None where there is none. StoreError if it can't be read."""
    if not path.is_file():
        return None
    problems: list[str] = []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(_JOBS).fetchall()
            settings = dict(connection.execute("SELECT key, value FROM settings").fetchall())
            times = dict(connection.execute("SELECT label, datetime FROM quiettime").fetchall())
    except (sqlite3.Error, ValueError) as error:
        raise store_error("reading", path, str(error)) from error
    jobs = []
    for row in rows:
        if row[7] in ("active", "suspended"):
            try:
                jobs.append(_job(row, now))
            except (InvalidValue, ValueError, TypeError, IndexError, OverflowError) as error:
                problems.append(f"job {row[0]} of {shown(path)} is not taken over: {error}")
    return Imported(
        jobs=tuple(jobs),
        quiet=_quiet(settings, times, problems),
        last=max((row[0] for row in rows if isinstance(row[0], int)), default=0),
        problems=tuple(problems),
    )


def _job(row: Sequence[object], now: datetime) -> Job:
    number, text, start, coming, end, interval, ignores, status = row
    task, parameters = _task(parse(str(text)))
    when = _when(_date(start), _date(end), None if interval is None else str(interval))
    return Job(
        id=int(str(number)),
        task=task,
        parameters=parameters,
        when=when,
        status=JobStatus(str(status)),
        ignores_quiet_time=bool(ignores),
        made=now,
        made_by="imported",
        reached=_reached(when, _date(coming)),
    )


def _task(value: JsonValue) -> tuple[TaskKind, dict[str, JsonValue]]:
    if not isinstance(value, list) or not value or value[0] not in ("record", "power_on", "power_off"):
        raise InvalidValue(f"{str(value)[:60]!r} is not a task")
    task = TaskKind(value[0])
    if task is not TaskKind.RECORD:
        return task, {}
    given = value[1]
    if not isinstance(given, list) or len(given) != len(_PARAMETERS):
        raise InvalidValue(f"{str(given)[:60]!r} are not the parameters of a batch")
    ours: dict[str, JsonValue] = dict(zip(_PARAMETERS, given, strict=True))
    return task, {**ours, "mode": "classic", "averages": 1, "burst": False, "triggered": False}


def _when(start: datetime | None, end: datetime | None, interval: str | None) -> When:
    if start is None:
        raise InvalidValue("it has no start")
    if interval is None:
        return Once(at=start)
    seconds = (datetime.fromisoformat(interval) - _EPOCH).total_seconds()
    if seconds <= 0:
        raise InvalidValue(f"its interval is {seconds:g} s")
    return Every(start=start, seconds=seconds, end=end)


def _reached(when: When, coming: datetime | None) -> datetime | None:
    """The time before the coming one."""
    if not isinstance(when, Every) or coming is None or coming <= when.start:
        return None
    done = (coming - when.start) // timedelta(seconds=when.seconds)
    before = when.start + timedelta(seconds=when.seconds) * done
    return before if before < coming else before - timedelta(seconds=when.seconds)


def _date(value: object) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


def _quiet(settings: dict[str, object], times: dict[str, object], problems: list[str]) -> Quiet:
    default = Quiet()

    def one(name: str, read: Callable[[], object], otherwise: object) -> object:
        try:
            return read()
        except (ValueError, TypeError, KeyError) as error:
            problems.append(f"{name} of the old schedule is not taken over: {error}")
            return otherwise

    def delay() -> float:
        seconds = float(str(settings.get("power_delay", default.power_delay)))
        if not 0 <= seconds <= _DAY:
            raise ValueError(f"{seconds} s")
        return seconds

    def time_of(label: str) -> object:
        found = _date(times.get(label))
        return getattr(default, label) if found is None else found.timetz()

    values = {
        "start": one("the begin of the quiet time", lambda: time_of("start"), default.start),
        "end": one("the end of the quiet time", lambda: time_of("end"), default.end),
        "power_delay": one("the power delay", delay, default.power_delay),
    }
    return Quiet(
        enabled=settings.get("quiet_time_enabled") == "True",
        power_off=settings.get("power_off_enabled") == "True",
        **values,  # type: ignore[arg-type]
    )
