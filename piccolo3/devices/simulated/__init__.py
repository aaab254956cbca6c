"""A simulated instrument: sun, clouds, canopy, shutters, and spectrometers that behave like free-running ones."""

from __future__ import annotations

from piccolo3.devices.simulated.faults import ReadFault, ShutterFaults, SpectrometerFaults
from piccolo3.devices.simulated.models import MODELS, Model
from piccolo3.devices.simulated.power import SimulatedPowerSwitch
from piccolo3.devices.simulated.shutter import Pulse, SimulatedShutter
from piccolo3.devices.simulated.spectrometer import SimulatedSpectrometer, TrueExposure
from piccolo3.devices.simulated.trigger import SimulatedTrigger
from piccolo3.devices.simulated.world import World

__all__ = [
    "MODELS",
    "Model",
    "Pulse",
    "ReadFault",
    "ShutterFaults",
    "SimulatedPowerSwitch",
    "SimulatedShutter",
    "SimulatedSpectrometer",
    "SimulatedTrigger",
    "SpectrometerFaults",
    "TrueExposure",
    "World",
]
