"""Command-line options of `piccolo3-schedule`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, cast

from piccolo3.cli.options import Version, add_link_options, add_server_option
from piccolo3.errors import InvalidValue

if TYPE_CHECKING:
    from piccolo3.client.schedule import NewJobOptions, When

__all__ = ["duration", "parse", "wanted", "when"]

_UNITS = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(min|s|h|d|)")
_TASKS = ("record", "dark", "auto", "power_on", "power_off")
_MODES = ("classic", "dark_each", "deled")
_WANTED = (
    *("task", "recipe", "run", "sequences", "auto", "delay", "target", "mode", "averages", "burst", "triggered"),
    *("name", "description", "grace", "ignore_quiet_time"),
)
_EXAMPLES = """\
examples:
  piccolo3-schedule add --at 2026-06-21T12:00+00:00 --run solstice
  piccolo3-schedule add --every 10min --run tower -n 3 --name "all day"
  piccolo3-schedule add --cron "*/15 6-20 * * *" --timezone Europe/London --run tower
  piccolo3-schedule add --every 10min --from-sunrise=-30min --to-sunset 30min --run tower
  piccolo3-schedule add --every 5min --elevation 20 --recipe noon
"""
Commands = argparse._SubParsersAction  # noqa: SLF001 - it has no other name


def duration(text: str) -> float:
    """Seconds of `600`, `10min`, `1h30min`, `-30min`. ArgumentTypeError."""
    rest = text.strip()
    sign = -1.0 if rest.startswith("-") else 1.0
    rest = rest[1:].strip() if rest[:1] in ("+", "-") else rest
    seconds, place = 0.0, 0
    while place < len(rest):
        part = _PART.match(rest, place)
        if part is None or (place and not part.group(2)):
            break
        seconds += float(part.group(1)) * _UNITS[part.group(2)]
        place = part.end()
    if not rest or place < len(rest):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration like 90, 10min, 1h30min or 2d")
    return sign * seconds


def _moment(text: str) -> datetime:
    from piccolo3.wire import parse_time

    try:
        return parse_time(text, naive="refuse")
    except InvalidValue as error:
        raise argparse.ArgumentTypeError(error.message) from None


def _time_of_day(text: str) -> time:
    from piccolo3.wire import parse_time_of_day

    try:
        return parse_time_of_day(text, naive="utc")
    except InvalidValue as error:
        raise argparse.ArgumentTypeError(error.message) from None


def _whole(minimum: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        number = int(text)
        if number < minimum:
            raise argparse.ArgumentTypeError(f"{text} is less than {minimum}")
        return number

    whole.__name__ = "number"  # which argparse puts into its message
    return whole


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; exits with status 2 where it is wrong."""
    options, rest = _parser().parse_known_args(argv)
    if options.command == "simulate":
        options.arguments = [*rest, "--json"] if options.json and "--json" not in rest else rest
    elif rest:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command in ("add", "edit"):
        try:
            options.when = when(options)
        except InvalidValue as error:
            _parser().error(error.message)
        if options.command == "add" and options.when is None:
            _parser().error("add needs --at, --every or --cron")
    return options


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    _common(common, argparse.SUPPRESS)
    parser = argparse.ArgumentParser(
        prog="piccolo3-schedule",
        description="Show and change what a piccolo3 server does by itself.",
        epilog=f"{_EXAMPLES}\nExit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _common(parser, None)
    parser.add_argument("-v", "--version", action=Version, nargs=0, help="print the version and exit")
    commands: Commands[argparse.ArgumentParser] = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND"
    )

    def command(name: str, text: str, *, jobs: str | None = None) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[common], help=text, description=f"{text[0].upper()}{text[1:]}.")
        if jobs is not None:
            sub.add_argument("job", type=_whole(1), metavar="JOB", nargs=jobs or None, help="number of the job")
        return sub

    command("list", "all jobs")
    command("show", "everything about a job", jobs="")
    _job_options(command("add", "add a job"), new=True)
    _job_options(command("edit", "change a job", jobs=""), new=False)
    coming = command("next", "what comes next, quiet time taken into account")
    coming.add_argument("-n", "--count", type=_whole(1), default=20, help="how many starts (default: %(default)s)")
    command("suspend", "start jobs no more, until unsuspend", jobs="+")
    command("unsuspend", "start suspended jobs again, from their next time on", jobs="+")
    command("delete", "delete jobs", jobs="+")
    command("run", "do a job now, beside its times", jobs="")
    runs = command("runs", "what came of the times at which jobs were due", jobs="?")
    runs.add_argument("-n", "--count", type=_whole(1), default=20, help="how many, the last first (default: 20)")
    _quiet_options(command("quiet", "show or change quiet time"))
    halt = command("halt", "start no job at all any more, until resume")
    halt.description = f"{halt.description} Batches that are being recorded go on."
    command("resume", "start jobs again")
    commands.add_parser("simulate", add_help=False, help="live through a season in minutes, here")
    return parser


def _common(parser: argparse.ArgumentParser, default: str | None) -> None:
    """Options that may stand before and after the command."""
    add = parser.add_argument
    url, no = ("coap://localhost", False) if default is None else (default, default)
    add_server_option(parser, url)
    add_link_options(parser, default)
    add("--json", action="store_true", default=no, help="print JSON")
    add("--debug", action="store_true", default=no, help="log what is going on")


