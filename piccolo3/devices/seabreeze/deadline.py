"""For calls that nothing in this process can end: not even another thread, where the driver keeps the interpreter."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["deadline"]


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """The process ends, by SIGALRM, unless the block does in time; None is for processes that must not end."""
    if seconds is None:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
