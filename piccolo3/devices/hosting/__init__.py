"""Drivers in processes that can be killed: whatever hangs or crashes there, the daemon goes on."""

from __future__ import annotations

from piccolo3.devices.hosting.spectrometer import HostedSpectrometer

__all__ = ["HostedSpectrometer"]
