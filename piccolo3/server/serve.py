"""Running the application in an event loop until a signal asks it to stop."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import platform
import signal
import sys
from collections.abc import Callable

from piccolo3 import __version__
from piccolo3.clock import SystemClock
from piccolo3.config import Configuration
from piccolo3.server.application import Application

__all__ = ["serve"]

_logger = logging.getLogger(__name__)
_DEADLINE = 5  # s from the signal to the end of the process, whatever hangs
# s for which a thread that computes lets others wait that have something to do: those of shutters and spectrometers are
# to go on when it is time, and not after the 5 ms that are Python's default
_SWITCH = 0.0005
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def serve(configuration: Configuration, ready: Callable[[], None]) -> None:
    """Run the daemon until a signal asks it to stop; `ready` is called once it answers requests."""
    sys.setswitchinterval(_SWITCH)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # one that is ignored, as nohup does with SIGHUP, stays so
    signals = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in signals:
        loop.add_signal_handler(number, _ask_to_stop, stop, number)
    try:
        _log_start(configuration)
        async with Application(configuration, SystemClock()):
            ready()
            _logger.info("ready")
            await stop.wait()
        _logger.info("stopped")
    finally:
        signal.alarm(0)
        for number in signals:
            loop.remove_signal_handler(number)


def _ask_to_stop(stop: asyncio.Event, number: int) -> None:
    _logger.info("%s: stopping", signal.Signals(number).name)
    signal.alarm(_DEADLINE)  # ends the process if something keeps it from stopping
    stop.set()


def _log_start(configuration: Configuration) -> None:
    """Say what was started, how, by whom and where: the visible error is often a consequence of that."""
    _logger.info(
        "piccolo3 %s, Python %s on %s, as user %s",
        __version__,
        platform.python_version(),
        platform.platform(),
        _user(),
    )
    server = configuration.server
    _logger.info("data directory %s, instrument file %s", server.data_dir, server.instrument_file)
    for setting in configuration.settings:
        if setting.origin != "default":
            name = ".".join((*setting.section, setting.key))
            _logger.info("configured: %s = %s (%s)", name, setting.value, setting.origin)


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a service may run as a number without a name
        return str(os.getuid())
