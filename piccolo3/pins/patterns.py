"""What a light can show."""

from __future__ import annotations

from enum import Enum

__all__ = ["Pattern"]


class Pattern(Enum):
    """Seconds on, off, on, off, ..., again and again; a single one means on for good, none means off for good."""

    OFF = ()
    ON = (1.0,)
    FAST = (0.1, 0.1)
    SLOW = (0.5, 0.5)
    HEARTBEAT = (0.1, 1.9)
    TRIPLE = (0.1, 0.2, 0.1, 0.2, 0.1, 1.3)
