"""What the daemon needs of a store. Calls block; one thread at a time, whichever it is.

Everything raises StoreError where the medium fails. A name that can't be one of a run or a file is InvalidValue, one
that there is not is NotFound. All dates are aware, those that come back are in UTC.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from piccolo3.spectrum import SpectraList, Spectrum
from piccolo3.store.report import Verification
from piccolo3.store.values import (
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

__all__ = ["Files", "Store"]


class Files(ABC):
    """Runs, batch numbers and data files."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """Where it is, absolute."""

    @property
    @abstractmethod
    def clobber(self) -> bool:
        """Whether existing files are overwritten."""

    @property
    @abstractmethod
    def split(self) -> bool:
        """Whether dark and light spectra go to files of their own."""

    @abstractmethod
    def open(self) -> None:
        """Take possession. Raises Conflict where another process has it. What was closed can be opened again."""

    @abstractmethod
    def close(self) -> None:
        """Let others have it; closing twice does no harm."""

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether it is open."""

    @abstractmethod
    def check(self) -> None:
        """Raise StoreError unless it is open and still where it was."""

    @abstractmethod
    def runs(self) -> list[RunInfo]:
        """All runs, sorted by name."""

    @abstractmethod
    def newest_run(self) -> str | None:
        """The run that was changed last, None if there is none."""

    @abstractmethod
    def run_exists(self, run: str) -> bool:
        """Whether there is a run of that name."""

    @abstractmethod
    def create_run(self, run: str) -> str:
        """Make a run unless it exists; return its name, which for a new one is `run` in the normal form of Unicode.

        Raises InvalidValue for a name that is not safe, Conflict where something else has it.
        """

    @abstractmethod
    def spectra_files(self, run: str) -> list[str]:
        """The names of the data files of a run, in descending order."""

    @abstractmethod
    def current_batch(self, run: str) -> int:
        """The last batch number that was given to the run or is in the name of one of its files, -1 for none."""

    @abstractmethod
    def new_batch(self, run: str) -> int:
        """The next batch number; it is never given again, also not after files or the run were deleted."""

    @abstractmethod
    def read(self, run: str, name: str) -> str:
        """The text of a data file."""

    @abstractmethod
    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        """Write spectra to the files they belong to; return their paths once everything about them is durable.

        The run is made where it is missing. Conflict means that a file was there before, and `clobber` is not set.
        """


class Store(Files):
    """Files, and a catalogue of everything in them and around them.

    `write` returns when the files are durable and the catalogue knows them. Where the files could be written and the
    catalogue not, the StoreError has `files` in its details; to write the same spectra again is allowed then, and does
    not write the files again.
    """

    @abstractmethod
    def prepare(self) -> None:
        """Do now what the first use would have to wait for."""

    @abstractmethod
    def begin_batch(self, run: str, record: BatchRecord) -> int:
        """The next batch number of a run, never given before; the batch is in the catalogue, as running."""

    @abstractmethod
    def end_batch(self, run: str, number: int, end: BatchEnd) -> None:
        """Say how a batch ended. NotFound where it never began."""

    @abstractmethod
    def batches(self, run: str | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[BatchInfo]:
        """Batches, the last begun first."""

    @abstractmethod
    def query(self, query: SpectrumQuery) -> Page[SpectrumEntry]:
        """A page of spectra, newest first, at a cost that does not depend on how many there are."""

    @abstractmethod
    def latest(self) -> tuple[SpectrumEntry, ...]:
        """The last dark and the last light spectrum of each spectrometer and channel; sorted by these."""

    @abstractmethod
    def spectrum(self, spectrum_id: int) -> Spectrum:
        """A spectrum with everything that is known of it. NotFound also where retention has removed it."""

    @abstractmethod
    def files(
        self, run: str | None = None, *, limit: int = 50, cursor: str | None = None, troubled: bool = False
    ) -> Page[FileEntry]:
        """Data files, those that came last first; the `troubled` are changed, damaged or missing."""

    @abstractmethod
    def add_events(self, events: Iterable[EventRecord]) -> None:
        """Keep what has happened."""

    @abstractmethod
    def events(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[EventRecord]:
        """Events from `since` to before `until`, newest first."""

    @abstractmethod
    def add_housekeeping(self, samples: Iterable[Sample]) -> None:
        """Keep housekeeping values."""

    @abstractmethod
    def housekeeping(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Sample]:
        """Housekeeping values from `since` to before `until`, newest first."""

    @abstractmethod
    def thin_housekeeping(
        self, until: datetime, interval: timedelta, *, since: datetime | None = None, most: int = 500
    ) -> datetime | None:
        """Keep only the first sample of each interval (counted from 1970) before `until`.

        Looks at `most` samples (2 or more) from `since` on, so that it does not take long. Returns from when on there
        is more to do, None when all is done.
        """

    @abstractmethod
    def configuration(self, text: str) -> int:
        """The version of a configuration, the same for the same text."""

    @abstractmethod
    def configuration_text(self, version: int) -> str:
        """The configuration of a version, or NotFound."""

    @property
    @abstractmethod
    def needs_verification(self) -> bool:
        """Whether the catalogue was not compared with the files since it was opened, or is known to differ."""

    @abstractmethod
    def verification(self, *, deep: bool = False) -> Verification:
        """What compares files and catalogue, piece by piece; `deep` reads every file."""

    @abstractmethod
    def mark_exported(self, files: Iterable[tuple[str, str]]) -> None:
        """Note that these files (run, name) were exported; those that are not known are left out."""

    @abstractmethod
    def retire(self, *, keep_days: float | None = None, max_bytes: int | None = None) -> tuple[str, ...]:
        """Delete files that were exported: those older than `keep_days`, and the oldest while there are more bytes.

        Returns their paths within the data directory. The catalogue still lists them, without their pixels. What was
        never exported, or has changed since, stays.
        """

    @abstractmethod
    def rebuild(self) -> Verification:
        """Begin to make the catalogue anew from the files, after a copy of it where it is a file.

        Batches, events, housekeeping, configurations and marks of exports are kept. When the verification has been
        done to its end, so is this.
        """
