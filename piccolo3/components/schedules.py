"""What the resources need of the scheduler."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from piccolo3.store import Page
from piccolo3.store.schedule import Halt, Job, JobRun, Quiet

__all__ = ["ComingStart", "Schedules"]


class ComingStart(Protocol):
    """A start to come; `skipped` says why nothing will be done then (quiet time), None if it will."""

    @property
    def job(self) -> Job:
        """Of which job."""

    @property
    def planned(self) -> datetime:
        """When (UTC)."""

    @property
    def skipped(self) -> str | None:
        """Why it will not be done."""


class Schedules(Protocol):
    """The scheduler. Asks are coroutines that return when it is kept; they raise NotFound, InvalidValue, StoreError."""

    @property
    def jobs(self) -> Sequence[Job]:
        """Those that are active or suspended, by their numbers."""

    @property
    def quiet(self) -> Quiet:
        """Quiet time."""

    @property
    def halted(self) -> Halt | None:
        """Why no job is started; None where they are."""

    def job(self, number: int) -> Job:
        """One of `jobs`; NotFound."""

    async def add(self, job: Job) -> Job:
        """Take up a new job; one that is the same as another one that is alive is that other one."""

    async def change(self, job: Job) -> Job:
        """Another job in the place of the one of that number."""

    async def suspend(self, number: int) -> Job:
        """Start a job no more, until `unsuspend`; one that is suspended stays so."""

    async def unsuspend(self, number: int) -> Job:
        """Start it again, from its next time on."""

    async def delete(self, number: int) -> None:
        """Forget a job; what it is doing is done to its end."""

    async def run_now(self, number: int) -> JobRun:
        """Start it now, beside its times; returns when it has begun. Busy, Unavailable."""

    async def runs(self, job: int | None, *, limit: int, cursor: str | None) -> Page[JobRun]:
        """What came of them, the last first."""

    def next(self, limit: int) -> Sequence[ComingStart]:
        """The next starts of everything, by time and number, quiet time taken into account."""

    async def set_quiet(self, quiet: Quiet) -> None:
        """Another quiet time."""

    def halt(self, reason: str, by: str) -> None:
        """Start no job any more, from this call on; it is kept as soon as the disk takes it."""

    async def resume(self) -> None:
        """Start jobs again, from their next times on."""
