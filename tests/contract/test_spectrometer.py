"""What every adapter of a spectrometer does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from piccolo3.clock import Clock, ManualClock, SystemClock
from piccolo3.config import SimulationConfig
from piccolo3.devices import Spectrometer, TimeChange
from piccolo3.devices.simulated import MODELS, SimulatedSpectrometer, World
from piccolo3.errors import DeviceError, DeviceInterrupted, DeviceRemoved, DeviceTimeout
from tests.contract.emulated import KINDS, Bench
from tests.contract.hosted_twin import Plug, hosted_twin

EMULATED = ["cseabreeze QEPRO", "cseabreeze USB2000PLUS", "pyseabreeze USB2000PLUS", "pyseabreeze STS"]


@dataclass
class Adapter:
    """A device under test, how to pull its plug, and its clock."""

    spectrometer: Spectrometer
    unplug: Callable[[], None]
    plug_in: Callable[[], None]
    clock: Clock
    tolerance: float = 0.01  # s
    switch_off_and_on: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> None:
        if seconds > 2 and isinstance(self.clock, SystemClock):
            pytest.skip("takes too long")
        self.clock.sleeper().sleep(seconds)


def twin(model: str, clock: Clock) -> Adapter:
    spectrometer = SimulatedSpectrometer(MODELS[model], "dummy", World(SimulationConfig(), clock))

    def unplug() -> None:
        spectrometer.faults.unplugged = True

    return Adapter(spectrometer, unplug, spectrometer.faults.clear, clock)


def hosted(model: str, directory: Path) -> Adapter:
    """One in a process of its own, which knows no other clock than that of the machine."""
    plug = Plug(directory)
    return Adapter(hosted_twin(model, plug), plug.pull, plug.put_in, SystemClock(), tolerance=0.05)


def emulated(kind: str, backend: str, bench: Bench) -> Adapter:
    """A real driver, in a process of its own, on an emulated bus."""
    serial_number = next(name for name in KINDS if KINDS[name] == kind)
    bench.switch_off_and_on(serial_number)
    return Adapter(
        bench.spectrometer(serial_number, backend),
        lambda: bench.rig.unplug(serial_number),
        lambda: bench.rig.plug_in(serial_number),
        SystemClock(),
        tolerance=0.05,
        switch_off_and_on=lambda: bench.switch_off_and_on(serial_number),
    )


def adapter_of(kind: str, clock: Clock, directory: Path, request: pytest.FixtureRequest) -> Adapter:
    how, _, model = kind.rpartition(" ")
    if how.endswith("seabreeze"):
        return emulated(model, how, request.getfixturevalue("bench"))
    return hosted(model, directory) if how == "hosted" else twin(model, clock)


@pytest.fixture(scope="module", autouse=True)
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench.of(KINDS, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture(scope="module", autouse=True)
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what hosts come from between tests."""
    keeper = hosted_twin("FLAME-S", Plug(tmp_path_factory.mktemp("keeper")))
    keeper.open()
    keeper.close()
    yield
    keeper.release()


def read_many(spectrometer: Spectrometer) -> None:
    """Read until an exposure is under way that takes long."""
    for _ in range(99):
        spectrometer.read(20.0)


@pytest.fixture(params=[*MODELS, "hosted FLAME-S", "hosted RESTARTING", *EMULATED])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Adapter]:
    adapter = adapter_of(request.param, ManualClock(), tmp_path, request)
    yield adapter
    adapter.spectrometer.close()


@pytest.fixture(params=[*MODELS, "hosted QE-PRO", *EMULATED])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Adapter]:
    """One whose time runs by itself, for what needs a second thread."""
    adapter = adapter_of(request.param, SystemClock(), tmp_path, request)
    yield adapter
    adapter.spectrometer.close()


