"""From the configuration to devices. What drives a device is what the configuration says, nothing else."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig, IndicatorConfig, InstrumentConfig, SpectrometerConfig, TriggerConfig
from piccolo3.devices.gated import GatedShutter
from piccolo3.devices.gpio import GpioIndicator, GpioPowerSwitch, GpioTrigger, LevelShutter, PulseShutter
from piccolo3.devices.hosting import HostedSpectrometer
from piccolo3.devices.indicator import Indicator, SimulatedIndicator
from piccolo3.devices.interface import PowerSwitch, Shutter, Spectrometer
from piccolo3.devices.seabreeze import SeabreezeSpectrometer
from piccolo3.devices.simulated import (
    MODELS,
    ShutterFaults,
    SimulatedPowerSwitch,
    SimulatedShutter,
    SimulatedSpectrometer,
    SimulatedTrigger,
    SpectrometerFaults,
    World,
)
from piccolo3.devices.trigger import Trigger, UnavailableTrigger
from piccolo3.devices.unavailable import UnavailableShutter, UnavailableSpectrometer
from piccolo3.errors import DeviceError
from piccolo3.pins import Pins

__all__ = ["Rig", "build_rig"]

_DEFAULT_MODEL = "QE-PRO"
_ON_PINS = (PulseShutter, LevelShutter, GpioPowerSwitch, GpioTrigger, GpioIndicator)
_OPENING_LIMIT = 10.0  # s for a device; a slow one on a slow computer takes 2
_logger = logging.getLogger(__name__)
# what drivers come to need, so that their processes share it; where it is not installed, opening says so
_PRELOAD = (
    "numpy.polynomial",
    "seabreeze.cseabreeze",
    "seabreeze.pyseabreeze",
    "usb.backend.libusb0",
    "usb.backend.libusb1",
    "usb.backend.openusb",
    "piccolo3.devices.seabreeze.cbackend",
    "piccolo3.devices.seabreeze.pybackend",
)


@dataclass(slots=True, kw_only=True)
class Rig:
    """The devices: spectrometers and their power switches by serial number, shutters by direction, a trigger or none.

    `pins` are those of the computer, also where nothing uses them; `indicator` is a light or none. The faults are those
    of the simulated devices, for tests to switch on.
    """

    spectrometers: Mapping[str, Spectrometer]
    power_switches: Mapping[str, PowerSwitch]
    shutters: Mapping[str, Shutter]
    trigger: Trigger | None = None
    indicator: Indicator | None = None
    pins: Pins = field(default_factory=Pins)
    spectrometer_faults: Mapping[str, SpectrometerFaults] = field(default_factory=dict)
    shutter_faults: Mapping[str, ShutterFaults] = field(default_factory=dict)

    def prepare(self) -> None:
        """Start what devices need, so that their first use is not late; blocks. A failure goes to the log."""
        users = (*self.shutters.values(), *self.power_switches.values(), self.trigger, self.indicator)
        if any(isinstance(user, _ON_PINS) for user in users):
            try:
                self.pins.start()
            except DeviceError as error:
                _logger.error("the GPIO pins can't be used: %s", error)  # noqa: TRY400 - for the operator

    def close(self) -> None:
        """Give all pins back, end processes. Spectrometers are closed by whoever opened them."""
        for spectrometer in self.spectrometers.values():
            if isinstance(spectrometer, HostedSpectrometer):
                spectrometer.release()
        for shutter in self.shutters.values():
            shutter.release()
        for switch in self.power_switches.values():
            switch.release()
        if self.trigger is not None:
            self.trigger.release()
        if self.indicator is not None:
            self.indicator.release()
        self.pins.close()


def build_rig(instrument: InstrumentConfig, clock: Clock) -> Rig:
    """Make all devices that are configured. No pin is touched yet, simulated shutters are closed.

    Nothing is raised for a device that can't be used: it says so when it is used.
    """
    world, pins = World(instrument.simulation, clock), Pins(instrument.gpio.pin_factory)
    shutters = {channel.direction: _shutter(channel, world, clock, pins) for channel in instrument.channels}
    isolation = instrument.all_spectrometers.isolation
    spectrometers = {
        config.serial_number: _spectrometer(config, isolation, world) for config in instrument.spectrometers
    }
    return Rig(
        spectrometers=spectrometers,
        power_switches={
            config.serial_number: _power_switch(config.power_switch, config, spectrometers[config.serial_number], pins)
            for config in instrument.spectrometers
            if config.power_switch is not None
        },
        shutters=shutters,
        trigger=_trigger(instrument.trigger, clock, pins),
        indicator=_indicator(instrument.indicator, pins),
        pins=pins,
        spectrometer_faults={
            name: device.faults for name, device in spectrometers.items() if isinstance(device, SimulatedSpectrometer)
        },
        shutter_faults={
            name: device.faults for name, device in shutters.items() if isinstance(device, SimulatedShutter)
        },
    )


def _shutter(channel: ChannelConfig, world: World, clock: Clock, pins: Pins) -> Shutter:
    if channel.driver == "simulated":
        return SimulatedShutter(channel, world.blade(channel.direction), clock)
    if channel.driver == "gpio":
        return PulseShutter(channel, pins)
    if channel.driver == "level":
        return LevelShutter(channel, pins)
    if channel.driver == "spectrometer":
        return GatedShutter(channel, clock)
    return UnavailableShutter(f"there is no driver {channel.driver} for the shutter of {channel.direction}")


def _spectrometer(config: SpectrometerConfig, isolation: str, world: World) -> Spectrometer:
    if config.driver == "simulated":
        name = config.model or _DEFAULT_MODEL
        if name not in MODELS:
            return UnavailableSpectrometer(f"there is no model {name} to simulate; there are {', '.join(MODELS)}")
        return SimulatedSpectrometer(MODELS[name], config.serial_number, world)
    if config.driver == "seabreeze":
        make = partial(SeabreezeSpectrometer, config.serial_number, backend=config.backend)
        if isolation == "thread":
            return make()
        alone = partial(make, opening_limit=_OPENING_LIMIT)
        return HostedSpectrometer(alone, config.serial_number, preload=_PRELOAD)
    return UnavailableSpectrometer(f"there is no driver {config.driver} for {config.serial_number}")


def _power_switch(pin: int, config: SpectrometerConfig, spectrometer: Spectrometer, pins: Pins) -> PowerSwitch:
    if isinstance(spectrometer, SimulatedSpectrometer):
        return SimulatedPowerSwitch(spectrometer.set_power)
    return GpioPowerSwitch(pin, config.serial_number, pins)


def _trigger(config: TriggerConfig, clock: Clock, pins: Pins) -> Trigger | None:
    if config.driver == "none":
        return None
    if config.driver == "simulated":
        return SimulatedTrigger(clock)
    if config.driver == "gpio":
        return GpioTrigger(config, pins)
    return UnavailableTrigger(f"there is no driver {config.driver} for the trigger")


def _indicator(config: IndicatorConfig, pins: Pins) -> Indicator | None:
    if config.driver == "simulated":
        return SimulatedIndicator()
    return GpioIndicator(config.pin, pins) if config.driver == "gpio" and config.pin is not None else None
