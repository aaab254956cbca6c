"""Options that all programs have which talk to a server; nothing is imported here that takes time."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from piccolo3.client import Piccolo

__all__ = ["Action", "Version", "add_common_options", "add_link_options", "add_server_option", "connect", "seconds"]

Action = argparse._ActionsContainer  # noqa: SLF001 - a parser or a group of options, it has no other name


class Version(argparse.Action):
    """Finding out the version takes longer than everything else that a `--help` needs."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        from piccolo3 import __version__

        sys.stdout.write(f"{__version__}\n")
        parser.exit()


def add_server_option(parser: Action, default: str = "coap://localhost") -> None:
    """Add which server is meant."""
    text = "the server, default coap://localhost"
    parser.add_argument("-u", "--piccolo-url", metavar="URL", default=default, help=text)


def add_link_options(parser: Action, default: str | None = None) -> None:
    """Add what the way to the server is like."""
    add = parser.add_argument
    add("--timeout", type=seconds, metavar="S", default=default, help="wait so long for each answer, default 5 s")
    text = "slow: a radio link of a few kB/s; waits 30 s"
    add("--link", choices=("normal", "slow"), default=default, help=text)


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of programs that have no commands of their own."""
    add_server_option(parser)
    add = parser.add_argument
    add("-l", "--list-spectrometers", action="store_true", help="list the spectrometers and exit")
    add_link_options(parser)
    add("--debug", action="store_true", help="log what is going on")
    add("-v", "--version", action=Version, nargs=0, help="print the version and exit")


def seconds(text: str) -> float:
    """How long to wait. ArgumentTypeError where that makes no sense."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.1 <= found <= 3600:
        raise argparse.ArgumentTypeError("it has to be from 0.1 to 3600 seconds")
    return found


def connect(given: argparse.Namespace) -> Piccolo:
    """The server that is meant, to be entered."""
    from piccolo3.client import Piccolo

    return Piccolo(given.piccolo_url, given.timeout, link=given.link or "normal")
