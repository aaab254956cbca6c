"""`python -m piccolo3.season`: lives through a season in minutes, and says what was recorded of what was possible."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from piccolo3.clock import SystemClock
from piccolo3.season.faults import FaultKind

__all__ = ["main"]

_KINDS = {kind.value.replace(" ", "-"): kind for kind in FaultKind}
_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux has files in memory


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-schedule simulate",
        description="Live through a season: the real scheduler and the real engine on a simulated rig and a clock that "
        "jumps, with power cuts, steps of the clock, spectrometers that are gone and full disks. Prints what was "
        "planned, what was recorded, and why the rest was not.",
        epilog="The exit status is 1 where something was missed without a cause, or something happened that must not.",
    )
    add = parser.add_argument
    add("--days", type=_days, default=200.0, metavar="N", help="how long the season is (default: %(default)g)")
    add("--begin", type=date.fromisoformat, default=date(2026, 4, 1), metavar="DATE", help="first day (%(default)s)")
    add("--seed", type=int, default=1, metavar="N", help="another number, other faults (default: %(default)s)")
    add(
        "--fault",
        action="append",
        choices=[*_KINDS, "none"],
        help="let only this go wrong; may be repeated (default: everything)",
    )
    add("--rate", type=_rate, default=1.0, metavar="X", help="so many times the usual faults (default: %(default)g)")
    add("--keep", type=Path, metavar="DIR", help="leave the data here: a new or empty directory")
    add("--json", action="store_true", help="print JSON instead of tables")
    add("--markdown", action="store_true", help="print the tables for a page instead")
    add("--timeline", type=Path, metavar="FILE", help="draw what happened when, as a web page")
    add("--warnings", action="store_true", help="print what the daemon logs, too")
    add("-q", "--quiet", action="store_true", help="say nothing while it goes on")
    return parser


def _days(text: str) -> float:
    days = float(text)
    if not 0.5 <= days <= 3660:
        raise argparse.ArgumentTypeError("a season takes from half a day to ten years")
    return days


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 <= rate <= 20:
        raise argparse.ArgumentTypeError("a rate is from 0 to 20")
    return rate


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """Let go of the data before the end."""
    sys.exit(128 + number)


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; the exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.keep is not None and options.keep.exists() and any(options.keep.iterdir()):
        parser.error(f"{options.keep} is not empty")
    return _play(options)


def _play(options: argparse.Namespace) -> int:
    # here and not above: that is all of the daemon, which takes a while
    from piccolo3.season.report import as_dict, markdown, show
    from piccolo3.season.season import Plan, play
    from piccolo3.season.timeline import page

    plan = Plan(
        begin=datetime.combine(options.begin, time(), UTC),
        days=options.days,
        seed=options.seed,
        kinds=tuple(_KINDS[name] for name in options.fault or _KINDS if name != "none"),
        rate=options.rate,
    )
    clock = SystemClock()
    signal.signal(signal.SIGTERM, _end)
    with ExitStack() as stack:
        directory = options.keep
        if directory is None:
            memory = _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > plan.days * 2e7 else None
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="piccolo3-season-", dir=memory)))
        errors = Console(stderr=True)
        begin = clock.monotonic()
        try:
            outcome = play(plan, directory, (lambda text: None) if options.quiet else errors.print)
        except KeyboardInterrupt:
            errors.print("interrupted")
            return 128 + signal.SIGINT
        seconds = clock.monotonic() - begin
    if options.warnings:
        for line in outcome.watched.warnings:
            errors.print(line, markup=False, highlight=False, soft_wrap=True)
    if options.timeline is not None:
        options.timeline.write_text(page(outcome), encoding="utf-8")
    if options.json:
        json.dump(as_dict(outcome, seconds), sys.stdout, indent=1)
        sys.stdout.write("\n")
    elif options.markdown:
        sys.stdout.write(markdown(outcome))
    else:
        show(outcome, seconds, Console())
    return 1 if outcome.broken or outcome.unexplained else 0
