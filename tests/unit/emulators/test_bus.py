from __future__ import annotations

import struct
import time

import pytest

from emulators import InstrumentSpecification
from emulators.bus import Bus
from emulators.device import Handle
from emulators.light import Light
from emulators.wire import Status
from piccolo3.config import SimulationConfig


def made(**details: object) -> Bus:
    specification = InstrumentSpecification(**{"serial_number": "X", "kind": "QEPRO"} | details)  # type: ignore[arg-type]
    return Bus({"X": specification}, Light(SimulationConfig()))


@pytest.fixture
def bus() -> Bus:
    return made()


def opened(bus: Bus, pid: int) -> Handle:
    attachment = bus.devices["X"].attachment
    assert attachment is not None
    _, handle = bus.open(attachment.identity, pid)
    assert handle is not None
    return handle


def test_what_is_listed(bus: Bus) -> None:
    listed = bus.listed()
    assert len(listed) == 46
    _, number, address, _, endpoints, vendor, product, _ = struct.unpack_from("<IBBBBHHH", listed)
    assert (number, endpoints, vendor, product) == (1, 4, 0x2457, 0x4004)
    bus.unplug("X")
    assert bus.listed() == b""
    bus.plug_in("X")
    assert bus.listed()[5] != address


def test_a_claim_is_for_one(bus: Bus) -> None:
    first, second = opened(bus, 1), opened(bus, 2)
    assert bus.set_configuration(first, 1) is Status.SUCCESS
    assert bus.claim(first, 0) is Status.SUCCESS
    assert bus.claim(first, 0) is Status.SUCCESS
    assert bus.claim(second, 0) is Status.BUSY
    assert bus.set_configuration(second, 1) is Status.BUSY
    assert bus.set_configuration(first, 1) is Status.BUSY
    assert bus.release(second, 0) is Status.NOT_FOUND
    assert bus.claim(second, 1) is Status.NOT_FOUND
    assert bus.release(first, 0) is Status.SUCCESS
    assert bus.claim(second, 0) is Status.SUCCESS


@pytest.mark.parametrize("died", [True, False])
def test_claims_end_with_the_handle(bus: Bus, died: bool) -> None:
    first, second = opened(bus, 1), opened(bus, 2)
    bus.claim(first, 0)
    bus.close(first, died=died)
    assert bus.claim(second, 0) is Status.SUCCESS
    assert bus.opened_by("X") == (2,)


def test_a_reset_by_another_takes_the_claim(bus: Bus) -> None:
    first, second = opened(bus, 1), opened(bus, 2)
    bus.claim(first, 0)
    assert bus.reset(second) is Status.SUCCESS
    assert bus.claim(second, 0) is Status.SUCCESS
    told = [(entry.pid, entry.what) for entry in bus.devices["X"].log]
    assert (2, "reset") in told
    assert (1, "claim lost by a reset") in told


def test_ones_own_reset_keeps_the_claim(bus: Bus) -> None:
    first, second = opened(bus, 1), opened(bus, 2)
    bus.claim(first, 0)
    bus.reset(first)
    assert bus.claim(second, 0) is Status.BUSY


def test_handles_die_with_the_plug(bus: Bus) -> None:
    handle = opened(bus, 1)
    bus.unplug("X")
    bus.plug_in("X")
    assert bus.claim(handle, 0) is Status.NO_DEVICE
    assert bus.reset(handle) is Status.NO_DEVICE
    assert bus.set_configuration(handle, 1) is Status.NO_DEVICE
    assert bus.control(handle, bytes.fromhex("8006030300000001"))[0] is Status.NO_DEVICE
    assert bus.claim(opened(bus, 1), 0) is Status.SUCCESS


def test_power_and_plug_are_both_needed(bus: Bus) -> None:
    bus.set_power("X", on=False)
    assert bus.listed() == b""
    bus.unplug("X")
    bus.set_power("X", on=True)
    assert bus.listed() == b""
    bus.plug_in("X")
    assert bus.listed() != b""


@pytest.mark.parametrize(("kind", "kept"), [("QEPRO", True), ("FLAMES", False)])
def test_what_has_power_of_its_own_goes_on_without_the_plug(kind: str, kept: bool) -> None:
    bus = made(kind=kind)
    sensor = bus.devices["X"].instrument.sensor
    sensor.set_integration_time(time.monotonic_ns(), 20_000_000)
    bus.unplug("X")
    bus.plug_in("X")
    assert (sensor.integration_time == 20_000_000) is kept
    bus.set_power("X", on=False)
    bus.set_power("X", on=True)
    assert sensor.integration_time != 20_000_000


def test_starting_takes_a_while() -> None:
    bus = made(boot_time=0.02)
    bus.set_power("X", on=False)
    bus.set_power("X", on=True)
    assert bus.listed() == b""
    until = time.monotonic() + 1
    while not bus.listed() and time.monotonic() < until:
        time.sleep(0.005)
    assert bus.listed() != b""


def test_what_is_not_there_to_begin_with() -> None:
    bus = made(present=False)
    assert bus.listed() == b""
    bus.plug_in("X")
    assert bus.listed() != b""


def test_strings(bus: Bus) -> None:
    handle = opened(bus, 1)
    assert bus.control(handle, bytes.fromhex("8006000300000001")) == (Status.SUCCESS, b"\x04\x03\x09\x04")
    status, text = bus.control(handle, bytes.fromhex("8006030309040001"))
    assert status is Status.SUCCESS
    assert text == b"\x04\x03X\x00"
    assert bus.control(handle, bytes.fromhex("8000000000000002"))[0] is Status.PIPE
