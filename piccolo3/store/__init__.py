"""What stays: the data directory with its runs and data files, their catalogue, settings that survive a restart."""

from __future__ import annotations

from piccolo3.store.directory import DataDirectory
from piccolo3.store.statefile import STATE_FILE, StateFile
from piccolo3.store.values import RunInfo

__all__ = ["STATE_FILE", "DataDirectory", "RunInfo", "StateFile"]