def test_describes_itself(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    assert info.serial_number
    assert info.model
    first, end = info.optical_pixel_range
    assert 0 <= first < end <= info.pixels
    assert not set(info.dark_pixels) & set(range(first, end))
    assert all(0 <= pixel < info.pixels for pixel in info.dark_pixels)
    wavelengths = np.polynomial.polynomial.polyval(np.arange(info.pixels), np.asarray(info.wavelength_coefficients))
    assert (np.diff(wavelengths) > 0).all()
    assert 0 < info.min_integration_time < info.max_integration_time
    assert info.freshness.buffer_depth >= info.free_running
    assert info.freshness.read_out_time >= 0
    assert info.saturation > 0


def test_reads_counts(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    counts = adapter.spectrometer.read(20.0)
    assert counts.dtype == np.int32
    assert counts.shape == (info.pixels,)
    assert (counts >= 0).all()
    assert (counts <= info.saturation).all()


def test_opening_twice_is_an_error(adapter: Adapter) -> None:
    adapter.spectrometer.open()
    with pytest.raises(DeviceError):
        adapter.spectrometer.open()


def test_can_be_opened_again(adapter: Adapter) -> None:
    first = adapter.spectrometer.open()
    adapter.spectrometer.close()
    adapter.spectrometer.close()
    assert adapter.spectrometer.open() == first


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.read(1.0),
        lambda s: s.set_integration_time(20.0),
        lambda s: s.clear_buffer(),
        lambda s: s.temperature(),
        lambda s: s.set_cooler(True, 0.0),
    ],
)
def test_does_nothing_unless_open(adapter: Adapter, call: Callable[[Spectrometer], object]) -> None:
    with pytest.raises(DeviceError):
        call(adapter.spectrometer)
    adapter.spectrometer.open()
    adapter.spectrometer.close()
    with pytest.raises(DeviceError):
        call(adapter.spectrometer)


