"""The pins of the computer, owned by one small process of their own, and how to ask it.

Pulses keep their width while the daemon computes, since nothing else runs there: standard library and gpiozero only.
"""

from __future__ import annotations

from piccolo3.pins.lines import Edge, Lines, Pulse
from piccolo3.pins.owner import PinInfo, Pins
from piccolo3.pins.patterns import Pattern

__all__ = ["Edge", "Lines", "Pattern", "PinInfo", "Pins", "Pulse"]
