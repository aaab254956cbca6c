"""The process that owns the pins: `python -m piccolo3.pins FACTORY DESCRIPTOR`, started by `piccolo3.pins.Pins`."""

from __future__ import annotations

import gc
import signal
import socket
import sys

from piccolo3.pins.factory import PinsUnusable, make_factory
from piccolo3.pins.here import folder_of_library
from piccolo3.pins.messages import send
from piccolo3.pins.priority import REAL_TIME, raise_priority
from piccolo3.pins.server import Server

__all__ = ["main"]

LEAD = 0.001  # s


def main(factory_name: str, descriptor: int) -> int:
    """Serve the connection with that file descriptor until its other end is gone; return the exit status."""
    # whoever started this process ends it, when the shutters are closed, by going away
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as control:
        try:
            with folder_of_library():
                _serve(control, factory_name)
        except PinsUnusable as error:  # who is told kills us, and the folder has to be gone by then
            send(control, {"error": str(error)[:1000]})
    return 0


def _serve(control: socket.socket, factory_name: str) -> None:
    factory = make_factory(factory_name)
    priority = raise_priority()
    gc.freeze()
    try:
        send(control, {"ready": {"factory": type(factory).__name__, "priority": priority}})
        Server(control, factory, LEAD if priority == REAL_TIME else 0.0).run()
    finally:
        factory.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
