"""How often each shutter has moved in its life, and why the last move failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping

from piccolo3.devices.interface import Shutter
from piccolo3.errors import DeviceError
from piccolo3.jsonvalue import JsonValue
from piccolo3.status import ShutterStatus
from piccolo3.store import StateFile
from piccolo3.workers.state import State

__all__ = ["CountedShutter", "Operations", "add_operations"]

_KEY = "shutter_operations"
_OFTEN = 100  # moves between two times of saving; a power cut loses no more of them
_logger = logging.getLogger(__name__)


def add_operations(file: StateFile, moved: Mapping[str, int]) -> None:
    """Add what was moved, by connector, without a daemon. Raises StoreError."""
    known = file.get(_KEY)
    before = dict(known) if isinstance(known, Mapping) else {}
    file.put(_KEY, {**before, **{name: _number(before.get(name)) + count for name, count in moved.items()}})


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) and value > 0 else 0


class CountedShutter(Shutter):
    """A shutter, with the number of its moves that succeeded. `reason` says why the last one did not."""

    def __init__(self, shutter: Shutter, operations: int, counted: Callable[[], None]) -> None:
        self._shutter = shutter
        self._counted = counted
        self.operations = operations
        self.reason: str | None = None

    @property
    def status(self) -> ShutterStatus:
        return self._shutter.status

    def open(self) -> None:
        self._move(self._shutter.open)

    def close(self) -> None:
        self._move(self._shutter.close)

    def release(self) -> None:
        self._shutter.release()

    def _move(self, move: Callable[[], None]) -> None:
        try:
            move()
        except DeviceError as error:
            self.reason = error.message
            raise
        self.reason = None
        self.operations += 1
        if self.operations % _OFTEN == 0:
            self._counted()


class Operations(Mapping[str, CountedShutter]):
    """The shutters by direction; needs a running event loop.

    What is counted belongs to the connector of the shutter, and is saved now and then, and by `save`.
    """

    def __init__(self, shutters: Iterable[tuple[str, str, Shutter]], state: State) -> None:
        """`shutters` are (connector such as shutter_1, direction, shutter)."""
        self._state = state
        self._loop = asyncio.get_running_loop()
        known = state.get(_KEY)
        self._before = dict(known) if isinstance(known, Mapping) else {}
        self._connectors: dict[str, str] = {}
        self._shutters: dict[str, CountedShutter] = {}
        for connector, direction, shutter in shutters:
            self._connectors[direction] = connector
            begin = _number(self._before.get(connector))
            self._shutters[direction] = CountedShutter(shutter, begin, self._save_soon)

    def __getitem__(self, direction: str) -> CountedShutter:
        return self._shutters[direction]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shutters)

    def __len__(self) -> int:
        return len(self._shutters)

    def save(self) -> None:
        """Put the numbers where they survive."""
        counts = {self._connectors[name]: shutter.operations for name, shutter in self._shutters.items()}
        self._state.put(_KEY, {**self._before, **counts})

    def _save_soon(self) -> None:
        """From the thread of a shutter."""
        try:
            self._loop.call_soon_threadsafe(self.save)
        except RuntimeError:
            _logger.debug("the event loop has closed before a number was saved")
