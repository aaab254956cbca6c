"""Jobs as JSON: in the database, in the copy of it, and for clients.

    {"id": 3, "task": "record", "parameters": {"run": "tower", ...},
     "when": {"kind": "every", "start": "2026-06-21T12:00:00+00:00", "seconds": 600.0, "end": null}, ...}

Dates are texts in UTC with their offset. What is read may leave out whatever has a default.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time
from typing import Any

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.store.schedule.values import (
    ByCron,
    BySun,
    Every,
    Halt,
    Job,
    JobStatus,
    Once,
    Quiet,
    TaskKind,
    When,
)
from piccolo3.wire import parse_time, parse_time_of_day, show_time, show_time_of_day

__all__ = [
    "halt_as_dict",
    "halt_from_dict",
    "job_as_dict",
    "job_from_dict",
    "quiet_as_dict",
    "quiet_from_dict",
    "when_as_dict",
    "when_from_dict",
]

_KINDS: Mapping[str, type[When]] = {"once": Once, "every": Every, "cron": ByCron, "sun": BySun}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_REQUIRED = {Once: {"at"}, Every: {"start", "seconds"}, ByCron: {"expression"}, BySun: {"seconds"}}
_LONGEST = 500


def when_as_dict(when: When) -> dict[str, JsonValue]:
    """When a job is due."""
    values: dict[str, JsonValue] = {"kind": _NAMES[type(when)]}
    return values | {field.name: _shown(getattr(when, field.name)) for field in fields(when)}


def when_from_dict(value: JsonValue) -> When:
    """When a job is due. InvalidValue says what is unknown, missing or of the wrong type."""
    read = _Reader(value, "when")
    name = read.text("kind")
    kind = _KINDS.get(name)
    if kind is None:
        raise InvalidValue(f"unknown kind {name[:40]!r}: one of {', '.join(_KINDS)}", argument="kind")
    known = {field.name for field in fields(kind)}
    read.only({"kind", *known}, required=_REQUIRED[kind])
    values: dict[str, Any] = {}
    for key in known & read.given:
        if key in ("at", "start", "end"):
            values[key] = read.date(key)
        elif key in ("expression", "timezone"):
            values[key] = read.text(key)
        else:
            values[key] = read.number(key)
    for key, given in tuple(values.items()):
        if given is None and (key in _REQUIRED[kind] or key not in ("start", "end", "elevation")):
            raise InvalidValue(f"when: {key} must not be null", argument=key)
    return kind(**values)


def job_as_dict(job: Job) -> dict[str, JsonValue]:
    """All of a job."""
    return {
        "id": job.id,
        "task": job.task.value,
        "parameters": dict(job.parameters),
        "when": when_as_dict(job.when),
        "name": job.name,
        "description": job.description,
        "status": job.status.value,
        "grace": job.grace,
        "ignores_quiet_time": job.ignores_quiet_time,
        "made": show_time(job.made),
        "made_by": job.made_by,
        "failures": job.failures,
        "reached": None if job.reached is None else show_time(job.reached),
    }


def job_from_dict(value: JsonValue) -> Job:
    """A job as it was written. InvalidValue where it was not written like that."""
    read = _Reader(value, "job")
    made = read.date("made")
    if made is None:
        raise InvalidValue("job: made is missing")
    try:
        task, status = TaskKind(read.text("task")), JobStatus(read.text("status"))
    except ValueError as error:
        raise InvalidValue(f"job: {error}") from None
    return Job(
        id=read.whole("id"),
        task=task,
        parameters=read.mapping("parameters"),
        when=when_from_dict(read.value("when")),
        name=read.text("name", ""),
        description=read.text("description", ""),
        status=status,
        grace=read.number("grace"),
        ignores_quiet_time=bool(read.value("ignores_quiet_time")),
        made=made,
        made_by=read.text("made_by", ""),
        failures=read.whole("failures"),
        reached=read.date("reached"),
    )


def quiet_as_dict(quiet: Quiet) -> dict[str, JsonValue]:
    """Quiet time."""
    return {
        "enabled": quiet.enabled,
        "start": show_time_of_day(quiet.start),
        "end": show_time_of_day(quiet.end),
        "power_off": quiet.power_off,
        "power_delay": quiet.power_delay,
    }


def quiet_from_dict(value: JsonValue) -> Quiet:
    """Quiet time as it was written."""
    read, default = _Reader(value, "quiet time"), Quiet()
    delay = read.number("power_delay")
    return Quiet(
        enabled=bool(read.value("enabled")),
        start=read.time_of_day("start", default.start),
        end=read.time_of_day("end", default.end),
        power_off=bool(read.value("power_off")),
        power_delay=default.power_delay if delay is None else delay,
    )


def halt_as_dict(halt: Halt | None) -> JsonValue:
    """Why nothing is started."""
    return None if halt is None else {"since": show_time(halt.since), "reason": halt.reason, "by": halt.by}


def halt_from_dict(value: JsonValue) -> Halt | None:
    """The same as it was written."""
    if value is None:
        return None
    read = _Reader(value, "halt")
    since = read.date("since")
    if since is None:
        raise InvalidValue("halt: since is missing")
    return Halt(since=since, reason=read.text("reason", ""), by=read.text("by", ""))


def _shown(value: JsonValue | datetime) -> JsonValue:
    return show_time(value) if isinstance(value, datetime) else value


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes values of the expected type out of an object; null is the same as missing."""

    source: JsonValue
    what: str

    def _object(self) -> Mapping[str, JsonValue]:
        if not isinstance(self.source, Mapping):
            raise InvalidValue(f"{self.what} must be an object, not {str(self.source)[:40]!r}")
        return self.source

    @property
    def given(self) -> set[str]:
        return set(self._object())

    def only(self, known: Collection[str], required: Collection[str]) -> None:
        strange, missing = self.given - set(known), set(required) - self.given
        if strange:
            name = min(strange)[:40]
            raise InvalidValue(f"{self.what} has no {name!r}, only {', '.join(sorted(known))}", argument=name)
        if missing:
            raise InvalidValue(f"{self.what} needs {', '.join(sorted(missing))}", argument=min(missing))

    def value(self, key: str) -> JsonValue:
        return self._object().get(key)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.value(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise self._wrong(key, f"a text of at most {_LONGEST} characters")
        return value

    def number(self, key: str) -> float | None:
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._wrong(key, "a number")
        return float(value)

    def whole(self, key: str) -> int:
        value = self.number(key) or 0.0
        if not value.is_integer() or not 0 <= value < 2**53:
            raise self._wrong(key, "a whole number")
        return int(value)

    def mapping(self, key: str) -> Mapping[str, JsonValue]:
        value = self.value(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self._wrong(key, "an object")
        return value

    def date(self, key: str) -> datetime | None:
        value = self.value(key)
        if value is None:
            return None
        try:
            return parse_time(self.text(key), naive="refuse")
        except InvalidValue as error:
            raise InvalidValue(f"{self.what}: {key}: {error.message}", argument=key) from None

    def time_of_day(self, key: str, default: time) -> time:
        return default if self.value(key) is None else parse_time_of_day(self.text(key), naive="refuse")

    def _wrong(self, key: str, expected: str) -> InvalidValue:
        return InvalidValue(f"{self.what}: {key} must be {expected}, not {str(self.value(key))[:40]!r}", argument=key)
