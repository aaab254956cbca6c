"""What happens when the data directory can't be written: it is tried again, and a fallback takes the data meanwhile."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from piccolo3.clock import Clock
from piccolo3.errors import PiccoloError, StoreError
from piccolo3.spectrum import SpectraList
from piccolo3.store.atomic import write_files
from piccolo3.store.catalogued import CataloguedDirectory
from piccolo3.store.directory import DataDirectory
from piccolo3.store.failures import shown, store_error, store_errors
from piccolo3.store.forwarding import ForwardingStore
from piccolo3.store.lock import LOCK_FILE
from piccolo3.store.space import free_bytes
from piccolo3.store.spare import Spare
from piccolo3.store.values import UNKNOWN_BATCH, BatchEnd, BatchRecord, RunInfo

__all__ = ["ResilientStore"]

T = TypeVar("T")
_REST = 10.0  # s that a medium is left alone after a failure, while there is a fallback
_MOST_UNWRITTEN = 256  # sequences in memory
_AT_ONCE = 5  # files that are merged before others have their turn
_PROBE, _PROBE_SIZE = ".piccolo3-probe", 65536
_logger = logging.getLogger(__name__)


class ResilientStore(ForwardingStore):
    """A catalogued directory, and what to do when it fails.

    Spectra that it refuses go to the `spare`, and are merged by `recover` when it works again. Without one, or where
    that fails, too, they are kept in memory and `recover` tries again; whoever wrote them has had the StoreError.
    `guard` raises StoreError where the directory must not be opened, since what should carry it is not there.
    `changed` is called, from whatever thread, when `trouble` has changed.
    """

    def __init__(
        self,
        main: CataloguedDirectory,
        files: DataDirectory,
        clock: Clock,
        *,
        spare: Spare | None = None,
        guard: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(main)
        self._files = files
        self._clock = clock
        self._spare = spare
        self._guard = guard
        self._wanted = False
        self._failure: StoreError | None = None
        self._failed_at = 0.0
        self._was_on_root: bool | None = None
        self._unwritten: deque[SpectraList] = deque(maxlen=_MOST_UNWRITTEN)
        self._versions: dict[str, int] = {}
        self._merging = spare is not None
        self.changed: Callable[[], None] = lambda: None

    # ---- how it is ----

    @property
    def trouble(self) -> str | None:
        """What is wrong, as a sentence; None if nothing is."""
        if self._failure is None:
            return None
        where = "" if self._spare is None else f"; spectra go to {shown(self._spare.path)}"
        kept = f"; {len(self._unwritten)} sequences wait in memory" if self._unwritten else ""
        return f"{self._failure.message}{where}{kept}"

    @property
    def needs_recovery(self) -> bool:
        """Whether there is something for `recover` to do."""
        return self._wanted and (self._failure is not None or bool(self._unwritten) or self._merging)

    def free_bytes(self) -> int:
        """Room where the next spectra will go."""
        return self._found(lambda: free_bytes(self._here()), lambda spare: free_bytes(spare.files.path))

    def _here(self) -> Path:
        self._main.check()
        return self._main.path

    # ---- open and close ----

    def open(self) -> None:
        if self._spare is not None:
            self._merging = not self._spare.is_empty
        try:
            self._guard()
            self._reopen()
        except StoreError as error:
            if self._spare is None:
                raise
            self._fail(error)
        else:
            self._work_again()
        self._wanted = True

    def _reopen(self) -> None:
        with suppress(StoreError):
            self._main.close()
        self._main.open()
        self._was_on_root = _is_on_root(self.path)

    def _check_same(self) -> None:
        """StoreError where the directory is not the one that went away: not what was below its mount point."""
        action, path = "opening the data directory again:", self.path
        with store_errors(action, path):
            is_there = (path / LOCK_FILE).exists()
        if not is_there:
            raise store_error(action, path, "it is not there")
        if self._was_on_root is False and _is_on_root(path):
            raise store_error(action, path, "the disk that carried it is not there")

    def close(self) -> None:
        if self._unwritten:
            with suppress(PiccoloError):
                self._write_again()
        self._wanted = False
        try:
            self._main.close()
        finally:
            if self._spare is not None:
                self._spare.close()

    @property
    def is_open(self) -> bool:
        try:
            self._main.check()
        except StoreError:
            return False
        return True

    # ---- what must not fail ----

    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        try:
            return self._either(lambda: self._main.write(spectra), lambda spare: spare.write(spectra), proves=True)
        except StoreError as error:
            files = error.details.get("files")
            if self._wanted and (files is None or self._spare is not None):
                self._unwritten.append(spectra)  # where there are files, it is to tell the catalogue
                self.changed()
            if isinstance(files, list) and self._spare is not None:
                self._fail(error)
                return tuple(map(Path, files))
            raise

    def begin_batch(self, run: str, record: BatchRecord) -> int:
        return self._either(lambda: self._begin(run, record), lambda spare: self._begin_away(spare, run, record))

    def _begin(self, run: str, record: BatchRecord) -> int:
        known = -1 if self._spare is None else self._spare.last_batch(run)
        self._main.check()
        if self._spare is not None:
            self._spare.merge_batches(self._main, self._files)
            if self._spare.has_run(run):
                self._main.create_run(run)  # it was asked for while there was no data directory
        if known > self._files.last_batch_used(run):
            self._files.use_batch(run, known)
        number = self._main.begin_batch(run, record)
        if self._spare is not None:
            self._spare.note_number(run, number)
        return number

    def _begin_away(self, spare: Spare, run: str, record: BatchRecord) -> int:
        number = max(self._files.last_batch_used(run), spare.last_batch(run)) + 1
        spare.begin(run, number, record)
        return number

    def end_batch(self, run: str, number: int, end: BatchEnd) -> None:
        if self._spare is None or not self._spare.end(run, number, end):
            self._main.end_batch(run, number, end)

    def new_batch(self, run: str) -> int:
        return self.begin_batch(run, BatchRecord(kind=UNKNOWN_BATCH, started=self._clock.utcnow()))

    def configuration(self, text: str) -> int:
        try:
            self._versions[text] = self._main.configuration(text)
        except StoreError:
            if self._spare is None or text not in self._versions:
                raise
        return self._versions[text]

    # ---- what can also be asked of the spare ----

    def runs(self) -> list[RunInfo]:
        return self._found(self._main.runs, lambda spare: spare.files.runs())

    def newest_run(self) -> str | None:
        return self._found(self._main.newest_run, lambda spare: spare.files.newest_run())

    def run_exists(self, run: str) -> bool:
        return self._found(lambda: self._main.run_exists(run), lambda spare: spare.files.run_exists(run))

    def create_run(self, run: str) -> str:
        return self._either(lambda: self._main.create_run(run), lambda spare: spare.files.create_run(run))

    def spectra_files(self, run: str) -> list[str]:
        return self._found(lambda: self._main.spectra_files(run), lambda spare: spare.files.spectra_files(run))

    def current_batch(self, run: str) -> int:
        return self._found(lambda: self._main.current_batch(run), lambda spare: spare.files.current_batch(run))

    def read(self, run: str, name: str) -> str:
        return self._found(lambda: self._main.read(run, name), lambda spare: spare.files.read(run, name))

    # ---- failing and working again ----

    def _found(self, ask: Callable[[], T], otherwise: Callable[[Spare], T]) -> T:
        """What is in the data directory, or in the spare where there is none."""
        try:
            return ask()
        except StoreError:
            if self._spare is None or not self._wanted or self.is_open:
                raise
        return otherwise(self._spare)

    def _either(self, ask: Callable[[], T], otherwise: Callable[[Spare], T], *, proves: bool = False) -> T:
        """Done in the data directory, or in the spare where that fails; success `proves` that it works again."""
        error = self._failure
        if error is None or self._spare is None or self._clock.monotonic() - self._failed_at >= _REST:
            try:
                result = ask()
            except StoreError as caught:
                if "files" in caught.details or not self._wanted:  # it is written, or we were told to let go
                    raise
                error = caught
            else:
                if proves and not self._unwritten:
                    self._work_again()
                return result
            self._fail(error)
        if self._spare is None:
            raise error
        self._merging = True
        return otherwise(self._spare)

    def _fail(self, error: StoreError) -> None:
        is_new = self._failure is None or self._failure.details.get("reason") != error.details.get("reason")
        self._failure, self._failed_at = error, self._clock.monotonic()
        if is_new:
            _logger.error("%s", self.trouble)
            self.changed()

    def _work_again(self) -> None:
        if self._failure is not None:
            self._failure = None
            _logger.warning("the data directory %s can be written again", shown(self.path))
            self.changed()

    def recover(self) -> int:
        """Try again: open the directory, write what waits, merge what is in the spare.

        How many files and sequences were brought home, a limited number at once. StoreError where it still fails.
        """
        if not self._wanted:
            return 0
        try:
            self._guard()
            if not self.is_open:
                self._check_same()
                self._reopen()
            if self._failure is not None:
                self._probe()
            done = self._write_again()
            if self._spare is not None:
                done += self._spare.merge(self._main, self._files, _AT_ONCE)
                self._merging = not self._spare.is_empty
        except StoreError as error:
            self._fail(self._failure or error)  # what came first is what went wrong
            raise
        self._work_again()
        return done

    def _probe(self) -> None:
        """StoreError where nothing can be written: there may be nothing else to find that out."""
        path = self.path / _PROBE
        write_files({path: bytes(_PROBE_SIZE)}, clobber=True)
        with suppress(OSError):
            path.unlink()

    def _write_again(self) -> int:
        done = 0
        while self._unwritten:
            spectra = self._unwritten[0]
            try:
                self._main.write(spectra)
            except StoreError as error:
                if "files" not in error.details:
                    raise
            except PiccoloError as error:  # it is there already, or will never be taken
                _logger.warning("a sequence that waited in memory: %s", error)
            self._unwritten.popleft()
            done += 1
        return done


def _is_on_root(path: Path) -> bool:
    with store_errors("looking for the data directory", path):
        return path.stat().st_dev == Path("/").stat().st_dev
