"""Where log records go: set up here, for the daemon, and nowhere else.

Levels have a meaning for the operator: ERROR, something was lost or does not work; WARNING, something needs a
look; INFO, what the rig did; DEBUG, how it did it.
"""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

__all__ = ["set_up"]


def set_up(logfile: Path | None, *, debug: bool) -> None:
    """Send the log to `logfile`, or to standard error; raises OSError where the file can't be written."""
    handler: logging.Handler
    handler = logging.StreamHandler(sys.stderr) if logfile is None else logging.FileHandler(logfile, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    # aiocoap tells every datagram at DEBUG and each refused request at INFO: of no use to the operator
    logging.getLogger("coap").setLevel(logging.INFO if debug else logging.WARNING)
    logging.captureWarnings(True)
