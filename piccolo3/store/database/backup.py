"""Copies of a SQLite file that is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from piccolo3.store.atomic import sync_directory
from piccolo3.store.failures import store_error

__all__ = ["copy"]


def copy(source: Path, target: Path) -> None:
    """Copy a database; the copy is durable on return. Raises StoreError and leaves none behind."""
    partial = target.with_name(f".{target.name}.tmp")
    partial.unlink(missing_ok=True)
    try:
        # SQLite makes a temporary copy of a consistent state, with what is in the log of writes
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(partial)) as new:
            old.backup(new)
        descriptor = os.open(partial, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise store_error("copying", source, str(error)) from error
    sync_directory(target.parent)
