"""What was done when, as data: for whoever wants to draw or to measure it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Phase", "Trace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Something that took from `start` to `end` (s, monotonic).

    `name` is open, close, acquire (from the order to the counts), exposure (the one that was kept, if several were
    averaged from the first to the last), build, write or queue (waiting for the disk); `who` is a channel, a serial
    number or the name of a file.
    """

    name: str
    who: str
    start: float
    end: float


# called at the end of each phase, from any thread; what it does takes time from what is measured
Trace = Callable[[Phase], None]
