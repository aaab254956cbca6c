"""States of spectrometers and of jobs, under their old names."""

from __future__ import annotations

from enum import StrEnum

from piccolo3.status import SpectrometerStatus as PiccoloSpectrometerStatus

__all__ = ["PiccoloSchedulerStatus", "PiccoloSpectrometerStatus"]


class PiccoloSchedulerStatus(StrEnum):
    """State of a job; the names in lower case are those of the database and of `control/scheduler/jobs`."""

    active = "active"
    done = "done"
    suspended = "suspended"
    deleted = "deleted"
