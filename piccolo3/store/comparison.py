"""Comparing the files with the catalogue, a piece at a time.

Where nothing changed a file costs one look at its size and its time of change. What the catalogue does not know is
read and added; what is missing, damaged or not what was written is noted and reported, and never deleted.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
import os
import stat
from collections.abc import Generator, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row

from piccolo3.clock import Clock
from piccolo3.errors import InvalidValue, NotFound, StoreError
from piccolo3.spectrum import SpectraList, loads, parse_file_name
from piccolo3.store.catalogue import entries, files
from piccolo3.store.directory import DataDirectory
from piccolo3.store.entries import file_bytes, is_inside, is_spectra_name
from piccolo3.store.failures import shown, store_errors
from piccolo3.store.keeper import Keeper
from piccolo3.store.lostfound import is_leftover, move_leftover
from piccolo3.store.report import CheckProgress, CheckReport, Verification
from piccolo3.store.values import FileState

__all__ = ["Comparison"]

_logger = logging.getLogger(__name__)
_LISTED = 5000  # names in a piece
_LOOKED_AT = 500  # files in a piece
_READ = 20  # files in a piece that have to be read
_TIME = 0.02  # s, after which a piece that reads ends early
_Facts = tuple[int, int]  # size, time of change in ns


class Comparison(Verification):
    """Compares a data directory with its catalogue. `deep`: also the content of files that look unchanged."""

    def __init__(self, directory: DataDirectory, keeper: Keeper, clock: Clock, *, deep: bool) -> None:
        self.report = CheckReport()
        self._directory = directory
        self._keeper = keeper
        self._clock = clock
        self._deep = deep
        self._total = 0
        self._pieces = self._all()
        self._failure: StoreError | None = None

    @property
    def progress(self) -> CheckProgress:
        return CheckProgress(self.report.files, max(self._total, self.report.files))

    def step(self) -> bool:
        if self._failure is not None:
            raise self._failure
        try:
            self._directory.check()
            return next(self._pieces, False)
        except StoreError as error:
            self._failure = error
            raise

    def close(self) -> None:
        self._pieces.close()

    def _all(self) -> Generator[bool, None, None]:
        generation = self._keeper.generation()
        if self._deep:
            self._keeper.read(files.check_database)
        self._total = self._keeper.read(files.count)
        there = sorted(self._directory.runs(), key=lambda run: (run.modified, run.name))
        yield True
        for run in there:
            yield from self._run(run.name)
        for name in sorted(set(self._keeper.read(files.runs)) - {run.name for run in there}):
            yield from self._missing(name, set())
        self.report.complete = True
        self._keeper.trust(generation)
        log = _logger.info if self.report.sound else _logger.warning
        log("the data directory was compared with its catalogue: %s", self.report.sentence())

    def _run(self, run: str) -> Iterator[bool]:
        try:
            path = self._directory.directory_of(run)
        except NotFound:  # meanwhile
            return
        # sorted, so that darks come before the spectra they belong to; all at once would hold up other threads
        sorted_parts: list[list[str]] = []
        with store_errors("listing", path), os.scandir(path) as entries_of_run:
            while part := sorted(entry.name for entry in islice(entries_of_run, _LISTED)):
                sorted_parts.append(part)
                yield True
        names = heapq.merge(*sorted_parts)
        seen: set[int] = set()
        while some := list(islice(names, _LOOKED_AT)):
            for name in filter(is_leftover, some):
                self._clear_away(path / name)
            to_read = self._looked_at(run, path, [name for name in some if is_spectra_name(name)], seen)
            yield True
            while to_read:
                to_read = self._some_read(run, path, to_read, seen)
                yield True
        yield from self._missing(run, seen)

    def _clear_away(self, path: Path) -> None:
        moved = move_leftover(self._directory.path, path)
        if moved is not None:
            self.report.note("leftovers", shown(moved.relative_to(self._directory.path)))

    def _looked_at(self, run: str, path: Path, names: list[str], seen: set[int]) -> list[str]:
        """Look at some files; the names of those that have to be read."""
        found = {name: facts for name in names if (facts := _facts(self._directory.path, path / name)) is not None}
        known = self._keeper.read(partial(files.known, run=run, names=list(found)))
        to_read = []
        for name, facts in found.items():
            row = known.get(name)
            if row is not None and not self._deep and facts == (row.size, row.modified_ns) and _is_settled(row):
                seen.add(row.id)
                self._count(run, row)
            else:
                to_read.append(name)
        return to_read

    def _count(self, run: str, row: Row[Any]) -> None:
        self.report.files += 1
        if row.state == FileState.DAMAGED:
            self.report.note("damaged", f"{run}/{row.name}: {row.problem}")
        elif row.state == FileState.CHANGED:
            self.report.note("changed", f"{run}/{row.name}")

    def _some_read(self, run: str, path: Path, names: list[str], seen: set[int]) -> list[str]:
        """Read some files and note what is in them; the names of those that are left."""
        until = self._clock.monotonic() + _TIME
        done = 0
        ready = []
        for name in names[:_READ]:
            ready.append(self._content(run, path, name))
            done += 1
            if self._clock.monotonic() > until:
                break

        def note(connection: Connection) -> list[tuple[int, str, str | None]]:
            known = files.known(connection, run, names[:done])
            return [_noted(connection, one, known.get(one.name), self._clock) for one in ready if one is not None]

        for file_id, what, text in self._keeper.write(note):
            seen.add(file_id)
            self.report.files += 1
            if what == "indexed":
                self.report.indexed += 1
            elif text is not None:
                self.report.note(what, text)
        return names[done:]

    def _content(self, run: str, path: Path, name: str) -> _Content | None:
        facts = _facts(self._directory.path, path / name)
        try:
            data = file_bytes(path / name)
        except StoreError as error:
            return None if facts is None else _Content(run, name, facts, b"", None, error.message)
        if facts is None or data is None:
            return None
        try:
            return _Content(run, name, facts, data, _placed(loads(data, run=run), run, name), None)
        except InvalidValue as error:
            return _Content(run, name, facts, data, None, error.message)

    def _missing(self, run: str, seen: set[int]) -> Iterator[bool]:
        after = 0
        while rows := self._keeper.read(partial(files.listed, run=run, after=after, most=_LOOKED_AT)):
            after = rows[-1].id
            gone = [row for row in rows if row.id not in seen and not self._is_there(run, row.name)]
            changes = [(row, state) for row in gone if row.state != (state := _gone_state(row))]
            if changes:
                self._keeper.write(partial(_note_gone, changes=changes))
            for row in gone:
                if _gone_state(row) is FileState.MISSING:
                    self.report.note("missing", f"{run}/{row.name}")
            yield True
            if len(rows) < _LOOKED_AT:  # what is written meanwhile is not missing, and would not let this end
                break

    def _is_there(self, run: str, name: str) -> bool:
        # it may have been written while we were looking at others
        return os.path.lexists(self._directory.path / run / name)


class _Content:
    """A file that was read: what is in it, or what is wrong with it."""

    __slots__ = ("data", "name", "problem", "run", "size_and_time", "spectra")

    def __init__(
        self, run: str, name: str, facts: _Facts, data: bytes, spectra: SpectraList | None, problem: str | None
    ) -> None:
        self.run = run
        self.name = name
        self.size_and_time = facts
        self.data = data
        self.spectra = spectra
        self.problem = problem


def _facts(root: Path, path: Path) -> _Facts | None:
    """Size and time of change, None where it is no plain file (in `root`) or not there any more."""
    with store_errors("looking at", path):
        try:
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode) and is_inside(root, path):
                status = path.stat()
        except FileNotFoundError:
            return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _is_settled(row: Row[Any]) -> bool:
    return row.state in {FileState.SOUND, FileState.CHANGED, FileState.DAMAGED}


def _is_to_be_read(connection: Connection, row: Row[Any]) -> bool:
    """Whether there is nothing of it in the catalogue that could be kept."""
    if row.state == FileState.DAMAGED:
        return not files.has_spectra(connection, row.id)
    return row.state in {FileState.STALE, FileState.REMOVED}


def _gone_state(row: Row[Any]) -> FileState:
    # what was exported may be taken away
    was_removed = row.exported is not None or row.state == FileState.REMOVED
    return FileState.REMOVED if was_removed else FileState.MISSING


def _note_gone(connection: Connection, changes: list[tuple[Row[Any], FileState]]) -> None:
    for row, state in changes:
        files.set_state(connection, row.id, state)


def _placed(spectra: SpectraList, run: str, name: str) -> SpectraList:
    """With the place that the name of the file says, where it says one."""
    named = parse_file_name(name)
    if named is None:
        return SpectraList(spectra.spectra, run, spectra.batch, spectra.sequence)
    return SpectraList(spectra.spectra, run, named.batch, named.sequence)


def _noted(
    connection: Connection, content: _Content, row: Row[Any] | None, clock: Clock
) -> tuple[int, str, str | None]:
    """Note a file that was read: its number, what was found, and how it is reported."""
    size, modified_ns = content.size_and_time
    sha256 = hashlib.sha256(content.data).hexdigest()
    path = f"{content.run}/{content.name}"
    if row is None or _is_to_be_read(connection, row):
        facts = entries.FileFacts(run=content.run, name=content.name, size=size, modified_ns=modified_ns, sha256=sha256)
        spectra = content.spectra or SpectraList(())
        file_id, problem = _added(connection, facts, spectra, content.problem, clock)
        return file_id, "damaged" if problem else "indexed", f"{path}: {problem}" if problem else None
    if sha256 == row.sha256:
        # a damaged one stays so; the others are what they were, whatever was said of them
        state = FileState.DAMAGED if content.problem else FileState.SOUND
        problem = content.problem
    else:
        # what was recorded is kept; only `rebuild` believes in what is there now
        state = FileState.DAMAGED if content.problem else FileState.CHANGED
        problem = content.problem or "it is not what was recorded"
    files.set_state(connection, row.id, state, problem, size=size, modified_ns=modified_ns)
    if state is FileState.SOUND:
        return row.id, "sound", None
    return row.id, str(state), f"{path}: {problem}" if state is FileState.DAMAGED else path


def _added(
    connection: Connection, facts: entries.FileFacts, spectra: SpectraList, problem: str | None, clock: Clock
) -> tuple[int, str | None]:
    now = clock.utcnow()
    try:
        with connection.begin_nested():
            return entries.add_file(connection, facts, spectra, now, recorded=False, problem=problem), problem
    except InvalidValue as error:  # JSON of a spectrum, but numbers that nobody can have measured
        problem = error.message
    return entries.add_file(connection, facts, SpectraList(()), now, recorded=False, problem=problem), problem
