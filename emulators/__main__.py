"""Run a program with the emulated rig of an instrument file: `python -m emulators --instrument FILE -- COMMAND...`.

The socket in EMULATORS_SOCKET takes commands, too: `python -m emulators --socket PATH unplug SERIAL`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from emulators.build import BuildError
from emulators.control import Control
from emulators.instrument_file import rig_of
from emulators.rig import EmulatedRig
from piccolo3.errors import ConfigurationError

_ACTIONS = ("unplug", "plug_in", "power_off", "power_on", "fault", "report", "log")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status is that of the program."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.socket is not None:
        return _act(parser, options.socket, options.command)
    if options.instrument is None or not options.command:
        parser.error("--instrument FILE and a command are needed")
    kinds = {serial: kind for serial, _, kind in (item.partition("=") for item in options.kind)}
    try:
        specification = rig_of(options.instrument, kinds)
        with EmulatedRig(specification.instruments, specification.shutters, **specification.light) as rig:
            return _run(options.command, rig.environment)
    except (BuildError, ConfigurationError) as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulators", description=__doc__)
    parser.add_argument("--instrument", type=Path, metavar="FILE", help="the instrument file")
    parser.add_argument(
        "--kind", action="append", default=[], metavar="SERIAL=KIND", help="for serial numbers that do not tell it"
    )
    parser.add_argument("--socket", type=Path, help="of a rig that runs; the command is one of " + ", ".join(_ACTIONS))
    parser.add_argument("command", nargs="*", help="the program and its arguments, after --")
    return parser


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    """Run it to its end; an interrupt is for the program, which then ends in its own way."""
    signal.signal(signal.SIGINT, lambda *_: None)  # the terminal tells the program itself
    process = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    status = process.wait()
    return 128 - status if status < 0 else status


def _act(parser: argparse.ArgumentParser, path: Path, command: Sequence[str]) -> int:
    control = Control(path)
    action, serial_number, *details = [*command, "", ""][: max(2, len(command))]
    if action not in _ACTIONS or not serial_number:
        parser.error("the command is one of " + ", ".join(_ACTIONS) + ", followed by a serial number")
    if action in {"unplug", "plug_in"}:
        getattr(control, action)(serial_number)
    elif action in {"power_off", "power_on"}:
        control.set_power(serial_number, on=action == "power_on")
    elif action == "fault":
        control.fault(serial_number, details[0], on=details[1] if len(details) > 1 else "spectrum")
    elif action == "report":
        sys.stdout.write(f"{control.report(serial_number)}\n")
    else:
        sys.stdout.writelines(f"{entry.time:.6f} {entry.pid} {entry.what}\n" for entry in control.log(serial_number))
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
