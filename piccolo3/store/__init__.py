"""What stays: the data directory with its runs and data files, and settings that survive a restart."""

from __future__ import annotations

from piccolo3.store.directory import DataDirectory
from piccolo3.store.entries import RunInfo
from piccolo3.store.statefile import STATE_FILE, StateFile

__all__ = ["STATE_FILE", "DataDirectory", "RunInfo", "StateFile"]
