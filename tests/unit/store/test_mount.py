from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from piccolo3.errors import Conflict, Unavailable
from piccolo3.store.mount import Mount, _run


class Commands:
    """Stands in for the mount programs: those that start with a word of `working` succeed."""

    def __init__(self, *working: str) -> None:
        self.working = working
        self.seen: list[list[str]] = []

    def __call__(self, command: Sequence[str]) -> str | None:
        self.seen.append(list(command))
        return None if command[0] in self.working else f"{command[0]} may not"


def real_mount() -> tuple[str, Path]:
    """A device that is mounted once; any process can see one."""
    partitions = psutil.disk_partitions(all=True)
    devices = [p.device for p in partitions]
    partition = next(p for p in partitions if devices.count(p.device) == 1)
    return partition.device, Path(partition.mountpoint)


def test_a_device_that_is_not_mounted() -> None:
    assert not Mount("/dev/no-such-stick", Path("/mnt")).is_mounted()


def test_a_device_that_is_mounted_needs_no_mounting() -> None:
    commands = Commands()
    mount = Mount(*real_mount(), commands)
    assert mount.is_mounted()
    assert mount.mount() == ""
    assert commands.seen == []


def test_device_and_point_may_be_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device, point = tmp_path / "sda1", tmp_path / "point"
    device.touch()
    point.mkdir()
    (tmp_path / "by-uuid").symlink_to(device)
    (tmp_path / "stick").symlink_to(point)
    mounted = SimpleNamespace(device=str(device), mountpoint=str(point))
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [mounted])  # noqa: A006
    assert Mount(str(tmp_path / "by-uuid"), tmp_path / "stick").is_mounted()
    assert not Mount(str(tmp_path / "other"), tmp_path / "stick").is_mounted()


def test_a_device_mounted_elsewhere_is_a_conflict() -> None:
    device, point = real_mount()
    with pytest.raises(Conflict, match=f"mounted in wrong directory {point}"):
        Mount(device, Path("/mnt/elsewhere")).is_mounted()


def test_mounting_takes_the_first_way_that_works() -> None:
    commands = Commands("systemd-mount")
    assert Mount("/dev/stick", Path("/mnt"), commands).mount() == "mounting /dev/stick at /mnt"
    assert [c[0] for c in commands.seen] == ["mount", "mount", "systemd-mount"]
    assert "sudo" not in str(commands.seen)


def test_what_every_way_complained_of_is_told() -> None:
    with pytest.raises(Unavailable, match="mount may not; mount may not; systemd-mount may not"):
        Mount("/dev/stick", Path("/mnt"), Commands()).mount()


def test_unmounting() -> None:
    commands = Commands("umount")
    device, point = real_mount()
    assert Mount(device, point, commands).unmount() == f"unmounting {device}"
    assert commands.seen == [["umount", str(point)]]
    with pytest.raises(Conflict, match="already unmounted"):
        Mount("/dev/stick", Path("/mnt"), commands).unmount()


def test_running_commands() -> None:
    assert _run(["true"]) is None
    assert _run(["false"]) == "false ended with status 1"
    assert _run(["no-such-program"]) == "there is no no-such-program"
