"""What a folder has of a rig's files: hashes, how far the catalogue was read, and a lock against a second program."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from piccolo3.errors import Busy, Conflict, Unavailable
from piccolo3.wire import JsonValue

__all__ = ["HIDDEN", "Begun", "Ledger", "Mark"]

HIDDEN = ".piccolo-sync"
_FORMAT = 1
_FIELDS = 4

File = tuple[str, str]  # run, name


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest spectrum that a catalogue had: all before it were mirrored."""

    id: int
    run: str
    file: str
    start: str

    @classmethod
    def of(cls, value: JsonValue) -> Mark | None:
        """None where it is not one."""
        if isinstance(value, list) and len(value) == _FIELDS and isinstance(value[0], int):
            return cls(value[0], *(str(item) for item in value[1:]))
        return None


@dataclass(frozen=True, slots=True)
class Begun:
    """The beginning of the answer to a GET, with its ETag; `accept` is the format that was asked for."""

    path: tuple[str, ...]
    accept: int | None
    etag: bytes
    content_format: int | None
    payload: bytes


class Ledger:
    """The state of a mirror in `folder`/.piccolo-sync; to be made by `opened`.

    `files` has a line for each file, appended when the file is whole under its name. After a crash the last lines may
    be missing: their files are fetched again.
    """

    def __init__(self, folder: Path, rig: str) -> None:
        self.folder = folder
        self._hidden = folder / HIDDEN
        self._part = self._hidden / "part"
        self._settings: dict[str, JsonValue] = {"format": _FORMAT, "rig": rig, "marks": {}}
        self._known: dict[File, tuple[int, str]] = {}

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, rig: str) -> Iterator[Ledger]:
        """Have it for ourselves.

        Busy if another program has it, Conflict if it is the mirror of another rig, Unavailable where the folder can't
        be written.
        """
        ledger = cls(folder, rig)
        try:
            ledger._hidden.mkdir(parents=True, exist_ok=True)
            lock = (ledger._hidden / "lock").open("a+b")
        except OSError as problem:
            raise _unusable(ledger._hidden, problem) from None
        with lock:
            if not _locked(lock):
                raise Busy(f"{folder} is being synchronised by another program")
            ledger._read_settings(rig)
            ledger._read_files()
            yield ledger

    def mark(self, run: str | None) -> Mark | None:
        """How far the catalogue was read: for one run, or all."""
        marks = self._settings.get("marks")
        return Mark.of(marks.get(run or "")) if isinstance(marks, Mapping) else None

    def set_mark(self, run: str | None, mark: Mark) -> None:
        """Everything up to there is here."""
        if mark == self.mark(run):
            return
        marks = self._settings.get("marks")
        new: list[JsonValue] = [mark.id, mark.run, mark.file, mark.start]
        self._settings["marks"] = {**(marks if isinstance(marks, Mapping) else {}), run or "": new}
        self._write(json.dumps(self._settings, indent=1).encode(), self._hidden / "state.json")

    def has(self, run: str, name: str) -> bool:
        """Whether the file is here, as long as it was."""
        known = self._known.get((run, name))
        try:
            return known is not None and (self.folder / run / name).stat().st_size == known[0]
        except OSError:
            return False

    def lost(self, run: str | None) -> set[File]:
        """Files that were here once."""
        return {file for file in self._known if run in (None, file[0]) and not self.has(*file)}

    def count(self, run: str | None) -> int:
        """How many files there are of a run, or of all."""
        return sum(run in (None, file[0]) for file in self._known)

    def store(self, run: str, name: str, content: bytes, digest: str) -> None:
        """Put a file in its place, whole or not at all. Unavailable where that fails."""
        path = self.folder / run / name
        try:
            path.parent.mkdir(exist_ok=True)
            self._spare(path, run, digest)
        except OSError as problem:
            raise _unusable(path, problem) from None
        self._write(content, path)
        self._append([run, name, len(content), digest])
        self._known[run, name] = (len(content), digest)

    def keep_begun(self, begun: Begun) -> None:
        """Keep what has come of a file that is not whole yet, if there is room for it."""
        etag, content_format, payload = begun.etag.hex(), begun.content_format, base64.b64encode(begun.payload).decode()
        body = [list(begun.path), begun.accept, etag, content_format, payload]
        with suppress(Unavailable):
            self._write(json.dumps(body).encode(), self._hidden / "begun")

    def take_begun(self) -> Begun | None:
        """What was kept the last time, once."""
        file = self._hidden / "begun"
        try:
            path, accept, etag, content_format, payload = json.loads(file.read_bytes())
            file.unlink()
            return Begun(tuple(path), accept, bytes.fromhex(etag), content_format, base64.b64decode(payload))
        except (OSError, TypeError, ValueError):  # then it is fetched from its beginning
            return None

    def _spare(self, path: Path, run: str, digest: str) -> None:
        """A file of that name that did not come from here is kept under another."""
        if (run, path.name) in self._known or not path.exists():
            return
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            number = 1
            while (other := path.with_name(f"{path.name}.{number}.kept")).exists():
                number += 1
            path.rename(other)

    def _write(self, content: bytes, path: Path) -> None:
        try:
            with self._part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._part.replace(path)
            _sync_folder(path.parent)
        except OSError as problem:
            self._part.unlink(missing_ok=True)
            raise _unusable(path, problem) from None

    def _append(self, entry: list[JsonValue]) -> None:
        path = self._hidden / "files"
        try:
            with path.open("ab") as file:
                file.write(json.dumps(entry).encode() + b"\n")
        except OSError as problem:
            raise _unusable(path, problem) from None

    def _read_settings(self, rig: str) -> None:
        try:
            found = json.loads((self._hidden / "state.json").read_bytes())
        except FileNotFoundError:
            self._write(json.dumps(self._settings, indent=1).encode(), self._hidden / "state.json")
            return
        except (OSError, ValueError):  # everything is compared again
            return
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise Conflict(f"{self._hidden} was written by another version of piccolo3: use another folder")
        if found.get("rig") != rig:
            raise Conflict(
                f"{self.folder} is a copy of the rig {found.get('rig')}, this one is {rig}: use another folder"
            )
        self._settings = found

    def _read_files(self) -> None:
        path = self._hidden / "files"
        try:
            content = path.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):  # the rest of a line that was being written
                os.truncate(path, whole)
        except FileNotFoundError:
            return
        except OSError as problem:
            raise _unusable(path, problem) from None
        for line in content[:whole].splitlines():
            try:
                run, name, size, digest = json.loads(line)
                self._known[str(run), str(name)] = (int(size), str(digest))
            except (TypeError, ValueError):
                continue


def _unusable(path: Path, problem: OSError) -> Unavailable:
    return Unavailable(f"{path} can't be written: {problem.strerror or problem}")


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":  # has no such thing
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _locked(file: BinaryIO) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