def _job_options(parser: argparse.ArgumentParser, *, new: bool) -> None:
    times = parser.add_argument_group("when (times like 2026-06-21T12:00+00:00, durations like 90, 10min, 1h30min)")
    add = times.add_argument
    add("--at", type=_moment, metavar="TIME", help="once")
    add("--every", type=duration, metavar="DURATION", help="again and again")
    add("--cron", metavar="'M H D M W'", help="when five fields say so: minute, hour, day, month, day of the week")
    add("--timezone", metavar="ZONE", help="of the cron expression, such as Europe/London (default: UTC)")
    add("--from-sunrise", type=duration, metavar="OFFSET", nargs="?", const=0.0, help="with --every: from then on")
    add("--to-sunset", type=duration, metavar="OFFSET", nargs="?", const=0.0, help="with --every: until then")
    add("--elevation", type=float, metavar="DEGREES", help="with --every: while the sun is so high at least")
    add("--start", type=_moment, metavar="TIME", help="not before")
    add("--end", type=_moment, metavar="TIME", help="not after")
    batch = parser.add_argument_group("what (what is not given is taken from the recipe or from what is set now)")
    add = batch.add_argument
    if new:
        add("--task", choices=_TASKS, default="record", help="default: %(default)s, a batch")
    add("--recipe", metavar="NAME", help="a batch that has a name in the configuration")
    add("-r", "--run", metavar="RUN", help="name of the run")
    add("-n", "--number-sequences", dest="sequences", type=_whole(1), metavar="N", help="number of sequences")
    add("-a", "--auto", type=int, metavar="A", help="integrate automatically: -1 never, 0 once, A before every A-th")
    add("-d", "--delay", type=duration, metavar="DURATION", help="delay between sequences")
    add("--target", type=float, metavar="PERCENT", help="where automatic integration puts the peak")
    add("--mode", choices=_MODES, help="which darks and lights make a sequence")
    add("--averages", type=_whole(1), metavar="N", help="exposures that are averaged to a spectrum")
    add("--burst", action=argparse.BooleanOptionalAction, help="as fast as the detectors allow")
    add("--triggered", action=argparse.BooleanOptionalAction, help="each sequence waits for a trigger")
    rules = parser.add_argument_group("how")
    add = rules.add_argument
    add("--name", metavar="TEXT", help="a name for people")
    add("--description", metavar="TEXT", help="what it is for")
    add("--grace", type=duration, metavar="DURATION", help="what was due longer ago is skipped")
    add("--ignore-quiet-time", action=argparse.BooleanOptionalAction, help="also in the quiet time")


def _quiet_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--on", dest="enabled", action="store_true", default=None, help="let jobs rest in the quiet time")
    add("--off", dest="enabled", action="store_false", help="have no quiet time")
    add("--start", type=_time_of_day, metavar="HH:MM", help="when it begins; UTC unless it has an offset")
    add("--end", type=_time_of_day, metavar="HH:MM", help="when it ends; UTC unless it has an offset")
    add("--power-off", action=argparse.BooleanOptionalAction, help="switch spectrometers off meanwhile")
    add("--power-delay", type=duration, metavar="DURATION", help="how long after its begin, and before its end")


def when(options: argparse.Namespace) -> When | None:
    """When the job is due, None where nothing is said of it. InvalidValue for what does not go together."""
    from piccolo3.client.schedule import by_cron, by_sun, every, once  # takes longer than a --help may take

    sun = options.from_sunrise is not None or options.to_sunset is not None or options.elevation is not None
    kinds = [name for name in ("at", "every", "cron") if getattr(options, name) is not None]
    if len(kinds) > 1:
        raise InvalidValue(f"--{kinds[0]} and --{kinds[1]} can't be given both")
    _needs(options, "every" if sun else None, "--from-sunrise, --to-sunset and --elevation need --every")
    _needs(options, "cron" if options.timezone is not None else None, "--timezone needs --cron")
    between = options.start is not None or options.end is not None
    if between and kinds in ([], ["at"]):
        raise InvalidValue("--start and --end need --every or --cron")
    if options.at is not None:
        return once(options.at)
    if options.cron is not None:
        return by_cron(options.cron, options.timezone or "UTC", options.start, options.end)
    if options.every is None:
        return None
    if not sun:
        return every(options.every, options.start, options.end)
    if options.elevation is not None and (options.from_sunrise is not None or options.to_sunset is not None):
        raise InvalidValue("it is either from sunrise to sunset, or --elevation")
    return by_sun(
        options.every,
        rise_offset=options.from_sunrise or 0.0,
        set_offset=options.to_sunset or 0.0,
        elevation=options.elevation,
        start=options.start,
        end=options.end,
    )


def _needs(options: argparse.Namespace, name: str | None, sentence: str) -> None:
    if name is not None and getattr(options, name) is None:
        raise InvalidValue(sentence)


def wanted(options: argparse.Namespace) -> NewJobOptions:
    """What a job is to do and how, without what was not given."""
    given = {name: found for name in _WANTED if (found := getattr(options, name, None)) is not None}
    return cast("NewJobOptions", given)
