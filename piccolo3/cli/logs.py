"""What the console scripts of the client write to standard error besides their own sentences."""

from __future__ import annotations

import logging
import sys

__all__ = ["setup"]


def setup(debug: bool) -> None:
    """Log everything with `debug`, otherwise warnings of piccolo3 and nothing of the CoAP library."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if debug else logging.WARNING)
    logging.getLogger("coap").setLevel(logging.INFO if debug else logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.INFO if debug else logging.CRITICAL)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)
