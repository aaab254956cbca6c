"""Command-line options of `piccolo3-record`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

from piccolo3.cli.options import add_common_options
from piccolo3.cli.times import Times, add_time_options, times_of

if TYPE_CHECKING:
    from piccolo3.clock import Clock

__all__ = ["Options", "add_options", "options_of", "parse"]


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; None leaves the setting of the server as it is."""

    given: argparse.Namespace  # which server, and how to get there
    list_spectrometers: bool
    list_recipes: bool
    dry_run: bool
    debug: bool
    recipe: str | None
    run: str | None
    auto: int | None
    sequences: int | None
    delay: float | None
    target: float | None
    mode: str | None
    averages: int | None
    burst: bool | None
    times: Times
    start: str | None
    interval: float | None
    stop: str | None

    @property
    def scheduled(self) -> bool:
        """Whether the batch is to be left to the scheduler of the server."""
        return any(value is not None for value in (self.start, self.interval, self.stop))


def _clock_time(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # no date here, the zone follows
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time of day like 09:30") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-record",
        description="Record a batch of spectra with a piccolo3 server and follow it to its end.",
        epilog="What is not given stays as the server has it. Exit status: 0 recorded, 1 failed, 130 interrupted.",
    )
    add_options(parser)
    add = parser.add_argument_group("options that only ask").add_argument
    add("--list-recipes", action="store_true", help="list the recipes and exit")
    add("--dry-run", action="store_true", help="print what would be done and how long it takes, and exit")
    add = parser.add_argument_group("scheduler options").add_argument
    add("--start", metavar="HH:MM", type=_clock_time, help="start at that time of today, in the local time zone")
    add("--interval", metavar="SECONDS", type=float, help="record a new batch every SECONDS seconds")
    add("--stop", metavar="HH:MM", type=_clock_time, help="stop at that time of today, in the local time zone")
    return parser


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of one batch: which server, which run, which integration times."""
    add_common_options(parser)
    add = parser.add_argument_group("run options").add_argument
    add("--recipe", metavar="NAME", help="record by this recipe; the other options count more than what it says")
    add("-r", "--run", metavar="RUN", help="name of the run; TODAY stands for the date of today")
    add(
        "-a",
        "--auto",
        metavar="A",
        type=int,
        help="integrate automatically: -1 never, 0 before the first sequence, A before every A-th sequence",
    )
    add("-n", "--number-sequences", metavar="N", type=int, help="number of sequences")
    add("-d", "--delay", metavar="D", type=float, help="delay between sequences in s")
    add("--target", metavar="T", type=float, help="peak that automatic integration aims at, in %% of saturation")
    add(
        "--mode",
        choices=("classic", "dark_each", "deled"),
        help="classic: a dark at the beginning and at the end; dark_each: a dark before each sequence; "
        "deled: dark, downwelling, upwelling, downwelling, dark in each sequence",
    )
    add("--averages", metavar="N", type=int, help="exposures that are averaged to a spectrum")
    add("--burst", action=argparse.BooleanOptionalAction, help="as fast as the detectors allow, without delays")
    add_time_options(parser)


def parse(argv: Sequence[str] | None, clock: Clock | None) -> Options:
    """Parse the command line; exits with status 2 where it is wrong. The clock says what today is."""
    parser = _parser()
    options = options_of(parser.parse_args(argv), clock)
    if options.dry_run and options.times:
        parser.error("a dry run changes nothing: it can't be had with integration times")
    return options


def options_of(given: argparse.Namespace, clock: Clock | None) -> Options:
    """What the options of `add_options` say, and those of the scheduler where there are any."""
    from piccolo3.clock import SystemClock

    today = (clock or SystemClock()).utcnow().astimezone().date()

    def today_at(when: time | None) -> str | None:
        return None if when is None else datetime.combine(today, when).astimezone().isoformat()

    return Options(
        given=given,
        list_spectrometers=given.list_spectrometers,
        list_recipes=getattr(given, "list_recipes", False),
        dry_run=getattr(given, "dry_run", False),
        debug=given.debug,
        recipe=given.recipe,
        run=today.isoformat() if given.run == "TODAY" else given.run,
        auto=given.auto,
        sequences=given.number_sequences,
        delay=given.delay,
        target=given.target,
        mode=given.mode,
        averages=given.averages,
        burst=given.burst,
        times=times_of(given),
        start=today_at(getattr(given, "start", None)),
        interval=getattr(given, "interval", None),
        stop=today_at(getattr(given, "stop", None)),
    )
