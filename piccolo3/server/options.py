"""Command-line options of `piccolo3-server`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from piccolo3 import __version__

__all__ = ["Options", "parse"]


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; `overrides` has the configuration values that the command line sets."""

    server_file: Path | None
    overrides: Mapping[tuple[str, ...], object]
    check: bool
    show_config: bool


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="piccolo3-server",
        description="Drive field spectrometers and shutters, and serve them over CoAP.",
        epilog="What is not given here comes from the server configuration file, or from the defaults.",
    )
    add = parser.add_argument
    add("-s", "--server-configuration", metavar="CFG", type=Path, help="server configuration file")
    add("-v", "--version", action="version", version=__version__)
    group = parser.add_argument_group("configuration")
    group.add_argument("--check", action="store_true", help="check both configuration files, then exit with 0 or 1")
    group.add_argument(
        "--show-config", action="store_true", help="print the configuration with the origin of each value"
    )
    group = parser.add_argument_group("logging")
    group.add_argument("-d", "--debug", action="store_true", default=None, help="log more")
    group.add_argument("-l", "--log-file", metavar="FILE", help="log to FILE instead of standard error")
    group = parser.add_argument_group("daemon")
    group.add_argument("-D", "--daemonize", action="store_true", default=None, help="run in the background")
    group.add_argument("-p", "--pid-file", metavar="FILE", help="where the daemon leaves its process number")
    group.add_argument("-L", "--daemon-log-file", metavar="FILE", help="where the daemon's standard error goes")
    group = parser.add_argument_group("data")
    group.add_argument("-o", "--data-dir", metavar="DIR", help="data directory")
    group.add_argument("-m", "--mount", action="store_true", default=None, help="mount the data device first")
    group = parser.add_argument_group("network")
    group.add_argument("--address", metavar="ADDRESS", help="address to listen on")
    group.add_argument("--port", metavar="PORT", help="port to listen on")
    return parser


_OVERRIDES: dict[str, tuple[str, ...]] = {
    "debug": ("logging", "debug"),
    "log_file": ("logging", "logfile"),
    "daemonize": ("daemon", "daemon"),
    "pid_file": ("daemon", "pid_file"),
    "daemon_log_file": ("daemon", "logfile"),
    "data_dir": ("datadir", "datadir"),
    "mount": ("datadir", "mount"),
    "address": ("coap", "address"),
    "port": ("coap", "port"),
}


def parse(argv: Sequence[str] | None = None) -> Options:
    """Parse the command line; exits with status 2 where it is wrong."""
    given = vars(_parser().parse_args(argv))
    overrides: dict[tuple[str, ...], object] = {
        path: given[name] for name, path in _OVERRIDES.items() if given[name] is not None
    }
    return Options(given["server_configuration"], overrides, given["check"], given["show_config"])
