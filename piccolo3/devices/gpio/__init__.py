"""What hangs on the pins of the computer, through the process that owns them. No pin is touched before it is needed."""

from __future__ import annotations

from piccolo3.devices.gpio.indicator import GpioIndicator
from piccolo3.devices.gpio.power import GpioPowerSwitch
from piccolo3.devices.gpio.shutter import LevelShutter, PulseShutter
from piccolo3.devices.gpio.trigger import GpioTrigger

__all__ = ["GpioIndicator", "GpioPowerSwitch", "GpioTrigger", "LevelShutter", "PulseShutter"]
