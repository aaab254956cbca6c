"""`piccolo3-reboot`: the button of the box, pressed shortly to reboot the computer, longer to shut it down."""

from __future__ import annotations

import argparse
import logging
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence

from piccolo3 import __version__
from piccolo3.errors import DeviceError
from piccolo3.pins.here import Button

__all__ = ["main"]

_logger = logging.getLogger(__name__)
_DEADLINE = 60.0  # s for a command


def main(argv: Sequence[str] | None = None) -> int:
    """Wait for the button until a signal comes; return the exit status."""
    options = _parser().parse_args(argv)
    level = logging.DEBUG if options.debug else logging.INFO
    logging.basicConfig(level=level, format="%(levelname)s: %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Button(options.pin_factory, options.pin, active=options.active_high) as button:
            _logger.info(
                "waiting for the button on GPIO %d: less than %g s reboots, longer shuts down",
                options.pin,
                options.hold,
            )
            while True:
                held = button.wait(options.hold)
                longer = held >= options.hold
                _logger.warning("the button was held for %s%.1f s", "at least " if longer else "", held)
                _run(options.shutdown_command if longer else options.reboot_command, options.dry_run)
    except DeviceError as error:
        sys.stderr.write(f"piccolo3-reboot: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _run(command: str, dry: bool) -> None:
    if dry:
        sys.stdout.write(f"would run: {command}\n")
        sys.stdout.flush()
        return
    _logger.warning("running %s", command)
    try:
        done = subprocess.run(shlex.split(command), timeout=_DEADLINE, check=False)  # noqa: S603 - the operator's own
    except (OSError, subprocess.TimeoutExpired) as error:
        _logger.error("%s failed: %s", command, error)  # noqa: TRY400 - for the operator
    else:
        if done.returncode:
            _logger.error("%s ended with status %d", command, done.returncode)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-reboot",
        description="Wait for the button of the box: pressed shortly it reboots the computer, held it shuts it down.",
    )
    add = parser.add_argument
    add("-v", "--version", action="version", version=__version__)
    add("--debug", action="store_true", help="log more")
    add("--pin", type=int, default=10, metavar="N", help="pin (BCM number) of the button, default %(default)s")
    add("--active-high", action="store_true", help="the button connects to 3.3 V; the default is to ground")
    add("--hold", type=float, default=5.0, metavar="S", help="held for so many seconds it shuts down, default 5")
    add("--pin-factory", default="auto", metavar="NAME", help="as in the instrument file, default %(default)s")
    add("--reboot-command", default="systemctl reboot", metavar="COMMAND", help="default: %(default)s")
    add("--shutdown-command", default="systemctl poweroff", metavar="COMMAND", help="default: %(default)s")
    add("--dry-run", action="store_true", help="print the commands and do not run them")
    return parser


if __name__ == "__main__":
    sys.exit(main())
