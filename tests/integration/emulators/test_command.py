"""`python -m emulators`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulators.__main__ import main

FILE = """
[channels]
    [[shutter_1]]
        direction = upwelling
[spectrometers]
    [[QEP01234]]
    [[mine]]
"""
CODE = """
import os, sys, usb.core
from emulators.__main__ import main
found = sorted((device.serial_number, device.product) for device in usb.core.find(find_all=True, idVendor=0x2457))
print(found)
main(["--socket", os.environ["EMULATORS_SOCKET"], "unplug", "mine"])
main(["--socket", os.environ["EMULATORS_SOCKET"], "report", "mine"])
print(len(list(usb.core.find(find_all=True))))
sys.exit(7)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "instrument.config"
    path.write_text(FILE)
    return path


def test_a_program_with_the_rig_of_a_file(file: Path) -> None:
    command = [sys.executable, "-m", "emulators", "--instrument", str(file), "--kind", "mine=STS", "--"]
    done = subprocess.run(
        [*command, sys.executable, "-c", CODE], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 7, done.stderr
    found, report, left = done.stdout.splitlines()
    assert found == "[('QEP01234', 'QEPRO (emulated)'), ('mine', 'STS (emulated)')]"
    assert report.startswith("Report(attached=False")
    assert left == "1"


def test_a_kind_that_is_not_known(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--instrument", str(file), "--", "true"]) == 2
    assert "--kind mine=" in capfd.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["--instrument", "x"], ["--socket", "x", "dance", "QEP1"], ["--socket", "x"]]
)
def test_what_it_wants_to_know(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "command" in capfd.readouterr().err
