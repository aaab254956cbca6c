"""What every test is held to: nothing left behind."""

from __future__ import annotations

import gc
import os
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
    for entry in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{entry}")
        except OSError:
            continue
        if target.startswith("/") and not target.startswith(("/dev/", "/proc/")):
            files.add(target)
    return files


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process or an open file."""
    threads = set(threading.enumerate())
    children = set(psutil.Process().children())
    files = _open_files()
    yield
    gc.collect()
    until = time.monotonic() + _GRACE
    while time.monotonic() < until:
        left = [t for t in set(threading.enumerate()) - threads if t.is_alive()]
        processes = [p for p in set(psutil.Process().children()) - children if p.is_running()]
        if not left and not processes:
            break
        time.sleep(0.01)
    assert not left, f"threads left behind: {left}"
    assert not processes, f"processes left behind: {processes}"
    opened = {name for name in _open_files() - files if Path(name).exists() and ".hypothesis" not in name}
    assert not opened, f"files left open: {opened}"
