"""What the thermo-electric cooler should do, what it does, and how cold the detector is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from piccolo3.clock import Clock
from piccolo3.devices.interface import Spectrometer

__all__ = ["SETTLED_FOR", "SETTLED_WITHIN", "Cooler", "CoolerReading"]

SETTLED_WITHIN = 0.5  # K; data sheets promise 0.1 to 0.5 K at the set point
SETTLED_FOR = 10.0  # s, so that passing through the set point does not count


@dataclass(frozen=True, slots=True)
class CoolerReading:
    """What a visit to the device has brought: the cooler as it was set, the temperature (degrees Celsius)."""

    enabled: bool
    target: float
    temperature: float | None


class Cooler:
    """Set points that outlive the connection.

    `enabled` and `temperature` are what the device said last.
    """

    def __init__(self, clock: Clock, *, enabled: bool, target: float) -> None:
        self._clock = clock
        self.wanted = enabled
        self.target = target
        self.enabled = False
        self.temperature: float | None = None
        self._read_at: float | None = None
        self._near_since: float | None = None
        self._applied: tuple[bool, float] | None = None

    @property
    def is_due(self) -> bool:
        """Whether the device has to be told."""
        return self._applied != (self.wanted, self.target)

    def service(self, device: Spectrometer, has_cooler: bool) -> Callable[[], CoolerReading]:
        """The blocking visit: set the cooler if that is due, read the temperature. Raises DeviceError."""
        wanted, target, due = self.wanted, self.target, self.is_due

        def visit() -> CoolerReading:
            if due and has_cooler:
                device.set_cooler(wanted, target)
            return CoolerReading(wanted, target, device.temperature())

        return visit

    @property
    def age(self) -> float | None:
        """How long ago the device was asked, s; None if it was not since it is connected."""
        return None if self._read_at is None else self._clock.monotonic() - self._read_at

    @property
    def settled(self) -> bool | None:
        """Whether the detector has stayed at its set point for a while; None where nothing cools it."""
        if not self.enabled:
            return None
        near, read = self._near_since, self._read_at
        return near is not None and read is not None and read - near >= SETTLED_FOR

    def report(self, reading: CoolerReading, has_cooler: bool) -> tuple[bool, bool]:
        """Take note of a visit; whether what the cooler does and the temperature have changed."""
        before = (self.enabled, self.settled), self.temperature
        now = self._clock.monotonic()
        near = reading.temperature is not None and abs(reading.temperature - reading.target) <= SETTLED_WITHIN
        if not near or self._applied != (reading.enabled, reading.target):
            self._near_since = None
        if near and self._near_since is None:
            self._near_since = now
        self._read_at = now
        self._applied = (reading.enabled, reading.target)
        self.enabled = reading.enabled and has_cooler
        self.temperature = reading.temperature
        return (self.enabled, self.settled) != before[0], self.temperature != before[1]

    def closed(self) -> bool:
        """The device was closed: set it again next time; whether it was on."""
        was, self.enabled, self._applied, self.temperature = self.enabled, False, None, None
        self._read_at = self._near_since = None
        return was
