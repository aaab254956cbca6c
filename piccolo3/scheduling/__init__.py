"""The scheduler: when jobs are due, quiet time, and the task that starts them."""

from piccolo3.scheduling.book import Statistics
from piccolo3.scheduling.events import HaltChanged, JobRunChanged, JobsChanged, QuietChanged, SchedulerRestarted
from piccolo3.scheduling.needs import AsksStore, Begun, Notes, Power, Runner, RunResult
from piccolo3.scheduling.planning import Coming
from piccolo3.scheduling.quiet import power_off_window, quiet_window
from piccolo3.scheduling.scheduler import Scheduler
from piccolo3.scheduling.triggers import check, next_after, shortest_gap

__all__ = [
    "AsksStore",
    "Begun",
    "Coming",
    "HaltChanged",
    "JobRunChanged",
    "JobsChanged",
    "Notes",
    "Power",
    "QuietChanged",
    "RunResult",
    "Runner",
    "Scheduler",
    "SchedulerRestarted",
    "Statistics",
    "check",
    "next_after",
    "power_off_window",
    "quiet_window",
    "shortest_gap",
]
