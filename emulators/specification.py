"""What a rig of emulated devices is made of: plain values that can be sent to the process that emulates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["InstrumentSpecification", "RigSpecification", "ShutterSpecification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSpecification:
    """One instrument: `kind` is one of `emulators.KINDS`.

    `depth` is how many finished exposures its buffer keeps (None: as the kind has it), `power_switch` the pin (BCM
    number) that takes its power while it is on, `present` whether it is plugged in to begin with, `boot_time` (s) what
    it takes to appear when the power comes.
    """

    serial_number: str
    kind: str
    depth: int | None = None
    power_switch: int | None = None
    present: bool = True
    boot_time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutterSpecification:
    """The shutter in the fibre of one channel; times in ms, pins are BCM numbers.

    `driver` is "pulse" (pulses on `opening_pin` and `closing_pin`), "level" (`opening_pin` on is open, or closed with
    `inverted`), "hand" (only commands move it), or "none" (always open).
    """

    direction: str
    driver: str = "hand"
    opening_pin: int = 0
    closing_pin: int = 0
    inverted: bool = False
    travel_time: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RigSpecification:
    """All of it. The light is that of the twins: `seed`, elevation of the sun (degrees), cloudiness 0 to 1."""

    instruments: tuple[InstrumentSpecification, ...]
    shutters: tuple[ShutterSpecification, ...] = ()
    seed: int = 1
    sun_elevation: float = 45.0
    clouds: float = 0.2

    @property
    def light(self) -> dict[str, Any]:
        """All that is neither an instrument nor a shutter."""
        return {"seed": self.seed, "sun_elevation": self.sun_elevation, "clouds": self.clouds}

    def to_json(self) -> dict[str, object]:
        """As JSON can have it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RigSpecification:
        """The specification that `to_json` was called for."""
        plain = {item.name: value[item.name] for item in fields(cls)}
        plain["instruments"] = tuple(InstrumentSpecification(**item) for item in plain["instruments"])
        plain["shutters"] = tuple(ShutterSpecification(**item) for item in plain["shutters"])
        return cls(**plain)
