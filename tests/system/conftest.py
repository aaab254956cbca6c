"""Daemons for the tests, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soak.ports import free_port
from tests.system.support import INSTRUMENT, SERVER, Daemon, wait_for_answer


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Starts daemons; ends those that still run."""
    started: list[Daemon] = []

    def start_one(*options: str, folder: Path | None = None, port: int | None = None, wait: bool = True) -> Daemon:
        folder = folder or tmp_path / "data"
        folder.mkdir(exist_ok=True)
        if not (folder / "piccolo.config").exists():
            (folder / "piccolo.config").write_text(INSTRUMENT)
        port = port or free_port()
        command = [SERVER, "-o", str(folder), "--port", str(port), *options]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ.copy())
        daemon = Daemon(port, folder, process)
        started.append(daemon)
        if wait:
            wait_for_answer(port, process)
        return daemon

    yield start_one
    for daemon in started:
        if daemon.process.poll() is None:
            daemon.process.terminate()
            try:
                daemon.process.wait(10)
            except subprocess.TimeoutExpired:
                daemon.process.kill()
                daemon.process.wait()
                pytest.fail("a daemon did not stop")
        if daemon.process.stderr is not None:
            daemon.process.stderr.close()


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One for all tests of a file."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "piccolo.config").write_text(INSTRUMENT)
    port = free_port()
    process = subprocess.Popen(
        [SERVER, "-o", str(folder), "--port", str(port)], stderr=subprocess.DEVNULL, text=True, cwd=folder
    )
    daemon = Daemon(port, folder, process)
    try:
        wait_for_answer(port, process)
        daemon.wait_until_ready()
        yield daemon
    finally:
        process.terminate()
        assert process.wait(10) == 0
