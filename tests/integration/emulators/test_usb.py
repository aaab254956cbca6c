"""The replacement of libusb: what the kernel would do, threads, forks, and the end of the process behind it."""

from __future__ import annotations

import errno
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import usb.backend.libusb1
import usb.core
import usb.util

from emulators import EmulatedRig, InstrumentSpecification
from emulators.build import library
from emulators.obp import Message
from tests.integration.emulators.conftest import Program

QEP, FLAME = "QEP00001", "FLMS0001"
SPECTRUM, SLOT = b"\x09", b"\x05\x00"


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedRig]:
    with EmulatedRig({QEP: "QEPRO", FLAME: "FLAMES"}) as rig:
        monkeypatch.setenv("EMULATORS_SOCKET", str(rig.socket))
        yield rig


@pytest.fixture
def find(rig: EmulatedRig) -> Iterator[Callable[[str], Any]]:
    """The device with a serial number, each time as if another program had looked for it."""
    backend = usb.backend.libusb1.get_backend(find_library=lambda _: str(library()))
    assert backend is not None
    found = []

    def look(serial_number: str) -> Any:
        devices = usb.core.find(find_all=True, backend=backend, idVendor=0x2457)
        for device in devices:
            found.append(device)
            if device.serial_number == serial_number:
                return device
        raise LookupError(serial_number)

    yield look
    for device in found:
        usb.util.dispose_resources(device)


def failed(error: usb.core.USBError) -> str:
    return errno.errorcode.get(error.errno, str(error.errno))


def test_descriptors(find: Callable[[str], Any]) -> None:
    device = find(QEP)
    assert (device.idProduct, device.manufacturer, device.product) == (0x4004, "Ocean Optics Inc.", "QEPRO (emulated)")
    endpoints = [endpoint.bEndpointAddress for endpoint in device[0][(0, 0)].endpoints()]
    assert endpoints == [0x01, 0x81, 0x02, 0x82]


def test_claims(rig: EmulatedRig, find: Callable[[str], Any]) -> None:
    first, second = find(FLAME), find(FLAME)
    first.set_configuration()
    usb.util.claim_interface(first, 0)
    with pytest.raises(usb.core.USBError) as refused:
        usb.util.claim_interface(second, 0)
    assert failed(refused.value) == "EBUSY"
    with pytest.raises(usb.core.USBError) as refused:
        second.set_configuration()
    assert failed(refused.value) == "EBUSY"
    usb.util.dispose_resources(first)
    usb.util.claim_interface(second, 0)
    assert rig.report(FLAME).claimed_by is not None


def test_time_outs(find: Callable[[str], Any]) -> None:
    device = find(FLAME)
    before = time.monotonic()
    with pytest.raises(usb.core.USBTimeoutError):
        device.read(0x82, 4097, timeout=20)
    assert 0.019 < time.monotonic() - before < 1


def test_a_reset_by_another_program(rig: EmulatedRig, find: Callable[[str], Any]) -> None:
    first, second = find(FLAME), find(FLAME)
    usb.util.claim_interface(first, 0)
    first.write(0x01, SLOT)
    second.reset()
    with pytest.raises(usb.core.USBTimeoutError):
        first.read(0x81, 17, timeout=5)
    assert "claim lost by a reset" in [entry.what for entry in rig.log(FLAME)]


@pytest.mark.parametrize("end", ["unplug", "kill"])
def test_the_end_of_a_device_ends_its_transfers(rig: EmulatedRig, find: Callable[[str], Any], end: str) -> None:
    device = find(FLAME)
    address = device.address
    errors: list[str] = []

    def read() -> None:
        try:
            device.read(0x82, 4097, timeout=0)
        except usb.core.USBError as error:
            errors.append(failed(error))

    thread = threading.Thread(target=read)
    device.write(0x01, SLOT)
    thread.start()
    time.sleep(0.01)
    before = time.monotonic()
    if end == "unplug":
        rig.unplug(FLAME)
    else:
        rig.close()
    thread.join(5)
    assert errors == ["ENODEV"]
    assert time.monotonic() - before < 1
    with pytest.raises(usb.core.USBError) as gone:
        device.write(0x01, SLOT)
    assert failed(gone.value) == "ENODEV"
    if end == "kill":
        with pytest.raises(LookupError):
            find(FLAME)
        return
    with pytest.raises(LookupError):
        find(FLAME)
    rig.plug_in(FLAME)
    again = find(FLAME)
    assert again.address != address
    again.write(0x01, SLOT)
    assert len(again.read(0x81, 17)) == 17
    with pytest.raises(usb.core.USBError):
        device.write(0x01, SLOT)


