"""Faults that can be switched on in the simulated devices, from any thread."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from enum import Enum

__all__ = ["ReadFault", "ShutterFaults", "SpectrometerFaults"]


class ReadFault(Enum):
    """What can go wrong with one read."""

    TRANSFER_ERROR = "the transfer fails"
    HANG = "no answer, whatever the time-out, until it is interrupted"
    SHORT_READ = "the transfer ends after half the pixels"
    WRONG_LENGTH = "one pixel too many"
    ALL_ZERO = "nothing but zeros"
    REPEATED = "the last spectrum once more"


class SpectrometerFaults:
    """What is wrong with one simulated spectrometer. `on_unplugged` is called when the plug is pulled."""

    def __init__(self, on_unplugged: Callable[[], None] = lambda: None) -> None:
        self._lock = threading.Lock()
        self._on_unplugged = on_unplugged
        self._unplugged = False
        self._waiting: Counter[ReadFault] = Counter()

    @property
    def unplugged(self) -> bool:
        """Whether the plug is out. Put it in again and the device can be opened anew; what was open stays dead."""
        return self._unplugged

    @unplugged.setter
    def unplugged(self, out: bool) -> None:
        self._unplugged = out
        if out:
            self._on_unplugged()

    def schedule(self, fault: ReadFault, times: int = 1) -> None:
        """Let the next `times` reads fail like this, after those that were asked for earlier."""
        with self._lock:
            self._waiting[fault] += times

    def clear(self) -> None:
        """Plug it in and let reads succeed again (a read that hangs goes on hanging)."""
        self._unplugged = False
        with self._lock:
            self._waiting.clear()

    def next_read(self) -> ReadFault | None:
        """The fault of the read that begins, for the twin."""
        with self._lock:
            for fault, times in self._waiting.items():
                if times > 0:
                    self._waiting[fault] -= 1
                    return fault
        return None


class ShutterFaults:
    """What is wrong with one simulated shutter: the blade of a `stuck` one does not follow the pulses."""

    def __init__(self) -> None:
        self.stuck = False
