"""What every test is held to: nothing left behind."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import tempfile
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

_KNOWS_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children").exists()
_GRACE = 2.0  # s for threads and children that are ending
_MEMORY = "/dev/shm"
_ENOUGH = 2e9  # bytes


def pytest_configure() -> None:
    """Before anything starts processes, which inherit all this."""
    # what is written for a test need not outlive the power, and a disk takes milliseconds to be sure of it
    in_memory = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH
    place = _MEMORY if in_memory and "TMPDIR" not in os.environ else tempfile.gettempdir()
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", place)  # what fails can be looked at
    tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="tests-", dir=place)
    Path(tempfile.tempdir).chmod(0o711)  # a database server has a user of its own
    # several hundred processes are started, each of which would compile what it loads
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # nohup and shells that run us in the background have them ignored; daemons are told to end by them
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_unconfigure() -> None:
    shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)


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


def _children() -> set[int]:
    """The process ids of our children, from the kernel: psutil looks at all processes there are, which takes 4 ms."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        try:
            found.update(map(int, (thread / "children").read_text(encoding="ascii").split()))
        except FileNotFoundError:  # the thread has ended, or the kernel was made without this
            if not _KNOWS_CHILDREN:
                return {process.pid for process in psutil.Process().children()}
    return found


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _folders() -> set[str]:
    """What is where temporary files go, but for what a browser hides there as long as it runs."""
    return {name for name in os.listdir(tempfile.gettempdir()) if not name.startswith(".")}  # noqa: PTH208


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread, a child process, an open file or a folder."""
    threads = set(threading.enumerate())
    children = _children()
    files = _open_files()
    folders = _folders()

    def left() -> list[object]:
        return [
            *(t for t in set(threading.enumerate()) - threads if t.is_alive()),
            *(f"process {pid} {_name(pid)}" for pid in _children() - children),
            *(f for f in _open_files() - files if Path(f).exists()),
            *(_folders() - folders),
        ]

    yield
    until = time.monotonic() + _GRACE
    while left() and time.monotonic() < until:
        gc.collect()
        time.sleep(0.01)
    assert not left(), "left behind"