def test_no_transfer_waits_for_another(rig: EmulatedRig, find: Callable[[str], Any]) -> None:
    flame, qepro = find(FLAME), find(QEP)
    ends: list[str] = []

    def wait() -> None:
        flame.write(0x01, SPECTRUM)
        try:
            flame.read(0x82, 4097, timeout=0)
        except usb.core.USBError as error:
            ends.append(failed(error))

    thread = threading.Thread(target=wait)
    flame.write(0x01, b"\x02" + struct.pack("<I", 50_000_000))
    thread.start()
    time.sleep(0.005)
    for _ in range(10):
        flame.write(0x01, SLOT)
        assert len(flame.read(0x81, 17, timeout=1000)) == 17
        qepro.write(0x01, Message(type=0x100).packed())
        assert Message.parsed(bytes(qepro.read(0x81, 64, timeout=1000))).data == QEP.encode()
    assert thread.is_alive()
    rig.unplug(FLAME)
    thread.join(5)
    assert ends == ["ENODEV"]


def test_many_threads_at_one_device(find: Callable[[str], Any]) -> None:
    qepro = find(QEP)
    wrong: list[bytes] = []

    def ask(out: int, kind: int, expected: bytes) -> None:
        for _ in range(100):
            qepro.write(out, Message(type=kind).packed())
            if (said := Message.parsed(bytes(qepro.read(0x80 | out, 64, timeout=1000))).data) != expected:
                wrong.append(said)

    usb.util.claim_interface(qepro, 0)
    threads = [
        threading.Thread(target=ask, args=(0x01, 0x100, QEP.encode())),
        threading.Thread(target=ask, args=(0x02, 0x101, bytes((len(QEP),)))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


FORK = """
import ctypes, json, os, sys
import seabreeze
seabreeze.use("cseabreeze")
import seabreeze.spectrometers as sb
result = []
for serial_number in sys.argv[1:]:  # one after the other: cseabreeze opens whatever it finds while it looks
    read, write = os.pipe()
    if not os.fork():
        spectrometer = sb.Spectrometer.from_serial_number(serial_number)
        spectrometer.integration_time_micros(10000)
        os.write(write, str(len(spectrometer.intensities())).encode())
        spectrometer.close()
        os._exit(0)
    os.close(write)
    result.append(os.read(read, 100).decode())
    os.wait()
emulated = ctypes.c_int.in_dll(ctypes.CDLL(None), "piccolo3_emulated_usb").value
print(json.dumps([result, emulated]))
"""


def test_children_of_a_process_that_has_used_nothing_yet(rig: EmulatedRig, program: Program) -> None:
    assert program(rig, FORK, QEP, FLAME) == [["1044", "2048"], 1]


KILLED = """
import sys, seabreeze
seabreeze.use(sys.argv[1])
import seabreeze.spectrometers as sb
spectrometer = sb.Spectrometer.from_serial_number(sys.argv[2])
spectrometer.integration_time_micros(1000000)
print("reading", flush=True)
while True:
    spectrometer.intensities()
"""


@pytest.mark.parametrize("backend", ["cseabreeze", "pyseabreeze"])
def test_the_claims_of_a_process_end_when_it_is_killed(rig: EmulatedRig, backend: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, backend, FLAME], env=rig.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        assert rig.report(FLAME).claimed_by == process.pid
        process.kill()
        process.wait()
        killed = time.monotonic()
        while rig.report(FLAME).claimed_by is not None and time.monotonic() < killed + 5:
            time.sleep(0.001)
    assert time.monotonic() - killed < 1
    assert rig.report(FLAME).opened_by == ()
    assert rig.log(FLAME)[-1].what == "lost with its process"


@pytest.mark.parametrize("backend", ["cseabreeze", "pyseabreeze"])
def test_a_fault_that_kills_the_process(rig: EmulatedRig, backend: str) -> None:
    rig.fault(FLAME, "crash")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, backend, FLAME], env=rig.environment, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGSEGV


def test_nothing_is_found_without_a_rig(rig: EmulatedRig) -> None:
    code = "import usb.core; print(len(list(usb.core.find(find_all=True))))"
    environment = rig.environment | {"EMULATORS_SOCKET": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=20
    )
    assert done.stdout == "0\n"


@pytest.mark.alone
def test_idle_is_idle_and_reading_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    instruments = [InstrumentSpecification(serial_number=f"QEP{n}", kind="QEPRO") for n in range(4)]
    with EmulatedRig(instruments) as rig:
        process = psutil.Process(rig.pid)
        before = sum(process.cpu_times()[:2])
        time.sleep(0.3)
        assert sum(process.cpu_times()[:2]) - before <= 0.011  # a tick of the clock
