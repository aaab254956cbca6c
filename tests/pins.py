"""The process that owns the pins, in a thread of the tests: its pins can be looked at."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from gpiozero.pins.mock import MockFactory, MockPin

from piccolo3.errors import DeviceError
from piccolo3.pins import Pins
from piccolo3.pins.launch import PinProcess
from piccolo3.pins.messages import Message, socketpair
from piccolo3.pins.server import Server


class PinThread(PinProcess):
    """As a PinProcess, without a process."""

    def __init__(self, factory: MockFactory) -> None:
        self.control, self._other = socketpair()
        self._thread = threading.Thread(target=self._run, args=(factory,), daemon=True)
        self._thread.start()

    def _run(self, factory: MockFactory) -> None:
        with self._other:
            Server(self._other, factory).run()

    @property
    def pid(self) -> int:
        return 1

    def ready(self) -> Message:
        return {"ready": {"factory": "MockFactory", "priority": "normal"}}

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def wait(self, seconds: float | None = None) -> None:
        self._thread.join(seconds)

    def how(self) -> str:
        return "in a test"

    def kill(self) -> None:
        with suppress(OSError):  # it has been closed
            self.control.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.control.close()
        self._thread.join()


@dataclass
class Bench:
    """Pins and what is behind them."""

    pins: Pins
    factory: MockFactory
    processes: list[PinThread]

    def pin(self, number: int) -> MockPin:
        return self.factory.pin(number)

    def states(self, number: int) -> list[bool]:
        """The levels of a pin so far, each another one than that before."""
        states: list[bool] = [bool(state.state) for state in self.pin(number).states]
        return [state for index, state in enumerate(states) if not index or states[index - 1] != state]

    def widths(self, number: int) -> list[float]:
        """How long (ms) each pulse on a pin was."""
        return [1000 * state.timestamp for state in self.pin(number).states if not state.state][1:]


def wait_for(wanted: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until it is true."""
    until = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.002)


@contextmanager
def bench(error: str | None = None) -> Iterator[Bench]:
    """Pins that can be looked at; with `error` they can't be used."""
    factory = MockFactory()
    processes: list[PinThread] = []

    def launch(_: str) -> PinThread:
        if error is not None:
            raise DeviceError(error)
        processes.append(PinThread(factory))
        return processes[-1]

    pins = Pins(launch=launch)
    yield Bench(pins, factory, processes)
    pins.close()
    factory.reset()
