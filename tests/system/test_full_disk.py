"""A daemon whose data directory is on a disk of a few megabytes, or on one that is taken away."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from piccolo3.errors import StoreError
from piccolo3.spectrum import loads
from tests.system.support import INSTRUMENT, Daemon

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
    daemon.wait_for("sysinfo/health", lambda value: "below 10 MB nothing is recorded" in json.dumps(value))
    health = daemon.ask("sysinfo/health")
    assert isinstance(health, Mapping)
    assert health["status"] == "alarm"  # on a busy machine, of the load, too
    # there is room again
    ballast.unlink()
    daemon.put("control/record_sequence", "r", nsequence=1)
    assert wait(daemon)["result"] == "complete"
    for path in (disk / "r").iterdir():
        assert loads(path.read_text()).spectra
    assert daemon.stop()[0] == 0


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[Path]:
    """A directory on a disk that can be taken away: the content is in `content`."""
    point, content = tmp_path / "stick", tmp_path / "content"
    point.mkdir()
    content.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a directory")
    if not plug(point):
        pytest.skip("no directory can be mounted here")
    yield point
    subprocess.run(["umount", "--lazy", point], check=False)


def plug(point: Path) -> bool:
    command = ["mount", "--bind", str(point.with_name("content")), str(point)]
    return subprocess.run(command, check=False).returncode == 0


def is_well(value: object) -> bool:
    return isinstance(value, Mapping) and not any("data directory" in sentence for sentence in value["sentences"])


def test_a_stick_is_pulled_out_and_put_in_again(start: Callable[..., Daemon], stick: Path, tmp_path: Path) -> None:
    settings, fallback = tmp_path / "server.cfg", tmp_path / "fallback"
    settings.write_text(f"[datadir]\nfallback = {fallback}\n")
    daemon = start("-s", str(settings), folder=stick)
    daemon.wait_until_ready()
    daemon.put("control/record_sequence", "r", nsequence=2)
    assert wait(daemon)["result"] == "complete"
    subprocess.run(["umount", "--lazy", stick], check=True)
    daemon.put("control/record_sequence", "r", nsequence=2)
    outcome = wait(daemon)
    assert outcome["result"] == "complete"
    assert outcome["batch"] == 1
    assert daemon.ask("data_dir/runs/r/spectra_list") == sorted(
        (path.name for path in (fallback / "r").iterdir()), reverse=True
    )
    health = daemon.wait_for("sysinfo/health", lambda value: not is_well(value))
    assert f"spectra go to {fallback}" in str(health)
    assert list(stick.iterdir()) == []
    assert plug(stick)
    daemon.wait_for("sysinfo/health", is_well)
    daemon.put("control/record_dark", "r")
    assert wait(daemon)["batch"] == 2
    assert daemon.stop()[0] == 0
    assert list(fallback.rglob("*.pico")) == []
    names = sorted(path.name for path in (stick / "r").iterdir())
    assert len(names) == 4 + 4 + 1
    with closing(sqlite3.connect(stick / "piccolo3.sqlite")) as database:
        known = sorted(name for (name,) in database.execute("SELECT name FROM files"))
        batches = database.execute("SELECT number, outcome FROM batches ORDER BY number").fetchall()
        events = [kind for (kind,) in database.execute("SELECT kind FROM events WHERE source = 'medium'")]
    assert known == names
    assert batches == [(0, "complete"), (1, "complete"), (2, "complete")]
    assert sorted(events) == ["health", "health", "rescue"]


def test_without_a_fallback_it_is_written_when_the_stick_is_back(
    start: Callable[..., Daemon], stick: Path, tmp_path: Path
) -> None:
    daemon = start(folder=stick)
    daemon.wait_until_ready()
    daemon.put("control/record_sequence", "r", nsequence=1000, delay=0.2)
    daemon.wait_for("control/current_sequence", lambda sequence: isinstance(sequence, int) and sequence >= 2)
    subprocess.run(["umount", "--lazy", stick], check=True)
    outcome = wait(daemon)
    assert outcome["result"] == "failed"
    assert "another one has taken its place" in str(outcome["reason"])
    assert isinstance(outcome["lost_spectra"], int)
    assert outcome["lost_spectra"] > 0
    health = daemon.wait_for("sysinfo/health", lambda value: not is_well(value))
    assert "wait in memory" in str(health)
    with pytest.raises(StoreError):
        daemon.put("control/record_sequence", "r", nsequence=1)
    content = tmp_path / "content" / "r"
    before = len(list(content.iterdir()))
    assert plug(stick)
    daemon.wait_for("sysinfo/health", is_well)
    assert len(list(content.iterdir())) > before
    daemon.put("control/record_sequence", "r", nsequence=1)
    assert wait(daemon)["batch"] == 1
    assert daemon.stop()[0] == 0
    assert list(stick.rglob("*.tmp")) == []
    for path in content.iterdir():
        assert loads(path.read_text()).spectra


def test_a_daemon_without_its_stick_does_not_start(start: Callable[..., Daemon], tmp_path: Path) -> None:
    settings, point = tmp_path / "server.cfg", tmp_path / "point"
    point.mkdir()
    (tmp_path / "piccolo.config").write_text(INSTRUMENT)
    config = tmp_path / "piccolo.config"
    settings.write_text(
        f"config = {config}\n[datadir]\nmount = True\ndevice = {tmp_path / 'no-stick'}\nmntpnt = {point}\n"
    )
    daemon = start("-s", str(settings), folder=tmp_path / "unused", wait=False)
    assert daemon.process.wait(20) == 1
    assert daemon.process.stderr is not None
    assert "mounting" in daemon.process.stderr.read()
    assert list(point.iterdir()) == []
