"""A season in minutes: the real engine and scheduler on a clock that jumps, with everything that goes wrong."""

from piccolo3.season.clock import VirtualClock
from piccolo3.season.loop import VirtualLoop, run

__all__ = ["VirtualClock", "VirtualLoop", "run"]
