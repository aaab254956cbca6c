from __future__ import annotations

import errno
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest

from piccolo3.devices.seabreeze import SeabreezeSpectrometer, finding, usbbus
from piccolo3.errors import DeviceError, DeviceInterrupted, DeviceRemoved, DeviceTimeout
from tests.unit.devices.seabreeze.fakes import (
    PLACE,
    FakeConnection,
    FakeCooler,
    FakeDevice,
    FakeSpectrometer,
    features,
)


class Bus:
    """What is on it, and what is done to it."""

    def __init__(self) -> None:
        self.spectrometer = FakeSpectrometer()
        self.cooler = FakeCooler()
        self.device = FakeDevice(features(self.spectrometer, thermo_electric=self.cooler))
        self.connections: list[FakeConnection] = []
        self.here = True
        self.reset: list[usbbus.Place] = []

    def connect(self, serial_number: str, *_: object) -> FakeConnection:
        if not self.here:
            raise DeviceRemoved(f"{serial_number} is not connected")
        self.connections.append(FakeConnection(self.device))
        return self.connections[-1]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    bus = Bus()
    monkeypatch.setattr(finding, "connect", bus.connect)
    monkeypatch.setattr(usbbus, "are_here", lambda place: bus.here)
    monkeypatch.setattr(usbbus, "reset", bus.reset.append)
    return bus


@pytest.fixture
def device(bus: Bus) -> Iterator[SeabreezeSpectrometer]:
    device = SeabreezeSpectrometer("USB2+H00001")
    yield device
    device.close()


def test_opens_with_what_it_says_of_itself(bus: Bus, device: SeabreezeSpectrometer) -> None:
    info = device.open()
    assert (info.serial_number, info.backend, info.simulated) == ("USB2+H00001", "pyseabreeze", False)
    assert bus.spectrometer.mode == 0
    with pytest.raises(DeviceError, match="open already"):
        device.open()
    device.close()
    device.close()
    assert [connection.closed for connection in bus.connections] == [1]


def test_counts_are_whole_numbers_and_times_microseconds(bus: Bus, device: SeabreezeSpectrometer) -> None:
    device.open()
    device.set_integration_time(12.3456)
    assert bus.spectrometer.times == [12_346]
    counts = device.read(1.0)
    assert counts.dtype == np.int32
    assert (counts.shape, set(counts.tolist())) == ((2048,), {1000})
    for milliseconds in (0.5, 1e9, float("nan"), -1.0):
        with pytest.raises(DeviceError, match="can't integrate"):
            device.set_integration_time(milliseconds)


def test_the_cooler_gets_its_target_before_it_is_switched_on(bus: Bus, device: SeabreezeSpectrometer) -> None:
    device.open()
    assert device.temperature() == -9.5
    device.set_cooler(True, -10.0)
    device.set_cooler(False, -10.0)
    assert bus.cooler.said == [("target", -10.0), ("enabled", True), ("enabled", False)]


def test_what_it_does_not_have(bus: Bus, device: SeabreezeSpectrometer) -> None:
    bus.device = FakeDevice(features(bus.spectrometer))
    device.open()
    assert device.temperature() is None
    device.set_cooler(True, 0.0)
    device.clear_buffer()
    with pytest.raises(DeviceError, match="no shutter"):
        device.set_shutter(True)
    with pytest.raises(DeviceError, match="lamp"):
        device.set_lamp(True)
    device.read(1.0)


def test_a_feature_that_is_not_implemented_after_all(bus: Bus, device: SeabreezeSpectrometer) -> None:
    class Unfinished:
        def count_temperatures(self) -> int:
            raise NotImplementedError("implement in derived class")

    bus.device = FakeDevice(features(bus.spectrometer, temperature=Unfinished()))
    device.open()
    assert device.temperature() is None
    device.read(1.0)


def test_shutter_and_lamp_of_its_own(bus: Bus, device: SeabreezeSpectrometer) -> None:
    said: list[object] = []

    class Both:
        def set_shutter_open(self, state: bool) -> None:
            said.append(("shutter", state))

        def enable_lamp(self, state: bool) -> None:
            said.append(("lamp", state))

    bus.device = FakeDevice(features(bus.spectrometer, shutter=Both(), strobe_lamp=Both()))
    device.open()
    device.set_shutter(True)
    device.set_lamp(False)
    assert said == [("shutter", True), ("lamp", False)]


