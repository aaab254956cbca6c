"""How much room there is."""

from __future__ import annotations

import os
from pathlib import Path

from piccolo3.store.failures import store_errors

__all__ = ["free_bytes"]


def free_bytes(path: Path) -> int:
    """What this process may still write into the file system of a directory. Blocks; StoreError."""
    with store_errors("looking for room in", path):
        status = os.statvfs(path)
    return status.f_bavail * status.f_frsize
