"""What the schedule consists of: jobs, when they are due, and what came of them.

All dates are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import Enum
from typing import TypeAlias

from piccolo3.jsonvalue import JsonValue

__all__ = [
    "ByCron",
    "BySun",
    "Every",
    "Halt",
    "Job",
    "JobRun",
    "JobStatus",
    "Once",
    "Quiet",
    "RunOutcome",
    "TaskKind",
    "When",
]


class JobStatus(Enum):
    """Old clients know these words."""

    ACTIVE = "active"
    DONE = "done"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class TaskKind(Enum):
    """What a job does."""

    RECORD = "record"
    DARK = "dark"
    AUTO = "auto"
    POWER_ON = "power_on"
    POWER_OFF = "power_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """One time."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """At `start`, and then every `seconds`, to `end` at the latest."""

    start: datetime
    seconds: float
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCron:
    """When a cron expression of five fields says so, in the time zone of that name, from `start` to `end`."""

    expression: str
    timezone: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BySun:
    """Every `seconds` while the sun is up: from sunrise to sunset, each moved by an offset in s (negative: earlier).

    With `elevation` (degrees) it is while the sun is at least so high instead. The first time is when that begins.
    """

    seconds: float
    rise_offset: float = 0.0
    set_offset: float = 0.0
    elevation: float | None = None
    start: datetime | None = None
    end: datetime | None = None


When: TypeAlias = Once | Every | ByCron | BySun


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job; `id` is 0 until it is in the store, which numbers from 1 and never gives a number again.

    `parameters` are those of the task, all of them, as they were resolved when the job was made. What was due longer
    ago than `grace` (s) is skipped; None is the configured one. `failures` counts those since the last success. Times
    up to `reached` are dealt with, whatever came of them; None: none yet.
    """

    id: int = 0
    task: TaskKind
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    when: When
    name: str = ""
    description: str = ""
    status: JobStatus = JobStatus.ACTIVE
    grace: float | None = None
    ignores_quiet_time: bool = False
    made: datetime
    made_by: str = ""
    failures: int = 0
    reached: datetime | None = None


class RunOutcome(Enum):
    """How a time that was planned ended; `complete` to `failed` are those of batches."""

    COMPLETE = "complete"
    ABORTED = "aborted"
    FAILED = "failed"
    MISSED = "missed"  # the daemon was down, or waited for something else too long; see the reason
    QUIET = "quiet"  # it fell into the quiet time


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One time that a job was due: `planned`, and what came of it; it is running while there is no outcome.

    `coalesced` is how many other times before it were done with this one.
    """

    id: int = 0
    job: int
    planned: datetime
    started: datetime | None = None
    ended: datetime | None = None
    outcome: RunOutcome | None = None
    reason: str | None = None
    run: str | None = None
    batch: int | None = None
    late: bool = False
    coalesced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Quiet time, each day from `start` to `end` (aware, UTC; over midnight where the end is before the start).

    With `power_off`, spectrometers are off from `power_delay` (s) after it began to as long before it ends.
    """

    enabled: bool = False
    start: time = time(22, tzinfo=UTC)
    end: time = time(4, tzinfo=UTC)
    power_off: bool = False
    power_delay: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """No job is started since then: why, and who wanted that. The operator lets them go on."""

    since: datetime
    reason: str
    by: str = ""
