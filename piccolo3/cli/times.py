"""Integration times on the command line: their options, and setting them."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from piccolo3.errors import InvalidValue

if TYPE_CHECKING:
    from piccolo3.client import Piccolo, Spectrometer

__all__ = ["ChannelTime", "Time", "Times", "add_time_options", "set_times", "times_of"]

Time = tuple[str, float]  # name of a spectrometer, integration time in ms
ChannelTime = tuple[str, str, float]  # name of a spectrometer, channel, integration time in ms


@dataclass(frozen=True, slots=True)
class Times:
    """Integration times to be set, and the limits of them."""

    downwelling: tuple[Time, ...] = ()
    upwelling: tuple[Time, ...] = ()
    minimal: tuple[Time, ...] = ()
    maximal: tuple[Time, ...] = ()
    others: tuple[ChannelTime, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.of_channels or self.minimal or self.maximal)

    @property
    def of_channels(self) -> tuple[ChannelTime, ...]:
        """All that are no limits."""
        downwelling = tuple((name, "downwelling", time) for name, time in self.downwelling)
        upwelling = tuple((name, "upwelling", time) for name, time in self.upwelling)
        return (*downwelling, *upwelling, *self.others)


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
    add(
        *("-T", "--integration-time"),
        dest="others",
        metavar="NAME:CHANNEL:TIME",
        type=_name_channel_and_time,
        nargs="*",
        default=[],
        help="the same for a channel of any name",
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


def _name_channel_and_time(text: str) -> ChannelTime:
    rest, _, number = text.rpartition(":")
    name, _, channel = rest.rpartition(":")
    if not name or not channel:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:CHANNEL:TIME, such as S_QEP01651:nadir:250")
    return name, channel, _name_and_time(f"{name}:{number}")[1]


def times_of(given: argparse.Namespace) -> Times:
    """What the options of `add_time_options` say."""
    return Times(
        tuple(given.downwelling),
        tuple(given.upwelling),
        tuple(given.minimal),
        tuple(given.maximal),
        tuple(given.others),
    )


async def set_times(rig: Piccolo, times: Times) -> None:
    """Set limits and integration times; nothing if one of the spectrometers or channels is not there.

    Raises PiccoloError.
    """
    if not times:
        return
    known = {spectrometer.serial_number: spectrometer for spectrometer in await rig.spectrometers.all()}
    channels = await rig.spectrometers.channels()

    def serial_number(name: str) -> str:
        found = rig.spectrometers[name].serial_number
        if found not in known:
            names = ", ".join(spectrometer.name for spectrometer in known.values()) or "none"
            raise InvalidValue(f"there is no spectrometer {name}; the server has {names}")
        return found

    minimal = {serial_number(name): time for name, time in times.minimal}
    maximal = {serial_number(name): time for name, time in times.maximal}
    wanted = [(serial_number(name), channel, time) for name, channel, time in times.of_channels]
    for _, channel, _ in wanted:
        if channel not in channels:
            raise InvalidValue(f"there is no channel {channel}; the server has {', '.join(channels) or 'none'}")
    for serial, spectrometer in known.items():
        await _set_limits(spectrometer, minimal.get(serial), maximal.get(serial))
    for serial, channel, time in wanted:
        await known[serial].set_current_time(channel, time)


async def _set_limits(spectrometer: Spectrometer, minimal: float | None, maximal: float | None) -> None:
    """Set both in the order in which the lower one is never above the upper one."""
    if minimal is not None and maximal is not None and minimal > await spectrometer.max_time():
        await spectrometer.set_max_time(maximal)
        maximal = None
    if minimal is not None:
        await spectrometer.set_min_time(minimal)
    if maximal is not None:
        await spectrometer.set_max_time(maximal)
