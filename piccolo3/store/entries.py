"""What is in the data directory, and what must not be reached through it."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

from piccolo3.errors import InvalidValue, NotFound, StoreError
from piccolo3.store.failures import store_errors
from piccolo3.store.values import RunInfo

__all__ = [
    "file_bytes",
    "find_run",
    "is_inside",
    "is_plain",
    "is_spectra_name",
    "last_batch",
    "list_runs",
    "list_spectra",
    "read_spectra",
]

_logger = logging.getLogger(__name__)
_BATCH = re.compile(r"b([0-9]{1,12})_s[0-9]")


def is_plain(name: str) -> bool:
    """Whether it can be the name of something in a directory that is not hidden and can be told to clients."""
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        return False
    try:
        return len(name.encode()) <= 255
    except UnicodeEncodeError:
        return False


def is_spectra_name(name: str) -> bool:
    """Whether a file of that name is a data file."""
    return is_plain(name) and fnmatchcase(name, "b*_s*.pico")


def is_inside(root: Path, path: Path) -> bool:
    """Whether a path, links followed, is in `root`."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def find_run(root: Path, name: str) -> Path:
    """The directory of a run. Raises InvalidValue for what leads outside of `root`, NotFound if there is none."""
    if not is_plain(name):
        raise InvalidValue(f"{name!r} is not the name of a run")
    path = root / name
    with store_errors("looking for", path):
        found = path.is_dir()
    if not found:
        raise NotFound(f"there is no run {name!r}")
    if not is_inside(root, path):
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
            if is_plain(entry.name) and entry.is_dir() and _allowed(root, entry):
                yield RunInfo(entry.name, _moment(entry.stat().st_mtime))
        except OSError as error:  # deleted meanwhile, or a link to itself: no reason to hide the others
            _logger.debug("%s is left out: %s", entry.name, error)


def _allowed(root: Path, entry: os.DirEntry[str]) -> bool:
    return not entry.is_symlink() or is_inside(root, Path(entry.path))


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):  # the clock was far off when it was written
        return datetime.min.replace(tzinfo=UTC)


def list_spectra(root: Path, run: Path) -> list[str]:
    """The names of the data files of a run in descending order."""
    with store_errors("listing", run), os.scandir(run) as entries:
        found = [entry for entry in entries if is_spectra_name(entry.name)]
        names = [entry.name for entry in found if Path(entry.path).is_file() and _allowed(root, entry)]
    return sorted(names, reverse=True)


def last_batch(run: Path) -> int:
    """The largest batch number of the names in a run, whatever else they are; -1 if there is none."""
    with store_errors("listing", run), os.scandir(run) as entries:
        found = (_BATCH.match(entry.name) for entry in entries)
        return max((int(match.group(1)) for match in found if match), default=-1)


def read_spectra(root: Path, run: Path, name: str) -> str:
    """The text of a data file. Raises InvalidValue, NotFound, or StoreError where it can't be read."""
    if not is_plain(name):
        raise InvalidValue(f"{name!r} is not the name of a file")
    path = run / name
    if not is_inside(root, path):
        raise InvalidValue(f"the file {name!r} is a link that leads outside of the data directory")
    data = file_bytes(path) if name.endswith(".pico") else None
    if data is None:
        raise NotFound(f"there is no file {name!r} in the run {run.name!r}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StoreError(f"the file {name!r} in the run {run.name!r} is damaged: it is not UTF-8") from error


def file_bytes(path: Path) -> bytes | None:
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
