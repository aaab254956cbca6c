"""The store of the daemon: files, and a catalogue that knows all about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from piccolo3.clock import Clock
from piccolo3.spectrum import SpectraList, Spectrum
from piccolo3.store.directory import DataDirectory
from piccolo3.store.interface import Store
from piccolo3.store.report import Verification
from piccolo3.store.values import (
    UNKNOWN_BATCH,
    BatchEnd,
    BatchInfo,
    BatchRecord,
    EventRecord,
    FileEntry,
    Page,
    RunInfo,
    Sample,
    SpectrumEntry,
    SpectrumQuery,
)

if TYPE_CHECKING:
    from piccolo3.store.records import Records

__all__ = ["CATALOGUE_FILE", "CataloguedDirectory"]

CATALOGUE_FILE = "piccolo3.sqlite"


class CataloguedDirectory(Store):
    """A data directory and the catalogue at `url` (SQLAlchemy; a file in the directory by default).

    The catalogue is opened at the first use, or by `prepare`; until then runs and files are listed without it. One that
    is damaged is moved aside and begun anew; a verification fills it from the files. `busy_timeout` is how many seconds
    to wait for other programs that use its file.
    """

    def __init__(
        self, directory: DataDirectory, clock: Clock, *, url: str | None = None, busy_timeout: float = 30.0
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._url = url
        self._busy_timeout = busy_timeout
        self._made: Records | None = None

    @property
    def path(self) -> Path:
        return self._directory.path

    @property
    def clobber(self) -> bool:
        return self._directory.clobber

    @property
    def split(self) -> bool:
        return self._directory.split

    def open(self) -> None:
        self._directory.open()

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
        self._directory.close()

    def __enter__(self) -> CataloguedDirectory:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        return self._directory.is_open

    def check(self) -> None:
        self._directory.check()

    def prepare(self) -> None:
        self._records.prepare()

    @property
    def _records(self) -> Records:
        """What needs the catalogue. It can only be used where the directory can."""
        self._directory.check()
        if self._made is None:
            # here and not above: it takes a while, and the daemon has other things to do when it starts
            from piccolo3.store.records import Records

            self._made = Records(
                self._directory,
                self._clock,
                url=self._url,
                file=self._directory.path / CATALOGUE_FILE,
                busy_timeout=self._busy_timeout,
            )
        return self._made

    @property
    def _open_records(self) -> Records | None:
        """The same where nobody has to wait for it."""
        self._directory.check()
        return self._made if self._made is not None and self._made.is_open else None

    def runs(self) -> list[RunInfo]:
        found, records = self._directory.runs(), self._open_records
        return found if records is None else records.ranked(found)

    def newest_run(self) -> str | None:
        records = self._open_records
        known = None if records is None else records.newest_run()
        return self._directory.newest_run() if known is None or not self.run_exists(known) else known

    def run_exists(self, run: str) -> bool:
        return self._directory.run_exists(run)

    def create_run(self, run: str) -> str:
        name, records = self._directory.create_run(run), self._open_records
        if records is not None:
            records.note_run(name)
        return name

    def spectra_files(self, run: str) -> list[str]:
        records = self._open_records
        return self._directory.spectra_files(run) if records is None else records.listing.names(run)

    def current_batch(self, run: str) -> int:
        records = self._open_records
        return self._directory.current_batch(run) if records is None else records.last_batch(run)

    def new_batch(self, run: str) -> int:
        return self.begin_batch(run, BatchRecord(kind=UNKNOWN_BATCH, started=self._clock.utcnow()))

    def read(self, run: str, name: str) -> str:
        return self._directory.read(run, name)

    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        return self._records.write(spectra)

    def begin_batch(self, run: str, record: BatchRecord) -> int:
        return self._records.begin_batch(run, record)

    def end_batch(self, run: str, number: int, end: BatchEnd) -> None:
        self._records.end_batch(run, number, end)

    def batches(self, run: str | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[BatchInfo]:
        return self._records.batches(run, limit, cursor)

    def query(self, query: SpectrumQuery) -> Page[SpectrumEntry]:
        return self._records.query(query)

    def latest(self) -> tuple[SpectrumEntry, ...]:
        return self._records.latest()

    def spectrum(self, spectrum_id: int) -> Spectrum:
        return self._records.spectrum(spectrum_id)

    def files(
        self, run: str | None = None, *, limit: int = 50, cursor: str | None = None, troubled: bool = False
    ) -> Page[FileEntry]:
        return self._records.files(run, limit, cursor, troubled=troubled)

    def add_events(self, events: Iterable[EventRecord]) -> None:
        self._records.add_events(events)

    def events(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[EventRecord]:
        return self._records.events(since, until, limit, cursor)

    def add_housekeeping(self, samples: Iterable[Sample]) -> None:
        self._records.add_housekeeping(samples)

    def housekeeping(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Sample]:
        return self._records.housekeeping(since, until, limit, cursor)

    def thin_housekeeping(
        self, until: datetime, interval: timedelta, *, since: datetime | None = None, most: int = 500
    ) -> datetime | None:
        return self._records.thin_housekeeping(until, interval, since, most)

    def configuration(self, text: str) -> int:
        return self._records.configuration(text)

    def configuration_text(self, version: int) -> str:
        return self._records.configuration_text(version)

    @property
    def needs_verification(self) -> bool:
        return self._made is None or self._made.distrusted

    def verification(self, *, deep: bool = False) -> Verification:
        return self._records.verification(deep=deep)

    def mark_exported(self, files: Iterable[tuple[str, str]]) -> None:
        self._records.mark_exported(files)

    def retire(self, *, keep_days: float | None = None, max_bytes: int | None = None) -> tuple[str, ...]:
        return self._records.retire(keep_days, max_bytes)

    def rebuild(self) -> Verification:
        return self._records.rebuild()
