"""What is in the data directory, and what must not be reached through it."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from piccolo3.errors import InvalidValue, NotFound, StoreError
from piccolo3.store.atomic import temporary_name
from piccolo3.store.failures import store_errors

__all__ = ["RunInfo", "find_run", "last_batch", "list_runs", "list_spectra", "read_spectra", "remove_leftovers"]

_logger = logging.getLogger(__name__)
_BATCH = re.compile(r"b([0-9]{1,12})_s[0-9]")


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run and when (UTC) something was last added to it or removed."""

    name: str
    modified: datetime


def _plain_entry(name: str) -> bool:
    """Whether it can be the name of something in a directory that is not hidden and can be told to clients."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        return False
    try:
        return len(name.encode()) <= 255
    except UnicodeEncodeError:
        return False


def _inside(root: Path, path: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def find_run(root: Path, name: str) -> Path:
    """The directory of a run. Raises InvalidValue for what leads outside of `root`, NotFound if there is none."""
    if not _plain_entry(name):
        raise InvalidValue(f"{name!r} is not the name of a run")
    path = root / name
    with store_errors("looking for", path):
        found = path.is_dir()
    if not found:
        raise NotFound(f"there is no run {name!r}")
    if not _inside(root, path):
        raise InvalidValue(f"the run {name!r} is a link that leads outside of the data directory")
    return path


def list_runs(root: Path) -> list[RunInfo]:
    """The directories in `root`, sorted by name, without hidden ones and links that lead outside."""
    with store_errors("listing", root), os.scandir(root) as entries:
        found = list(_runs(root, entries))
    return sorted(found, key=lambda run: run.name)


def _runs(root: Path, entries: Iterator[os.DirEntry[str]]) -> Iterator[RunInfo]:
    for entry in entries:
        try:
            if _plain_entry(entry.name) and entry.is_dir() and _allowed(root, entry):
                yield RunInfo(entry.name, _moment(entry.stat().st_mtime))
        except OSError as error:  # deleted meanwhile, or a link to itself: no reason to hide the others
            _logger.debug("%s is left out: %s", entry.name, error)


def _allowed(root: Path, entry: os.DirEntry[str]) -> bool:
    return not entry.is_symlink() or _inside(root, Path(entry.path))


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # the clock was far off when it was written
        return datetime.min.replace(tzinfo=UTC)


def list_spectra(root: Path, run: Path) -> list[str]:
    """The names of the data files of a run in descending order."""
    with store_errors("listing", run), os.scandir(run) as entries:
        found = [entry for entry in entries if _plain_entry(entry.name) and fnmatchcase(entry.name, "b*_s*.pico")]
        names = [entry.name for entry in found if Path(entry.path).is_file() and _allowed(root, entry)]
    return sorted(names, reverse=True)


def last_batch(run: Path) -> int:
    """The largest batch number of the names in a run, whatever else they are; -1 if there is none."""
    with store_errors("listing", run), os.scandir(run) as entries:
        found = (_BATCH.match(entry.name) for entry in entries)
        return max((int(match.group(1)) for match in found if match), default=-1)


def read_spectra(root: Path, run: Path, name: str) -> str:
    """The text of a data file. Raises InvalidValue, NotFound, or StoreError where it can't be read."""
    if not _plain_entry(name):
        raise InvalidValue(f"{name!r} is not the name of a file")
    path = run / name
    if not _inside(root, path):
        raise InvalidValue(f"the file {name!r} is a link that leads outside of the data directory")
    data = _file_bytes(path) if name.endswith(".pico") else None
    if data is None:
        raise NotFound(f"there is no file {name!r} in the run {run.name!r}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoreError(f"the file {name!r} in the run {run.name!r} is damaged: it is not UTF-8") from error


def _file_bytes(path: Path) -> bytes | None:
    """The content, None if there is no plain file of that name."""
    with store_errors("reading", path):
        try:
            # not blocking: it may be a pipe
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read()
        finally:
            os.close(descriptor)


def remove_leftovers(run: Path) -> None:
    """Delete what interrupted writes left in a run."""
    with store_errors("cleaning", run), os.scandir(run) as entries:
        leftovers = [Path(entry.path) for entry in entries if fnmatchcase(entry.name, temporary_name("b*_s*.pico"))]
    for path in leftovers:
        with suppress(OSError):  # it does no harm, and the next write of that name takes its place
            path.unlink()
