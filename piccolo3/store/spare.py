"""The fallback: a directory that takes data while the data directory can't, until they can be merged."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from piccolo3.clock import Clock
from piccolo3.errors import Conflict, InvalidValue, NotFound, PiccoloError
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList, loads
from piccolo3.store.atomic import sync_directory
from piccolo3.store.directory import DataDirectory
from piccolo3.store.failures import store_errors
from piccolo3.store.interface import Store
from piccolo3.store.statefile import StateFile
from piccolo3.store.values import BatchEnd, BatchRecord

__all__ = ["Spare"]

_NOTES = ".piccolo3-batches-away.json"
_KEY = "batches"
_logger = logging.getLogger(__name__)


class Spare:
    """A directory with the layout of the data directory, without a catalogue.

    It remembers the batch numbers that the data directory has given, so that none is given again, and the batches that
    were begun while there was no data directory.
    """

    def __init__(self, path: Path, clock: Clock, *, clobber: bool, split: bool) -> None:
        self._directory = DataDirectory(path, clock, clobber=clobber, split=split)
        self._notes = StateFile(self._directory.path / _NOTES, clock)
        self._stuck: set[tuple[str, str]] = set()

    @property
    def path(self) -> Path:
        """Where it is, absolute."""
        return self._directory.path

    @property
    def files(self) -> DataDirectory:
        """The directory, open. StoreError, Conflict."""
        if not self._directory.is_open:
            self._directory.open()
        return self._directory

    def close(self) -> None:
        """Let others have it."""
        self._directory.close()

    def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        """Write spectra to the files they belong to."""
        return self.files.write(spectra)

    def last_batch(self, run: str) -> int:
        """The last batch number of a run that it has heard of, -1 for none or where nobody knows."""
        try:
            return self.files.last_batch_used(run)
        except PiccoloError as error:
            _logger.warning("the fallback can't be used: %s", error)
            return -1

    def has_run(self, run: str) -> bool:
        """Whether there is a run of that name; False where nobody knows."""
        with suppress(PiccoloError):
            return self.files.run_exists(run)
        return False

    def note_number(self, run: str, number: int) -> None:
        """The data directory has given this number. Not to be able to note it does no harm now."""
        try:
            self.files.use_batch(run, number)
        except PiccoloError as error:
            _logger.warning("the fallback can't be used: %s", error)

    def begin(self, run: str, number: int, record: BatchRecord) -> None:
        """A batch begins that the data directory knows nothing of."""
        files = self.files
        name = files.create_run(run)
        files.use_batch(name, number)
        self._note(name, number, {"record": _as_json(record), "end": None})

    def end(self, run: str, number: int, end: BatchEnd) -> bool:
        """Such a batch ends; False where it is none of them."""
        noted = self._noted().get(f"{run}/{number}")
        if not isinstance(noted, Mapping):
            return False
        self._note(run, number, {**noted, "end": _as_json(end)})
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to be merged (any more)."""
        return not self._noted() and self._next(1) == []

    def merge(self, store: Store, main: DataDirectory, most: int) -> int:
        """Move up to `most` files to the data directory, batches first; how many were moved.

        Nothing there is overwritten: what has another content there stays here. StoreError where that fails.
        """
        self.merge_batches(store, main)
        moved = 0
        for run, name in self._next(most):
            moved += self._merge_file(store, run, name)
        return moved

    def merge_batches(self, store: Store, main: DataDirectory) -> None:
        """Tell the data directory of the batches that were begun without it; before it gives another number."""
        places = [(run, int(number)) for run, _, number in (key.rpartition("/") for key in self._noted())]
        for run, number in sorted(places):
            self._merge_batch(store, main, run, number)

    def _next(self, most: int) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for run in self.files.runs():
            names = self._directory.spectra_files(run.name)
            found += [(run.name, name) for name in reversed(names) if (run.name, name) not in self._stuck]
            if not names:
                with suppress(OSError):
                    (self.path / run.name).rmdir()
            if len(found) >= most:
                break
        return found[:most]

    def _merge_batch(self, store: Store, main: DataDirectory, run: str, number: int) -> None:
        noted = self._noted()[f"{run}/{number}"]
        assert isinstance(noted, Mapping)
        record, end = _record(noted.get("record")), _end(noted.get("end"))
        name = store.create_run(run)
        if main.last_batch_used(name) < number - 1:
            main.use_batch(name, number - 1)
        if store.current_batch(name) >= number:
            _logger.warning("batch %d of %s is known already, or a later one", number, name)
        else:
            begun = store.begin_batch(name, record)
            if end is not None:
                store.end_batch(name, begun, end)
        self._note(run, number, None)

    def _merge_file(self, store: Store, run: str, name: str) -> bool:
        text = self.files.read(run, name)
        path = self.path / run / name
        try:
            spectra = loads(text, file_name=name, run=run)
            store.write(SpectraList(spectra.spectra, run=run, batch=spectra.batch, sequence=spectra.sequence))
        except Conflict:
            if not _is_there(store, run, name, text):
                return self._leave(run, name, "there is another file of that name")
        except InvalidValue as error:
            return self._leave(run, name, error.message)
        with store_errors("removing", path):
            path.unlink()
            sync_directory(path.parent)
        return True

    def _leave(self, run: str, name: str, reason: str) -> bool:
        self._stuck.add((run, name))
        _logger.error("%s of %s stays in the fallback %s: %s", name, run, self.path, reason)
        return False

    def _noted(self) -> Mapping[str, JsonValue]:
        noted = self._notes.get(_KEY)
        return noted if isinstance(noted, Mapping) else {}

    def _note(self, run: str, number: int, value: JsonValue) -> None:
        notes = {**self._noted(), f"{run}/{number}": value}
        self._notes.put(_KEY, {key: note for key, note in notes.items() if note is not None})


def _is_there(store: Store, run: str, name: str, text: str) -> bool:
    try:
        return store.read(run, name) == text
    except NotFound:
        return False


def _as_json(value: BatchRecord | BatchEnd) -> dict[str, JsonValue]:
    return {key: item.isoformat() if isinstance(item, datetime) else item for key, item in asdict(value).items()}


def _record(noted: JsonValue) -> BatchRecord:
    assert isinstance(noted, Mapping)
    items = dict(noted)
    return BatchRecord(**{**items, "started": datetime.fromisoformat(str(items["started"]))})  # type: ignore[arg-type]


def _end(noted: JsonValue) -> BatchEnd | None:
    if not isinstance(noted, Mapping):
        return None
    items = dict(noted)
    lost = items["lost"]
    assert isinstance(lost, list | tuple)
    items["lost"] = tuple(lost)
    return BatchEnd(**{**items, "ended": datetime.fromisoformat(str(items["ended"]))})  # type: ignore[arg-type]
