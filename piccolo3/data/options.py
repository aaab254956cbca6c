"""Command-line options of `piccolo3-data`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from piccolo3 import __version__
from piccolo3.data.export import Format
from piccolo3.data.levels import Level

__all__ = ["parse"]

_STATUS = "Exit status: 0 all went well, 1 something failed or could not be read, 2 wrong usage, 130 interrupted."
_RUNS = "names of runs in the data directory, or paths to the folders of some; a data directory may come first"
_RUN = "name of a run in the data directory, or path to the folder of one"


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str, examples: Sequence[str]
) -> argparse.ArgumentParser:
    shown = "\n".join(f"  piccolo3-data {example}" for example in examples)
    return commands.add_parser(
        name,
        help=text[0].lower() + text[1:].split(".")[0],
        description=text,
        epilog=f"examples:\n{shown}\n\n{_STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-d", "--datadir", type=Path, default=Path(), metavar="DIR", help="data directory, default .")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-data",
        description="Tools for the data that piccolo3 and its predecessors recorded. None of them changes a data file.",
        epilog=f"`piccolo3-data COMMAND --help` tells more, with examples. {_STATUS}",
    )
    parser.add_argument("-v", "--version", action="version", version=__version__)
    parser.add_argument("--debug", action="store_true", help="tell what is going on, with tracebacks")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_list(commands)
    _add_check(commands)
    _add_export(commands)
    _add_plot(commands)
    _add_report(commands)
    _add_housekeeping(commands)
    return parser


def _add_list(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = "List runs, or the batches of runs."
    listing = _command(commands, "list", text, ["list /media/stick", "list /media/stick tower --json"])
    _add_directory(listing)
    listing.add_argument("runs", nargs="*", metavar="RUN", help=f"{_RUNS}; of runs, the batches are listed")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = _command(
        commands,
        "check",
        "Compare the files with the catalogue. New files are added to it; leftovers go to .lost+found.",
        ["check /media/stick", "check --deep /media/stick"],
    )
    check.add_argument("--deep", action="store_true", help="read every file, also those that look unchanged")
    text = "Read all files into the catalogue again, after a copy of it was made."
    rebuild = _command(commands, "rebuild", text, ["rebuild /media/stick"])
    for parser in (check, rebuild):
        parser.add_argument("directory", type=Path, nargs="?", default=Path(), metavar="DIR", help="default .")
        parser.add_argument("--catalogue", metavar="URL", help="its address (SQLAlchemy), if it is not in DIR")


def _add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    export = _command(
        commands,
        "export",
        "Export spectra for other programs. An export that was interrupted goes on where it was.",
        [
            "export /media/stick -o tables",
            "export /media/stick tower -o cubes -f netcdf --level corrected",
            "export -o flox -f flox /media/stick/tower",
        ],
    )
    _add_directory(export)
    export.add_argument("runs", nargs="*", metavar="RUN", help=f"{_RUNS}; all runs unless some are named")
    export.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="directory for the results")
    export.add_argument(
        "-f", "--format", choices=[*Format], default=Format.CSV, help="what is written, default %(default)s"
    )
    export.add_argument(
        "-l",
        "--level",
        choices=[*Level],
        default=Level.RAW,
        help="raw: counts as recorded; corrected: without dark, linear, by ms; reflectance: upwelling by downwelling",
    )
    export.add_argument(
        "--mark", action="store_true", help="tell the catalogue, which may then let old files go if so configured"
    )
    export.add_argument("--catalogue", metavar="URL", help="for --mark, if it is not in the data directory")
    export.add_argument("--force", action="store_true", help="export anew, over whatever is there")


def _add_plot(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    examples = ["plot -d /media/stick tower", "plot /media/stick/tower --batch 12 --level raw -o b12.png"]
    plot = _command(commands, "plot", "Draw the light spectra of a batch as a PNG.", examples)
    _add_directory(plot)
    plot.add_argument("run", metavar="RUN", help=_RUN)
    plot.add_argument("-o", "--output", type=Path, metavar="FILE", help="the picture, default RUN.png")
    plot.add_argument("-b", "--batch", type=int, metavar="N", help="the batch, default the last one with light spectra")
    plot.add_argument("-l", "--level", choices=[*Level], default=Level.CORRECTED, help="default %(default)s")


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    examples = ["report -d /media/stick tower", "report /media/stick/tower -o tower-2026.html"]
    report = _command(commands, "report", "Write a page about a run that can be read off line.", examples)
    _add_directory(report)
    report.add_argument("run", metavar="RUN", help=_RUN)
    report.add_argument("-o", "--output", type=Path, metavar="FILE", help="the page, default RUN.html")


def _add_housekeeping(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    housekeeping = _command(
        commands,
        "housekeeping",
        "Write what was measured of the instrument itself as CSV. It is read from the catalogue in the data directory.",
        [
            "housekeeping /media/stick -o housekeeping.csv",
            "housekeeping /media/stick --since 2026-06-01 --until 2026-07-01 -q load -q detector_temperature",
        ],
    )
    housekeeping.add_argument("directory", type=Path, nargs="?", default=Path(), metavar="DIR", help="default .")
    housekeeping.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: the standard output")
    housekeeping.add_argument("--since", type=_moment, metavar="TIME", help="ISO 8601, UTC unless it has an offset")
    housekeeping.add_argument("--until", type=_moment, metavar="TIME", help="before this")
    housekeeping.add_argument(
        "-q", "--quantity", action="append", metavar="NAME", help="only this one; may be repeated"
    )
    housekeeping.add_argument("--json", action="store_true", help="one JSON object a line")


def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)  # argparse makes a sentence of ValueError
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; exits with status 2 where it is wrong."""
    return _parser().parse_args(argv)
