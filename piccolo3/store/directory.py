"""The data directory: runs, batches and data files."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from piccolo3.clock import Clock
from piccolo3.errors import Conflict, InvalidValue, NotFound, PiccoloError, StoreError
from piccolo3.spectrum import SpectraList, dumps, file_name, loads
from piccolo3.store.atomic import sync_directory, write_files
from piccolo3.store.entries import find_run, last_batch, list_runs, list_spectra, read_spectra
from piccolo3.store.failures import store_error, store_errors
from piccolo3.store.interface import Files
from piccolo3.store.ledger import Ledger
from piccolo3.store.lock import DirectoryLock
from piccolo3.store.lostfound import is_leftover, move_leftover
from piccolo3.store.values import RunInfo
from piccolo3.wire import safe_name

__all__ = ["DataDirectory", "Written"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """A file that was written: its content, and what is in it."""

    path: Path
    content: bytes
    spectra: SpectraList


class DataDirectory(Files):
    """One directory per run, with data files in it. All calls block; one thread at a time.

    Everything raises StoreError where the disk fails or the directory is not what it was when it was opened. Runs
    that exist are taken under any name, new ones get safe names only.
    """

    def __init__(self, path: Path, clock: Clock, *, clobber: bool, split: bool) -> None:
        self._path = path.absolute()
        self._clobber = clobber
        self._split = split
        self._lock = DirectoryLock(self._path)
        self._ledger = Ledger(self._path, clock)
        self._identity: tuple[int, int] | None = None

    @property
    def path(self) -> Path:
        """Where it is, absolute."""
        return self._path

    @property
    def clobber(self) -> bool:
        """Whether existing files are overwritten."""
        return self._clobber

    @property
    def split(self) -> bool:
        """Whether dark and light spectra go to files of their own."""
        return self._split

    def open(self) -> None:
        """Make the directory if need be and lock it. Raises Conflict where another process has it."""
        with store_errors("creating the data directory", self._path):
            self._path.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            self._identity = self._found()
            self._ledger.load()
            if (newest := self.newest_run()) is not None:
                self._clear_away(self._path / newest)
        except PiccoloError:
            self.close()
            raise

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return self._identity is not None

    def close(self) -> None:
        """Give the directory to others; closing twice does no harm."""
        self._identity = None
        self._lock.release()

    def __enter__(self) -> DataDirectory:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _clear_away(self, run: Path) -> None:
        """Move away what an interrupted write left in a run; not to be able to does no harm."""
        with store_errors("listing", run):
            leftovers = [path for path in run.iterdir() if is_leftover(path.name)]
        for path in leftovers:
            try:
                move_leftover(self._path, path)
            except StoreError as error:
                _logger.warning("%s", error)

    def _found(self) -> tuple[int, int]:
        with store_errors("looking for the data directory", self._path):
            status = self._path.stat()
        return status.st_dev, status.st_ino

    def check(self) -> None:
        """Raise StoreError unless it is open and still where it was."""
        if self._identity is None:
            raise store_error("using the data directory", self._path, "it is not open")
        # what is below the mount point of a disk that went away must not be filled instead
        if self._found() != self._identity:
            raise store_error("using the data directory", self._path, "another one has taken its place")

    def runs(self) -> list[RunInfo]:
        """All runs, sorted by name."""
        self.check()
        return list_runs(self._path)

    def newest_run(self) -> str | None:
        """The run that was changed last, None if there is none."""
        newest = max(self.runs(), key=lambda run: (run.modified, run.name), default=None)
        return None if newest is None else newest.name

    def run_exists(self, run: str) -> bool:
        """Whether there is a run of that name (that does not lead outside of the data directory)."""
        self.check()
        try:
            find_run(self._path, run)
        except (InvalidValue, NotFound):
            return False
        return True

    def create_run(self, run: str) -> str:
        """Make a run unless it exists; return its name, which for a new one is `run` in the normal form of Unicode.

        Raises InvalidValue for a name that is not safe, Conflict where something else has it.
        """
        if self.run_exists(run):
            return run
        name = safe_name(run)
        if self.run_exists(name):
            return name
        path = self._path / name
        if os.path.lexists(path):
            raise Conflict(f"there can't be a run {name!r}: something else in the data directory has that name")
        with store_errors("creating the run", path):
            path.mkdir()
        sync_directory(self._path)
        return name

    def spectra_files(self, run: str) -> list[str]:
        """The names of the data files of a run, in descending order."""
        self.check()
        return list_spectra(self._path, find_run(self._path, run))

    def current_batch(self, run: str) -> int:
        """The last batch number that was given to the run or is in the name of one of its files, -1 for none."""
        self.check()
        return max(last_batch(find_run(self._path, run)), self._ledger.last(run))

    def new_batch(self, run: str) -> int:
        number = self.current_batch(run) + 1
        self.use_batch(run, number)
        return number

    def last_batch_used(self, run: str) -> int:
        """The last batch number that was given to the run, -1 for none; without a look at its files."""
        return self._ledger.last(run)

    def use_batch(self, run: str, number: int) -> None:
        """Give a batch number to the run: it is never given again, also not after files or the run were deleted."""
        self._ledger.record(run, number)

    def directory_of(self, run: str) -> Path:
        """Where the files of a run are."""
        self.check()
        return find_run(self._path, run)

    def read(self, run: str, name: str) -> str:
        """The text of a data file."""
        self.check()
        return read_spectra(self._path, find_run(self._path, run), name)

    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        """Write spectra to the files they belong to; return their paths once they are durable.

        The run is made where it is missing. After an error none of the files is there; Conflict means that one was
        there before, and `clobber` is not set. Without `split` the dark and the light spectra of a sequence may come
        one after the other: they are put together into one file.
        """
        return tuple(written.path for written in self.write_files(spectra))

    def write_files(self, spectra: SpectraList) -> tuple[Written, ...]:
        """As `write`; what is in the files, too."""
        files, clobber = self.parts(spectra), self._clobber
        if files and not self._split:
            (path,) = files
            if os.path.lexists(path):
                files, clobber = {path: self._joined(path, spectra)}, True
        contents = {path: dumps(part).encode() for path, part in files.items()}
        write_files(contents, clobber=clobber)
        return tuple(Written(path, contents[path], part) for path, part in files.items())

    def parts(self, spectra: SpectraList) -> dict[Path, SpectraList]:
        """Which spectra belong to which file; the run is made where it is missing."""
        if spectra.run is None:
            raise InvalidValue("spectra without a run can't be written")
        directory = find_run(self._path, self.create_run(spectra.run))
        if not spectra.spectra:
            return {}
        parts = [(kind, spectra.of_kind(kind)) for kind in spectra.kinds] if self._split else [(None, spectra)]
        return {directory / file_name(spectra.batch, spectra.sequence, kind): part for kind, part in parts}

    def _joined(self, path: Path, spectra: SpectraList) -> SpectraList:
        """What is in the file and `spectra`, dark before light; nothing is lost unless `clobber` is set."""
        try:
            old = loads(read_spectra(self._path, path.parent, path.name)).spectra
        except PiccoloError as error:
            if not self._clobber:
                raise Conflict(f"{path.name} exists already and is not overwritten") from error
            _logger.warning("%s is overwritten; it could not be read: %s", path.name, error)
            old = ()
        if not self._clobber and {spectrum.kind for spectrum in old} & set(spectra.kinds):
            raise Conflict(f"{path.name} exists already and is not overwritten")
        kept = [spectrum for spectrum in old if spectrum.kind not in spectra.kinds]
        return replace(
            spectra, spectra=tuple(sorted([*kept, *spectra.spectra], key=lambda spectrum: not spectrum.dark))
        )
