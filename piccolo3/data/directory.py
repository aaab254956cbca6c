"""A data directory as a source: nothing but the files in it, whoever wrote them."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from piccolo3.data.source import in_order
from piccolo3.errors import InvalidValue, NotFound, StoreError
from piccolo3.spectrum import SpectraList, loads
from piccolo3.store import CATALOGUE_FILE

__all__ = ["Directory", "find_directory", "find_run"]

_REASONS = {
    errno.ENOENT: "it has vanished",
    errno.EACCES: "permission denied",
    errno.EIO: "the disk reports an error",
    errno.EISDIR: "it is a directory",
    errno.ENOTDIR: "it is not a directory",
}


def _reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0) or error.strerror or str(error)


def _pico_files(directory: Path) -> Iterator[os.DirEntry[str]]:
    """The data files of a directory; hidden ones are leftovers of writes that were interrupted."""
    try:
        with os.scandir(directory) as entries:
            yield from (entry for entry in entries if entry.name.endswith(".pico") and not entry.name.startswith("."))
    except OSError as error:
        raise StoreError(f"reading {directory} failed: {_reason(error)}") from error


class Directory:
    """The runs of a data directory: its folders with `.pico` files.

    A folder that has such files itself is a single run with the name of the folder, so that one run that was copied
    out of a data directory can be used like one. Nothing is ever written.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path).absolute()
        if not self._path.is_dir():
            raise NotFound(f"there is no directory {self._path}")
        self._single = next(_pico_files(self._path), None) is not None

    @property
    def path(self) -> Path:
        """Where it is, absolute."""
        return self._path

    @property
    def is_single(self) -> bool:
        """Whether it is the folder of one run."""
        return self._single

    def runs(self) -> list[str]:
        """The folders with data files, sorted, without hidden ones."""
        if self._single:
            return [self._path.name]
        try:
            with os.scandir(self._path) as entries:
                folders = [entry for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        except OSError as error:
            raise StoreError(f"reading {self._path} failed: {_reason(error)}") from error
        return sorted(folder.name for folder in folders if next(_pico_files(Path(folder.path)), None) is not None)

    def names(self, run: str) -> list[str]:
        """The names of the data files of a run, in order."""
        return in_order([entry.name for entry in _pico_files(self._folder(run))])

    def fingerprint(self, run: str) -> str:
        """SHA-256 of the names, sizes and times of the data files."""
        lines = []
        for entry in _pico_files(self._folder(run)):
            try:
                status = entry.stat()
            except OSError:  # a link to nothing, or deleted meanwhile: the reading of it tells
                continue
            lines.append(f"{status.st_size} {status.st_mtime_ns} ".encode() + os.fsencode(entry.name) + b"\n")
        return hashlib.sha256(b"".join(sorted(lines))).hexdigest()

    def size(self, run: str, name: str) -> int:
        """The size of a file in bytes, 0 if it can't be told."""
        try:
            return (self._folder(run) / name).stat().st_size
        except OSError:
            return 0

    def load(self, run: str, name: str) -> SpectraList:
        """The spectra of a file. InvalidValue where it is damaged, StoreError where it can't be read."""
        path = self._folder(run) / name
        try:
            # not blocking, and only from a file: it may be a pipe
            if not path.is_file():
                raise StoreError("it is not a file" if os.path.lexists(path) else "it has vanished")
            data = path.read_bytes()
        except OSError as error:
            raise StoreError(_reason(error)) from error
        try:
            return loads(data, file_name=name, run=run)
        except InvalidValue as error:
            raise InvalidValue(error.message.removeprefix(f"{name}: ")) from error

    def _folder(self, run: str) -> Path:
        folder = self._path if self._single and run == self._path.name else self._path / run
        if not run or "/" in run or run in (".", "..") or "\0" in run or not folder.is_dir():
            raise NotFound(f"there is no run {run!r} in {self._path}")
        return folder


def find_run(directory: Path, run: str) -> tuple[Directory, str]:
    """The source and the name of a run: one of the data directory, or a path to its folder. NotFound otherwise."""
    if _has(directory, run):
        return Directory(directory), run
    if Path(run).is_dir():
        folder = Path(run).absolute()
        source = Directory(folder)
        return (source, folder.name) if source.is_single else (Directory(folder.parent), folder.name)
    known = ", ".join(Directory(directory).runs()) or "none"
    raise NotFound(f"there is no run {run!r} in {directory.absolute()} (there are: {known}), and no such directory")


def find_directory(directory: Path, names: Sequence[str]) -> tuple[Path, Sequence[str]]:
    """The data directory and the names of runs that are meant by names of which the first may be a data directory.

    The name of a run in `directory` is not one, nor is the folder of a single run.
    """
    first = Path(names[0]) if names else None
    if first is None or _has(directory, names[0]) or not first.is_dir():
        return directory, names
    found = Directory(first)
    has_runs = (first / CATALOGUE_FILE).is_file() or bool(found.runs())
    return (first, names[1:]) if has_runs and not found.is_single else (directory, names)


def _has(directory: Path, run: str) -> bool:
    """Whether there is a run of this name."""
    return "/" not in run and run not in (".", "..") and (directory / run).is_dir()
