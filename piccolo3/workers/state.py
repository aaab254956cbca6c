"""Settings that survive a restart: known at once, saved soon."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from piccolo3.errors import StoreError
from piccolo3.spectrum import JsonValue
from piccolo3.store import StateFile
from piccolo3.workers.writer import Writer

__all__ = ["State"]

_logger = logging.getLogger(__name__)


class State:
    """Reads are answered from memory; changes are saved in the background, the last one of a burst once."""

    def __init__(self, file: StateFile, writer: Writer) -> None:
        self._file = file
        self._writer = writer
        self._known: dict[str, JsonValue] = {}
        self._unsaved: dict[str, JsonValue] = {}
        self._saving: asyncio.Task[None] | None = None

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value put last, of this life of the program or of an earlier one."""
        return self._known[key] if key in self._known else self._file.get(key, default)

    def put(self, key: str, value: JsonValue) -> None:
        """Keep a value; needs a running event loop. A disk that does not take it is logged, the value stays."""
        self._known[key] = value
        self._unsaved[key] = value
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save(), name="save settings")

    async def flush(self) -> None:
        """Wait until everything is saved, or the disk has refused once more."""
        if self._unsaved and (self._saving is None or self._saving.done()):
            self._saving = asyncio.create_task(self._save(), name="save settings")
        if self._saving is not None and not self._saving.done():
            await asyncio.wait({self._saving})

    async def _save(self) -> None:
        """Save what is not saved; what the disk refuses is tried again with the next change and at the end."""
        while self._unsaved:
            key, value = next(iter(self._unsaved.items()))
            del self._unsaved[key]
            try:
                await self._writer.keep(partial(self._file.put, key, value))
            except StoreError as error:
                self._unsaved.setdefault(key, value)  # unless it has changed meanwhile
                _logger.warning("settings can't be saved yet: %s", error)
                return
