"""What the scheduler needs of a store. Calls block; one thread at a time, whichever it is.

Everything raises StoreError where the medium fails, and NotFound for the number of a job that there never was. What
one call changes is durable when it returns, all of it or nothing. All dates are aware, those that come back are in UTC.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime

from piccolo3.errors import Conflict
from piccolo3.store.schedule.values import Halt, Job, JobRun, JobStatus, Quiet
from piccolo3.store.values import Page

__all__ = ["ALIVE", "MOST_JOBS", "ScheduleStore", "too_many"]

ALIVE = frozenset({JobStatus.ACTIVE, JobStatus.SUSPENDED})
MOST_JOBS = 10_000  # that are alive


def too_many() -> Conflict:
    """The error for one more job than there may be."""
    return Conflict(f"there are {MOST_JOBS} jobs already: delete some before adding others", limit=MOST_JOBS)


class ScheduleStore(ABC):
    """Jobs, what came of them, quiet time, and whether everything is halted."""

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether it is open, and still where it was."""

    @abstractmethod
    def open(self) -> tuple[str, ...]:
        """Open it, make it or bring it up to date; what was closed, or has gone, can be opened again.

        Returns sentences for the operator: that it was damaged, what was restored from the copy, what was imported. A
        call that finds it damaged raises StoreError and leaves it closed, so that opening it again puts it right.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of it; closing twice does no harm."""

    @abstractmethod
    def jobs(self, status: Collection[JobStatus] = ALIVE) -> tuple[Job, ...]:
        """All jobs of these kinds, by their numbers."""

    @abstractmethod
    def job(self, number: int) -> Job:
        """A job, whatever its status; NotFound."""

    @abstractmethod
    def add(self, job: Job) -> Job:
        """Keep a new job; returns it with its number, which never was another's. Conflict where there are MOST_JOBS."""

    @abstractmethod
    def change(self, job: Job) -> Job:
        """Keep a job in the place of the one of that number; NotFound. A deleted one stays deleted: Conflict."""

    @abstractmethod
    def save_run(self, run: JobRun, job: Job | None = None) -> JobRun:
        """Keep a run, a new one where its `id` is 0, else in the place of that one; returns it with its number.

        The job is changed with it, in one.
        """

    @abstractmethod
    def runs(self, job: int | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[JobRun]:
        """Runs, those that were kept last first."""

    @abstractmethod
    def unfinished(self) -> tuple[JobRun, ...]:
        """Runs without an outcome: nobody noted how they ended."""

    @abstractmethod
    def last_runs(self) -> Mapping[int, JobRun]:
        """The last run of each job that had one, by the number of the job."""

    @abstractmethod
    def forget_runs(self, before: datetime) -> int:
        """Delete runs that were planned before; returns how many. The last one of each job stays."""

    @abstractmethod
    def quiet(self) -> Quiet:
        """Quiet time; the default one where none was kept."""

    @abstractmethod
    def set_quiet(self, quiet: Quiet) -> None:
        """Keep another quiet time."""

    @abstractmethod
    def halt(self) -> Halt | None:
        """Why no job is started; None where they are."""

    @abstractmethod
    def set_halt(self, halt: Halt | None) -> None:
        """Keep that no job is to be started, or that they are again."""
