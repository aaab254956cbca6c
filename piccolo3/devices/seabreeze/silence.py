"""What C libraries print is kept from the standard outputs.

libseabreeze prints that a device could not be opened wherever another process has it, and asks for udev rules that are
there. Whatever else is written meanwhile, by other threads, comes out afterwards.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["without_chatter"]

_logger = logging.getLogger(__name__)
_CHATTER = re.compile(rb"^.*(?:usb_claim_interface\(\) returned|Could not open device with ID).*\n?", re.MULTILINE)
_OUTPUTS = (1, 2)


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep back what libseabreeze prints about devices that others have."""
    libc = ctypes.CDLL(None)
    libc.fflush(None)
    kept: dict[int, tuple[int, int]] = {}
    for output in _OUTPUTS:
        with suppress(OSError):  # a daemon may have none
            original = os.dup(output)
            diverted = os.memfd_create("output")
            os.dup2(diverted, output)
            kept[output] = original, diverted
    try:
        yield
    finally:
        libc.fflush(None)
        for output, (original, diverted) in kept.items():
            os.dup2(original, output)
            text = os.pread(diverted, os.fstat(diverted).st_size, 0)
            with suppress(OSError):
                os.write(output, _CHATTER.sub(b"", text))
            if _CHATTER.search(text):
                _logger.debug("libseabreeze: %s", text.decode(errors="replace").strip())
            os.close(original)
            os.close(diverted)
