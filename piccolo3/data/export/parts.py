"""Files that grow while an export is under way, in a hidden folder; they get their final names when complete."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from piccolo3.errors import InvalidValue
from piccolo3.store.failures import store_errors

__all__ = ["Parts"]

_OPEN = 32


class Parts:
    """Append-only files of one folder. What was there at the last `sync` is there again after an interruption.

    All methods raise StoreError where the disk fails.
    """

    def __init__(self, folder: Path, sizes: Mapping[str, int]) -> None:
        """Start with files of these sizes: longer ones are cut, others deleted. InvalidValue where one is missing."""
        self._folder = folder
        self._open: OrderedDict[str, BinaryIO] = OrderedDict()
        self._unsynced: set[str] = set()
        with store_errors("preparing", folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if path.name not in sizes:
                    path.unlink()
            for name, size in sizes.items():
                path = folder / name
                if not path.is_file() or path.stat().st_size < size:
                    raise InvalidValue(f"{path} is not what an interrupted export left")
                os.truncate(path, size)
        self._sizes = dict(sizes)

    def __contains__(self, name: str) -> bool:
        return name in self._sizes

    def path(self, name: str) -> Path:
        """Where a file is now."""
        return self._folder / name

    def size(self, name: str) -> int:
        """How many bytes were appended to a file."""
        return self._sizes[name]

    def append(self, name: str, data: bytes) -> None:
        """Add to the end of a file, which is made if need be."""
        with store_errors("writing", self._folder / name):
            self._file(name).write(data)
        self._sizes[name] = self._sizes.get(name, 0) + len(data)
        self._unsynced.add(name)

    def sync(self) -> dict[str, int]:
        """Make everything durable; return the sizes of all files."""
        for name in sorted(self._unsynced):
            with store_errors("writing", self._folder / name):
                file = self._file(name)
                file.flush()
                os.fsync(file.fileno())
        self._unsynced.clear()
        return dict(self._sizes)

    def close(self) -> None:
        """Close the files; it may go on afterwards."""
        while self._open:
            name, file = self._open.popitem()
            with store_errors("writing", self._folder / name):
                file.close()

    def _file(self, name: str) -> BinaryIO:
        file = self._open.get(name)
        if file is None:
            while len(self._open) >= _OPEN:
                self._open.popitem(last=False)[1].close()
            # kept open on purpose, `close` ends it
            file = self._open[name] = (self._folder / name).open("ab")
        self._open.move_to_end(name)
        return file
