"""Shutters and power switches on the pins of the computer, through gpiozero.

gpiozero is imported here only when a device needs it, and chooses the library that drives the pins (its environment
variable GPIOZERO_PIN_FACTORY counts) unless a pin factory is given. Where pins can't be used there is an unavailable
device that says why, never a simulated one.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig
from piccolo3.devices.interface import PowerSwitch, Shutter
from piccolo3.devices.pulsed import PulsedShutter
from piccolo3.devices.unavailable import UnavailablePowerSwitch, UnavailableShutter
from piccolo3.errors import DeviceError

__all__ = ["GpioPowerSwitch", "GpioShutter", "gpio_power_switch", "gpio_shutter"]

_logger = logging.getLogger(__name__)


@contextmanager
def _pin_errors(name: str) -> Iterator[None]:
    """Raise whatever a pin library raises as a DeviceError.

    They have errors of their own (lgpio.error is a plain Exception), and an optional driver must not kill the daemon.
    """
    try:
        yield
    except DeviceError:
        raise
    except Exception as error:
        raise DeviceError(f"the GPIO pins of {name} can't be used: {error}") from error


class _Pins:
    """Some output pins, off to begin with."""

    def __init__(self, name: str, numbers: tuple[int, ...], pin_factory: object | None) -> None:
        self._name = name
        self._outputs: dict[int, Any] = {}
        with _pin_errors(name), warnings.catch_warnings():
            # gpiozero warns of every library that it tries in vain; if none is left it says so in its error
            warnings.simplefilter("ignore")
            from gpiozero import OutputDevice

            try:
                for number in numbers:
                    self._outputs[number] = OutputDevice(number, initial_value=False, pin_factory=pin_factory)
            except BaseException:
                self.close()
                raise

    def switch(self, number: int, on: bool) -> None:
        with _pin_errors(self._name):
            self._outputs[number].value = on

    def close(self) -> None:
        with _pin_errors(self._name):
            for output in self._outputs.values():
                output.close()


class GpioShutter(PulsedShutter):
    """A shutter with an opening and a closing pin, on while pulsed. Raises DeviceError if they can't be used."""

    def __init__(self, config: ChannelConfig, clock: Clock, pin_factory: object | None = None) -> None:
        super().__init__(config, clock)
        name = f"the shutter of {config.direction}"
        self._pins = _Pins(name, (config.open_pin, config.close_pin), pin_factory)
        try:
            self.close()
        except DeviceError:
            self._pins.close()
            raise

    def _switch(self, pin: int, on: bool) -> None:
        self._pins.switch(pin, on)

    def _free(self) -> None:
        self._pins.close()


class GpioPowerSwitch(PowerSwitch):
    """A pin that takes the power of a spectrometer while it is on; off to begin with. Raises DeviceError."""

    def __init__(self, pin: int, serial_number: str, pin_factory: object | None = None) -> None:
        self._pin = pin
        self._pins = _Pins(f"the power switch of {serial_number}", (pin,), pin_factory)
        self._is_on = True

    @property
    def is_on(self) -> bool:
        return self._is_on

    def on(self) -> None:
        self._pins.switch(self._pin, False)
        self._is_on = True

    def off(self) -> None:
        self._pins.switch(self._pin, True)
        self._is_on = False

    def release(self) -> None:
        self._pins.close()


def gpio_shutter(config: ChannelConfig, clock: Clock, pin_factory: object | None = None) -> Shutter:
    """The shutter of a channel, closed; an UnavailableShutter if its pins can't be used."""
    try:
        return GpioShutter(config, clock, pin_factory)
    except DeviceError as error:
        _logger.error("%s", error)  # noqa: TRY400 - for the operator; the reason goes to whoever uses it
        return UnavailableShutter(error.message)


def gpio_power_switch(pin: int, serial_number: str, pin_factory: object | None = None) -> PowerSwitch:
    """The power switch on a pin, with the power on; an UnavailablePowerSwitch if the pin can't be used."""
    try:
        return GpioPowerSwitch(pin, serial_number, pin_factory)
    except DeviceError as error:
        _logger.error("%s", error)  # noqa: TRY400 - for the operator; the reason goes to whoever uses it
        return UnavailablePowerSwitch(error.message)
