"""The command line of old programs."""

from __future__ import annotations

import argparse
import math
from datetime import datetime

from piccolo3 import __version__
from piccolo3.clock import SystemClock

__all__ = ["PiccoloArgumentParser"]


def _name_and_time(text: str) -> str:
    name, _, number = text.rpartition(":")
    try:
        time = float(number)
    except ValueError:
        time = math.nan
    if not name or not math.isfinite(time) or time < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:TIME with a time in ms, such as S_QEP01651:250")
    return text


def _today_at(text: str) -> datetime:
    try:
        when = datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time of day like 09:30") from None
    return datetime.combine(SystemClock().utcnow().astimezone().date(), when).astimezone()


def _run(text: str) -> str:
    return SystemClock().utcnow().astimezone().date().isoformat() if text == "TODAY" else text


class PiccoloArgumentParser(argparse.ArgumentParser):
    """Options that all programs have, and groups that can be added; attributes are named after the long options."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        add = self.add_argument
        add("-u", "--piccolo-url", metavar="URL", default="coap://localhost", help="the server, default %(default)s")
        add("-l", "--list-spectrometers", action="store_true", help="list the spectrometers and exit")
        add("--debug", action="store_true", help="log what is going on")
        add("-v", "--version", action="version", version=__version__)

    def addRunOptions(self) -> None:
        """Add the options of a batch."""
        add = self.add_argument_group("run options").add_argument
        add("-r", "--run", metavar="RUN", type=_run, help="name of the run; TODAY stands for the date of today")
        add("-a", "--auto", metavar="A", type=int, help="when to integrate automatically: -1 never, 0 at the start")
        add("-n", "--number-sequences", metavar="N", type=int, help="number of sequences")
        add("-d", "--delay", metavar="D", type=float, help="delay between sequences in s")

    def addIntegrationTimeOptions(self) -> None:
        """Add the options of integration times, each a list of texts NAME:TIME."""
        add = self.add_argument_group("integration time options").add_argument
        for letter, kind in (("D", "downwelling"), ("U", "upwelling"), ("N", "minimal"), ("X", "maximal")):
            text = f"set the {kind} integration time of spectrometer NAME to TIME (in ms)"
            option = f"--{kind}-integration-time"
            add(f"-{letter}", option, metavar="NAME:TIME", type=_name_and_time, nargs="*", default=[], help=text)

    def addSchedulerOptions(self) -> None:
        """Add the options of the scheduler; times are dates of today, aware."""
        add = self.add_argument_group("scheduler options").add_argument
        add("--start", metavar="HH:MM", type=_today_at, help="start at that time of today, in the local time zone")
        add("--interval", metavar="SECONDS", type=float, help="record a new batch every SECONDS seconds")
        add("--stop", metavar="HH:MM", type=_today_at, help="stop at that time of today, in the local time zone")
