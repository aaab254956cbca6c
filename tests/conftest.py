"""What every test is held to: nothing left behind."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

# machines of continuous integration are slow and shared: no deadline per example
settings.register_profile("piccolo3", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("piccolo3")

_GRACE = 2.0  # s for threads and children that are ending


def _open_files() -> set[str]:
    files = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue
        if target.startswith("/") and not target.startswith(("/dev/", "/proc/")) and ".hypothesis" not in target:
            files.add(target)
    return files


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process or an open file."""
    threads = set(threading.enumerate())
    children = set(psutil.Process().children())
    files = _open_files()

    def left() -> list[object]:
        return [
            *(t for t in set(threading.enumerate()) - threads if t.is_alive()),
            *(p for p in set(psutil.Process().children()) - children if p.is_running()),
            *(f for f in _open_files() - files if Path(f).exists()),
        ]

    yield
    until = time.monotonic() + _GRACE
    while left() and time.monotonic() < until:
        gc.collect()
        time.sleep(0.01)
    assert not left(), "left behind"
