"""Which jobs there are, which of them wait, and when to look at the others again: one heap for all of them."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from piccolo3.errors import NotFound
from piccolo3.position import Position
from piccolo3.scheduling import planning, triggers
from piccolo3.scheduling.planning import Coming, Due
from piccolo3.store.schedule import BySun, Job, JobStatus, Quiet

__all__ = ["Agenda"]

_AFTER_FAULT = timedelta(hours=1)  # until a job is looked at again whose times could not be told
_SUN_AGAIN = timedelta(days=30)  # until the sun is looked for again, where it did not come up in a year
_logger = logging.getLogger(__name__)


class Agenda:
    """Jobs that are active or suspended. `quiet` and `position` are set from outside; then `plan_all` is due."""

    def __init__(self) -> None:
        self.quiet = Quiet()
        self.position: Position | None = None
        self._jobs: dict[int, Job] = {}
        self._wakes: dict[int, datetime] = {}
        self._heap: list[tuple[datetime, int]] = []
        self._firsts: dict[int, datetime] = {}  # the first times that are not dealt with yet
        self._waiting: dict[int, datetime] = {}
        self._suns: set[int] = set()
        self._peaks: dict[int, datetime] = {}  # what jobs had reached when the clock was set back

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All of them, by their numbers."""
        return tuple(self._jobs[number] for number in sorted(self._jobs))

    @property
    def active(self) -> tuple[Job, ...]:
        """Those that are not suspended."""
        return tuple(job for job in self.jobs if job.status is JobStatus.ACTIVE)

    @property
    def wants_position(self) -> bool:
        """Whether a job goes by the sun."""
        return bool(self._suns)

    def get(self, number: int) -> Job | None:
        """A job, None where there is none of that number."""
        return self._jobs.get(number)

    def job(self, number: int) -> Job:
        """A job; NotFound."""
        found = self._jobs.get(number)
        if found is None:
            raise NotFound(f"there is no job {number}")
        return found

    def put(self, job: Job, now: datetime) -> None:
        """Take up a job, or another one in its place, and plan it."""
        self._jobs[job.id] = job
        (self._suns.add if isinstance(job.when, BySun) else self._suns.discard)(job.id)
        self.plan(job.id, now)

    def change(self, number: int, **changes: object) -> Job:
        """The job with changes; it is not planned anew."""
        job = replace(self._jobs[number], **changes)  # type: ignore[arg-type]
        self._jobs[number] = job
        return job

    def drop(self, number: int) -> None:
        """Forget a job."""
        self._jobs.pop(number, None)
        for table in (self._wakes, self._firsts, self._waiting, self._peaks):
            table.pop(number, None)
        self._suns.discard(number)

    # ---- when to look ----

    @property
    def next_wake(self) -> datetime | None:
        """When the next job has to be looked at."""
        while self._heap and self._wakes.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def plan(self, number: int, now: datetime) -> None:
        """Find out when to look at it next; it does not wait any more."""
        for table in (self._waiting, self._wakes, self._firsts):
            table.pop(number, None)
        job = self._jobs.get(number)
        if job is None or job.status is not JobStatus.ACTIVE:
            return
        try:
            after = planning.floor(job, now)
            first = triggers.next_after(job.when, after, self.position)
            wake = planning.wake_time(job, after, first, self.quiet, self.position)
            if first is not None:
                self._firsts[number] = first
        except Exception:
            _logger.exception("the times of job %d can't be told by an error in the program", number)
            wake = now + _AFTER_FAULT
        if wake is None and isinstance(job.when, BySun) and self.position is not None and job.when.end is None:
            wake = now + _SUN_AGAIN
        if wake is not None:
            self._wakes[number] = wake
            heapq.heappush(self._heap, (wake, number))

    def plan_all(self, now: datetime) -> None:
        """Plan all of them anew.

        What lay ahead of a clock that was set back is dealt with no more. Where it is set right again after that, it
        is dealt with again: nothing is done twice because a clock was wrong for a while.
        """
        self._heap.clear()
        for number, job in self._jobs.items():
            floor, peak = planning.floor(job, now), self._peaks.get(number)
            reached = job.made if job.reached is None else job.reached
            if floor < reached:
                self._peaks[number] = max(reached, peak or reached)
                self._jobs[number] = replace(job, reached=floor)
            elif peak is not None and floor < peak <= now:
                self._jobs[number] = replace(job, reached=peak)
            self.plan(number, now)

    def take(self, now: datetime) -> list[int]:
        """Those that have to be looked at now, by time and number; they have to be planned again, or wait."""
        found: list[int] = []
        while (wake := self.next_wake) is not None and wake <= now:
            _, number = heapq.heappop(self._heap)
            del self._wakes[number]
            found.append(number)
        return found

    def due(self, number: int, now: datetime) -> Due:
        """What has become due of a job."""
        job = self._jobs[number]
        return planning.due(job, planning.floor(job, now), now, self.quiet, self.position)

    def is_over(self, number: int, now: datetime) -> bool:
        """Whether there will be no time of it any more."""
        job = self._jobs[number]
        return planning.is_over(job, planning.floor(job, now), self.position)

    def was_over(self, job: Job, now: datetime) -> bool:
        """As `is_over`, for a job that is not in here; where it can't be told it was."""
        try:
            return planning.is_over(job, planning.floor(job, now), self.position)
        except Exception:
            _logger.exception("the times of job %d can't be told by an error in the program", job.id)
            return True

    # ---- what waits ----

    def wait(self, number: int, since: datetime) -> None:
        """It is due, and waits for its turn."""
        self._waiting.setdefault(number, since)

    def first_waiting(self) -> int | None:
        """Whose turn it is: by time, then by number."""
        return min(self._waiting, key=lambda number: (self._waiting[number], number), default=None)

    def since(self, number: int) -> datetime | None:
        """Since when it waits."""
        return self._waiting.get(number)

    # ---- what comes ----

    def coming(self, limit: int, now: datetime) -> list[Coming]:
        """The next starts of all active jobs, by time and number."""
        starts: dict[int, Iterator[Coming]] = {}
        heap = [(first, number) for number in self._jobs if (first := self._first(number)) is not None]
        heapq.heapify(heap)
        found: list[Coming] = []
        held: dict[int, Coming] = {}
        while heap and len(found) < limit:
            _, number = heapq.heappop(heap)
            if number in held:
                found.append(held.pop(number))
            else:
                starts[number] = self._starts(self._jobs[number], now)
            if (start := self._next(starts[number], number)) is not None:
                held[number] = start
                heapq.heappush(heap, (start.planned, number))
        return found

    def _first(self, number: int) -> datetime | None:
        """At least when it comes first; none does where that is not known."""
        job = self._jobs[number]
        if job.status is not JobStatus.ACTIVE:
            return None
        return self._waiting.get(number, self._firsts.get(number))

    def _next(self, starts: Iterator[Coming], number: int) -> Coming | None:
        try:
            return next(starts, None)
        except Exception:
            _logger.exception("the coming starts of job %d can't be told by an error in the program", number)
            return None

    def _starts(self, job: Job, now: datetime) -> Iterator[Coming]:
        since = self._waiting.get(job.id)
        if since is not None:
            yield Coming(job=job, planned=since)
        first = triggers.next_after(job.when, max(planning.floor(job, now), now), self.position)
        if first is not None:
            yield from planning.coming(job, first, self.quiet, self.position)
