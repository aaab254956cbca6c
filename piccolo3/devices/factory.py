"""From the configuration to devices. What drives a device is what the configuration says, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig, InstrumentConfig, SpectrometerConfig, TriggerConfig
from piccolo3.devices.gpio import gpio_power_switch, gpio_shutter
from piccolo3.devices.interface import PowerSwitch, Shutter, Spectrometer
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
from piccolo3.devices.trigger import GpioTrigger, Trigger, UnavailableTrigger
from piccolo3.devices.unavailable import UnavailableShutter, UnavailableSpectrometer

__all__ = ["Rig", "build_rig"]

_DEFAULT_MODEL = "QE-PRO"


@dataclass(slots=True, kw_only=True)
class Rig:
    """The devices: spectrometers and their power switches by serial number, shutters by direction, a trigger or none.

    The faults are those of the simulated ones, for tests to switch on.
    """

    spectrometers: Mapping[str, Spectrometer]
    power_switches: Mapping[str, PowerSwitch]
    shutters: Mapping[str, Shutter]
    trigger: Trigger | None = None
    spectrometer_faults: Mapping[str, SpectrometerFaults] = field(default_factory=dict)
    shutter_faults: Mapping[str, ShutterFaults] = field(default_factory=dict)

    def close(self) -> None:
        """Give all pins back. Spectrometers are closed by whoever opened them."""
        for shutter in self.shutters.values():
            shutter.release()
        for switch in self.power_switches.values():
            switch.release()
        if self.trigger is not None:
            self.trigger.release()


def build_rig(instrument: InstrumentConfig, clock: Clock) -> Rig:
    """Make all devices that are configured; shutters are closed, which takes their pulse and settling times.

    Nothing is raised for a device that can't be used: it says so when it is used.
    """
    world = World(instrument.simulation, clock)
    shutters = {channel.direction: _shutter(channel, world, clock) for channel in instrument.channels}
    spectrometers = {config.serial_number: _spectrometer(config, world) for config in instrument.spectrometers}
    return Rig(
        spectrometers=spectrometers,
        power_switches={
            config.serial_number: _power_switch(config.power_switch, config, spectrometers[config.serial_number])
            for config in instrument.spectrometers
            if config.power_switch is not None
        },
        shutters=shutters,
        trigger=_trigger(instrument.trigger, clock),
        spectrometer_faults={
            name: device.faults for name, device in spectrometers.items() if isinstance(device, SimulatedSpectrometer)
        },
        shutter_faults={
            name: device.faults for name, device in shutters.items() if isinstance(device, SimulatedShutter)
        },
    )


def _shutter(channel: ChannelConfig, world: World, clock: Clock) -> Shutter:
    if channel.driver == "simulated":
        return SimulatedShutter(channel, world.blade(channel.direction), clock)
    if channel.driver == "gpio":
        return gpio_shutter(channel, clock)
    return UnavailableShutter(f"there is no driver {channel.driver} for the shutter of {channel.direction}")


def _spectrometer(config: SpectrometerConfig, world: World) -> Spectrometer:
    if config.driver == "simulated":
        name = config.model or _DEFAULT_MODEL
        if name not in MODELS:
            return UnavailableSpectrometer(f"there is no model {name} to simulate; there are {', '.join(MODELS)}")
        return SimulatedSpectrometer(MODELS[name], config.serial_number, world)
    return UnavailableSpectrometer(
        f"{config.serial_number} is driven in a later version; so far only simulated spectrometers are "
        "(driver = simulated)"
    )


def _power_switch(pin: int, config: SpectrometerConfig, spectrometer: Spectrometer) -> PowerSwitch:
    if isinstance(spectrometer, SimulatedSpectrometer):
        return SimulatedPowerSwitch(spectrometer.set_power)
    return gpio_power_switch(pin, config.serial_number)


def _trigger(config: TriggerConfig, clock: Clock) -> Trigger | None:
    if config.driver == "none":
        return None
    if config.driver == "simulated":
        return SimulatedTrigger(clock)
    if config.driver == "gpio":
        return GpioTrigger(config, clock)
    return UnavailableTrigger(f"there is no driver {config.driver} for the trigger")
