"""The computer that the server runs on."""

from __future__ import annotations

from piccolo3.client import answers
from piccolo3.client.fields import Room, reading, setting, value
from piccolo3.client.values import keep

__all__ = ["Sysinfo"]


class Sysinfo(Room):
    """Version, host, load, clock and health of the server."""

    segments = ("sysinfo",)

    version = reading("version", answers.text)
    """Version of the server."""

    host = reading("host", answers.text)
    """Name of the computer."""

    cpu = reading("cpu", answers.number)
    """Load of the processor in percent."""

    mem = reading("mem", answers.number)
    """Memory in use in percent."""

    clock = setting("clock", answers.moment, lambda when: when.isoformat())
    """What the clock of the server says, aware; it can't be observed."""

    clock_status = value("clock_status", keep)
    """Whether its clock is `trusted`, what has made it right (`source`: ntp, gps, manual or none), and `last_step`."""

    position = value("position", keep)
    """Where the rig is: `latitude`, `longitude`, `altitude`, their `source`, and how good a fix of GPS is."""

    started = reading("started", answers.moment)
    """When the server was started."""

    health = value("health", keep)
    """Whether the rig is well: `status` (ok, warn or alarm) and `sentences`, the worst first."""

    housekeeping = reading("housekeeping", keep)
    """The last sample of what is measured of the rig itself: `time` and `values`; None before the first."""
