from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from piccolo3.devices.seabreeze import attached
from piccolo3.devices.seabreeze.register import Register, default_file
from piccolo3.devices.seabreeze.usbbus import Place
from piccolo3.errors import DeviceError, DeviceTimeout

HERE, THERE = Place(1, 4, 0x2457, 0x4004), Place(1, 5, 0x2457, 0x101E)


def test_remembers_where_what_was_seen(tmp_path: Path) -> None:
    file = tmp_path / "register"
    with Register.locked(file) as register:
        register.saw("A", HERE)
        register.saw("B", THERE)
        register.trying(THERE)
    with Register.locked(file) as register:
        assert (register.place_of("A"), register.place_of("C")) == (HERE, None)
        assert (register.serial_number_at(THERE), register.tried_in_vain()) == ("B", THERE)
        register.saw("C", HERE)
        register.trying(None)
    with Register.locked(file) as register:
        assert (register.place_of("A"), register.place_of("C"), register.tried_in_vain()) == (None, HERE, None)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"places": 3}',
        '{"places": {"A": [1, 2]}, "trying": "x"}',
        '{"places": {"A": [1,2,3,"4"]}}',
    ],
)
def test_nonsense_in_the_file_is_no_hint(tmp_path: Path, content: str) -> None:
    file = tmp_path / "register"
    file.write_text(content)
    with Register.locked(file) as register:
        assert (register.place_of("A"), register.tried_in_vain()) == (None, None)
        register.saw("A", HERE)
    assert json.loads(file.read_text())["places"] == {"A": [1, 4, 0x2457, 0x4004]}


def test_one_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "register"
    command = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with Register.locked(file):
        assert subprocess.run([sys.executable, "-c", command, file], check=False, stderr=subprocess.DEVNULL).returncode
    assert not subprocess.run([sys.executable, "-c", command, file], check=False).returncode


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "no" / "register", link):
        with pytest.raises(DeviceError, match="can't be opened"), Register.locked(path):
            pass
    assert default_file().name == "piccolo3-spectrometers.lock"


def test_a_glance_waits_for_nobody(tmp_path: Path) -> None:
    file = tmp_path / "register"
    assert Register.glance(file) is None
    with Register.locked(file) as register:
        register.trying(THERE)
        seen = Register.glance(file)
    assert seen is not None
    assert seen.tried_in_vain() == THERE


def test_who_holds_up_a_list_is_told_although_the_file_is_locked(tmp_path: Path) -> None:
    file = tmp_path / "register"
    with Register.locked(file) as register:
        register.trying(THERE)
        with pytest.raises(DeviceTimeout, match=r"USB2000\+ at bus 1 address 5 does not answer"):
            attached(register_file=file, timeout=0.3)
