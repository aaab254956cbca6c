"""A store without a disk: for tests, and for trying things out. It forgets everything at the end of the process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from piccolo3.clock import Clock
from piccolo3.errors import Conflict, InvalidValue, NotFound, StoreError
from piccolo3.spectrum import SpectraList, Spectrum, dumps, file_name
from piccolo3.store.facts import searchable
from piccolo3.store.interface import Store
from piccolo3.store.paging import dated, matches, numbered, within
from piccolo3.store.report import CheckProgress, CheckReport, Verification
from piccolo3.store.thinning import thin
from piccolo3.store.values import (
    UNKNOWN_BATCH,
    BatchEnd,
    BatchInfo,
    BatchRecord,
    EventRecord,
    FileEntry,
    FileState,
    Order,
    Page,
    RunInfo,
    Sample,
    SpectrumEntry,
    SpectrumQuery,
)
from piccolo3.wire import safe_name

__all__ = ["MemoryStore"]

Timed = TypeVar("Timed", EventRecord, Sample)


@dataclass(slots=True)
class _Run:
    modified: datetime
    rank: int


@dataclass(slots=True)
class _File:
    id: int
    spectra: SpectraList
    state: FileState = FileState.SOUND
    exported: datetime | None = None


class _NothingToDo(Verification):
    def __init__(self, files: int) -> None:
        self.report = CheckReport(files=files, complete=True)

    def step(self) -> bool:
        return False

    @property
    def progress(self) -> CheckProgress:
        return CheckProgress(self.report.files, self.report.files)


class MemoryStore(Store):
    """Keeps everything in memory, under a path that it does not touch."""

    def __init__(
        self, clock: Clock, *, path: Path = Path("/nowhere"), clobber: bool = False, split: bool = True
    ) -> None:
        self._clock = clock
        self._path = path
        self._clobber = clobber
        self._split = split
        self._open = False
        self._verified = False
        self._runs: dict[str, _Run] = {}
        self._batches: dict[tuple[str, int], BatchInfo] = {}
        self._last: dict[str, int] = {}
        self._files: dict[tuple[str, str], _File] = {}
        self._entries: dict[int, SpectrumEntry] = {}
        self._spectra: dict[int, Spectrum] = {}
        self._latest: dict[tuple[str, str, bool], int] = {}
        self._events: list[EventRecord] = []
        self._samples: list[Sample] = []
        self._configurations: list[str] = []
        self._numbers = 0

    @property
    def path(self) -> Path:
        return self._path

    @property
    def clobber(self) -> bool:
        return self._clobber

    @property
    def split(self) -> bool:
        return self._split

    @property
    def is_open(self) -> bool:
        return self._open

    def open(self) -> None:
        self._open = True
        self._verified = False

    def close(self) -> None:
        self._open = False

    def check(self) -> None:
        if not self._open:
            raise StoreError("the store is not open")

    def prepare(self) -> None:
        self.check()

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers

    def runs(self) -> list[RunInfo]:
        self.check()
        return [RunInfo(name, run.modified, run.rank) for name, run in sorted(self._runs.items())]

    def newest_run(self) -> str | None:
        return max(self.runs(), key=lambda run: run.rank).name if self._runs else None

    def run_exists(self, run: str) -> bool:
        self.check()
        return run in self._runs

    def create_run(self, run: str) -> str:
        if not self.run_exists(run):
            run = safe_name(run)
            if run not in self._runs:
                self._touch(run)
        return run

    def _touch(self, run: str) -> None:
        self._runs[run] = _Run(self._clock.utcnow(), self._next())

    def _of_run(self, run: str) -> dict[str, _File]:
        self.check()
        if run not in self._runs:
            if not run or "/" in run or run.startswith("."):
                raise InvalidValue(f"{run!r} is not the name of a run")
            raise NotFound(f"there is no run {run!r}")
        return {name: file for (of_run, name), file in self._files.items() if of_run == run}

    def spectra_files(self, run: str) -> list[str]:
        there = (name for name, file in self._of_run(run).items() if file.state is FileState.SOUND)
        return sorted(there, reverse=True)

    def current_batch(self, run: str) -> int:
        found = [file.spectra.batch for file in self._of_run(run).values()]
        return max([self._last.get(run, -1), *found])

    def new_batch(self, run: str) -> int:
        return self.begin_batch(run, BatchRecord(kind=UNKNOWN_BATCH, started=self._clock.utcnow()))

    def begin_batch(self, run: str, record: BatchRecord) -> int:
        number = self.current_batch(run) + 1
        self._last[run] = number
        self._add_batch(run, number, record)
        self._touch(run)
        return number

    def _add_batch(self, run: str, number: int, record: BatchRecord) -> None:
        self._batches[run, number] = BatchInfo(id=self._next(), run=run, number=number, record=record, end=None)

    def end_batch(self, run: str, number: int, end: BatchEnd) -> None:
        self.check()
        if (run, number) not in self._batches:
            raise NotFound(f"there is no batch {number} in the run {run!r}")
        self._batches[run, number] = replace(self._batches[run, number], end=end)

    def batches(self, run: str | None = None, *, limit: int = 50, cursor: str | None = None) -> Page[BatchInfo]:
        self.check()
        found = [batch for batch in self._batches.values() if run in (None, batch.run)]
        return numbered(found, lambda batch: batch.id, limit, cursor)

    def read(self, run: str, name: str) -> str:
        file = self._of_run(run).get(name)
        if file is None or file.state is not FileState.SOUND:
            if not name or "/" in name:
                raise InvalidValue(f"{name!r} is not the name of a file")
            raise NotFound(f"there is no file {name!r} in the run {run!r}")
        return dumps(file.spectra)

    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        self.check()
        if spectra.run is None:
            raise InvalidValue("spectra without a run can't be written")
        run = self.create_run(spectra.run)
        if not spectra.spectra:
            return ()
        kinds = spectra.kinds if self._split else (None,)
        parts = {file_name(spectra.batch, spectra.sequence, kind): kind for kind in kinds}
        contents = {name: spectra if kind is None else spectra.of_kind(kind) for name, kind in parts.items()}
        contents = {name: self._joined(run, name, part) for name, part in contents.items()}
        self._touch(run)
        for name, part in contents.items():
            self._put(run, name, replace(part, run=run))
        return tuple(self._path / run / name for name in contents)

    def _joined(self, run: str, name: str, part: SpectraList) -> SpectraList:
        known = self._files.get((run, name))
        if known is None:
            return part
        taken = self._split or set(known.spectra.kinds) & set(part.kinds)
        if taken and not self._clobber:
            raise Conflict(f"{name} exists already and is not overwritten")
        kept = () if self._split else [one for one in known.spectra.spectra if one.kind not in part.kinds]
        return replace(part, spectra=tuple(sorted([*kept, *part.spectra], key=lambda one: not one.dark)))

    def _put(self, run: str, name: str, spectra: SpectraList) -> None:
        for number in [n for n, entry in self._entries.items() if (entry.run, entry.file) == (run, name)]:
            del self._entries[number], self._spectra[number]
            self._latest = {key: value for key, value in self._latest.items() if value != number}
        known = self._files.get((run, name))
        self._files[run, name] = _File(self._next() if known is None else known.id, spectra)
        if (run, spectra.batch) not in self._batches:
            started = min(searchable(one)["start"] for one in spectra.spectra)
            self._add_batch(run, spectra.batch, BatchRecord(kind=UNKNOWN_BATCH, started=started))
        for one in sorted(spectra.spectra, key=lambda one: not one.dark):
            self._add_spectrum(run, name, spectra.batch, one)

    def _add_spectrum(self, run: str, name: str, batch: int, one: Spectrum) -> None:
        facts = searchable(one)
        darks = (
            entry.id
            for entry in self._entries.values()
            if entry.dark
            and (entry.run, entry.file) == (run, one.dark_file)
            and (entry.serial_number, entry.direction) == (facts["serial_number"], facts["direction"])
        )
        number = self._next()
        self._entries[number] = SpectrumEntry(
            id=number,
            run=run,
            batch=batch,
            file=name,
            dark_id=None if one.dark else next(darks, None),
            **facts,
        )
        self._spectra[number] = one
        self._latest[facts["serial_number"], facts["direction"], one.dark] = number

    def query(self, query: SpectrumQuery) -> Page[SpectrumEntry]:
        self.check()
        found = [entry for entry in self._entries.values() if matches(entry, query)]
        if query.order is Order.RECORDED:
            return numbered(found, lambda entry: entry.id, query.limit, query.cursor)
        return dated([(entry.start, entry.id, entry) for entry in found], query.limit, query.cursor)

    def latest(self) -> tuple[SpectrumEntry, ...]:
        self.check()
        return tuple(self._entries[number] for _, number in sorted(self._latest.items()))

    def spectrum(self, spectrum_id: int) -> Spectrum:
        self.check()
        if spectrum_id not in self._spectra:
            raise NotFound(f"there is no spectrum {spectrum_id}")
        return self._spectra[spectrum_id]

    def files(
        self, run: str | None = None, *, limit: int = 50, cursor: str | None = None, troubled: bool = False
    ) -> Page[FileEntry]:
        self.check()
        found = [] if troubled else list(self._file_entries(run))
        return numbered(found, lambda file: file.id, limit, cursor)

    def _file_entries(self, wanted: str | None) -> Iterator[FileEntry]:
        for (run, name), file in self._files.items():
            if wanted in (None, run):
                content = dumps(file.spectra).encode()
                yield FileEntry(
                    id=file.id,
                    run=run,
                    name=name,
                    size=len(content),
                    sha256=hashlib.sha256(content).hexdigest(),
                    state=file.state,
                    exported=file.exported,
                )

    def add_events(self, events: Iterable[EventRecord]) -> None:
        self.check()
        self._events += events

    def events(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[EventRecord]:
        return self._timed(self._events, since, until, limit, cursor)

    def add_housekeeping(self, samples: Iterable[Sample]) -> None:
        self.check()
        self._samples += samples

    def housekeeping(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Sample]:
        return self._timed(self._samples, since, until, limit, cursor)

    def thin_housekeeping(
        self, until: datetime, interval: timedelta, *, since: datetime | None = None, most: int = 500
    ) -> datetime | None:
        self.check()
        known = sorted((one.time, number) for number, one in enumerate(self._samples) if within(one.time, since, until))
        thinned = thin([(number, time) for time, number in known[: most + 1]], interval, most)
        self._samples = [one for number, one in enumerate(self._samples) if number not in thinned.superfluous]
        return thinned.rest

    def _timed(
        self, all_of_them: list[Timed], since: datetime | None, until: datetime | None, limit: int, cursor: str | None
    ) -> Page[Timed]:
        self.check()
        found = [(one.time, number, one) for number, one in enumerate(all_of_them, 1) if within(one.time, since, until)]
        return dated(found, limit, cursor)

    def configuration(self, text: str) -> int:
        self.check()
        if text not in self._configurations:
            self._configurations.append(text)
        return self._configurations.index(text) + 1

    def configuration_text(self, version: int) -> str:
        self.check()
        if not 1 <= version <= len(self._configurations):
            raise NotFound(f"there is no configuration {version}")
        return self._configurations[version - 1]

    @property
    def needs_verification(self) -> bool:
        return not self._verified

    def verification(self, *, deep: bool = False) -> Verification:
        self.check()
        self._verified = True
        return _NothingToDo(sum(file.state is FileState.SOUND for file in self._files.values()))

    def rebuild(self) -> Verification:
        return self.verification()

    def mark_exported(self, files: Iterable[tuple[str, str]]) -> None:
        self.check()
        for key in files:
            if key in self._files:
                self._files[key].exported = self._clock.utcnow()

    def retire(self, *, keep_days: float | None = None, max_bytes: int | None = None) -> tuple[str, ...]:
        self.check()
        removed: list[str] = []
        before = None if keep_days is None else self._clock.utcnow() - timedelta(days=keep_days)
        for (run, name), file in sorted(self._files.items(), key=lambda item: item[1].id):
            if file.exported is None or file.state is not FileState.SOUND:
                continue
            there = sum(one.size for one in self._file_entries(None) if one.state is FileState.SOUND)
            recorded = max(searchable(one)["start"] for one in file.spectra.spectra)
            if (before is not None and recorded < before) or (max_bytes is not None and there > max_bytes):
                file.state = FileState.REMOVED
                removed.append(f"{run}/{name}")
                for entry in self._entries.values():
                    if (entry.run, entry.file) == (run, name):
                        self._spectra.pop(entry.id, None)
        return tuple(removed)
