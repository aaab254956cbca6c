"""What the thermo-electric cooler should do, what it does, and how cold the detector is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from piccolo3.devices.interface import Spectrometer

__all__ = ["Cooler", "CoolerReading"]


@dataclass(frozen=True, slots=True)
class CoolerReading:
    """What a visit to the device has brought: the cooler as it was set, the temperature (degrees Celsius)."""

    enabled: bool
    target: float
    temperature: float | None


class Cooler:
    """Set points that outlive the connection. `enabled` and `temperature` are what the device said last."""

    def __init__(self, *, enabled: bool, target: float) -> None:
        self.wanted = enabled
        self.target = target
        self.enabled = False
        self.temperature: float | None = None
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

    def report(self, reading: CoolerReading, has_cooler: bool) -> tuple[bool, bool]:
        """Take note of a visit; whether the cooler and the temperature have changed."""
        before = self.enabled, self.temperature
        self._applied = (reading.enabled, reading.target)
        self.enabled = reading.enabled and has_cooler
        self.temperature = reading.temperature
        return self.enabled != before[0], self.temperature != before[1]

    def closed(self) -> bool:
        """The device was closed: set it again next time; whether it was on."""
        was, self.enabled, self._applied, self.temperature = self.enabled, False, None, None
        return was
