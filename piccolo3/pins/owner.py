"""The process that owns the pins, as its users see it: started when it is needed, and again when it has died."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from piccolo3.errors import DeviceError
from piccolo3.pins.factory import AUTO, MOCK
from piccolo3.pins.launch import PinProcess
from piccolo3.pins.lines import Lines

__all__ = ["PinInfo", "Pins"]

_logger = logging.getLogger(__name__)
_FORGET = 30.0  # s for which a reason why pins can't be used is not questioned
_STEADY = 60.0  # s after which a process that dies is not dying again and again
_PATIENCE = 60.0  # s that are waited at most before lines are restored


@dataclass(frozen=True, slots=True)
class PinInfo:
    """The pin factory in use, the priority ("real-time", "raised" or "normal") and the number of the process."""

    factory: str
    priority: str
    pid: int


class Pins:
    """All pins of the computer. Any thread may call.

    `pin_factory` is auto, the name of a library, or `module:Class`. Nothing happens before the first use.
    """

    def __init__(self, pin_factory: str = AUTO, launch: Callable[[str], PinProcess] = PinProcess) -> None:
        self.pin_factory = pin_factory
        self._launch = launch
        self._lock = threading.Lock()
        self._process: PinProcess | None = None
        self._info: PinInfo | None = None
        self._failure: tuple[float, DeviceError] | None = None
        self._keeper: threading.Thread | None = None
        self._closed = threading.Event()
        self._lines: set[Lines] = set()
        self._deaths = 0

    def lines(self, name: str) -> Lines:
        """A user of pins with that name, such as "the shutter of upwelling"."""
        lines = Lines(self, name)
        with self._lock:
            self._lines.add(lines)
        return lines

    def start(self) -> PinInfo:
        """Start the process unless it runs; what it says of itself. Raises DeviceError with the reason if it can't."""
        with self._lock:
            self._running()
            if self._info is None:
                raise RuntimeError("a process that runs has said what it is")
            return self._info

    def connect(self, name: str) -> tuple[socket.socket, PinProcess]:
        """A connection to the process, started if need be. Raises DeviceError."""
        with self._lock:
            process = self._running()
            try:
                return process.connect(name), process
            except OSError as error:
                raise DeviceError(f"the process that owns the GPIO pins does not answer: {error}") from error

    def forget(self, lines: Lines) -> None:
        """They are closed."""
        with self._lock:
            self._lines.discard(lines)

    def close(self) -> None:
        """End the process; all pins are off and given back. Doing so twice does no harm."""
        self._closed.set()
        with self._lock:
            process, self._process = self._process, None
            keeper, self._keeper = self._keeper, None
            lines = tuple(self._lines)
        for each in lines:
            each.close()
        if process is not None:
            process.close()
        if keeper is not None:
            keeper.join()

    def _running(self) -> PinProcess:
        """The process, started unless it runs; the lock is held."""
        if self._closed.is_set():
            raise DeviceError("the GPIO pins are not in use any more")
        if self._process is not None and self._process.alive:
            return self._process
        if self._failure is not None and time.monotonic() < self._failure[0]:
            raise DeviceError(self._failure[1].message)
        process = self._launch(self.pin_factory)
        try:
            self._note(process)
        except DeviceError as error:
            process.kill()
            process.close()
            self._failure = time.monotonic() + _FORGET, error
            raise
        self._process, self._failure = process, None
        # it ends with the process
        keeper = threading.Thread(target=self._keep, args=(process, self._keeper), name="pins", daemon=True)
        self._keeper = keeper
        keeper.start()
        return process

    def _note(self, process: PinProcess) -> None:
        said = process.ready()["ready"]
        if not isinstance(said, dict):
            raise DeviceError(f"the process that owns the GPIO pins says {said!r}")
        self._info = PinInfo(str(said["factory"]), str(said["priority"]), process.pid)
        _logger.info("GPIO pins: process %d, %s, %s priority", process.pid, self._info.factory, self._info.priority)
        if self.pin_factory == MOCK:
            _logger.warning("GPIO pins: pin_factory = mock: no pin of this computer moves")

    def _keep(self, process: PinProcess, before: threading.Thread | None) -> None:
        """Wait for the end of a process; if it was not meant to end, restore what it did all the time."""
        begin = time.monotonic()
        if before is not None:
            before.join()
        process.wait()
        process.control.close()
        if self._closed.is_set():
            return
        _logger.error("the process that owns the GPIO pins ended (%s)", process.how())
        with self._lock:
            self._deaths = 1 if time.monotonic() - begin > _STEADY else self._deaths + 1
            pause = min(_PATIENCE, 2.0 ** (self._deaths - 1) - 1)
            if self._process is process:
                self._process = None
            lines = [lines for lines in self._lines if lines.stands]
        if not self._closed.wait(pause):
            for each in lines:
                each.restore()
