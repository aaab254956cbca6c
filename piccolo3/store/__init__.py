"""What stays: the data directory with its runs and data files, their catalogue, settings that survive a restart."""

from __future__ import annotations

from piccolo3.store.catalogued import CATALOGUE_FILE, CataloguedDirectory
from piccolo3.store.daily import HOUSEKEEPING_FOLDER, DailyTables
from piccolo3.store.directory import DataDirectory
from piccolo3.store.interface import Files, Store
from piccolo3.store.memory import MemoryStore
from piccolo3.store.report import CheckProgress, CheckReport, Verification
from piccolo3.store.resilient import ResilientStore
from piccolo3.store.space import free_bytes
from piccolo3.store.spare import Spare
from piccolo3.store.statefile import STATE_FILE, StateFile
from piccolo3.store.values import (
    BatchEnd,
    BatchInfo,
    BatchRecord,
    EventRecord,
    FileEntry,
    FileState,
    Order,
    Page,
    RunInfo,
    Sample,
    SpectrumEntry,
    SpectrumQuery,
)

__all__ = [
    "CATALOGUE_FILE",
    "HOUSEKEEPING_FOLDER",
    "STATE_FILE",
    "BatchEnd",
    "BatchInfo",
    "BatchRecord",
    "CataloguedDirectory",
    "CheckProgress",
    "CheckReport",
    "DailyTables",
    "DataDirectory",
    "EventRecord",
    "FileEntry",
    "FileState",
    "Files",
    "MemoryStore",
    "Order",
    "Page",
    "ResilientStore",
    "RunInfo",
    "Sample",
    "Spare",
    "SpectrumEntry",
    "SpectrumQuery",
    "StateFile",
    "Store",
    "Verification",
    "free_bytes",
]
