"""Integration times on the command line: their options, and setting them."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from piccolo3.errors import InvalidValue

if TYPE_CHECKING:
    from piccolo3.client import Piccolo, Spectrometer

__all__ = ["Time", "Times", "add_time_options", "set_times", "times_of"]

Time = tuple[str, float]  # name of a spectrometer, integration time in ms


@dataclass(frozen=True, slots=True)
class Times:
    """Integration times to be set, and the limits of them."""

    downwelling: tuple[Time, ...] = ()
    upwelling: tuple[Time, ...] = ()
    minimal: tuple[Time, ...] = ()
    maximal: tuple[Time, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.downwelling or self.upwelling or self.minimal or self.maximal)


def add_time_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of integration times."""
    add = parser.add_argument_group("integration time options").add_argument
    for letter, kind in (("D", "downwelling"), ("U", "upwelling"), ("N", "minimal"), ("X", "maximal")):
        add(
            f"-{letter}",
            f"--{kind}-integration-time",
            dest=kind,
            metavar="NAME:TIME",
            type=_name_and_time,
            nargs="*",
            default=[],
            help=f"set the {kind} integration time of spectrometer NAME to TIME (in ms)",
        )


def _name_and_time(text: str) -> Time:
    name, colon, number = text.rpartition(":")
    try:
        milliseconds = float(number)
    except ValueError:
        milliseconds = math.nan
    if not colon or not name or not math.isfinite(milliseconds) or milliseconds < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:TIME with a time in ms, such as S_QEP01651:250")
    return name, milliseconds


def times_of(given: argparse.Namespace) -> Times:
    """What the options of `add_time_options` say."""
    return Times(tuple(given.downwelling), tuple(given.upwelling), tuple(given.minimal), tuple(given.maximal))


async def set_times(rig: Piccolo, times: Times) -> None:
    """Set limits and integration times; nothing if one of the spectrometers is not there. Raises PiccoloError."""
    if not times:
        return
    known = {spectrometer.serial_number: spectrometer for spectrometer in await rig.spectrometers.all()}

    def resolve(named: Sequence[Time]) -> dict[str, float]:
        found = {}
        for name, time in named:
            serial_number = rig.spectrometers[name].serial_number
            if serial_number not in known:
                names = ", ".join(spectrometer.name for spectrometer in known.values()) or "none"
                raise InvalidValue(f"there is no spectrometer {name}; the server has {names}")
            found[serial_number] = time
        return found

    minimal, maximal = resolve(times.minimal), resolve(times.maximal)
    of_channels = {"downwelling": resolve(times.downwelling), "upwelling": resolve(times.upwelling)}
    for serial_number, spectrometer in known.items():
        await _set_limits(spectrometer, minimal.get(serial_number), maximal.get(serial_number))
    for channel, wanted in of_channels.items():
        for serial_number, time in wanted.items():
            await known[serial_number].set_current_time(channel, time)


async def _set_limits(spectrometer: Spectrometer, minimal: float | None, maximal: float | None) -> None:
    """Set both in the order in which the lower one is never above the upper one."""
    if minimal is not None and maximal is not None and minimal > await spectrometer.max_time():
        await spectrometer.set_max_time(maximal)
        maximal = None
    if minimal is not None:
        await spectrometer.set_min_time(minimal)
    if maximal is not None:
        await spectrometer.set_max_time(maximal)
