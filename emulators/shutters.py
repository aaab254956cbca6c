"""What hangs on the emulated pins: blades that move as real ones do, power switches, and who presses buttons."""

from __future__ import annotations

import json
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping

from emulators.control import PinChange
from emulators.specification import ShutterSpecification
from piccolo3.devices.simulated.blade import Blade

__all__ = ["Board"]

_IMPULSE = 4_000_000  # ns: what a pulse takes to move a bistable shutter
_KEPT = 100_000


class _Wired(ABC):
    """Something on pins. Times in ns."""

    def __init__(self, pins: set[int]) -> None:
        self.pins = pins

    @abstractmethod
    def switched(self, pin: int, now: int, *, on: bool) -> None:
        """One of its pins was switched."""

    def settle(self, now: int) -> None:  # noqa: B027 - most do nothing by themselves
        """Catch up with what happens without a pin being switched."""


class _PulseShutter(_Wired):
    """Moved by a pulse of 4 ms at least: it begins to move then, and stays where it came to."""

    def __init__(self, specification: ShutterSpecification, blade: Blade) -> None:
        super().__init__({specification.opening_pin, specification.closing_pin})
        self._specification = specification
        self._travel = round(specification.travel_time * 1e6)
        self._blade = blade
        self._since: dict[int, int] = {}

    def switched(self, pin: int, now: int, *, on: bool) -> None:
        self.settle(now)
        if on:
            self._since[pin] = now
        else:
            self._since.pop(pin, None)

    def settle(self, now: int) -> None:
        for pin, since in tuple(self._since.items()):
            if since + _IMPULSE <= now:
                begin = since + _IMPULSE
                opened = pin == self._specification.opening_pin
                self._blade.move(begin, max(since + self._travel, begin + 1), opened=opened)
                del self._since[pin]


class _LevelShutter(_Wired):
    """Held open by a level, or closed if it is inverted; it moves at once."""

    def __init__(self, specification: ShutterSpecification, blade: Blade) -> None:
        super().__init__({specification.opening_pin})
        self._inverted = specification.inverted
        self._travel = round(specification.travel_time * 1e6)
        self._blade = blade
        blade.move(0, 0, opened=self._inverted)

    def switched(self, pin: int, now: int, *, on: bool) -> None:
        self._blade.move(now, now + max(self._travel, 1), opened=on is not self._inverted)


class Board:
    """All pins, by BCM number, and what is wired to them. Any thread may call."""

    def __init__(self) -> None:
        self.changes: deque[PinChange] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()
        self._wired: list[_Wired] = []
        self._switches: dict[int, Callable[[bool], None]] = {}
        self._states: dict[int, bool] = {}
        self._powered: dict[int, bool] = {}
        self._told: dict[int, int] = {}  # when each pin was switched last (ns)
        self._ahead: list[Callable[[], None]] = []
        self._inputs: dict[int, bool] = {}
        self._listeners: list[Callable[[bytes], None]] = []

    def wire_shutter(self, specification: ShutterSpecification, blade: Blade) -> None:
        """Connect a shutter to its pins, if it has any."""
        if specification.driver == "pulse":
            self._wired.append(_PulseShutter(specification, blade))
        elif specification.driver == "level":
            self._wired.append(_LevelShutter(specification, blade))
        else:
            blade.move(0, 0, opened=specification.driver == "none")

    def wire_switch(self, pin: int, set_power: Callable[[bool], None]) -> None:
        """Connect the power switch of an instrument; it takes the power while its pin is on."""
        self._switches[pin] = set_power

    def look_ahead(self, looking: Callable[[], None], *, again: bool = True) -> None:
        """Have it called before anybody looks at a blade; it tells `foresee` of all that was said till then.

        Whoever reads what is said may be late, and what was said before an exposure must count in it. Not `again`: no
        more.
        """
        with self._lock:
            self._ahead = [one for one in self._ahead if one != looking] + [looking] * again

    def foresee(self, pin: int, moment: int, pid: int, *, on: bool) -> None:
        """A process switched a pin (ns): shutters move; what else hangs on it hears of it by `switch`."""
        with self._lock:
            if moment <= self._told.get(pin, -1) or self._states.get(pin, False) == on:
                return
            self._told[pin], self._states[pin] = moment, on
            self.changes.append(PinChange(moment / 1e9, pin, on, pid))
            for wired in self._wired:
                if pin in wired.pins:
                    wired.switched(pin, moment, on=on)

    def switch(self, pin: int, moment: int, pid: int, *, on: bool) -> None:
        """A process switched a pin (ns)."""
        self.foresee(pin, moment, pid, on=on)
        set_power = self._switches.get(pin)
        if set_power is not None and self._powered.get(pin, False) != on:
            self._powered[pin] = on
            set_power(not on)  # without a lock, which those who wait for light have after that of their device

    def settle(self, now: int) -> None:
        """Let the blades be where they are now."""
        for looking in tuple(self._ahead):
            looking()
        with self._lock:
            for wired in self._wired:
                wired.settle(now)

    def release(self, pins: set[int], pid: int) -> None:
        """Nobody has these pins any more."""
        for pin in pins:
            self.switch(pin, time.monotonic_ns(), pid, on=False)

    def drive(self, pin: int, *, on: bool) -> None:
        """Set the level of an input pin from outside, as a button does."""
        message = _driven(pin, on)
        with self._lock:
            self._inputs[pin] = on
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(message)

    def add_listener(self, listener: Callable[[bytes], None]) -> None:
        """Tell it what becomes of the input pins, and what has become of them."""
        with self._lock:
            self._listeners.append(listener)
            known: Mapping[int, bool] = dict(self._inputs)
        for pin, on in known.items():
            listener(_driven(pin, on))

    def remove_listener(self, listener: Callable[[bytes], None]) -> None:
        """Tell it nothing more."""
        with self._lock:
            self._listeners.remove(listener)


def _driven(pin: int, on: bool) -> bytes:
    return json.dumps({"pin": f"GPIO{pin}", "on": on}).encode()
