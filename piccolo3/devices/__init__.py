"""What hardware can do: interfaces, their adapters and simulated twins, and exposures that can be relied on."""

from __future__ import annotations

from piccolo3.devices.acquisition import Acquirer
from piccolo3.devices.factory import Rig, build_rig
from piccolo3.devices.gated import GatedShutter
from piccolo3.devices.host import Host
from piccolo3.devices.interface import (
    Exposure,
    Freshness,
    PowerSwitch,
    Shutter,
    Spectrometer,
    SpectrometerInfo,
    TimeChange,
)
from piccolo3.devices.vitals import Vitals

__all__ = [
    "Acquirer",
    "Exposure",
    "Freshness",
    "GatedShutter",
    "Host",
    "PowerSwitch",
    "Rig",
    "Shutter",
    "Spectrometer",
    "SpectrometerInfo",
    "TimeChange",
    "Vitals",
    "build_rig",
]
