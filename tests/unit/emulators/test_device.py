"""Transfers: what waits, times out, fails or is ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from emulators import InstrumentSpecification
from emulators.bus import Bus
from emulators.device import Device, Handle
from emulators.faults import ANY, Fault, FaultKind, Phase
from emulators.light import Light
from emulators.wire import Status
from piccolo3.config import SimulationConfig
from tests.pins import wait_for

SERIAL = b"\x05\x00"
SPECTRUM = b"\x09"
TEN_MS = b"\x02\x10\x27\x00\x00"
LENGTH = 4097


@pytest.fixture
def bus() -> Bus:
    return Bus({"X": InstrumentSpecification(serial_number="X", kind="FLAMES")}, Light(SimulationConfig()))


def opened(bus: Bus, pid: int = 1) -> Handle:
    attachment = bus.devices["X"].attachment
    assert attachment is not None
    status, handle = bus.open(attachment.identity, pid)
    assert status is Status.SUCCESS
    assert handle is not None
    return handle


@pytest.fixture
def handle(bus: Bus) -> Handle:
    return opened(bus)


@pytest.fixture
def device(bus: Bus) -> Device:
    return bus.devices["X"]


@pytest.fixture
def meanwhile() -> Iterator[Callable[[Callable[[], object]], list[object]]]:
    """Run something in a thread, and find its result in a list."""
    threads = []

    def run(function: Callable[[], object]) -> list[object]:
        results: list[object] = []
        thread = threading.Thread(target=lambda: results.append(function()))
        thread.start()
        threads.append(thread)
        time.sleep(0.005)
        return results

    yield run
    for thread in threads:
        thread.join()


Meanwhile = Callable[[Callable[[], object]], list[object]]


def fail(device: Device, kind: FaultKind, *phases: Phase, **details: float) -> None:
    device.faults.waiting.append(Fault(kind=kind, phases=frozenset(phases) or ANY, **details))  # type: ignore[arg-type]


def test_an_answer_can_be_read_in_parts(device: Device, handle: Handle) -> None:
    assert device.write(handle, 0x01, SERIAL, 100) == (Status.SUCCESS, 2)
    assert device.read(handle, 0x81, 3, 100) == (Status.SUCCESS, b"\x05\x00X")
    assert device.read(handle, 0x81, 100, 100) == (Status.SUCCESS, bytes(14))  # a short packet ends the transfer
    assert device.read(handle, 0x81, 100, 5) == (Status.TIMEOUT, b"")


def test_two_answers_are_two_transfers(device: Device, handle: Handle) -> None:
    device.write(handle, 0x01, SERIAL, 100)
    device.write(handle, 0x01, b"\x6b\x04", 100)
    assert len(device.read(handle, 0x81, 512, 100)[1]) == 17
    assert device.read(handle, 0x81, 512, 100) == (Status.SUCCESS, b"\x04\x00\x30")


def test_endpoints_that_there_are_not(device: Device, handle: Handle) -> None:
    assert device.write(handle, 0x05, SERIAL, 100)[0] is Status.NOT_FOUND
    assert device.write(handle, 0x81, SERIAL, 100)[0] is Status.NOT_FOUND
    assert device.read(handle, 0x8F, 100, 100)[0] is Status.NOT_FOUND


def test_a_read_that_waits_is_in_nobodys_way(device: Device, handle: Handle, meanwhile: Meanwhile) -> None:
    device.write(handle, 0x01, SPECTRUM, 100)
    spectrum = meanwhile(lambda: device.read(handle, 0x82, LENGTH, 0))
    device.write(handle, 0x01, SERIAL, 100)
    assert device.read(handle, 0x81, 100, 100)[0] is Status.SUCCESS
    assert spectrum == []
    assert device.read(handle, 0x81, 100, 5) == (Status.TIMEOUT, b"")


def test_a_spectrum_comes_when_its_exposure_is_over(device: Device, handle: Handle) -> None:
    device.write(handle, 0x01, TEN_MS, 100)
    for _ in range(4):
        device.write(handle, 0x01, SPECTRUM, 100)
        device.read(handle, 0x82, LENGTH, 0)
    *_, before, last = device.instrument.sensor.truth
    assert last.integration_time == 10_000_000
    assert last.number > before.number
    assert last.delivered >= last.end + 1_500_000
    assert last.delivered < last.end + 50_000_000


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (lambda bus, _: bus.unplug("X"), Status.NO_DEVICE),
        (lambda bus, _: bus.set_power("X", on=False), Status.NO_DEVICE),
        (lambda bus, _: bus.reset(opened(bus, 2)), Status.IO),
        (lambda bus, handle: bus.close(handle, died=True), Status.IO),
    ],
)
def test_what_ends_a_read_that_waits(
    bus: Bus, handle: Handle, meanwhile: Meanwhile, end: Callable[[Bus, Handle], None], status: Status
) -> None:
    device = bus.devices["X"]
    read = meanwhile(lambda: device.read(handle, 0x82, 100, 0))
    wait_for(lambda: device.condition._waiters)  # type: ignore[attr-defined]
    assert read == []
    end(bus, handle)
    wait_for(lambda: read)
    assert read == [(status, b"")]


def test_what_nobody_read_stays_until_a_reset(bus: Bus, device: Device, handle: Handle) -> None:
    device.write(handle, 0x01, SERIAL, 100)
    bus.close(handle, died=True)
    again = opened(bus)
    assert len(device.read(again, 0x81, 100, 100)[1]) == 17
    device.write(again, 0x01, SERIAL, 100)
    bus.reset(again)
    assert device.read(again, 0x81, 100, 5) == (Status.TIMEOUT, b"")


HALF = 17 // 2


@pytest.mark.parametrize(
    ("kind", "status", "size"),
    [
        (FaultKind.SILENCE, Status.TIMEOUT, 0),
        (FaultKind.SHORT, Status.SUCCESS, HALF),
        (FaultKind.NACK, Status.PIPE, 0),
        (FaultKind.HANG, Status.TIMEOUT, HALF),
        (FaultKind.GARBAGE, Status.SUCCESS, 17),
        (FaultKind.IO, Status.IO, HALF),
        (FaultKind.UNPLUG, Status.NO_DEVICE, HALF),
        (FaultKind.CRASH, Status.CRASH, HALF),
        (FaultKind.LATE, Status.TIMEOUT, 0),
    ],
)
def test_faults_of_answers(device: Device, handle: Handle, kind: FaultKind, status: Status, size: int) -> None:
    fail(device, kind, Phase.INFORMATION, seconds=0.03)
    device.write(handle, 0x01, SERIAL, 100)
    done, data = device.read(handle, 0x81, 17, 10)
    assert (done, len(data)) == (status, size)
    assert data != b"\x05\x00X" + bytes(14)
    if kind is FaultKind.LATE:
        assert device.read(handle, 0x81, 17, 200)[0] is Status.SUCCESS
    assert device.faults.waiting == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.SILENCE, Status.TIMEOUT),
        (FaultKind.NACK, Status.PIPE),
        (FaultKind.HANG, Status.SUCCESS),
        (FaultKind.IO, Status.IO),
        (FaultKind.UNPLUG, Status.NO_DEVICE),
        (FaultKind.CRASH, Status.CRASH),
    ],
)
def test_faults_of_requests_without_an_answer(device: Device, handle: Handle, kind: FaultKind, status: Status) -> None:
    fail(device, kind)
    assert device.write(handle, 0x01, TEN_MS, 10)[0] is status
    assert device.instrument.sensor.integration_time == 100_000_000  # it was not received


def test_a_request_that_is_taken_late(device: Device, handle: Handle) -> None:
    fail(device, FaultKind.LATE, Phase.INTEGRATION_TIME, seconds=0.02)
    before = time.monotonic()
    assert device.write(handle, 0x01, TEN_MS, 1000)[0] is Status.SUCCESS
    assert time.monotonic() - before > 0.019
    assert device.instrument.sensor.integration_time == 10_000_000
    fail(device, FaultKind.LATE, Phase.INTEGRATION_TIME, seconds=0.02)
    assert device.write(handle, 0x01, TEN_MS, 5)[0] is Status.TIMEOUT


@pytest.mark.parametrize(
    ("cure", "stubborn", "cured"),
    [
        (lambda bus: bus.reset(opened(bus)), False, True),
        (lambda bus: bus.reset(opened(bus)), True, False),
        (lambda bus: (bus.set_power("X", on=False), bus.set_power("X", on=True)), True, True),
        (lambda bus: (bus.unplug("X"), bus.plug_in("X")), True, True),
        (lambda bus: None, False, False),
    ],
)
def test_what_ends_a_hang(bus: Bus, device: Device, cure: Callable[[Bus], object], stubborn: bool, cured: bool) -> None:
    fail(device, FaultKind.HANG, Phase.INTEGRATION_TIME, stubborn=stubborn)
    device.write(opened(bus), 0x01, TEN_MS, 10)
    assert device.write(opened(bus), 0x01, SERIAL, 5)[0] is Status.TIMEOUT
    cure(bus)
    after = opened(bus)
    assert (device.write(after, 0x01, SERIAL, 5)[0] is Status.SUCCESS) is cured


def test_faults_wait_for_their_turn(device: Device, handle: Handle) -> None:
    fail(device, FaultKind.IO, Phase.INFORMATION, count=2, after=1)
    statuses = []
    for _ in range(4):
        device.write(handle, 0x01, SERIAL, 100)
        statuses.append(device.read(handle, 0x81, 17, 100)[0])
    assert statuses == [Status.SUCCESS, Status.IO, Status.IO, Status.SUCCESS]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.NACK, Status.ACCESS),
        (FaultKind.IO, Status.IO),
        (FaultKind.UNPLUG, Status.NO_DEVICE),
        (FaultKind.LATE, Status.SUCCESS),
    ],
)
def test_faults_of_opening(bus: Bus, device: Device, kind: FaultKind, status: Status) -> None:
    assert device.attachment is not None
    fail(device, kind, Phase.CONNECT, seconds=0.01)
    assert bus.open(device.attachment.identity, 1)[0] is status
