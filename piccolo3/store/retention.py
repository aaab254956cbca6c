"""Removing files that were exported."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from piccolo3.clock import Clock
from piccolo3.errors import InvalidValue, PiccoloError
from piccolo3.store.atomic import sync_directory
from piccolo3.store.catalogue import files
from piccolo3.store.directory import DataDirectory
from piccolo3.store.failures import store_errors
from piccolo3.store.keeper import Keeper

__all__ = ["retire"]

_logger = logging.getLogger(__name__)
_AT_ONCE = 200
_LONGEST = 1e6  # days


def retire(
    directory: DataDirectory, keeper: Keeper, clock: Clock, keep_days: float | None, max_bytes: int | None
) -> tuple[str, ...]:
    """Delete exported files that are older than `keep_days`, and the oldest while there are more than `max_bytes`."""
    removed: list[str] = []
    if keep_days is not None:
        if not 0 <= keep_days <= _LONGEST:
            raise InvalidValue(f"{keep_days} is not a number of days to keep files")
        before = clock.utcnow() - timedelta(days=keep_days)
        for row in _exported(keeper, before):
            removed += _removed(directory, keeper, row)
    if max_bytes is not None:
        surplus = keeper.read(files.total_size) - max_bytes
        for row in _exported(keeper, None):
            if surplus <= 0:
                break
            gone = _removed(directory, keeper, row)
            removed += gone
            surplus -= row.size if gone else 0
    if removed:
        _logger.info("%d exported files were removed, from %s to %s", len(removed), removed[0], removed[-1])
    return tuple(removed)


def _exported(keeper: Keeper, before: Any) -> Iterator[Row[Any]]:
    after = 0
    while rows := keeper.read(partial(files.exported, before=before, after=after, most=_AT_ONCE)):
        after = rows[-1].id
        yield from rows


def _removed(directory: DataDirectory, keeper: Keeper, row: Row[Any]) -> list[str]:
    """Remove a file, unless it is not what was exported; its path within the directory."""
    try:
        path = directory.directory_of(row.run) / row.name
        status = path.lstat()
    except (PiccoloError, OSError):
        directory.check()
        return []
    if (status.st_size, status.st_mtime_ns) != (row.size, row.modified_ns):
        return []
    # the file first: one that is away although it was exported is taken for removed
    with store_errors("removing", path):
        path.unlink()
    with suppress(PiccoloError):
        sync_directory(path.parent)

    def forget(connection: Connection) -> None:
        files.forget_contents(connection, row.id)

    keeper.write(forget)
    return [str(Path(row.run) / row.name)]
