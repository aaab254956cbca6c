"""`piccolo3-list-spec`: which spectrometers are plugged into this machine.

It is beside the daemon, not a client of it: it looks at the USB, where the daemon need not run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from piccolo3.errors import DeviceError

if TYPE_CHECKING:
    from piccolo3.devices.seabreeze import Attached

__all__ = ["main"]

_DESCRIPTION = """\
List the Ocean Optics spectrometers that are plugged into this machine: model and serial number, as piccolo.config
wants it, the backend of seabreeze that drives it, its state, and the temperature of its detector or board."""
_EPILOG = """\
A spectrometer that another program has open, the daemon for example, is not touched: its state is "in use", and its
serial number is shown if it was seen before. The others are opened for a moment, and reset.

exit status:
  0  all spectrometers are listed (maybe none)
  1  the USB can't be looked at, or a spectrometer does not answer; the reason is on the standard error output
  2  unknown options"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the list; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="piccolo3-list-spec",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-b",
        "--backend",
        choices=("auto", "cseabreeze", "pyseabreeze"),
        default="auto",
        help="what to open them with (default: auto, whichever can do more with the model)",
    )
    parser.add_argument("-v", "--version", action="version", version=version("piccolo3"))
    options = parser.parse_args(arguments)
    from piccolo3.devices.seabreeze import attached  # takes longer than a --help may take

    try:
        found = attached(backend=options.backend)
    except DeviceError as error:
        sys.stderr.write(f"piccolo3-list-spec: {error.message}\n")
        return 1
    sys.stdout.write(_line("Model", "Serial", "Backend", "State", "Temperature"))
    for one in found:
        sys.stdout.write(_line(one.model, one.serial_number or "?", one.backend, _state_of(one), _temperature_of(one)))
    sys.stdout.flush()
    for one in found:
        if one.problem is not None:
            sys.stderr.write(f"piccolo3-list-spec: {one.problem}\n")
    if not found:
        sys.stderr.write("piccolo3-list-spec: no spectrometer is plugged in, or none has power\n")
    return int(any(one.problem is not None for one in found))


def _line(model: str, *others: str) -> str:
    """The first two columns are those of the original, and old scripts read them."""
    return "\t".join((f"{model:15}", *others)) + "\n"


def _state_of(one: Attached) -> str:
    if one.in_use:
        return "in use"
    return "free" if one.problem is None else "does not answer"


def _temperature_of(one: Attached) -> str:
    return "-" if one.temperature is None else f"{one.temperature:.1f} C"
