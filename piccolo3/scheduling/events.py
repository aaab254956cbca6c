"""What happens in the schedule."""

from __future__ import annotations

from dataclasses import dataclass

from piccolo3.events import Event
from piccolo3.store.schedule import Halt, JobRun, Quiet

__all__ = ["HaltChanged", "JobRunChanged", "JobsChanged", "QuietChanged", "SchedulerRestarted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsChanged(Event):
    """A job is new, has changed, is done, or has gone; None: many of them."""

    job: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRunChanged(Event):
    """A run has begun or ended, or there was none at a time that was planned."""

    run: JobRun


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietChanged(Event):
    """Quiet time is another one."""

    quiet: Quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltChanged(Event):
    """No job is started any more, or (None) they are again."""

    halt: Halt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulerRestarted(Event):
    """The task that starts jobs had ended by an error in the program, and goes on."""

    restarts: int
    reason: str
