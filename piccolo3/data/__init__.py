"""Tools for data directories: lists, exports, plots and reports, and checks of the catalogue."""

from __future__ import annotations

from piccolo3.data.catalogue import check, outcomes, rebuild
from piccolo3.data.directory import Directory
from piccolo3.data.export import ExportResult, Format, Progress, RunResult, export
from piccolo3.data.levels import Level
from piccolo3.data.listing import BatchEntry, RunEntry, list_batches, list_runs
from piccolo3.data.plot import plot
from piccolo3.data.report import BatchOutcome, report
from piccolo3.data.source import Source

__all__ = [
    "BatchEntry",
    "BatchOutcome",
    "Directory",
    "ExportResult",
    "Format",
    "Level",
    "Progress",
    "RunEntry",
    "RunResult",
    "Source",
    "check",
    "export",
    "list_batches",
    "list_runs",
    "outcomes",
    "plot",
    "rebuild",
    "report",
]
