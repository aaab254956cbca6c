"""Command-line options of `piccolo3-demo`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from piccolo3 import __version__

__all__ = ["Options", "parse"]


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    port: int
    once: bool
    data_dir: Path
    server_file: Path
    instrument_file: Path
    server: Path
    web: Path
    web_port: int


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)


def parse(argv: Sequence[str] | None = None) -> Options:
    """Parse the command line; exits with status 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="piccolo3-demo",
        description="Start a server with a simulated rig, record a batch with it and show the spectra.",
        epilog="To be run in a checkout of the project, best by `make demo`.",
    )
    here = Path(sys.executable).parent
    parser.add_argument("--port", type=_port, default=5683, help="port of the server, default %(default)s")
    parser.add_argument("--once", action="store_true", help="stop the server when the batch is recorded")
    parser.add_argument("--data-dir", type=Path, default=Path("demo-data"), metavar="DIR", help="default %(default)s")
    parser.add_argument("--server-file", type=Path, default=Path("etc/demo.cfg"), metavar="CFG")
    parser.add_argument("--instrument-file", type=Path, default=Path("pdata/piccolo.config"), metavar="CFG")
    parser.add_argument("--server", type=Path, default=here / "piccolo3-server", metavar="PROGRAM")
    parser.add_argument("--web", type=Path, default=here / "piccolo3-web", metavar="PROGRAM")
    parser.add_argument(
        "--web-port", type=_port, default=8080, metavar="PORT", help="port of the web pages, default %(default)s"
    )
    parser.add_argument("-v", "--version", action="version", version=__version__)
    given = parser.parse_args(argv)
    return Options(
        port=given.port,
        once=given.once,
        data_dir=given.data_dir,
        server_file=given.server_file,
        instrument_file=given.instrument_file,
        server=given.server,
        web=given.web,
        web_port=given.web_port,
    )
