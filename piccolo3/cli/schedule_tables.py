"""Jobs, their times and what came of them as text: tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from piccolo3.client.schedule import ComingStart, Job, JobRun, When
from piccolo3.client.tables import rows
from piccolo3.wire import JsonValue

__all__ = ["coming", "details", "jobs", "moment", "runs", "shown_when", "span", "write"]

_STYLES = {
    "suspended": "dim",
    "complete": "green",
    "failed": "bold red",
    "aborted": "yellow",
    "missed": "yellow",
    "quiet": "dim",
}
_UNITS = (("d", 86_400.0), ("h", 3600.0), ("min", 60.0))


def write(header: Sequence[str], body: Sequence[Sequence[str]], left: Sequence[int]) -> None:
    """Write a table; columns that are not `left` have their texts on the right."""
    if not sys.stdout.isatty():
        sys.stdout.write(rows(header, body, left))
        return
    table = Table(header_style="bold", box=None, pad_edge=False)
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number in left else "right", overflow="fold")
    for line in body:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in line))
    Console().print(table)


def jobs(found: Sequence[Job]) -> None:
    """All jobs, a line for each."""
    header = ["job", "name", "does", "when", "next", "status", "failures"]
    body = [
        [
            str(job.id),
            job.name,
            _task(job.task, job.parameters),
            shown_when(job.when),
            moment(job.next) if job.status == "active" else "",
            job.status,
            str(job.failures or ""),
        ]
        for job in found
    ]
    write(header, body, left=(1, 2, 3, 4, 5))


def details(job: Job) -> None:
    """Everything about a job."""
    shown: dict[str, str] = {
        "job": str(job.id),
        "name": job.name,
        "description": job.description,
        "status": job.status,
        "does": job.task,
        "when": shown_when(job.when),
        "next": moment(job.next),
        "grace": "as configured" if job.grace is None else span(job.grace),
        "quiet time": "ignored" if job.ignores_quiet_time else "kept",
        "made": f"{moment(job.made)} by {job.made_by or 'nobody'}",
        "failures": str(job.failures),
    }
    shown |= {name: _value(found) for name, found in job.parameters.items() if found not in (None, {})}
    width = max(map(len, shown))
    sys.stdout.write("".join(f"{name:<{width}}  {text}".rstrip() + "\n" for name, text in shown.items()))


def coming(starts: Sequence[ComingStart]) -> None:
    """What comes next."""
    body = [[moment(one.time), str(one.job), one.name, one.task, one.skipped or ""] for one in starts]
    write(["time", "job", "name", "does", "but"], body, left=(0, 2, 3, 4))


def runs(found: Sequence[JobRun]) -> None:
    """What came of jobs."""
    header = ["planned", "job", "outcome", "late", "took", "run", "batch", "also", "reason"]
    body = [
        [
            moment(run.planned),
            str(run.job),
            run.outcome or "running",
            "" if run.started is None or not run.late else span((run.started - run.planned).total_seconds()),
            "" if run.started is None or run.ended is None else span((run.ended - run.started).total_seconds()),
            run.run or "",
            "" if run.batch is None else str(run.batch),
            f"{run.coalesced} before" if run.coalesced else "",
            run.reason or "",
        ]
        for run in found
    ]
    write(header, body, left=(0, 2, 5, 7, 8))


def moment(when: datetime | None) -> str:
    """A date in UTC."""
    return "" if when is None else when.astimezone(UTC).isoformat(" ", "seconds")


def shown_when(when: When) -> str:
    """When a job is due, in words."""
    kind, parts = when.get("kind"), []
    if kind == "once":
        return f"at {_moment(when.get('at'))}"
    if kind == "cron":
        parts.append(f"cron {when.get('expression')} ({when.get('timezone')})")
    else:
        parts.append(f"every {span(when.get('seconds'))}")
    if kind == "sun":
        parts.append(_sun(when))
    for word, name in (("from", "start"), ("until", "end")):
        if when.get(name) is not None:
            parts.append(f"{word} {_moment(when.get(name))}")
    return " ".join(parts)


def _sun(when: When) -> str:
    if when.get("elevation") is not None:
        return f"while the sun is above {when['elevation']:g}°"
    return f"from sunrise{_offset(when.get('rise_offset'))} to sunset{_offset(when.get('set_offset'))}"


def _offset(seconds: JsonValue) -> str:
    if not isinstance(seconds, int | float) or not seconds:
        return ""
    return f" {'-' if seconds < 0 else '+'} {span(abs(seconds))}"


def span(seconds: JsonValue) -> str:
    """A duration, in a unit of which it is a whole number."""
    if not isinstance(seconds, int | float):
        return str(seconds)
    for unit, size in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"


def _moment(text: JsonValue) -> str:
    return moment(datetime.fromisoformat(text)) if isinstance(text, str) else str(text)


def _task(task: str, parameters: Mapping[str, JsonValue]) -> str:
    if task != "record":
        return task
    recipe = parameters.get("recipe")
    sequences = parameters.get("sequences")
    what = f"recipe {recipe}" if recipe is not None else f"{sequences} sequence" + ("" if sequences == 1 else "s")
    return f"{what} into {parameters.get('run')}"


def _value(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
