"""The detector of an emulated instrument: which exposure a request gets, and the counts of it."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulators.control import HandedOut
from emulators.light import Light
from piccolo3.devices.interface import TimeChange
from piccolo3.devices.simulated.cooler import Cooler
from piccolo3.devices.simulated.detector import Detector
from piccolo3.devices.simulated.models import Model
from piccolo3.devices.simulated.optics import View, optics_of
from piccolo3.devices.simulated.timeline import OnDemand, Slot, Timeline

__all__ = ["Sensor"]

_KEPT = 100_000


class _Buffer(Timeline):
    """A timeline whose buffer can be asked and made longer or shorter."""

    @property
    def depth(self) -> int:
        return self._depth

    @depth.setter
    def depth(self, depth: int) -> None:
        self._depth = depth

    def waiting(self, now: int) -> int:
        """How many finished exposures wait."""
        under_way = self._under_way(now)
        return under_way - max(self._next, under_way - self._depth)

    def drop(self, now: int, count: int) -> None:
        """Forget the oldest ones."""
        under_way = self._under_way(now)
        self._next = min(max(self._next, under_way - self._depth) + count, under_way)


class Sensor:
    """Free-running since the power came, or on demand; all times in ns. The caller has the lock."""

    def __init__(self, model: Model, serial_number: str, light: Light, depth: int | None = None) -> None:
        self.model = model
        self.cooler = Cooler(model.cooling)
        self.truth: deque[HandedOut] = deque(maxlen=_KEPT)
        self.integration_time = 0
        self._depth = model.freshness.buffer_depth if depth is None else depth
        self._light = light
        self._serial_number = serial_number
        self._optics = optics_of(model)
        self._detector = Detector(model, serial_number, light.world.seed)
        self._timeline: _Buffer | OnDemand
        self.switch_on(0)

    def switch_on(self, now: int) -> None:
        """The power comes: default integration time, empty buffer, warm detector."""
        freshness = self.model.freshness
        self.integration_time = round(self.model.default_integration_time * 1e6)
        self.cooler.set(now / 1e9, enabled=False, target=0.0)
        if freshness.on_change is TimeChange.ON_DEMAND:
            self._timeline = OnDemand(self.integration_time)
        else:
            restarts = freshness.on_change is TimeChange.RESTART
            self._timeline = _Buffer(now, self.integration_time, self._depth, restarts=restarts)

    def set_integration_time(self, now: int, wanted: int) -> None:
        """Take over an integration time, within the limits of the model."""
        shortest, longest = self.model.min_integration_time, self.model.max_integration_time
        self.integration_time = min(max(wanted, round(shortest * 1e6)), round(longest * 1e6))
        self._timeline.set_integration_time(now, self.integration_time)

    def take(self, now: int) -> Slot:
        """The exposure that a request gets."""
        return self._timeline.take(now)

    @property
    def depth(self) -> int:
        """How many finished exposures the buffer has room for."""
        return self._timeline.depth if isinstance(self._timeline, _Buffer) else 0

    @depth.setter
    def depth(self, depth: int) -> None:
        self._depth = depth
        if isinstance(self._timeline, _Buffer):
            self._timeline.depth = depth

    def waiting(self, now: int) -> int:
        """How many finished exposures wait in the buffer."""
        return self._timeline.waiting(now) if isinstance(self._timeline, _Buffer) else 0

    def clear(self, now: int) -> None:
        """Forget all finished exposures."""
        self._timeline.clear(now)

    def drop(self, now: int, count: int) -> None:
        """Forget the oldest exposures."""
        if isinstance(self._timeline, _Buffer):
            self._timeline.drop(now, count)

    def temperature(self, now: int) -> float:
        """Of the detector, degrees C."""
        return self.cooler.temperature(now / 1e9)

    def expose(self, slot: Slot, now: int) -> tuple[NDArray[np.int32], Mapping[str, float]]:
        """The counts, shape (pixels,), of an exposure that is over, and how long each shutter was open in it."""
        start, end = slot.start / 1e9, slot.end / 1e9
        shares = self._light.shares(self._serial_number, slot.start, slot.end, now)
        light = np.zeros(self.model.pixels)
        if any(shares.values()):
            elevation, brightness = self._light.brightness(start, end)
            for direction, share in shares.items():
                light += share * brightness * self._optics.rate(View.of(direction), elevation)
        temperature = self.cooler.temperature((start + end) / 2)
        return self._detector.counts(light, end - start, temperature, slot.start), shares

    def handed_out(self, slot: Slot, requested: int, delivered: int, shares: Mapping[str, float], crc: int) -> None:
        """Remember what somebody got."""
        self.truth.append(
            HandedOut(
                number=slot.number,
                start=slot.start,
                end=slot.end,
                requested=requested,
                delivered=delivered,
                open_share=dict(shares),
                checksum=crc,
            )
        )

    @staticmethod
    def checksum(counts: NDArray[np.int32]) -> int:
        """What tells one spectrum from another."""
        return zlib.crc32(counts.astype("<i4").tobytes())
