"""Emulated instruments: spectrometers at the level of USB transfers, shutters and switches at the level of pins.

The unmodified libraries that drive real ones, seabreeze with both of its backends and gpiozero, work on them. They are
for tests, benchmarks and the demo, and nothing in piccolo3 knows of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulators.build import BuildError
    from emulators.catalogue import KINDS
    from emulators.control import Control, HandedOut, LogEntry, PinChange, Report
    from emulators.rig import EmulatedRig
    from emulators.specification import InstrumentSpecification, RigSpecification, ShutterSpecification

__all__ = [
    "KINDS",
    "BuildError",
    "Control",
    "EmulatedRig",
    "HandedOut",
    "InstrumentSpecification",
    "LogEntry",
    "PinChange",
    "Report",
    "RigSpecification",
    "ShutterSpecification",
]

_HOMES = {
    "KINDS": "catalogue",
    "BuildError": "build",
    "EmulatedRig": "rig",
    "InstrumentSpecification": "specification",
    "RigSpecification": "specification",
    "ShutterSpecification": "specification",
}


def __getattr__(name: str) -> object:
    """Import what is asked for: the process that owns the pins needs none of this, and shall stay small."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'control')}"), name)
