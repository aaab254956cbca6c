"""The schedule: jobs and their runs."""

from piccolo3.store.schedule.interface import ALIVE, MOST_JOBS, ScheduleStore
from piccolo3.store.schedule.values import (
    ByCron,
    BySun,
    Every,
    Halt,
    Job,
    JobRun,
    JobStatus,
    Once,
    Quiet,
    RunOutcome,
    TaskKind,
    When,
)

__all__ = [
    "ALIVE",
    "MOST_JOBS",
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
    "ScheduleStore",
    "TaskKind",
    "When",
]
