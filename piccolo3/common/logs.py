"""Logging as old programs set it up."""

from __future__ import annotations

import logging
from pathlib import Path

__all__ = ["piccoloLogging"]

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def piccoloLogging(logfile: str | Path | None = None, debug: bool = False) -> None:
    """Log to a file, or to stderr, from level INFO on, or DEBUG. A second call replaces what the first one set up."""
    level = logging.DEBUG if debug else logging.INFO
    if logfile is None:
        logging.basicConfig(level=level, format=_FORMAT, force=True)
    else:
        logging.basicConfig(level=level, format=_FORMAT, filename=logfile, force=True)
