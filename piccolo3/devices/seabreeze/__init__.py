"""Ocean Optics spectrometers through seabreeze. Nothing here loads seabreeze or pyusb before a device is opened."""

from __future__ import annotations

from piccolo3.devices.seabreeze.listing import Attached, attached
from piccolo3.devices.seabreeze.spectrometer import SeabreezeSpectrometer

__all__ = ["Attached", "SeabreezeSpectrometer", "attached"]