def test_integration_times_have_limits(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    for milliseconds in (info.min_integration_time, info.max_integration_time):
        adapter.spectrometer.set_integration_time(milliseconds)
    for milliseconds in (info.min_integration_time / 2, info.max_integration_time * 2, float("nan")):
        with pytest.raises(DeviceError):
            adapter.spectrometer.set_integration_time(milliseconds)


@pytest.mark.alone
def test_a_new_integration_time_counts_from_when_it_says(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    adapter.spectrometer.set_integration_time(50.0)
    for _ in range(info.freshness.buffer_depth + 1):
        adapter.spectrometer.read(20.0)
    adapter.spectrometer.read(20.0)
    adapter.spectrometer.set_integration_time(400.0)
    start = adapter.clock.monotonic()
    if info.freshness.on_change is TimeChange.NEXT_EXPOSURE:
        adapter.spectrometer.read(20.0)
        under_way = adapter.clock.monotonic() - start
        assert under_way <= 0.05 + info.freshness.read_out_time / 1000 + adapter.tolerance
        start = adapter.clock.monotonic()
    adapter.spectrometer.read(20.0)
    assert adapter.clock.monotonic() - start == pytest.approx(0.4, abs=adapter.tolerance)


@pytest.mark.alone
def test_the_same_integration_time_again_counts_like_another_one(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    for _ in range(info.freshness.buffer_depth + 2):
        adapter.spectrometer.set_integration_time(200.0)
        adapter.spectrometer.read(20.0)
    adapter.wait(0.1)
    adapter.spectrometer.set_integration_time(200.0)
    start = adapter.clock.monotonic()
    adapter.spectrometer.read(20.0)
    lasted = adapter.clock.monotonic() - start
    assert (lasted < 0.15) == (info.freshness.on_change is TimeChange.NEXT_EXPOSURE)


@pytest.mark.alone
def test_opens_at_the_integration_time_that_it_tells(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    if info.freshness.opens_at is not None:
        adapter.spectrometer.read(20.0)
        start = adapter.clock.monotonic()
        adapter.spectrometer.read(20.0)
        assert adapter.clock.monotonic() - start == pytest.approx(info.freshness.opens_at / 1000, abs=adapter.tolerance)


@pytest.mark.alone
def test_numbers_its_exposures_if_it_says_so(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    adapter.spectrometer.set_integration_time(100.0)
    adapter.spectrometer.read(20.0)
    first = adapter.spectrometer.exposure_number()
    assert (first is not None) == info.freshness.counts_exposures
    if first is not None:
        adapter.spectrometer.read(20.0)
        assert adapter.spectrometer.exposure_number() == first + 1
        adapter.wait(0.1 * (info.freshness.buffer_depth + 3))
        adapter.spectrometer.read(20.0)
        dropped = (adapter.spectrometer.exposure_number() or 0) - first - 2
        assert dropped >= 2


@pytest.mark.alone
def test_finished_exposures_wait_in_the_buffer(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    adapter.spectrometer.set_integration_time(100.0)
    adapter.wait(0.1 * (info.freshness.buffer_depth + 3))
    start = adapter.clock.monotonic()
    for _ in range(info.freshness.buffer_depth):
        adapter.spectrometer.read(20.0)
    assert (
        adapter.clock.monotonic() - start
        < info.freshness.buffer_depth * info.freshness.read_out_time / 1000 + adapter.tolerance
    )


@pytest.mark.alone
def test_a_cleared_buffer_is_empty(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    adapter.spectrometer.set_integration_time(100.0)
    for _ in range(info.freshness.buffer_depth + 2):  # the last one has just ended
        adapter.spectrometer.read(20.0)
    adapter.wait(0.1 * (info.freshness.buffer_depth + 3) + 0.05)
    adapter.spectrometer.clear_buffer()
    start = adapter.clock.monotonic()
    adapter.spectrometer.read(20.0)
    waited = adapter.clock.monotonic() - start > info.freshness.read_out_time / 1000 + adapter.tolerance / 2
    assert waited == (info.freshness.can_clear_buffer or not info.free_running)


@pytest.mark.alone
def test_a_read_has_a_deadline(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    adapter.spectrometer.set_integration_time(1500.0)
    start = 0.0

    def read_all() -> None:
        nonlocal start
        for _ in range(info.freshness.buffer_depth + 2):
            start = adapter.clock.monotonic()
            adapter.spectrometer.read(1.0)

    with pytest.raises(DeviceTimeout):
        read_all()
    assert adapter.clock.monotonic() - start == pytest.approx(1.0, abs=adapter.tolerance)


def test_the_cooler_cools_if_there_is_one(adapter: Adapter) -> None:
    info = adapter.spectrometer.open()
    warm = adapter.spectrometer.temperature()
    adapter.spectrometer.set_cooler(True, 5.0)
    adapter.wait(600.0)
    cold = adapter.spectrometer.temperature()
    if info.has_cooler:
        assert warm is not None
        assert cold == pytest.approx(5.0, abs=0.2)
        adapter.spectrometer.set_cooler(False, 5.0)
        adapter.wait(600.0)
        assert adapter.spectrometer.temperature() == pytest.approx(warm, abs=0.2)
    else:
        assert cold == warm


def test_without_a_plug_it_is_not_there(adapter: Adapter) -> None:
    adapter.unplug()
    with pytest.raises(DeviceRemoved):
        adapter.spectrometer.open()


def test_unplugged_while_open_it_is_gone_until_opened_anew(adapter: Adapter) -> None:
    adapter.spectrometer.open()
    adapter.unplug()
    with pytest.raises(DeviceRemoved):
        adapter.spectrometer.read(1.0)
    adapter.plug_in()
    with pytest.raises(DeviceError):
        adapter.spectrometer.read(1.0)
    adapter.spectrometer.close()
    adapter.spectrometer.open()
    adapter.spectrometer.read(20.0)


def test_asked_for_its_temperature_it_can_not_hide_that_it_is_gone(adapter: Adapter) -> None:
    adapter.spectrometer.open()
    adapter.spectrometer.temperature()
    adapter.unplug()
    for _ in range(2):
        with pytest.raises(DeviceRemoved):
            adapter.spectrometer.temperature()
    adapter.plug_in()
    adapter.spectrometer.close()
    adapter.spectrometer.open()
    adapter.spectrometer.temperature()


def test_interrupt_ends_a_read(running: Adapter) -> None:
    running.spectrometer.open()
    running.spectrometer.set_integration_time(9000.0)
    timer = threading.Timer(0.15, running.spectrometer.interrupt)
    timer.start()
    with pytest.raises(DeviceInterrupted):
        read_many(running.spectrometer)
    timer.join()
    with pytest.raises(DeviceInterrupted):
        running.spectrometer.read(20.0)
    running.spectrometer.close()
    running.switch_off_and_on()  # whatever it was doing, it may be doing it still
    running.spectrometer.open()
    running.spectrometer.read(20.0)


def test_pulling_the_plug_ends_a_read(running: Adapter) -> None:
    running.spectrometer.open()
    running.spectrometer.set_integration_time(9000.0)
    timer = threading.Timer(0.15, running.unplug)
    timer.start()
    with pytest.raises(DeviceRemoved):
        read_many(running.spectrometer)
    timer.join()


def test_interrupting_what_is_closed_does_no_harm(adapter: Adapter) -> None:
    adapter.spectrometer.interrupt()
    adapter.spectrometer.open()
    adapter.spectrometer.read(20.0)
