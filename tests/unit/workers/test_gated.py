from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from piccolo3.clock import Clock
from piccolo3.devices.gated import GatedShutter
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo
from piccolo3.errors import DeviceError, DeviceRemoved, DeviceTimeout
from piccolo3.events import Broker
from piccolo3.status import ShutterStatus, SpectrometerStatus
from piccolo3.workers import (
    CountedShutter,
    Departure,
    GatedShutterWorker,
    NotMoved,
    ShutterChanged,
    SpectrometerChanged,
    SpectrometerTiming,
    SpectrometerWorker,
)
from tests.unit.workers.fakes import (
    FakeAcquirer,
    FakeSpectrometer,
    StepClock,
    channel_config,
    spectrometer_config,
    until,
)


class WithShutter(FakeSpectrometer):
    """Has a shutter inside; knows where it is and which threads have called."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[bool] = []
        self.threads: set[int] = set()

    def _enter(self, name: str) -> None:
        self.threads.add(threading.get_ident())
        super()._enter(name)

    def set_shutter(self, opened: bool) -> None:
        self._enter("set_shutter")
        self.inside.append(opened)


@dataclass
class Rig:
    device: WithShutter
    spectrometer: SpectrometerWorker
    shutter: GatedShutterWorker
    counted: CountedShutter
    acquirers: list[FakeAcquirer]
    told: list[ShutterStatus]
    clock: StepClock
    listeners: list[Callable[[], None]]  # hear of the spectrometer before its shutter does

    @property
    def status(self) -> ShutterStatus:
        return self.shutter.status

    @property
    def sure(self) -> bool:
        return self.shutter.surely_closed

    async def ready(self) -> None:
        await self.spectrometer.start()
        await until(lambda: self.sure)


def run(scenario: Callable[[Rig], Awaitable[None]], device: WithShutter | None = None, **timing: float) -> WithShutter:
    device = device or WithShutter()

    async def whole() -> None:
        clock, broker = StepClock(), Broker()
        acquirers: list[FakeAcquirer] = []
        told: list[ShutterStatus] = []

        def acquirer(device: Spectrometer, info: SpectrometerInfo, clock: Clock) -> FakeAcquirer:
            acquirers.append(FakeAcquirer(device, info, clock))
            return acquirers[-1]

        listeners: list[Callable[[], None]] = []

        def tell(event: SpectrometerChanged) -> None:
            for listener in listeners:
                listener()

        broker.subscribe(SpectrometerChanged, tell)
        broker.subscribe(ShutterChanged, lambda event: told.append(event.status))
        limits = SpectrometerTiming(**timing)  # type: ignore[arg-type]
        spectrometer = SpectrometerWorker(
            spectrometer_config(), device, None, clock, broker, timing=limits, acquirer=acquirer
        )
        config = replace(channel_config("up"), driver="spectrometer", spectrometer="A", settling_time=20.0)
        gate = GatedShutter(config, clock)
        counted = CountedShutter(gate, 0, lambda: None)
        shutter = GatedShutterWorker(config, gate, counted, spectrometer, clock, broker)
        rig = Rig(device, spectrometer, shutter, counted, acquirers, told, clock, listeners)
        await shutter.start()
        try:
            await scenario(rig)
        finally:
            for each in acquirers:
                each.gate.set()
            assert await spectrometer.stop(2.0)
            assert await shutter.stop(2.0)

    asyncio.run(whole())
    return device


def test_is_unavailable_until_the_spectrometer_is_there_and_closed_then() -> None:
    async def scenario(rig: Rig) -> None:
        assert rig.status is ShutterStatus.UNAVAILABLE
        assert "spectrometer A, DISCONNECTED: not started" in (rig.counted.reason or "")
        with pytest.raises(DeviceError, match="not started"):
            await rig.shutter.open()
        await rig.ready()
        assert rig.told == [ShutterStatus.CLOSED]
        assert rig.counted.reason is None

    assert run(scenario).inside == [False]


def test_why_it_is_unavailable_is_what_the_spectrometer_says_now() -> None:
    async def scenario(rig: Rig) -> None:
        said: list[str | None] = []
        rig.listeners.append(lambda: said.append(rig.counted.reason))
        rig.device.failures["open"] = [DeviceRemoved("not plugged in"), DeviceError("no permission")]
        await rig.spectrometer.start()

        def sure() -> bool:
            rig.clock.advance(0.1)
            return rig.sure

        await until(sure)
        # both are said, maybe more than once
        dropped = list(dict.fromkeys(why for why in said if why is not None and "DROPPED" in why))
        assert dropped == [
            "the shutter is inside spectrometer A, DROPPED: not plugged in",
            "the shutter is inside spectrometer A, DROPPED: no permission",
        ]

    run(scenario)


def test_moves_in_the_one_thread_of_the_spectrometer() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        begin = rig.clock.monotonic()
        assert await rig.shutter.open() == pytest.approx(begin + 0.020)
        assert rig.status is ShutterStatus.OPEN
        assert rig.shutter.open_since == pytest.approx(begin + 0.020)
        await rig.shutter.close()
        assert rig.sure
        assert len(rig.device.threads) == 1

    assert run(scenario).inside == [False, True, False]


def test_waits_for_the_exposure_under_way() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        await rig.shutter.open()
        rig.acquirers[0].gate.clear()
        exposure = asyncio.create_task(rig.spectrometer.acquire(10.0, 0.0))
        await until(lambda: bool(rig.acquirers[0].requests))
        exposure.cancel()  # as an abort does; the device goes on
        closing = asyncio.create_task(rig.shutter.close())
        await asyncio.sleep(0.02)
        assert rig.device.inside == [False, True]
        assert not closing.done()
        rig.acquirers[0].gate.set()
        await closing
        assert rig.sure
        assert rig.spectrometer.status is SpectrometerStatus.IDLE

    assert run(scenario).inside == [False, True, False]


def test_departs_when_the_exposures_are_over_and_read() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        await rig.shutter.open()
        acquirer = rig.acquirers[0]
        acquirer.tells_early = True
        acquirer.gate.clear()
        departure = Departure(("A",), rig.clock)
        exposure = asyncio.create_task(
            rig.spectrometer.acquire(10.0, 0.0, over=lambda moment: departure.over("A", moment))
        )
        closing = asyncio.create_task(rig.shutter.close(departure))
        await until(lambda: bool(acquirer.requests))
        await asyncio.sleep(0.01)
        assert rig.device.inside == [False, True]
        acquirer.gate.set()
        await exposure
        departure.end()
        await closing
        assert rig.sure

    assert run(scenario).inside == [False, True, False]


def test_a_spectrometer_that_is_lost_takes_it_along_and_brings_it_back_closed() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        await rig.shutter.open()
        rig.device.failures["read"] = [DeviceRemoved("unplugged")]
        with pytest.raises(DeviceRemoved):
            await rig.spectrometer.acquire(10.0, 0.0)
        assert rig.status is ShutterStatus.UNAVAILABLE
        assert rig.shutter.open_since is None
        await until(lambda: "DROPPED: unplugged" in (rig.counted.reason or ""))
        with pytest.raises(DeviceError, match="unplugged"):
            await rig.shutter.close()
        await until(lambda: rig.clock.sleeping > 0)
        rig.clock.advance(10.0)
        await until(lambda: rig.sure)
        assert rig.counted.reason is None
        assert rig.told[-3:] == [ShutterStatus.OPEN, ShutterStatus.UNAVAILABLE, ShutterStatus.CLOSED]

    assert run(scenario).inside == [False, True, False]


def test_a_departure_that_is_cancelled_does_not_hide_that_it_was_lost() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        departure = Departure(("A",), rig.clock)
        opening = asyncio.create_task(rig.shutter.open(departure))
        await until(lambda: not rig.sure)
        rig.device.failures["read"] = [DeviceRemoved("unplugged")]
        with pytest.raises(DeviceRemoved):
            await rig.spectrometer.acquire(10.0, 0.0)
        departure.cancel()
        with pytest.raises(NotMoved):
            await opening
        assert not rig.sure
        assert rig.status is ShutterStatus.UNAVAILABLE
        await until(lambda: rig.clock.sleeping > 0)
        rig.clock.advance(10.0)
        await until(lambda: rig.sure)

    assert run(scenario).inside == [False, False]


def test_what_was_opened_meanwhile_stays_open() -> None:
    """Who hears earlier that the spectrometer is there, and opens the shutter, is not overtaken by its being closed."""

    async def scenario(rig: Rig) -> None:
        opening: list[asyncio.Task[float]] = []

        def open_at_once() -> None:
            if rig.spectrometer.ready and not opening:
                opening.append(asyncio.create_task(rig.shutter.open()))

        rig.listeners.append(open_at_once)
        await rig.spectrometer.start()
        await until(lambda: bool(opening))
        await opening[0]
        await asyncio.sleep(0.01)
        assert rig.status is ShutterStatus.OPEN
        assert rig.device.inside == [True]

    run(scenario)


def test_a_call_that_hangs_is_ended_and_drops_the_spectrometer() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        rig.device.hang.add("set_shutter")
        with pytest.raises(DeviceTimeout, match="set_shutter"):
            await rig.shutter.open()
        assert "interrupt" in rig.device.calls
        assert rig.spectrometer.status is SpectrometerStatus.DROPPED
        assert rig.status is ShutterStatus.UNAVAILABLE

    run(scenario, margin=0.05, grace=0.5)


def test_a_spectrometer_without_one_goes_on() -> None:
    class Without(WithShutter):
        def set_shutter(self, opened: bool) -> None:
            raise DeviceError("A has no shutter")

    async def scenario(rig: Rig) -> None:
        await rig.spectrometer.start()
        await until(lambda: rig.counted.reason == "A has no shutter")
        assert rig.status is ShutterStatus.UNAVAILABLE
        await until(lambda: rig.spectrometer.status is SpectrometerStatus.IDLE)
        assert (await rig.spectrometer.acquire(10.0, 0.0)).counts.any()

    run(scenario, Without())


def test_what_cant_be_moved_any_more_is_found_out() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        rig.device.failures["set_shutter"] = [DeviceError("NACK")]
        rig.device.failures["temperature"] = [DeviceError("has to be opened again")]
        with pytest.raises(DeviceError, match="NACK"):
            await rig.shutter.open()
        assert rig.spectrometer.status is SpectrometerStatus.DROPPED
        assert rig.status is ShutterStatus.UNAVAILABLE

    run(scenario)


@pytest.mark.parametrize("how", ["disconnect", "power_off", "stop"])
def test_is_closed_before_the_spectrometer_goes(how: str) -> None:
    async def scenario(rig: Rig) -> None:
        await rig.ready()
        await rig.shutter.open()
        await getattr(rig.spectrometer, how)()
        assert rig.device.inside == [False, True, False]
        assert rig.device.calls[-2:] == ["set_shutter", "close"]
        assert rig.status is ShutterStatus.UNAVAILABLE

    run(scenario)
