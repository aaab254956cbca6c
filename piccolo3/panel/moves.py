"""Move shutters without the daemon: what `piccolo3-shutter` does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from piccolo3 import config
from piccolo3.clock import Clock
from piccolo3.config import ChannelConfig, Configuration
from piccolo3.devices import Shutter
from piccolo3.devices.gpio import LevelShutter, PulseShutter
from piccolo3.errors import Conflict, InvalidValue, PiccoloError
from piccolo3.panel.header import place
from piccolo3.pins import Pins
from piccolo3.status import ShutterStatus
from piccolo3.store import STATE_FILE, StateFile
from piccolo3.store.lock import DirectoryLock
from piccolo3.workers.operations import add_operations

__all__ = ["run"]


@dataclass(slots=True)
class _Moved:
    """A shutter and how often it has moved."""

    channel: ChannelConfig
    shutter: Shutter
    moves: int = 0

    @property
    def name(self) -> str:
        return f"{self.channel.shutter}, {self.channel.direction}"

    def move(self, status: ShutterStatus) -> str:
        """Move it; what was done. Raises DeviceError."""
        channel, shutter = self.channel, self.shutter
        if status is ShutterStatus.OPEN:
            shutter.open()
        else:
            shutter.close()
        self.moves += 1
        if isinstance(shutter, PulseShutter) and shutter.pulse is not None:
            pin = channel.opening_pin if status is ShutterStatus.OPEN else channel.closing_pin
            return f"a pulse of {1000 * (shutter.pulse.end - shutter.pulse.begin):.2f} ms on {place(pin)}"
        on = (status is ShutterStatus.OPEN) is not channel.reverse
        return f"{place(channel.open_pin)} is {'on' if on else 'off'}"


def run(options: argparse.Namespace, clock: Clock) -> int:
    """Do what was asked for; return the exit status. Raises PiccoloError."""
    overrides: dict[tuple[str, ...], object] = {("datadir", "datadir"): options.data_dir}
    configuration = config.load(options.server_configuration, overrides)
    return _with_lock(options, configuration, clock)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _with_lock(options: argparse.Namespace, configuration: Configuration, clock: Clock) -> int:
    """Make sure that no daemon has the pins, and move."""
    data_dir = configuration.server.data_dir
    lock = DirectoryLock(data_dir)
    try:
        lock.acquire()
    except Conflict as error:
        raise Conflict(
            f"{error.message}: while the daemon runs the pins are its own; stop it, or ask it to move them "
            "(PUT shutter/<direction>/open_shutter)"
        ) from error
    pins = Pins(configuration.instrument.gpio.pin_factory)
    chosen: list[_Moved] = []
    try:
        chosen = _chosen(configuration.instrument.channels, options.direction, pins)
        _move(options, chosen, clock)
    finally:
        for each in chosen:
            if options.action == "test" and each.shutter.status is ShutterStatus.OPEN:  # it was interrupted
                with suppress(PiccoloError):
                    each.move(ShutterStatus.CLOSED)
            each.shutter.release()
        pins.close()
        if moved := {each.channel.shutter: each.moves for each in chosen if each.moves}:
            add_operations(StateFile(data_dir / STATE_FILE, clock), moved)
        lock.release()
    return 0


def _chosen(channels: Iterable[ChannelConfig], direction: str | None, pins: Pins) -> list[_Moved]:
    """The shutters that are meant. Raises InvalidValue where there is none that can be moved."""
    known = {channel.direction: channel for channel in channels}
    if direction is not None and direction not in known:
        raise InvalidValue(f"there is no channel {direction}; there are {', '.join(known)}")
    chosen = []
    for channel in known.values() if direction is None else (known[direction],):
        if channel.driver == "gpio":
            chosen.append(_Moved(channel, PulseShutter(channel, pins)))
        elif channel.driver == "level":
            chosen.append(_Moved(channel, LevelShutter(channel, pins)))
        else:
            _say(f"{channel.shutter}, {channel.direction}: its driver is {channel.driver}, so no pin moves it")
    if not chosen:
        raise InvalidValue("there is no shutter on pins; say driver = gpio (or level) in the instrument file")
    return chosen


def _move(options: argparse.Namespace, chosen: list[_Moved], clock: Clock) -> None:
    if options.action == "test":
        for each in chosen:
            _test(each, options.number, options.pause, clock)
        return
    status = ShutterStatus.OPEN if options.action == "open" else ShutterStatus.CLOSED
    for each in chosen:
        _say(f"{each.name}: {options.action}: {each.move(status)}")
    if status is ShutterStatus.OPEN and any(isinstance(each.shutter, LevelShutter) for each in chosen):
        _say("it is held by a level: Ctrl-C gives the pin back")
        while True:
            clock.sleeper().sleep(3600)


def _test(moved: _Moved, number: int, pause: float, clock: Clock) -> None:
    """Close, then open and close again and again, so that somebody can look."""
    channel, sleeper = moved.channel, clock.sleeper()
    _say(f"{moved.name}: driver {channel.driver}, reverse {channel.reverse}")
    _say(f"  close     {moved.move(ShutterStatus.CLOSED)}")
    for count in range(1, number + 1):
        sleeper.sleep(pause)
        _say(f"{count:3} open   {moved.move(ShutterStatus.OPEN)}")
        sleeper.sleep(pause)
        _say(f"{count:3} close  {moved.move(ShutterStatus.CLOSED)}")
    _say(
        f"  {moved.moves} moves. If it closed when it should open, change reverse to {not channel.reverse}; "
        "if it did not move, look at the pins and at the supply of the shutter."
    )
