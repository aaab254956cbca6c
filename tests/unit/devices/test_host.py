from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from piccolo3.devices.host import Host
from piccolo3.errors import InvalidValue, Unavailable


def date_only(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    assert command[0] == "date"
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-21T12:00:00+02:00", datetime(2026, 6, 21, 10, tzinfo=UTC)),
        ("2026-06-21 12:00:00.25", datetime(2026, 6, 21, 12, 0, 0, 250000, tzinfo=UTC)),
        ("21 Jun 2026 12:00:00", datetime(2026, 6, 21, 12, tzinfo=UTC)),
        ("@86400", datetime(1970, 1, 2, tzinfo=UTC)),
    ],
)
def test_anything_that_date_understands_sets_the_clock(text: str, expected: datetime) -> None:
    times: list[float] = []
    assert Host(times.append, date_only).set_clock(text) == expected
    assert times == [expected.timestamp()]


@pytest.mark.parametrize(
    "text", ["", "  ", "yesterdayish", "--help", "2026-13-01", "$(reboot)", "@1e18", "9999-12-31T23:59:59-10:00"]
)
def test_what_is_no_time_is_refused_and_sets_nothing(text: str) -> None:
    times: list[float] = []
    with pytest.raises(InvalidValue, match="not a time"):
        Host(times.append, date_only).set_clock(text)
    assert not times


def refuse(_: float) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_systemd_is_asked_where_the_process_may_not() -> None:
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    Host(refuse, run).set_clock("2026-06-21T12:00:00+02:00")
    assert asked == [["timedatectl", "--no-ask-password", "set-time", "2026-06-21 10:00:00 UTC"]]


def test_a_clear_error_where_nobody_may() -> None:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "Access denied")

    with pytest.raises(Unavailable, match="Operation not permitted; timedatectl: Access denied"):
        Host(refuse, run).set_clock("2026-06-21T12:00:00+02:00")


def test_no_systemd_at_all() -> None:
    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise FileNotFoundError(2, "No such file", command[0])

    with pytest.raises(Unavailable, match="CAP_SYS_TIME"):
        Host(refuse, run).set_clock("2026-06-21T12:00:00Z")


def test_load_and_memory_are_percentages() -> None:
    host = Host()
    assert 0 <= host.cpu_percent() <= 100
    assert 0 < host.memory_percent() <= 100


@pytest.mark.parametrize(
    ("status", "expected"), [(0x2001, True), (0x0, True), (0x2041, False), (0x40, False), (None, None)]
)
def test_whether_the_clock_is_synchronised(status: int | None, expected: bool | None) -> None:
    assert Host(kernel_status=lambda: status).clock_synchronised() is expected


def test_the_kernel_is_not_asked_for_every_spectrum() -> None:
    asked: list[int] = []
    now = [100.0]

    def kernel_status() -> int:
        asked.append(1)
        return 0x40 if len(asked) == 1 else 0

    host = Host(kernel_status=kernel_status, monotonic=lambda: now[0])
    assert [host.clock_synchronised() for _ in range(5)] == [False] * 5
    now[0] += 4.9
    assert host.clock_synchronised() is False
    now[0] += 0.2
    assert host.clock_synchronised() is True
    assert len(asked) == 2


def test_this_kernel_answers() -> None:
    assert Host().clock_synchronised() in (True, False)


def test_what_the_kernel_said_is_old_when_the_clock_was_set() -> None:
    status = [0]
    host = Host(lambda _: None, date_only, kernel_status=lambda: status[0], monotonic=lambda: 100.0)
    assert host.clock_synchronised() is True
    status[0] = 0x40
    host.set_clock("2026-06-21T12:00:00Z")
    assert host.clock_synchronised() is False


def test_starts_of_the_machine_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "boot_id"
    assert Host(boot_id=file).boot_id() is None
    file.write_text("817367d5-eb1a-4d02-bd60-7c5bb1a74d71\n")
    assert Host(boot_id=file).boot_id() == "817367d5-eb1a-4d02-bd60-7c5bb1a74d71"
    file.write_bytes(b"\xff")
    assert Host(boot_id=file).boot_id() is None
    file.write_text("")
    assert Host(boot_id=file).boot_id() is None
    assert Host().boot_id() == Host().boot_id()
