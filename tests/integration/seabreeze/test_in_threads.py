"""Several spectrometers in one process, as with `isolation = thread`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from emulators import EmulatedRig

KINDS = {"QEP00001": "QEPRO", "USB2P0001": "USB2000PLUS", "STS00001": "STS"}
TOGETHER = """
import os, sys, threading, time
from pathlib import Path
from emulators.control import Control
from piccolo3.devices.seabreeze import SeabreezeSpectrometer
from piccolo3.errors import DeviceError, DeviceRemoved, DeviceTimeout

rig = Control(Path(os.environ["EMULATORS_SOCKET"]))
register = Path(sys.argv[1])
names = dict(zip(["QEP00001", "USB2P0001", "STS00001"], sys.argv[2:], strict=True))
rigs = {name: SeabreezeSpectrometer(name, backend=backend, register_file=register) for name, backend in names.items()}
"""
READING = (
    TOGETHER
    + """
for device in rigs.values():
    device.open()
    device.set_integration_time(20.0)
threads = [threading.Thread(target=lambda d=d: [d.read(2.0) for _ in range(20)]) for d in rigs.values()]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for device in rigs.values():
    device.read(2.0)
    device.close()
"""
)
OPENING = (
    TOGETHER
    + """
rigs["QEP00001"].open()
rigs["QEP00001"].set_integration_time(20.0)
since = time.monotonic()
rigs["STS00001"].open()
assert not [e for e in rig.log("QEP00001", since) if e.what not in {"opened", "closed", "claim refused: BUSY"}]
rigs["QEP00001"].read(2.0)
rig.unplug("QEP00001")
try:
    rigs["USB2P0001"].open()
except DeviceError as error:
    assert names["USB2P0001"] == "cseabreeze" and "has to be closed" in error.message, error
else:
    assert names["USB2P0001"] == "pyseabreeze"
rigs["QEP00001"].close()
rigs["USB2P0001"].close()
rigs["USB2P0001"].open()
rig.plug_in("QEP00001")
rigs["QEP00001"].open()
rigs["QEP00001"].read(2.0)
for device in rigs.values():
    device.close()
"""
)
HANGING = (
    TOGETHER
    + """
device = rigs["STS00001"]
device.open()
device.set_integration_time(20.0)
device.read(2.0)
rig.fault("STS00001", "hang")
try:
    device.read(0.3)
except DeviceError as error:
    print(type(error).__name__)
device.close()
device.open()
device.read(2.0)
device.close()
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join(2.0)
        assert not thread.is_alive(), thread
"""
)


@pytest.fixture(scope="module", autouse=True)
def rig() -> Iterator[EmulatedRig]:
    with EmulatedRig(KINDS) as rig:
        yield rig


@pytest.mark.parametrize("script", [READING, OPENING, HANGING], ids=["reading", "opening", "hanging"])
@pytest.mark.parametrize("backends", ["ccc", "ppp", "cpc"])
def test_they_get_along(script: str, backends: str, rig: EmulatedRig, tmp_path_factory: pytest.TempPathFactory) -> None:
    register = tmp_path_factory.mktemp("register") / "register"
    names = [{"c": "cseabreeze", "p": "pyseabreeze"}[letter] for letter in backends]
    command = [sys.executable, "-W", "error", "-c", script, str(register), *names]
    done = subprocess.run(command, env=rig.environment, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
