"""Real drivers, unmodified, on emulated instruments; each spectrometer in a host process of its own."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing

import numpy as np
import pytest
from numpy.typing import NDArray

from emulators import EmulatedRig
from piccolo3.clock import SystemClock
from piccolo3.devices import Acquirer
from piccolo3.devices.hosting import HostedSpectrometer
from piccolo3.errors import DeviceError, DeviceRemoved
from tests.contract.emulated import Bench

KINDS = {
    "QEP00001": "QEPRO",
    "USB2P0001": "USB2000PLUS",
    "FLMS00001": "FLAMES",
    "STS00001": "STS",
    "QEB00001": "QE65000",
    "NQ500001": "NIRQUEST512",
    "SR200001": "SR2",
    "SR400001": "SR4",
    "ST00001": "ST",
}
MODELS = {
    "QEP00001": ("QE-PRO", 1044, 200_000.0),
    "USB2P0001": ("USB2000+", 2048, 65_535.0),
    "FLMS00001": ("FLAME-S", 2048, 65_535.0),
    "STS00001": ("STS", 1024, 16_383.0),
    "QEB00001": ("QE65000", 1044, 65_535.0),
    "NQ500001": ("NIRQUEST512", 512, 65_535.0),
    "SR200001": ("SR2", 2110, 65_535.0),
    "SR400001": ("SR4", 3648, 65_535.0),
    "ST00001": ("ST", 1516, 16_383.0),
}
BOTH = ["QEP00001", "USB2P0001", "FLMS00001", "STS00001", "NQ500001"]
NEWER = ["SR200001", "SR400001", "ST00001"]
AUTO = [(name, "pyseabreeze") for name in NEWER] + [(name, "cseabreeze") for name in BOTH]
EVERYWHERE = [(name, "cseabreeze") for name in [*BOTH, "QEB00001"]] + [(name, "pyseabreeze") for name in BOTH + NEWER]


@pytest.fixture(scope="module", autouse=True)
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench.of(KINDS, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture
def rig(bench: Bench) -> EmulatedRig:
    return bench.rig


@pytest.fixture
def opened(bench: Bench) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def device(bench: Bench, opened: ExitStack, serial_number: str, backend: str) -> HostedSpectrometer:
    return opened.enter_context(closing(bench.spectrometer(serial_number, backend)))


@pytest.mark.parametrize(("serial_number", "backend"), EVERYWHERE)
def test_says_what_it_is(bench: Bench, opened: ExitStack, serial_number: str, backend: str) -> None:
    spectrometer = device(bench, opened, serial_number, backend)
    info = spectrometer.open()
    assert (info.model, info.pixels, info.saturation) == MODELS[serial_number]
    assert (info.serial_number, info.backend, info.simulated) == (serial_number, backend, True)
    assert info.has_cooler == (info.model.startswith(("QE", "NIR")) and (backend == "cseabreeze" or info.pixels == 512))
    assert bool(info.nonlinearity_coefficients) == (
        backend == "cseabreeze" or info.model in ("USB2000+", "FLAME-S", "ST")
    )
    spectrometer.set_integration_time(info.min_integration_time)
    for _ in range(2):
        counts = spectrometer.read(5.0)
    assert counts.shape == (info.pixels,)
    spectrometer.set_cooler(info.has_cooler, -5.0)
    assert (spectrometer.temperature() is not None) == (info.has_cooler or (info.model == "STS" and backend[0] == "c"))


@pytest.mark.parametrize("backend", ["cseabreeze", "pyseabreeze"])
def test_the_shutter_inside_an_sts(bench: Bench, opened: ExitStack, rig: EmulatedRig, backend: str) -> None:
    spectrometer = device(bench, opened, "STS00001", backend)
    spectrometer.open()
    spectrometer.set_integration_time(20.0)
    for share in (0.0, 1.0):
        spectrometer.set_shutter(share > 0.5)
        for _ in range(5):
            spectrometer.read(5.0)
        assert set(rig.truth("STS00001")[-1].open_share.values()) == {share}
    rig.fault("STS00001", "nack", on="shutter")
    with pytest.raises(DeviceError, match="refuses to move its shutter"):  # cseabreeze itself does not notice
        spectrometer.set_shutter(False)
    spectrometer.read(5.0)
    assert set(rig.truth("STS00001")[-1].open_share.values()) == {1.0}


@pytest.mark.parametrize("backend", ["cseabreeze", "pyseabreeze"])
@pytest.mark.parametrize("serial_number", ["QEP00001", "STS00001"])
def test_a_refused_integration_time_is_noticed(
    bench: Bench, opened: ExitStack, rig: EmulatedRig, serial_number: str, backend: str
) -> None:
    spectrometer = device(bench, opened, serial_number, backend)
    spectrometer.open()
    spectrometer.set_integration_time(20.0)
    rig.fault(serial_number, "nack", on="integration_time")
    with pytest.raises(DeviceError, match="was asked to integrate for 50000 µs, and does so for 20000 µs"):
        spectrometer.set_integration_time(50.0)


@pytest.mark.parametrize(("serial_number", "backend"), AUTO)
def test_auto_takes_what_can_do_more(bench: Bench, opened: ExitStack, serial_number: str, backend: str) -> None:
    assert device(bench, opened, serial_number, "auto").open().backend == backend


def test_a_backend_that_does_not_know_the_model_says_so(bench: Bench, opened: ExitStack) -> None:
    with closing(bench.spectrometer("SR400001", "pyseabreeze")) as known:
        known.open()
    with pytest.raises(
        DeviceError, match=r"cseabreeze does not know the SR4 at bus 1 address [0-9]+; pyseabreeze does"
    ):
        device(bench, opened, "SR400001", "cseabreeze").open()


@pytest.mark.parametrize(("serial_number", "backend"), EVERYWHERE)
def test_what_is_acquired_is_what_was_exposed(
    bench: Bench, rig: EmulatedRig, opened: ExitStack, serial_number: str, backend: str
) -> None:
    spectrometer, clock = device(bench, opened, serial_number, backend), SystemClock()
    info = spectrometer.open()
    acquirer = Acquirer(spectrometer, info, clock)
    for milliseconds in (30.25, 60.0, 12.5):
        not_before = clock.monotonic()
        exposure = acquirer.acquire(milliseconds, not_before=not_before)
        crc = _checksum(exposure.counts)
        [true] = [one for one in rig.truth(serial_number)[-40:] if one.checksum == crc]
        assert true.integration_time == pytest.approx(exposure.actual_integration_time * 1e6, abs=1)
        assert 0 <= exposure.actual_integration_time - milliseconds < max(info.integration_time_step, 1e-9)
        assert true.start / 1e9 >= not_before
        assert abs(true.start / 1e9 - exposure.start) < 0.5  # as long as this process may be held up


def _checksum(counts: NDArray[np.int32]) -> int:
    return zlib.crc32(counts.astype("<i4").tobytes())


@pytest.mark.parametrize("theirs", ["cseabreeze", "pyseabreeze"])
@pytest.mark.parametrize("ours", ["cseabreeze", "pyseabreeze"])
def test_opening_and_listing_leave_alone_what_others_have_open(
    bench: Bench, rig: EmulatedRig, opened: ExitStack, ours: str, theirs: str
) -> None:
    theirs_device = device(bench, opened, "USB2P0001", theirs)
    theirs_device.open()
    since = SystemClock().monotonic()
    device(bench, opened, "QEP00001", ours).open()
    with pytest.raises(DeviceRemoved):
        device(bench, opened, "NOT-THERE", ours).open()
    with pytest.raises(DeviceError, match="used by another program"):
        device(bench, opened, "USB2P0001", ours).open()
    happened = {entry.what for entry in rig.log("USB2P0001", since)}
    assert happened <= {"opened", "claim refused: BUSY", "closed"}
    theirs_device.set_integration_time(5.0)
    theirs_device.read(1.0)


def test_one_that_was_seen_is_found_without_asking_others(bench: Bench, rig: EmulatedRig, opened: ExitStack) -> None:
    for backend in ("cseabreeze", "pyseabreeze"):
        with closing(bench.spectrometer("STS00001", backend)) as first:
            first.open()
        since = SystemClock().monotonic()
        device(bench, opened, "STS00001", backend).open()
        for serial_number in KINDS.keys() - {"STS00001"}:
            asked = {entry.what for entry in rig.log(serial_number, since)}
            assert asked <= {"opened", "claimed", "claim refused: BUSY", "released", "closed"}
        opened.close()


@pytest.mark.parametrize("backend", ["cseabreeze", "pyseabreeze"])
def test_what_a_killed_host_had_asked_for_does_not_come_to_the_next(
    bench: Bench, rig: EmulatedRig, opened: ExitStack, backend: str
) -> None:
    first = device(bench, opened, "STS00001", backend)
    first.open()
    first.set_integration_time(40.0)
    rig.fault("STS00001", "hang")
    with pytest.raises(DeviceError):
        first.read(0.1)
    first.interrupt()
    first.close()
    second = device(bench, opened, "STS00001", backend)
    info = second.open()
    assert info.serial_number == "STS00001"
    second.read(1.0)


@pytest.mark.parametrize("backend", ["cseabreeze", "pyseabreeze"])
@pytest.mark.parametrize("kind", ["short", "nack", "io", "silence", "garbage", "unplug"])
@pytest.mark.parametrize("serial_number", ["QEP00001", "USB2P0001"])
def test_a_faulty_transfer_is_an_error_and_never_a_spectrum(
    bench: Bench, rig: EmulatedRig, opened: ExitStack, serial_number: str, kind: str, backend: str
) -> None:
    spectrometer = device(bench, opened, serial_number, backend)
    spectrometer.open()
    spectrometer.set_integration_time(10.0)
    for _ in range(4):
        spectrometer.read(1.0)
    rig.fault(serial_number, kind)
    try:
        with pytest.raises(DeviceError) as failed:
            spectrometer.read(0.3)
        assert isinstance(failed.value, DeviceRemoved) == (kind == "unplug")
        with pytest.raises(DeviceError):
            spectrometer.read(0.3)
    finally:
        rig.clear_faults(serial_number)
        if kind == "unplug":
            rig.unplug(serial_number)
            rig.plug_in(serial_number)
    spectrometer.close()
    spectrometer.open()
    spectrometer.read(1.0)


def test_plugged_in_elsewhere_it_is_found_again(bench: Bench, rig: EmulatedRig, opened: ExitStack) -> None:
    spectrometer = device(bench, opened, "FLMS00001", "auto")
    spectrometer.open()
    rig.unplug("FLMS00001")
    with pytest.raises(DeviceRemoved, match="FLMS00001 is not connected any more"):
        spectrometer.read(1.0)
    spectrometer.close()
    with pytest.raises(DeviceRemoved, match=r"FLMS00001 is not connected$"):
        spectrometer.open()
    rig.plug_in("FLMS00001")
    spectrometer.close()
    assert spectrometer.open().model == "FLAME-S"


@pytest.mark.parametrize("backend", ["cseabreeze", "pyseabreeze"])
def test_reset_open_closed_and_in_use(bench: Bench, rig: EmulatedRig, opened: ExitStack, backend: str) -> None:
    spectrometer = device(bench, opened, "STS00001", backend)
    spectrometer.open()
    since = SystemClock().monotonic()
    other = device(bench, opened, "STS00001", backend)
    with pytest.raises(DeviceError, match="another program is using it"):
        other.reset()
    assert not [entry for entry in rig.log("STS00001", since) if "reset" in entry.what]
    spectrometer.reset()
    assert [entry for entry in rig.log("STS00001", since) if "reset" in entry.what]
    with pytest.raises(DeviceError, match="was reset"):
        spectrometer.read(1.0)
    spectrometer.close()
    since = SystemClock().monotonic()
    spectrometer.reset()
    assert [entry for entry in rig.log("STS00001", since) if "reset" in entry.what]
    with pytest.raises(DeviceError, match="never seen on this machine"):
        device(bench, opened, "NOT-THERE", backend).reset()


def test_nothing_is_said_of_what_others_have(
    bench: Bench, opened: ExitStack, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        device(bench, opened, "USB2P0001", "cseabreeze").open()
        device(bench, opened, "QEP00001", "cseabreeze").open()
    assert not re.search("claim|Could not open", "".join(capfd.readouterr()) + caplog.text)
