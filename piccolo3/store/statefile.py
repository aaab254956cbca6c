"""Settings that survive a restart."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

from piccolo3.clock import Clock
from piccolo3.jsonvalue import JsonValue, plain
from piccolo3.store.atomic import write_files
from piccolo3.store.jsonfile import encoded, read_object

__all__ = ["STATE_FILE", "StateFile"]

STATE_FILE = ".piccolo3.json"


class StateFile:
    """JSON values by key in one file, read at the first use.

    A damaged file is moved aside with a warning and everything has its default again. `get` is quick once the file
    has been read; `put` waits for the disk.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._values: Mapping[str, JsonValue] | None = None

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """A copy of the value of `key`. Raises StoreError where the file is there but can't be read."""
        values = self._loaded()
        return copy.deepcopy(values[key]) if key in values else default

    def put(self, key: str, value: JsonValue) -> None:
        """Set the value of `key`; it is durable on return. Raises StoreError or InvalidValue and changes nothing."""
        values = {**self._loaded(), key: plain(value)}
        if values != self._loaded():
            write_files({self._path: encoded(values)}, clobber=True)
            self._values = values

    def _loaded(self) -> Mapping[str, JsonValue]:
        if self._values is None:
            self._values = read_object(self._path, self._clock) or {}
        return self._values
