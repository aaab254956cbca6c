"""Taking one sample of everything in the table of quantities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from piccolo3.clock import Clock
from piccolo3.devices import Host, Vitals
from piccolo3.jsonvalue import JsonValue
from piccolo3.quantities import PER_SPECTROMETER, QUANTITIES
from piccolo3.store import Sample

__all__ = ["Moved", "Sampler", "Warm"]

_UNDER_VOLTAGE, _THROTTLED, _SEEN = 1 << 0, 1 << 2, 16
_MEGABYTE = 1_000_000


class Warm(Protocol):
    """A spectrometer, as far as it is of interest here."""

    @property
    def current_temperature(self) -> float | None:
        """Degrees C, None where it is not known."""


class Moved(Protocol):
    """A shutter, as far as it is of interest here."""

    @property
    def operations(self) -> int:
        """How often it has moved."""


class Sampler:
    """Knows whom to ask. `queue` says how many sequences wait for the disk, `free_space` how many bytes are free."""

    def __init__(
        self,
        *,
        vitals: Vitals,
        host: Host,
        clock: Clock,
        spectrometers: Mapping[str, Warm],
        shutters: Mapping[str, Moved],
        queue: Callable[[], int],
        free_space: Callable[[], int | None],
    ) -> None:
        self._vitals = vitals
        self._host = host
        self._clock = clock
        self._spectrometers = spectrometers
        self._shutters = shutters
        self._queue = queue
        self._free_space = free_space

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all values, in the order of the table."""
        names: list[str] = []
        for quantity in QUANTITIES:
            if quantity.per is None:
                names.append(quantity.name)
            else:
                things = self._spectrometers if quantity.per == PER_SPECTROMETER else self._shutters
                names += [f"{quantity.name}/{thing}" for thing in things]
        return tuple(names)

    def sample(self) -> Sample:
        """Everything, now; blocks. Its values are those of `columns`, None where something is not known."""
        found = self._machine()
        found |= {f"detector_temperature/{n}": s.current_temperature for n, s in self._spectrometers.items()}
        found |= {f"shutter_operations/{n}": s.operations for n, s in self._shutters.items()}
        found["write_queue"] = self._queue()
        return Sample(time=self._clock.utcnow(), values={name: _rounded(name, found[name]) for name in self.columns})

    def _machine(self) -> dict[str, JsonValue]:
        vitals = self._vitals
        bits, source, free = vitals.throttling(), vitals.clock_source(), self._free_space()
        offset = None if source is None else source.offset
        synchronised = self._host.clock_synchronised()
        return {
            "cpu_temperature": vitals.cpu_temperature(),
            "under_voltage": _bit(bits, _UNDER_VOLTAGE),
            "under_voltage_seen": _bit(bits, _UNDER_VOLTAGE << _SEEN),
            "throttled": _bit(bits, _THROTTLED),
            "throttled_seen": _bit(bits, _THROTTLED << _SEEN),
            "load": vitals.load(),
            "memory": vitals.memory(),
            "daemon_memory": vitals.daemon_memory(),
            "free_space": None if free is None else free / _MEGABYTE,
            "clock_synchronised": None if synchronised is None else int(synchronised),
            "clock_offset": None if offset is None else abs(offset),
            "clock_source": None if source is None else source.name,
            "uptime": vitals.uptime(),
        }


def _bit(bits: int | None, bit: int) -> int | None:
    return None if bits is None else int(bool(bits & bit))


_DIGITS = {quantity.name: quantity.digits for quantity in QUANTITIES}


def _rounded(name: str, value: JsonValue) -> JsonValue:
    return round(value, _DIGITS[name.partition("/")[0]]) if isinstance(value, float) else value
