"""Running at once when it is time, as far as we are allowed to."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["REAL_TIME", "raise_priority"]

REAL_TIME = "real-time"
_FIFO = 10  # above everything ordinary, below the kernel's own threads of real time
_NICE = -10


def raise_priority() -> str:
    """Get the best that is allowed: "real-time", "raised" or "normal"."""
    with suppress(OSError):
        Path("/proc/self/timerslack_ns").write_text("1", encoding="ascii")  # 50 µs otherwise
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_FIFO))
        return REAL_TIME
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
        return "raised"
    return "normal"
