"""`piccolo3-web`: pages and an HTTP interface for rigs, and passwords for them."""

from __future__ import annotations

import getpass
import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from piccolo3 import __version__
from piccolo3.config import WebConfiguration, load_web, show_settings
from piccolo3.errors import ConfigurationError, PiccoloError
from piccolo3.web.users import Role, Users

__all__ = ["main"]

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


def _parser() -> ArgumentParser:
    parser = ArgumentParser("piccolo3-web", description="Show rigs in a browser, and let programs use them over HTTP.")
    parser.add_argument("-c", "--config", type=Path, metavar="FILE", help="the configuration file")
    parser.add_argument("--address", help="the address to listen at (default: 127.0.0.1, only this computer)")
    parser.add_argument("--port", type=int, help="the TCP port (default: 8080)")
    parser.add_argument("--rig", metavar="URL", help="the rig to show, in place of those in the file")
    parser.add_argument("--check", action="store_true", help="tell every mistake in the configuration, and end")
    parser.add_argument("--show-config", action="store_true", help="print what is in force and where it is from")
    parser.add_argument("--debug", action="store_true", help="log everything")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    passwd = commands.add_parser("passwd", help="set or take away the password of somebody")
    passwd.add_argument("name")
    passwd.add_argument("--role", choices=("look", "operate"), default="operate", help="what they may do")
    passwd.add_argument("--delete", action="store_true", help="let them in no more")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run; return the exit status."""
    options = _parser().parse_args(argv)
    try:
        configuration = _load(options)
        for warning in configuration.warnings:
            _say(warning)
        if options.command == "passwd":
            return _passwd(options, Users(configuration.http.users))
        return _serve(options, configuration)
    except ConfigurationError as error:
        _say("\n".join(error.problems))
        return USAGE
    except PiccoloError as error:
        _say(str(error))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _load(options: Namespace) -> WebConfiguration:
    overrides: dict[tuple[str, ...], object] = {
        ("http", "address"): options.address,
        ("http", "port"): options.port,
    }
    return load_web(options.config, overrides, rig=options.rig)


def _serve(options: Namespace, configuration: WebConfiguration) -> int:
    if options.show_config:
        sys.stdout.write(show_settings(configuration.settings))
        return DONE
    try:
        from piccolo3.web.serve import check, serve
    except ImportError as error:
        _say(f"{error}: install the front end with  pip install 'piccolo3[web]'")
        return FAILED
    if options.check:
        check(configuration)
        return DONE
    level = logging.DEBUG if options.debug else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for name in ("coap", "coap-server", "asyncio"):
        logging.getLogger(name).setLevel(logging.ERROR)
    serve(configuration)
    return DONE


def _passwd(options: Namespace, users: Users) -> int:
    if options.delete:
        if not users.remove(options.name):
            _say(f"there is no {options.name}")
            return FAILED
        return DONE
    users.put(options.name, Role[options.role.upper()], _password(options.name))
    sys.stdout.write(f"{options.name} may {options.role}; kept in {users.path}\n")
    return DONE


def _password(name: str) -> str:
    """From the terminal, twice; or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password of {name}: ")
    if getpass.getpass("Once more: ") != password:
        raise ConfigurationError(["the two are not the same; nothing has changed"])
    return password


def _say(text: str) -> None:
    sys.stderr.write("".join(f"piccolo3-web: {line}\n" for line in text.split("\n")))


if __name__ == "__main__":
    sys.exit(main())
