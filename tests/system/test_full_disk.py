"""A daemon whose data directory is on a disk of a few megabytes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from piccolo3.errors import StoreError
from piccolo3.spectrum import loads
from tests.system.support import Daemon

MEGABYTES = 40


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    point = tmp_path / "disk"
    point.mkdir()
    options = f"size={MEGABYTES}m,mode=755"
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "piccolo3-test", point], check=False)
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    yield point
    subprocess.run(["umount", "--lazy", point], check=True)


def wait(daemon: Daemon) -> Mapping[str, object]:
    daemon.wait_for("control/status", lambda status: status == "idle")
    outcome = daemon.wait_for("control/outcome", lambda value: value is not None)
    assert isinstance(outcome, Mapping)
    return outcome


def test_a_disk_fills_up(start: Callable[..., Daemon], disk: Path, tmp_path: Path) -> None:
    settings = tmp_path / "server.cfg"
    settings.write_text("[datadir]\nreserve = 10\n")
    daemon = start("-s", str(settings), folder=disk)
    daemon.wait_until_ready()
    with pytest.raises(StoreError, match=r"needs about .* MB") as caught:
        daemon.put("control/record_sequence", "r", nsequence=10_000)
    assert daemon.put("data_dir/all_runs") == ["spectra"]
    daemon.put("control/record_sequence", "r", nsequence=2)
    assert wait(daemon)["result"] == "complete"
    needed, sequences = caught.value.details["needed"], list((disk / "r").glob("*_light.pico"))
    assert isinstance(needed, int)
    size = sum(path.stat().st_size for path in sequences) / len(sequences)
    assert 1.1 * size < needed / 10_000 < 2 * size  # with the catalogue, which is not much
    # the reserve is reached
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        file.write(b"x" * (free - 5_000_000))
    with pytest.raises(StoreError, match=r"below the reserve of 10\.0 MB nothing is recorded"):
        daemon.put("control/record_sequence", "r", nsequence=1)
    health = daemon.wait_for("sysinfo/health", lambda value: isinstance(value, Mapping) and value["status"] == "alarm")
    assert isinstance(health, Mapping)
    assert "below 10 MB nothing is recorded" in health["sentences"][0]
    # there is room again
    ballast.unlink()
    daemon.put("control/record_sequence", "r", nsequence=1)
    assert wait(daemon)["result"] == "complete"
    for path in (disk / "r").iterdir():
        assert loads(path.read_text()).spectra
    assert daemon.stop()[0] == 0
