"""Emulated instruments: spectrometers at the level of USB transfers, shutters and switches at the level of pins.

The unmodified libraries that drive real ones, seabreeze with both of its backends and gpiozero, work on them. They are
for tests, benchmarks and the demo, and nothing in piccolo3 knows of them.
"""

from __future__ import annotations

from emulators.build import BuildError
from emulators.catalogue import KINDS
from emulators.rig import EmulatedRig, LogEntry
from emulators.sensor import HandedOut
from emulators.specification import InstrumentSpecification, RigSpecification, ShutterSpecification

__all__ = [
    "KINDS",
    "BuildError",
    "EmulatedRig",
    "HandedOut",
    "InstrumentSpecification",
    "LogEntry",
    "RigSpecification",
    "ShutterSpecification",
]
