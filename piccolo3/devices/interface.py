"""What hardware can do: the interfaces that every adapter, real or simulated, implements.

All calls may block and are made by one worker thread at a time, except where stated. Times of exposures are
seconds on the monotonic scale of the injected clock; integration times are milliseconds.
Every failure is a `piccolo3.errors.DeviceError`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from piccolo3.errors import DeviceError
from piccolo3.status import ShutterStatus

__all__ = ["Exposure", "Freshness", "PowerSwitch", "Shutter", "Spectrometer", "SpectrometerInfo", "TimeChange"]


class TimeChange(Enum):
    """What a detector does when the integration time is set."""

    NEXT_EXPOSURE = "the new time counts from the next exposure on"
    RESTART = "the exposure under way is given up, and one with the new time begins at once"
    ON_DEMAND = "nothing is under way: each exposure begins when it is asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How an exposure of a model can be known to be fresh; `piccolo3.devices.Acquirer` chooses its strategy from it.

    `buffer_depth` finished exposures wait in the device, oldest first, the oldest being dropped when another one is
    finished; `can_clear_buffer` tells whether they can be made to be forgotten. One that exposes on demand keeps none.
    Where that number is not certain, `buffer_depth` is the largest that it may be, and `least_depth` the smallest.
    `read_out_time` (ms) is what it takes to fetch a finished one. `counts_exposures`: the device numbers its exposures
    (`Spectrometer.exposure_number`). `opens_at` is the integration time (ms) that it has when it was opened, None
    where that depends on what was done to it before.
    """

    on_change: TimeChange = TimeChange.NEXT_EXPOSURE
    buffer_depth: int
    can_clear_buffer: bool
    read_out_time: float
    counts_exposures: bool = False
    opens_at: float | None = None
    least_depth: int | None = None

    @property
    def is_certain(self) -> bool:
        """Whether it is known how many finished exposures wait, or does not matter."""
        return self.least_depth is None or self.can_clear_buffer

    @property
    def surely_kept(self) -> int:
        """How many finished exposures wait at least before one is dropped."""
        return self.buffer_depth if self.least_depth is None else self.least_depth


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrometerInfo:
    """What a spectrometer says of itself once it is open. It does not change while it stays open.

    `backend` names the driver library that it is open with, None where there is no choice. `integration_time_step`
    (ms) is what integration times are multiples of, 0 where any will do.
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
    freshness: Freshness
    has_cooler: bool
    simulated: bool
    backend: str | None = None
    integration_time_step: float = 0.0

    def possible_integration_time(self, milliseconds: float) -> float:
        """The shortest integration time (ms) that the device can make of it without making it shorter."""
        step = self.integration_time_step
        return math.ceil(milliseconds / step - 1e-9) * step if step else milliseconds

    @property
    def free_running(self) -> bool:
        """Whether it integrates all the time; if not, an exposure begins when it is asked for."""
        return self.freshness.on_change is not TimeChange.ON_DEMAND


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
    """A spectrometer; what its `Freshness` says of it is what the calls do."""

    @abstractmethod
    def open(self) -> SpectrometerInfo:
        """Connect. Raises DeviceRemoved where there is no such device. Opening twice is an error."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect; closing twice does no harm."""

    @abstractmethod
    def set_integration_time(self, milliseconds: float) -> None:
        """Set the integration time, which counts from when `TimeChange` says, also where it was the same before."""

    @abstractmethod
    def read(self, timeout: float) -> NDArray[np.int32]:
        """The oldest finished exposure that was not read yet; if there is none, the one under way when it ends.

        On demand: the one that begins now. Raises DeviceTimeout after `timeout` seconds.
        """

    def exposure_number(self) -> int | None:
        """The number that the device gave to what `read` returned last; consecutive, None unless it counts them."""
        return None

    @abstractmethod
    def clear_buffer(self) -> None:
        """Forget finished exposures; does nothing unless `can_clear_buffer`."""

    @abstractmethod
    def temperature(self) -> float | None:
        """Temperature of the detector (degrees Celsius), None where there is no sensor.

        Raises DeviceRemoved if the device is gone, also without a sensor: that is how idle ones are looked after.
        """

    @abstractmethod
    def set_cooler(self, enabled: bool, target: float) -> None:
        """Switch the thermo-electric cooler and set its target (degrees Celsius); nothing without a cooler."""

    def set_shutter(self, opened: bool) -> None:
        """Move the shutter inside the spectrometer. DeviceError where there is none that can be moved."""
        raise DeviceError("this spectrometer has no shutter")

    def set_lamp(self, on: bool) -> None:
        """Switch the lamp that is connected to the spectrometer. DeviceError where that can't be done."""
        raise DeviceError("this spectrometer can't switch a lamp")

    def reset(self) -> None:
        """Reset it on its bus, open or closed; it has to be closed and opened afterwards. DeviceError if it can't."""
        raise DeviceError("this spectrometer can't be reset")

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
