"""The program, on emulated instruments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from emulators import EmulatedRig

KINDS = {"QEP00001": "QEPRO", "USB2P0001": "USB2000PLUS", "STS00001": "STS", "SR400001": "SR4"}
# a register of our own: others may emulate spectrometers on this machine at the same time, at the same places
OWN_REGISTER = """
import os, sys
from pathlib import Path
from piccolo3.devices.seabreeze import listing, spectrometer
listing.default_file = spectrometer.default_file = lambda: Path(os.environ["EMULATORS_SOCKET"]).with_name("register")
"""
PROGRAM = OWN_REGISTER + "from piccolo3.server.list_spec import main; sys.exit(main(sys.argv[1:]))"
HOLDER = """
from piccolo3.devices.seabreeze import SeabreezeSpectrometer
spectrometer = SeabreezeSpectrometer(sys.argv[1])
spectrometer.open()
print("open", flush=True)
sys.stdin.read()
spectrometer.read(2.0)
spectrometer.close()
"""


@pytest.fixture(scope="module", autouse=True)
def rig() -> Iterator[EmulatedRig]:
    with EmulatedRig(KINDS) as rig:
        yield rig


def run(rig: EmulatedRig, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(command, env=rig.environment, capture_output=True, text=True, timeout=50, check=False)


def test_lists_all_and_leaves_alone_what_is_in_use(rig: EmulatedRig) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWN_REGISTER + HOLDER, "USB2P0001"],
        env=rig.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        done = run(rig)
        holder.communicate("", timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == [
        "Model          \tSerial\tBackend\tState\tTemperature",
        "QE-PRO         \tQEP00001\tcseabreeze\tfree\t25.0 C",
        "SR4            \tSR400001\tpyseabreeze\tfree\t-",
        "STS            \tSTS00001\tcseabreeze\tfree\t31.0 C",
        "USB2000+       \tUSB2P0001\tcseabreeze\tin use\t-",
    ]
    assert holder.returncode == 0


def test_one_that_does_not_answer_keeps_no_other_off_the_list(rig: EmulatedRig) -> None:
    rig.fault("SR400001", "silence", count=99, on=None)
    done = run(rig)
    rig.clear_faults("SR400001")
    assert done.returncode == 1
    assert "does not answer" in done.stdout
    assert done.stdout.count("free") == 3
    assert "opening the SR4 at bus" in done.stderr


HELD_UP = """
import sys
from pathlib import Path
from piccolo3.devices.seabreeze import attached
from piccolo3.errors import DeviceTimeout
try:
    attached(register_file=Path(sys.argv[1]), timeout=float(sys.argv[2]))
except DeviceTimeout as error:
    print(error.message)
"""


@pytest.mark.alone
def test_one_that_hangs_is_named(rig: EmulatedRig, tmp_path_factory: pytest.TempPathFactory) -> None:
    register = tmp_path_factory.mktemp("register") / "register"
    rig.fault("STS00001", "hang", on="information")
    command = [sys.executable, "-c", HELD_UP, str(register), "4"]
    done = subprocess.run(command, env=rig.environment, capture_output=True, text=True, timeout=50, check=False)
    assert done.stdout.startswith("no list of spectrometers within 4 s: the STS at bus 1 address")
    command[-1] = "40"
    again = subprocess.run(command, env=rig.environment, capture_output=True, text=True, timeout=50, check=False)
    assert (again.stdout, again.returncode) == ("", 0)


def test_an_empty_bus() -> None:
    with EmulatedRig({}) as rig:
        done = run(rig)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "no spectrometer is plugged in" in done.stderr
