"""What clients see of jobs, of what came of them, and of what comes next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime

from piccolo3.components.datatypes import JsonValue
from piccolo3.components.schedules import ComingStart
from piccolo3.store.schedule import BySun, Every, Halt, Job, JobRun, Once, TaskKind
from piccolo3.store.schedule.coding import job_as_dict
from piccolo3.wire import show_time

__all__ = ["coming_item", "fitting", "halt_item", "job_item", "old_row", "run_item", "short_run"]

_MOST_BYTES = 1000
_PER_CHARACTER = 12  # bytes of the JSON of one, at most
_OLD_TASKS = {TaskKind.DARK: "record_dark"}
_OLD_ARGUMENTS: dict[TaskKind, tuple[str, ...]] = {
    TaskKind.RECORD: ("run", "sequences", "autointegration", "delay", "target"),
    TaskKind.DARK: ("run",),
    TaskKind.AUTO: ("target",),
}


def job_item(job: Job, following: datetime | None) -> dict[str, JsonValue]:
    """A job, and when it is started next."""
    return {**job_as_dict(job), "next": _time(following)}


def run_item(run: JobRun) -> dict[str, JsonValue]:
    """A time at which a job was due, and what came of it."""
    return {
        "id": run.id,
        "job": run.job,
        "planned": show_time(run.planned),
        "started": _time(run.started),
        "ended": _time(run.ended),
        "outcome": None if run.outcome is None else run.outcome.value,
        "reason": run.reason,
        "run": run.run,
        "batch": run.batch,
        "late": run.late,
        "coalesced": run.coalesced,
    }


def coming_item(start: ComingStart) -> dict[str, JsonValue]:
    """A start to come."""
    job = start.job
    return {
        "time": show_time(start.planned),
        "job": job.id,
        "name": job.name,
        "task": job.task.value,
        "skipped": start.skipped,
    }


def halt_item(halt: Halt | None) -> JsonValue:
    """Why no job is started, in less than 1 kB."""
    if halt is None:
        return None
    return {"since": show_time(halt.since), "reason": halt.reason[:60], "by": halt.by[:60]}


def old_row(job: Job, following: Callable[[Job], datetime | None]) -> list[JsonValue]:
    """A job as old clients know it: number, task with its arguments, start, end, interval (s), status.

    Those that have no start by themselves start at their next time.
    """
    task: list[JsonValue] = [_OLD_TASKS.get(job.task, job.task.value)]
    names = _OLD_ARGUMENTS.get(job.task)
    if names is not None:
        task.append([job.parameters.get(name) for name in names])
    when = job.when
    if isinstance(when, Once):
        return [job.id, task, show_time(when.at), None, None, job.status.value]
    start = when.start if isinstance(when, Every) else following(job) or when.start or job.made
    interval = when.seconds if isinstance(when, Every | BySun) else None
    return [job.id, task, show_time(start), _time(when.end), interval, job.status.value]


def short_run(run: JobRun) -> dict[str, JsonValue]:
    """The same with as much of its reason as fits into one datagram."""
    item, reason = run_item(run), run.reason
    while reason and (surplus := len(json.dumps(item)) - _MOST_BYTES) > 0:
        reason = reason[: max(0, len(reason) - 1 - surplus // _PER_CHARACTER)]
        item["reason"] = reason or None
    return item


def fitting(items: Iterable[dict[str, JsonValue]]) -> list[JsonValue]:
    """As many of them, from the first on, as fit into one datagram; the others are looked at no more."""
    found: list[JsonValue] = []
    size = 2
    for item in items:
        size += len(json.dumps(item)) + 2
        if size > _MOST_BYTES:
            break
        found.append(item)
    return found


def _time(when: datetime | None) -> str | None:
    return None if when is None else show_time(when)
