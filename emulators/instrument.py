"""What is the same for all instruments: how they react to what they are told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulators.answers import Answer
from emulators.catalogue import Kind
from emulators.faults import Phase
from emulators.light import Light
from emulators.sensor import Sensor
from piccolo3.devices.simulated.timeline import Slot

__all__ = ["Instrument", "Pack", "Reaction"]

Pack = Callable[[NDArray[np.int32], Slot], bytes]


@dataclass(slots=True, kw_only=True)
class Reaction:
    """What an instrument makes of one request.

    `act` does what was asked for and returns the answer, which goes to `endpoint`; `answers` tells beforehand whether
    there will be one. `refusal` is its way to say no, None if it has none but to stall.
    """

    phase: Phase
    what: str
    endpoint: int
    answers: bool
    act: Callable[[], Answer | None]
    refusal: Answer | None = None


class Instrument(ABC):
    """The firmware of one instrument and the detector behind it. The caller has the lock; times are in ns."""

    def __init__(self, kind: Kind, serial_number: str, light: Light, depth: int | None = None) -> None:
        self.kind = kind
        self.serial_number = serial_number
        self.light = light
        self.sensor = Sensor(kind.model, serial_number, light, depth)
        self.cooler_enabled = False
        self.cooler_target = kind.cooler_target

    @abstractmethod
    def receive(self, endpoint: int, data: bytes, now: int) -> Iterator[Reaction]:
        """What comes of bytes at an OUT endpoint, one by one."""

    def switch_on(self, now: int) -> None:
        """The power comes."""
        self.sensor.switch_on(now)
        self.cooler_enabled = False
        self.cooler_target = self.kind.cooler_target
        self.forget()

    @abstractmethod
    def forget(self) -> None:
        """The device is reset on the bus: what was begun to be said to it is forgotten."""

    def set_cooler(self, now: int, *, enabled: bool | None = None, target: float | None = None) -> None:
        """Switch the cooler, or set its target (degrees C)."""
        if enabled is not None:
            self.cooler_enabled = enabled
        if target is not None:
            self.cooler_target = target
        self.sensor.cooler.set(now / 1e9, self.cooler_enabled, self.cooler_target)

    def exposure(self, now: int, pack: Pack, clock: Callable[[], int]) -> Answer:
        """The answer to a request for a spectrum that comes now: which exposure that is, is decided by this.

        `pack` makes bytes of counts and exposure. `clock` tells the time.
        """
        slot = self.sensor.take(now)
        told: list[tuple[int, dict[str, float]]] = []

        def render() -> bytes:
            counts, shares = self.sensor.expose(slot, clock())
            told.append((self.sensor.checksum(counts), dict(shares)))
            return pack(counts, slot)

        def delivered() -> None:
            for checksum, shares in told:
                self.sensor.handed_out(slot, now, clock(), shares, checksum)

        read_out = round(self.kind.model.freshness.read_out_time * 1e6)
        ready = max(now, slot.end) + read_out
        return Answer(render=render, complete=slot.end, ready=ready, delivered=delivered)
