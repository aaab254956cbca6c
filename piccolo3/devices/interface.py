"""What hardware can do: the interfaces that every adapter, real or simulated, implements.

All calls may block and are made by one worker thread at a time, except where stated. Times of exposures are
seconds on the monotonic scale of the injected clock; integration times are milliseconds.
Every failure is a `piccolo3.errors.DeviceError`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from piccolo3.status import ShutterStatus

__all__ = ["Exposure", "PowerSwitch", "Shutter", "Spectrometer", "SpectrometerInfo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrometerInfo:
    """What a spectrometer says of itself once it is open. It does not change while it stays open.

    `buffer_depth` finished exposures wait in the device, oldest first, the oldest being dropped when another
    one is finished. `read_out_time` (ms) is what it takes to fetch a finished one. A device that is not
    `free_running` begins an exposure when it is asked for one.
    """

    serial_number: str
    model: str
    firmware: str | None
    pixels: int
    wavelength_coefficients: tuple[float, float, float, float]
    nonlinearity_coefficients: tuple[float, ...]
    dark_pixels: tuple[int, ...]
    optical_pixel_range: tuple[int, int]
    saturation: float
    min_integration_time: float
    max_integration_time: float
    buffer_depth: int
    can_clear_buffer: bool
    read_out_time: float
    has_cooler: bool
    simulated: bool
    free_running: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposure:
    """Counts, shape (pixels,), of what was kept, and when it was made.

    `start` and `end` are seconds on the monotonic scale. `integration_time` (ms) is what was asked for,
    `actual_integration_time` (ms) what the device made of it; the same unless it is said. `discarded` counts the
    exposures that were read and thrown away to get this. `counts` are the mean of `averages` exposures, rounded, from
    the start of the first to the end of the last one; `deviation`, shape (pixels,), is their standard deviation
    (that of a sample, counts), None for a single one. `repeated` tells that what had come first could not be used.
    """

    counts: NDArray[np.int32]
    start: float
    end: float
    integration_time: float
    discarded: int
    actual_integration_time: float = math.nan
    averages: int = 1
    deviation: NDArray[np.float32] | None = None
    repeated: bool = False

    def __post_init__(self) -> None:
        if math.isnan(self.actual_integration_time):
            object.__setattr__(self, "actual_integration_time", self.integration_time)


class Spectrometer(ABC):
    """A spectrometer that integrates all the time and hands out finished exposures."""

    @abstractmethod
    def open(self) -> SpectrometerInfo:
        """Connect. Raises DeviceRemoved where there is no such device. Opening twice is an error."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect; closing twice does no harm."""

    @abstractmethod
    def set_integration_time(self, milliseconds: float) -> None:
        """Set the integration time; it counts from the next exposure on, not for the one under way."""

    @abstractmethod
    def read(self, timeout: float) -> NDArray[np.int32]:
        """The oldest finished exposure that was not read yet; if there is none, the one under way when it ends.

        Raises DeviceTimeout after `timeout` seconds.
        """

    @abstractmethod
    def clear_buffer(self) -> None:
        """Forget finished exposures; does nothing unless `can_clear_buffer`."""

    @abstractmethod
    def temperature(self) -> float | None:
        """Temperature of the detector (degrees Celsius), None where there is no sensor."""

    @abstractmethod
    def set_cooler(self, enabled: bool, target: float) -> None:
        """Switch the thermo-electric cooler and set its target (degrees Celsius); nothing without a cooler."""

    @abstractmethod
    def interrupt(self) -> None:
        """From any thread: end a blocking call with DeviceInterrupted; the device can only be closed afterwards."""


class Shutter(ABC):
    """The shutter in one optical fibre. `open` and `close` return when it has moved and settled."""

    @property
    @abstractmethod
    def status(self) -> ShutterStatus:
        """Where it was moved last. Any thread may ask."""

    @abstractmethod
    def open(self) -> None:
        """Open; opening an open one moves it again and does no harm."""

    @abstractmethod
    def close(self) -> None:
        """Close; closing a closed one moves it again and does no harm."""

    @abstractmethod
    def release(self) -> None:
        """Give the pins back; the shutter can't be moved afterwards."""


class PowerSwitch(ABC):
    """Switches the power of one spectrometer."""

    @property
    @abstractmethod
    def is_on(self) -> bool:
        """Whether the spectrometer has power. Any thread may ask."""

    @abstractmethod
    def on(self) -> None:
        """Give it power."""

    @abstractmethod
    def off(self) -> None:
        """Take its power."""

    @abstractmethod
    def release(self) -> None:
        """Give the pin back."""
