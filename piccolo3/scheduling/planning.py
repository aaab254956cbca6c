"""What follows from the times of a job and from quiet time: what is due, when to look again, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from piccolo3.position import Position
from piccolo3.scheduling import quiet as quiet_time
from piccolo3.scheduling import triggers
from piccolo3.store.schedule import BySun, Job, Once, Quiet

__all__ = ["Coming", "Due", "coming", "due", "floor", "is_over", "patience", "wake_time"]

_TICK = timedelta(microseconds=1)
_HOUR = 3600.0  # s


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What has become due of a job: `times` of them, `planned` is the last; and those that fell into quiet time."""

    planned: datetime | None = None
    times: int = 0
    quiet: datetime | None = None
    quiet_times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A start to come; `skipped` says why nothing will be done then, None if it will."""

    job: Job
    planned: datetime
    skipped: str | None = None


def floor(job: Job, now: datetime) -> datetime:
    """Times until then are dealt with.

    Where that is in the future, the clock was set back. What was done shortly before is not done again: half of the
    interval is short, an hour at the most. All else is, for the times that come now are others.
    """
    reached = job.made if job.reached is None else job.reached
    if reached <= now:
        return reached
    gap = triggers.shortest_gap(job.when, now)
    short = _HOUR if gap is None else min(gap / 2, _HOUR)
    return reached if (reached - now).total_seconds() <= short else now


def due(job: Job, after: datetime, now: datetime, quiet: Quiet, position: Position | None) -> Due:
    """What has become due after `after`, until now."""
    when = job.when
    first = triggers.next_after(when, after, position)
    if first is None or first > now:
        return Due()
    second = triggers.next_after(when, first, position)
    alone = second is None or second > now
    last = first if alone else triggers.last_until(when, first, now, position) or first
    times = 1 if alone else max(1, triggers.count(when, after, now, position))
    if job.ignores_quiet_time or not quiet.enabled:
        return Due(planned=last, times=times)
    in_quiet, last_quiet = 0, None
    for window in quiet_time.windows(quiet, max(after, first - timedelta(days=1)), now):
        begin, end = max(after, window.begin - _TICK), min(now, window.end - _TICK)
        number = int(last in window) if alone else triggers.count(when, begin, end, position)
        if number:
            in_quiet += number
            last_quiet = triggers.last_until(when, begin, end, position)
    planned: datetime | None = last
    while planned is not None and (during := quiet_time.quiet_window(quiet, planned)) is not None:
        planned = triggers.last_until(when, after, during.begin - _TICK, position) if times > in_quiet else None
    left = max(1, times - in_quiet) if planned is not None else 0
    return Due(planned=planned, times=left, quiet=last_quiet, quiet_times=in_quiet)


def wake_time(
    job: Job, after: datetime, first: datetime | None, quiet: Quiet, position: Position | None
) -> datetime | None:
    """When to look at it again, where `first` is its first time after `after`.

    That is then; where it is in quiet time at the first time after that, or at its end.
    """
    if first is None:
        end = job.when.end if isinstance(job.when, BySun) else None
        return end if end is not None and end > after else None
    during = None if job.ignores_quiet_time else quiet_time.quiet_window(quiet, first)
    if during is None:
        return first
    later = triggers.next_after(job.when, during.end - _TICK, position)
    return during.end if later is None or quiet_time.quiet_window(quiet, later) is not None else later


def is_over(job: Job, after: datetime, position: Position | None) -> bool:
    """Whether there will be no time any more."""
    return triggers.is_over(job.when, after, position)


def patience(job: Job, grace: float) -> float:
    """How long (s) it waits while something else is running."""
    gap = None if isinstance(job.when, Once) else triggers.shortest_gap(job.when, job.made)
    return grace if gap is None else gap


def coming(job: Job, first: datetime, quiet: Quiet, position: Position | None) -> Iterator[Coming]:
    """Its starts from `first` on, which is one of its times. What falls into one quiet time is told once."""
    planned: datetime | None = first
    while planned is not None:
        during = None if job.ignores_quiet_time else quiet_time.quiet_window(quiet, planned)
        if during is None:
            yield Coming(job=job, planned=planned)
            planned = triggers.next_after(job.when, planned, position)
        else:
            yield Coming(job=job, planned=planned, skipped=f"quiet time until {during.end:%H:%M} UTC")
            planned = triggers.next_after(job.when, during.end - _TICK, position)