@pytest.mark.parametrize(
    ("error", "here", "kind", "after"),
    [
        (ValueError("could not broadcast"), True, DeviceError, DeviceError),
        (OSError(errno.ETIMEDOUT, "late"), True, DeviceTimeout, DeviceError),
        (RuntimeError("Data transfer error"), False, DeviceRemoved, DeviceRemoved),
        (OSError(errno.ENODEV, "gone"), True, DeviceRemoved, DeviceRemoved),
    ],
)
def test_after_a_failure_nothing_is_believed_until_it_is_opened_again(
    bus: Bus, device: SeabreezeSpectrometer, error: Exception, here: bool, kind: type, after: type
) -> None:
    device.open()

    def fail() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        raise error

    bus.spectrometer.answer, bus.here = fail, here
    with pytest.raises(kind) as first:
        device.read(1.0)
    assert type(first.value) is kind
    bus.spectrometer.answer, bus.here = None, True
    with pytest.raises(after, match="opened again"):
        device.read(1.0)
    device.close()
    device.open()
    device.read(1.0)


def test_counts_that_are_none_are_refused(bus: Bus, device: SeabreezeSpectrometer) -> None:
    device.open()
    bus.spectrometer.answer = lambda: np.array([1.0, np.nan])
    with pytest.raises(DeviceError, match="no numbers"):
        device.read(1.0)


def test_a_call_that_hangs_ends_in_time_and_a_reset_frees_the_thread(
    bus: Bus, device: SeabreezeSpectrometer, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()

    def reset(place: usbbus.Place) -> None:
        bus.reset.append(place)
        let_go.set()

    monkeypatch.setattr(usbbus, "reset", reset)

    def hang() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        let_go.wait(10.0)
        raise OSError(errno.EIO, "reset")

    device.open()
    bus.spectrometer.answer = hang
    with pytest.raises(DeviceTimeout, match=r"no answer within 0\.02 s"):
        device.read(0.02)
    device.close()
    assert bus.reset == [PLACE]
    assert bus.connections[0].closed == 1


def test_interrupting(bus: Bus, device: SeabreezeSpectrometer) -> None:
    device.interrupt()
    device.open()
    let_go, entered = threading.Event(), threading.Event()

    def wait() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        entered.set()
        let_go.wait(5.0)
        return np.zeros(2048)

    def interrupt() -> None:
        entered.wait(5.0)
        device.interrupt()
        let_go.set()

    bus.spectrometer.answer = wait
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(DeviceInterrupted):
        device.read(9.0)
    thread.join()
    with pytest.raises(DeviceInterrupted):
        device.temperature()
    device.close()
    device.open()


def test_a_device_that_cannot_be_described_is_closed_again(bus: Bus, device: SeabreezeSpectrometer) -> None:
    bus.spectrometer.wavelengths = np.zeros(2048)
    with pytest.raises(DeviceError, match="wavelengths"):
        device.open()
    assert bus.connections[0].closed == 1
    bus.spectrometer.wavelengths = None
    device.open()


def test_reset_open_and_closed(bus: Bus, device: SeabreezeSpectrometer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(finding, "reset", lambda serial_number, file: asked.append(serial_number))
    device.reset()
    assert asked == ["USB2+H00001"]
    device.open()
    device.reset()
    assert bus.reset == [PLACE]
    with pytest.raises(DeviceError, match="was reset"):
        device.read(1.0)


def test_without_seabreeze_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for call in (SeabreezeSpectrometer("X1").open, SeabreezeSpectrometer("X1").reset):
        with pytest.raises(DeviceError, match=r"pip install 'piccolo3\[pi\]'"):
            call()


def test_nothing_is_loaded_before_it_is_opened() -> None:
    pickle.loads(pickle.dumps(partial(SeabreezeSpectrometer, "X1", backend="auto")))()
    script = "import sys, piccolo3.devices; sys.exit(bool({'seabreeze', 'usb'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
