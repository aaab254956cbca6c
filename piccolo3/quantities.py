"""What housekeeping measures: one table of names, units, meanings and limits.

The sampling, the configuration, the CSV files and the documentation all follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["PER_CHANNEL", "PER_SPECTROMETER", "QUANTITIES", "Limits", "Quantity", "quantity_of"]

PER_SPECTROMETER = "<serial>"
PER_CHANNEL = "<channel>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From where on a value is worth a warning or an alarm, the limit itself included; None: never."""

    warn: float | None = None
    alarm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One quantity.

    `per` says of what there are several: their names are `name/<serial>` or `name/<channel>`. Limits count for values
    `above` or `below` them; with None a quantity has none. A value has to come back by `hysteresis` to be fine again.
    `sentence` is what a person is told of a breach, with `{value}` and `{of}` (the serial number, say).
    """

    name: str
    text: str
    unit: str = ""
    kind: Literal["number", "flag", "text"] = "number"
    per: str | None = None
    side: Literal["above", "below"] | None = None
    limits: Limits = Limits()
    hysteresis: float = 0.0
    digits: int = 3
    sentence: str = ""


QUANTITIES = (
    Quantity(
        name="detector_temperature",
        unit="degrees C",
        per=PER_SPECTROMETER,
        text="Temperature of the detector, or of the board where the detector has no sensor.",
        side="above",
        limits=Limits(warn=50.0, alarm=60.0),
        hysteresis=2.0,
        sentence="the detector of {of} has {value} degrees C",
    ),
    Quantity(
        name="cpu_temperature",
        unit="degrees C",
        text="Temperature of the processor. A Raspberry Pi slows down at 80 degrees.",
        side="above",
        limits=Limits(warn=70.0, alarm=80.0),
        hysteresis=3.0,
        sentence="the processor has {value} degrees C",
    ),
    Quantity(
        name="under_voltage",
        kind="flag",
        text="Whether the supply of the Raspberry Pi is below 4.63 V now.",
        side="above",
        limits=Limits(alarm=1.0),
        sentence="the supply voltage is too low",
    ),
    Quantity(
        name="under_voltage_seen",
        kind="flag",
        text="Whether it has been so since the machine was started.",
        side="above",
        sentence="the supply voltage has been too low",
    ),
    Quantity(
        name="throttled",
        kind="flag",
        text="Whether the Raspberry Pi is slowed down now, because of its supply or its temperature.",
        side="above",
        limits=Limits(warn=1.0),
        sentence="the processor is slowed down",
    ),
    Quantity(
        name="throttled_seen",
        kind="flag",
        text="Whether it has been so since the machine was started.",
        side="above",
        sentence="the processor has been slowed down",
    ),
    Quantity(
        name="load",
        text="Processes that compute or wait for a disk, for each processor; the mean of the last 5 minutes.",
        side="above",
        limits=Limits(warn=2.0, alarm=5.0),
        hysteresis=0.3,
        digits=2,
        sentence="the load is {value} for each processor",
    ),
    Quantity(
        name="memory",
        unit="%",
        text="Use of the memory of the machine.",
        side="above",
        limits=Limits(warn=85.0, alarm=95.0),
        hysteresis=3.0,
        digits=1,
        sentence="{value} % of the memory are in use",
    ),
    Quantity(
        name="daemon_memory",
        unit="MB",
        text="Memory of the daemon itself, without the processes of drivers.",
        side="above",
        limits=Limits(warn=500.0, alarm=1000.0),
        hysteresis=20.0,
        digits=1,
        sentence="the daemon takes {value} MB of memory",
    ),
    Quantity(
        name="free_space",
        unit="MB",
        text="Room for data in the data directory. The alarm is never below the `reserve` of the server file.",
        side="below",
        limits=Limits(warn=1000.0, alarm=100.0),
        hysteresis=20.0,
        digits=1,
        sentence="there are only {value} MB left for data",
    ),
    Quantity(
        name="clock_synchronised",
        kind="flag",
        text="Whether a time server or a receiver keeps the clock right.",
        side="below",
        limits=Limits(warn=0.0),
        sentence="nothing keeps the clock right",
    ),
    Quantity(
        name="clock_offset",
        unit="s",
        text="How far the clock is from its source, regardless of the sign, as far as that is known.",
        side="above",
        limits=Limits(warn=0.5, alarm=5.0),
        hysteresis=0.05,
        digits=6,
        sentence="the clock is wrong by {value} s",
    ),
    Quantity(name="clock_source", kind="text", text="What the clock follows, as far as that is known."),
    Quantity(
        name="shutter_operations",
        per=PER_CHANNEL,
        text="How often the shutter has moved in its life.",
        side="above",
        sentence="the shutter of {of} has moved {value} times",
    ),
    Quantity(
        name="write_queue",
        text="Sequences on their way to the disk.",
        side="above",
        digits=0,
        sentence="{value} sequences wait for the disk",
    ),
    Quantity(name="uptime", unit="s", text="Since when the machine is running.", digits=0),
)


def quantity_of(name: str) -> Quantity:
    """The quantity of a value, whose name may have a part after a slash; KeyError for others."""
    return _BY_NAME[name.partition("/")[0]]


_BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}
