"""The schedule: jobs and their runs."""

from piccolo3.store.schedule.values import (
    ByCron,
    BySun,
    Every,
    Job,
    JobRun,
    JobStatus,
    Once,
    Quiet,
    RunOutcome,
    TaskKind,
    When,
)

__all__ = ["ByCron", "BySun", "Every", "Job", "JobRun", "JobStatus", "Once", "Quiet", "RunOutcome", "TaskKind", "When"]
