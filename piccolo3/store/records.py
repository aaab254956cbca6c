"""What needs both the files and the catalogue. Importing it takes a while: it is done when it is needed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from sqlalchemy import URL, Connection

from piccolo3.clock import Clock
from piccolo3.errors import StoreError
from piccolo3.spectrum import SpectraList, Spectrum
from piccolo3.store.catalogue import batches, entries, files, logs, queries
from piccolo3.store.comparison import Comparison
from piccolo3.store.directory import DataDirectory, Written
from piccolo3.store.failures import shown, store_error
from piccolo3.store.keeper import Keeper
from piccolo3.store.listing import Listing
from piccolo3.store.retention import retire
from piccolo3.store.thinning import thin
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

__all__ = ["Records"]

_MOST_PENDING = 64
_logger = logging.getLogger(__name__)


class Records:
    """The part of a store that uses its catalogue, see `Store`. `file` is where it is without a `url`."""

    def __init__(
        self, directory: DataDirectory, clock: Clock, *, url: str | None, file: Path, busy_timeout: float
    ) -> None:
        self._directory = directory
        self._clock = clock
        place = url or URL.create("sqlite", database=str(file))
        self._keeper = Keeper(place, clock, busy_timeout=busy_timeout, opened=self._opened)
        self.listing = Listing(directory, self._keeper)
        self._running: dict[tuple[str, int], BatchRecord] = {}
        self._pending: dict[Path, Written] = {}  # files that the catalogue does not know yet

    def prepare(self) -> None:
        """Open the catalogue."""
        self._keeper.ready()

    @property
    def is_open(self) -> bool:
        """Whether the catalogue is open."""
        return self._keeper.is_open

    @property
    def distrusted(self) -> bool:
        """Whether the files should be compared with the catalogue."""
        return self._keeper.distrusted or self.listing.strangers

    def close(self) -> None:
        """Close the catalogue."""
        self._keeper.close()
        self.listing.forget()

    def _opened(self, connection: Connection) -> None:
        self.listing.forget()
        for (run, number), record in self._running.items():  # which a new one does not know
            if batches.last_number(connection, run) < number:
                batches.begin(connection, run, number, record, self._clock.utcnow())
        for run, number in batches.close_interrupted(connection, self._running):
            _logger.warning("batch %d of %s was interrupted", number, run)

    def ranked(self, runs: Iterable[RunInfo]) -> list[RunInfo]:
        """Runs with their ranks."""
        ranks = self._keeper.read(batches.ranks)
        return [RunInfo(run.name, run.modified, ranks.get(run.name, 0)) for run in runs]

    def newest_run(self) -> str | None:
        """The run that was changed last."""
        return self._keeper.read(batches.newest_run)

    def note_run(self, run: str) -> None:
        """There is a run."""
        if self._keeper.read(partial(batches.run_id, name=run)) is None:
            self._keeper.write(partial(batches.touch_run, name=run, now=self._clock.utcnow()))

    def last_batch(self, run: str) -> int:
        """The last batch number of a run."""
        used = self._directory.last_batch_used(run)
        return max(used, self.listing.last_batch(run), self._keeper.read(partial(batches.last_number, run=run)))

    def begin_batch(self, run: str, record: BatchRecord) -> int:
        """The number of a new batch."""
        self._keeper.ready()
        number = self.last_batch(run) + 1
        self._directory.use_batch(run, number)
        now = self._clock.utcnow()
        self._keeper.write(partial(batches.begin, run=run, number=number, record=record, now=now))
        if record.kind != UNKNOWN_BATCH:
            self._running[run, number] = record
        return number

    def end_batch(self, run: str, number: int, end: BatchEnd) -> None:
        """A batch has ended."""
        self._keeper.write(partial(batches.end, run=run, number=number, end=end))
        self._running.pop((run, number), None)

    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        """Write files, then tell the catalogue."""
        known = self._directory.run_exists(spectra.run or "") and self.listing.is_known(spectra.run or "")
        written = self._written_before(spectra) or self._directory.write_files(spectra)
        if not written:
            return ()
        paths = tuple(one.path for one in written)
        before = self._pending
        self._pending = {**before, **{one.path: one for one in written}}
        try:
            self._keeper.write(partial(self._tell, new=paths))
        except StoreError as error:
            self._forget_oldest()
            names = ", ".join(path.name for path in paths)
            message = f"{names}: written, but the catalogue does not know of it ({error.message})"
            raise StoreError(message, **{**error.details, "files": [shown(path) for path in paths]}) from error
        except BaseException:
            self._pending = before  # nobody can tell it this
            raise
        self._pending = {}
        self.listing.note_write(paths[0].parent.name, known)
        return paths

    def _written_before(self, spectra: SpectraList) -> tuple[Written, ...]:
        """The files of spectra, where they were written before, and only the catalogue could not be told."""
        if not self._pending:
            return ()
        parts = self._directory.parts(spectra)
        found = [self._pending[path] for path in parts if path in self._pending]
        same = all(_contains(one.spectra, parts[one.path]) for one in found)
        return tuple(found) if same and len(found) == len(parts) else ()

    def _tell(self, connection: Connection, new: Collection[Path]) -> None:
        for path, one in self._pending.items():
            try:
                modified_ns = path.stat().st_mtime_ns
            except OSError as error:
                if path in new:
                    raise store_error("looking at", path, str(error)) from error
                self._keeper.distrust()  # it was taken away meanwhile
                continue
            facts = entries.FileFacts(
                run=path.parent.name,
                name=path.name,
                size=len(one.content),
                modified_ns=modified_ns,
                sha256=hashlib.sha256(one.content).hexdigest(),
            )
            entries.add_file(connection, facts, one.spectra, self._clock.utcnow(), recorded=True)

    def _forget_oldest(self) -> None:
        while len(self._pending) > _MOST_PENDING:  # a verification finds them
            del self._pending[next(iter(self._pending))]
            self._keeper.distrust()

    def batches(self, run: str | None, limit: int, cursor: str | None) -> Page[BatchInfo]:
        """A page of batches."""
        return self._keeper.read(partial(batches.page, run=run, limit=limit, cursor=cursor))

    def query(self, query: SpectrumQuery) -> Page[SpectrumEntry]:
        """A page of spectra."""
        return self._keeper.read(partial(queries.query, wanted=query))

    def latest(self) -> tuple[SpectrumEntry, ...]:
        """The last spectra."""
        return self._keeper.read(queries.latest)

    def spectrum(self, spectrum_id: int) -> Spectrum:
        """One spectrum."""
        return self._keeper.read(partial(queries.spectrum, spectrum_id=spectrum_id))

    def files(self, run: str | None, limit: int, cursor: str | None, *, troubled: bool) -> Page[FileEntry]:
        """A page of files."""
        return self._keeper.read(partial(files.page, run=run, limit=limit, cursor=cursor, troubled=troubled))

    def add_events(self, events: Iterable[EventRecord]) -> None:
        """Keep events."""
        self._keeper.write(partial(logs.add_events, events=tuple(events)))

    def events(
        self, since: datetime | None, until: datetime | None, limit: int, cursor: str | None
    ) -> Page[EventRecord]:
        """A page of events."""
        return self._keeper.read(partial(logs.events, since=since, until=until, limit=limit, cursor=cursor))

    def add_housekeeping(self, samples: Iterable[Sample]) -> None:
        """Keep housekeeping."""
        self._keeper.write(partial(logs.add_samples, samples=tuple(samples)))

    def housekeeping(
        self, since: datetime | None, until: datetime | None, limit: int, cursor: str | None
    ) -> Page[Sample]:
        """A page of housekeeping."""
        return self._keeper.read(partial(logs.samples, since=since, until=until, limit=limit, cursor=cursor))

    def thin_housekeeping(
        self, until: datetime, interval: timedelta, since: datetime | None, most: int
    ) -> datetime | None:
        """Remove some of the old samples; where to go on."""
        known = self._keeper.read(partial(logs.times_of_samples, since=since, until=until, limit=most + 1))
        thinned = thin(known, interval, most)
        if thinned.superfluous:
            self._keeper.write(partial(logs.remove_samples, numbers=thinned.superfluous))
        return thinned.rest

    def configuration(self, text: str) -> int:
        """The version of a configuration."""
        return self._keeper.write(partial(logs.configuration, text=text, now=self._clock.utcnow()))

    def configuration_text(self, version: int) -> str:
        """The text of a version."""
        return self._keeper.read(partial(logs.configuration_text, version=version))

    def verification(self, *, deep: bool) -> Comparison:
        """What compares files and catalogue."""
        self.listing.strangers = False
        return Comparison(self._directory, self._keeper, self._clock, deep=deep)

    def mark_exported(self, files_: Iterable[tuple[str, str]]) -> None:
        """Files were exported."""
        self._keeper.write(partial(files.mark_exported, files=tuple(files_), now=self._clock.utcnow()))

    def retire(self, keep_days: float | None, max_bytes: int | None) -> tuple[str, ...]:
        """Remove files that were exported."""
        return retire(self._directory, self._keeper, self._clock, keep_days, max_bytes)

    def rebuild(self) -> Comparison:
        """Make the catalogue anew."""
        copy = self._keeper.back_up("before-rebuild")
        if copy is not None:
            _logger.info("the catalogue is rebuilt; a copy is %s", shown(copy))
        self._keeper.write(files.make_stale)
        return self.verification(deep=True)


def _contains(spectra: SpectraList, part: SpectraList) -> bool:
    return all(any(_is_same(one, other) for other in spectra.spectra) for one in part.spectra)


def _is_same(one: Spectrum, other: Spectrum) -> bool:
    return one.metadata == other.metadata and np.array_equal(one.pixels, other.pixels)
