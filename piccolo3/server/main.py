"""`piccolo3-server`: from the command line to a running daemon."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence

from piccolo3 import config
from piccolo3.config import Configuration, ServerConfig
from piccolo3.errors import ConfigurationError, PiccoloError
from piccolo3.server import logs
from piccolo3.server.daemonize import daemonize
from piccolo3.server.options import parse

__all__ = ["run"]

_logger = logging.getLogger(__name__)


def run(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status, see `piccolo3.server.main`."""
    options = parse(argv)
    try:
        if not (options.check or options.show_config):
            _mount(config.load_server(options.server_file, options.overrides))
        configuration = config.load(options.server_file, options.overrides)
    except ConfigurationError as error:
        return _complain(*error.problems)
    except PiccoloError as error:
        return _complain(str(error))
    for warning in configuration.warnings:
        sys.stderr.write(f"warning: {warning}\n")
    if options.show_config:
        sys.stdout.write(config.show(configuration))
        return 0
    if options.check:
        sys.stdout.write("the configuration is fine\n")
        return 0
    daemon = configuration.server.daemon
    try:
        if daemon.daemon:
            return daemonize(lambda ready: _serve(configuration, ready), daemon.pid_file, daemon.logfile)
        return _serve(configuration, lambda: None)
    except PiccoloError as error:
        return _complain(str(error))


def _mount(server: ServerConfig) -> None:
    """Mount the data device if that is configured: the instrument file may be on it."""
    from piccolo3.store.mount import Mount

    if server.datadir.mount:
        Mount(server.datadir.device, server.datadir.mntpnt).mount()


def _serve(configuration: Configuration, ready: Callable[[], None]) -> int:
    from piccolo3.server.serve import serve  # takes longer than all that --help and --check need

    logging_options = configuration.server.logging
    try:
        logs.set_up(logging_options.logfile, debug=logging_options.debug)
    except OSError as error:
        raise PiccoloError(f"the log file {logging_options.logfile} can't be written: {error.strerror}") from error
    for warning in configuration.warnings:
        _logger.warning("%s", warning)
    # two daemons that share a port would each get some of the requests
    os.environ["AIOCOAP_REUSE_PORT"] = "0"
    asyncio.run(serve(configuration, ready))
    return 0


def _complain(*sentences: str) -> int:
    for sentence in sentences:
        sys.stderr.write(f"piccolo3-server: {sentence}\n")
    return 1
