"""Command-line options of `piccolo`; nothing is imported here that takes time."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from piccolo3.cli.options import Version, add_link_options

__all__ = ["COMMANDS", "after_options", "parse", "parser", "rigs_of"]

# command: the module that does it
COMMANDS = {
    "status": "status",
    "record": "record",
    "auto": "record",
    "dark": "record",
    "abort": "record",
    "schedule": "schedule",
    "data": "data",
    "spectrometer": "spectrometer",
    "config": "machine",
    "log": "machine",
    "doctor": "doctor",
    "discover": "discover",
    "completion": "completion",
}
_STATUS = "Exit status: 0 done, 1 failed or no answer, 2 wrong usage, 130 interrupted."

_WITH_VALUE = ("-u", "--rig", "--piccolo-url", "--timeout", "--link")

Commands = argparse._SubParsersAction  # noqa: SLF001 - it has no other name


def _common(default: object = argparse.SUPPRESS) -> argparse.ArgumentParser:
    """Options that every command has; they may also come before the command."""
    common = argparse.ArgumentParser(add_help=False, argument_default=default)
    group = common.add_argument_group("options of all commands")
    group.add_argument(
        "-u",
        "--rig",
        "--piccolo-url",
        dest="rigs",
        action="append",
        metavar="URL",
        help="a rig, also several times; default PICCOLO_URL (several with spaces between them) or coap://localhost",
    )
    group.add_argument("--json", action="store_true", help="a JSON object for each rig and line instead of text")
    add_link_options(group, argparse.SUPPRESS if default is argparse.SUPPRESS else None)
    group.add_argument("--debug", action="store_true", help="log what is going on")
    return common


def parser() -> argparse.ArgumentParser:
    """The parser of everything."""
    common = _common()
    top = argparse.ArgumentParser(
        prog="piccolo",
        description="Record with rigs of field spectrometers, look after them and fetch their data.",
        epilog=f"`piccolo COMMAND --help` tells more. {_STATUS}",
        parents=[_common(None)],
    )
    top.add_argument("-v", "--version", action=Version, nargs=0, help="print the version and exit")
    commands: Commands[argparse.ArgumentParser] = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_status, _record, _schedule, _data, _spectrometer, _machine, _doctor, _discover, _completion):
        add(commands, common)
    return top


def _command(
    commands: Commands[argparse.ArgumentParser],
    common: argparse.ArgumentParser | None,
    name: str,
    text: str,
    *examples: str,
    epilog: str = _STATUS,
) -> argparse.ArgumentParser:
    shown = "\n".join(f"  piccolo {example}" for example in examples)
    return commands.add_parser(
        name,
        parents=[] if common is None else [common],
        help=text[0].lower() + text[1:].split(".")[0],
        description=text,
        epilog=f"examples:\n{shown}\n\n{epilog}" if examples else epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _status(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    add = _command(
        commands,
        common,
        "status",
        "Show how rigs are, what they do and what they did last.",
        "status",
        "status --rig tower --rig boat",
        "status --watch",
        "status --json | jq .health",
        epilog="Exit status: 0 well, 1 no answer, 2 wrong usage, 3 something needs a look, 4 something does not work; "
        "of several rigs the worst.",
    ).add_argument
    add("-w", "--watch", type=float, nargs="?", const=2.0, metavar="S", help="show it again every S (2) seconds")


def _record(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    record = _command(
        commands,
        common,
        "record",
        "Record a batch and follow it to its end. What is not given stays as the rig has it.",
        "record tower -n 10 -d 60",
        "record --auto 0 --mode deled",
        "record tower --recipe noon --detach",
    )
    add = record.add_argument
    add("run", nargs="?", metavar="RUN", help="name of the run; TODAY stands for the date of today")
    add("-n", "--sequences", type=int, metavar="N", help="number of sequences")
    add("-a", "--auto", type=int, metavar="A", help="integrate automatically: -1 never, 0 first, A before every A-th")
    add("-d", "--delay", type=float, metavar="S", help="time between sequences in s")
    add("-t", "--target", type=float, metavar="PERCENT", help="peak that automatic integration aims at")
    add("--mode", choices=("classic", "dark_each", "deled"), help="which darks and lights make a sequence")
    add("--averages", type=int, metavar="N", help="exposures that are averaged to a spectrum")
    add("--burst", action="store_true", default=None, help="as fast as the detectors allow")
    add("--triggered", action="store_true", default=None, help="each sequence waits for a trigger")
    add("--recipe", metavar="NAME", help="a recipe of the rig, which says what is not given here")
    auto = _command(commands, common, "auto", "Find the integration times of all spectrometers.", "auto --target 75")
    auto.add_argument("-t", "--target", type=float, metavar="PERCENT", help="peak to aim at, in %% of saturation")
    dark = _command(commands, common, "dark", "Record a batch that is one dark.", "dark tower")
    dark.add_argument("run", nargs="?", metavar="RUN", help="name of the run")
    for one in (record, auto, dark):
        one.add_argument("--detach", action="store_true", help="don't wait for the end")
    abort = _command(commands, common, "abort", "End what is being done, and close the shutters.", "abort --rig tower")
    abort.add_argument("--safe", action="store_true", help="close all shutters also when nothing is recorded")


def _schedule(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    _command(
        commands,
        None,
        "schedule",
        "Show and change what rigs do by themselves.",
        "schedule next",
        "schedule add --every 10min --run tower",
        epilog="Everything after `schedule` is for `piccolo3-schedule`, see its --help.",
    )


def _data(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    data = _command(commands, None, "data", "List, fetch, mirror, export and draw what rigs have recorded.")
    inner: Commands[argparse.ArgumentParser] = data.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = _command(inner, common, "list", "List runs, or the batches of a run.", "data list", "data list tower")
    listing.add_argument("run", nargs="?", metavar="RUN", help="then its batches are listed")
    get = _command(inner, common, "get", "Copy files of a run. What is there already stays.", "data get tower -o data")
    export = _command(
        inner, common, "export", "Fetch a run and export it for other programs.", "data export tower -o tables -f csv"
    )
    plot = _command(inner, common, "plot", "Draw a batch, on the terminal or as a PNG.", "data plot tower -o tower.png")
    sync = _command(
        inner,
        common,
        "sync",
        "Bring a local copy of all files up to date.",
        "data sync copy",
        "data sync copy --run tower --rate 4 --quiet",
        epilog="It can be ended at any moment and goes on where it was. Nothing is deleted. "
        "Of several rigs each has a folder of its own. " + _STATUS,
    )
    sync.add_argument("output", type=Path, metavar="DIR", help="the folder of the copy")
    sync.add_argument("--run", dest="runs", action="append", metavar="RUN", help="only this run, also several times")
    sync.add_argument("--rate", type=float, metavar="KB/S", help="take no more than that on average, kB per second")
    sync.add_argument("-q", "--quiet", action="store_true", help="say nothing but what went wrong")
    for one in (get, export, plot):
        one.add_argument("run", metavar="RUN", help="name of the run")
        one.add_argument("-b", "--batch", type=int, metavar="N", help="only this batch")
    get.add_argument("-o", "--output", type=Path, default=Path(), metavar="DIR", help="below this folder, default .")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="directory for the results")
    export.add_argument("-f", "--format", default="csv", metavar="FORMAT", help="see `piccolo3-data export --help`")
    export.add_argument("-l", "--level", default="raw", metavar="LEVEL", help="raw, corrected or reflectance")
    plot.add_argument("-o", "--output", type=Path, metavar="FILE", help="a PNG instead of the terminal")


def _spectrometer(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "Show spectrometers, set their times, coolers and power."
    spectrometer = _command(commands, None, "spectrometer", text)
    inner: Commands[argparse.ArgumentParser] = spectrometer.add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    _command(inner, common, "list", "List spectrometers with their times, temperatures and state.", "spectrometer list")
    times = _command(
        inner,
        common,
        "times",
        "Show or set integration times in ms.",
        "spectrometer times",
        "spectrometer times S_QEP01651 upwelling=250 downwelling=120 --max 4000",
    )
    times.add_argument("name", nargs="?", metavar="NAME", help="of the spectrometer, or `all`")
    times.add_argument("times", nargs="*", metavar="CHANNEL=MS", help="integration time of a channel")
    times.add_argument("--min", type=float, metavar="MS", help="shortest time that may be set")
    times.add_argument("--max", type=float, metavar="MS", help="longest time that may be set")
    text = "Show or set coolers."
    cooler = _command(inner, common, "cooler", text, "spectrometer cooler", "spectrometer cooler QEP01651 --target -10")
    cooler.add_argument("name", nargs="?", metavar="NAME", help="of the spectrometer, or `all`")
    cooler.add_argument("--on", action=argparse.BooleanOptionalAction, help="switch it on, or off with --no-on")
    cooler.add_argument("--target", type=float, metavar="C", help="temperature to aim at in degrees C")
    power = _command(inner, common, "power", "Switch spectrometers on or off.", "spectrometer power all off")
    power.add_argument("name", metavar="NAME", help="of the spectrometer, or `all`")
    power.add_argument("state", choices=("on", "off"))


def _machine(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    config = _command(commands, common, "config", "Show the configuration in force.", "config", "config simulation")
    config.add_argument("pattern", nargs="?", default="", metavar="TEXT", help="only settings with this in their name")
    log = _command(commands, common, "log", "Show what rigs have logged last.", "log -n 100", "log -f --level WARNING")
    log.add_argument("-n", "--lines", type=int, default=20, metavar="N", help="so many lines, default %(default)s")
    log.add_argument("-f", "--follow", action="store_true", help="go on with new lines until Ctrl-C")
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    log.add_argument("--level", default="INFO", choices=levels, help="and what is worse, default %(default)s")


def _doctor(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "Check whether this machine is ready for a rig: what is missing, and what to do about it."
    epilog = "To be run as the user of the service. Exit status: 0 all is well, 1 something is missing."
    doctor = _command(commands, common, "doctor", text, "doctor", "doctor -s /etc/piccolo.cfg", epilog=epilog)
    doctor.add_argument("-s", "--server-configuration", type=Path, metavar="CFG", help="default /etc/piccolo.cfg")


def _discover(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "Find rigs in the local network that allow it ([coap] discoverable = True)."
    discover = _command(commands, common, "discover", text, "discover", "discover --wait 5")
    discover.add_argument(
        "--wait", type=float, default=2.0, metavar="S", help="wait for answers, default %(default)s s"
    )
    discover.add_argument("--port", type=int, default=5683, metavar="N", help="port of the rigs, default %(default)s")


def _completion(commands: Commands[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    text = "Print what makes a shell complete the commands of piccolo."
    completion = _command(commands, None, "completion", text, "completion bash >> ~/.bashrc")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; exits with status 2 where it is wrong."""
    top = parser()
    given = list(sys.argv[1:] if argv is None else argv)
    passed = _passed_on(given)
    options = top.parse_args(given[: len(given) - len(passed)])
    options.arguments = passed
    options.rigs = rigs_of(options)
    options.link = getattr(options, "link", None) or "normal"
    options.timeout = getattr(options, "timeout", None)
    return options


def _passed_on(given: Sequence[str]) -> list[str]:
    """What comes after `schedule`, which is for another parser."""
    rest = after_options(given)
    return rest[1:] if rest[:1] == ["schedule"] else []


def after_options(given: Sequence[str]) -> list[str]:
    """What comes after the options of all commands."""
    place = 0
    while place < len(given) and given[place].startswith("-"):
        place += 2 if given[place] in _WITH_VALUE else 1
    return list(given[place:])


def rigs_of(options: argparse.Namespace) -> list[str]:
    """The URLs that are meant, each once."""
    given = getattr(options, "rigs", None) or os.environ.get("PICCOLO_URL", "").split() or ["coap://localhost"]
    return list(dict.fromkeys(given))
