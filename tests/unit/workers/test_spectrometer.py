from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from piccolo3.clock import Clock
from piccolo3.devices.interface import Spectrometer, SpectrometerInfo
from piccolo3.errors import (
    Busy,
    Conflict,
    DeviceError,
    DeviceRemoved,
    DeviceTimeout,
    InvalidValue,
    SpectrumRejected,
    Unavailable,
)
from piccolo3.events import Broker
from piccolo3.status import SpectrometerStatus as Status
from piccolo3.workers import Rung, SpectrometerChanged, SpectrometerTiming, SpectrometerWorker
from tests.unit.workers.fakes import FakeAcquirer, FakePower, FakeSpectrometer, StepClock, spectrometer_config, until

QUICK = SpectrometerTiming(margin=0.5, open_limit=0.5, grace=0.2)  # a busy machine may be held up by a tenth of that


@dataclass
class Bench:
    worker: SpectrometerWorker
    device: FakeSpectrometer
    power: FakePower
    clock: StepClock
    statuses: list[Status]
    events: list[str]
    acquirers: list[FakeAcquirer] = field(default_factory=list)

    @property
    def acquirer(self) -> FakeAcquirer:
        return self.acquirers[-1]

    def now(self) -> Status:
        """The status; a method, for type checkers believe that properties don't change."""
        return self.worker.status

    async def is_(self, status: Status) -> None:
        await until(lambda: self.worker.status is status)

    async def backs_off(self) -> None:
        """Wait until the device was closed and the pause before the next attempt has begun."""
        await until(lambda: self.device.calls[-1] == "close" and self.clock.sleeping == 1)


def run(
    scenario: Callable[[Bench], Awaitable[None]],
    *,
    timing: SpectrometerTiming | None = None,
    prepare: Callable[[FakeSpectrometer], None] = lambda _: None,
    has_cooler: bool = True,
    connected: bool = True,
) -> None:
    async def whole() -> None:
        device, power, clock, broker = FakeSpectrometer(has_cooler=has_cooler), FakePower(), StepClock(), Broker()
        prepare(device)
        acquirers: list[FakeAcquirer] = []

        def acquirer(device: Spectrometer, info: SpectrometerInfo, clock: Clock) -> FakeAcquirer:
            acquirers.append(FakeAcquirer(device, info, clock))
            return acquirers[-1]

        worker = SpectrometerWorker(
            spectrometer_config(), device, power, clock, broker, timing=timing, acquirer=acquirer
        )
        bench = Bench(worker, device, power, clock, [], [], acquirers)

        def changed(event: SpectrometerChanged) -> None:
            bench.events.append(event.what)
            if event.what == "status":
                bench.statuses.append(worker.status)

        broker.subscribe(SpectrometerChanged, changed)
        await worker.start()
        try:
            if connected:
                await bench.is_(Status.IDLE)
            await scenario(bench)
        finally:
            device.released.set()
            assert await worker.stop(1.0)
        assert bench.now() is Status.DISCONNECTED
        assert not device.is_open

    asyncio.run(whole())


def test_it_connects_and_is_set_up() -> None:
    async def scenario(bench: Bench) -> None:
        worker = bench.worker
        assert bench.statuses == [Status.CONNECTING, Status.IDLE]
        assert bench.power.switched == ["on"]
        assert worker.info is not None
        assert worker.reason is None
        assert worker.have_cooler is True
        assert worker.cooler_enabled
        assert bench.device.cooler == (True, -10.0)
        assert worker.current_temperature == -5.0
        assert {"info", "cooler", "temperature"} < set(bench.events)

    run(scenario)


def test_an_exposure() -> None:
    async def scenario(bench: Bench) -> None:
        exposure = await bench.worker.acquire(20.0, 3.0)
        assert exposure.integration_time == 20.0
        assert bench.acquirer.requests == [(20.0, 3.0)]
        assert bench.statuses[2:] == [Status.RECORDING, Status.IDLE]
        await bench.worker.acquire(20.0, 3.0, autointegrating=True)
        assert bench.statuses[4:] == [Status.AUTOINTEGRATING, Status.IDLE]

    run(scenario)


def test_one_exposure_at_a_time() -> None:
    async def scenario(bench: Bench) -> None:
        bench.acquirer.gate.clear()
        first = asyncio.create_task(bench.worker.acquire(20.0, 0.0))
        await bench.is_(Status.RECORDING)
        for request in (bench.worker.acquire(20.0, 0.0), bench.worker.disconnect(), bench.worker.power_off()):
            with pytest.raises(Busy, match="status of spectrometer A is RECORDING"):
                await request
        bench.acquirer.gate.set()
        await first

    run(scenario)


def test_whoever_gives_up_leaves_the_device_recording_until_it_returns() -> None:
    async def scenario(bench: Bench) -> None:
        bench.acquirer.gate.clear()
        given_up = asyncio.create_task(bench.worker.acquire(20.0, 0.0))
        await bench.is_(Status.RECORDING)
        given_up.cancel()
        await asyncio.wait({given_up})
        assert given_up.cancelled()
        assert bench.now() is Status.RECORDING
        bench.acquirer.gate.set()
        await bench.is_(Status.IDLE)
        assert "read" not in bench.device.calls  # nothing more is exposed for nobody
        assert (await bench.worker.acquire(30.0, 0.0)).integration_time == 30.0

    run(scenario)


def test_a_device_error_drops_it_and_it_comes_back() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.failures["read"] = [DeviceRemoved("unplugged")]
        bench.device.failures["open"] = [DeviceRemoved("not there")] * 3
        with pytest.raises(DeviceRemoved, match="unplugged"):
            await bench.worker.acquire(20.0, 0.0)
        assert bench.now() is Status.DROPPED
        assert bench.worker.reason == "unplugged"
        assert not bench.worker.cooler_enabled
        with pytest.raises(Unavailable, match="status of spectrometer A is DROPPED"):
            await bench.worker.acquire(20.0, 0.0)
        for pause in (1.0, 2.0, 4.0, 5.0):  # growing pauses
            await bench.backs_off()
            bench.clock.advance(pause - 0.1)
            await asyncio.sleep(0.005)
            assert bench.now() is Status.DROPPED
            bench.clock.advance(0.1)
            if pause == 4.0:
                await until(lambda: bench.power.switched[-1] == "off" and bench.clock.sleeping == 1)
                bench.clock.advance(5.0)
            await until(lambda: bench.worker.status is not Status.DROPPED)
            await until(lambda: bench.worker.status is not Status.CONNECTING)
        assert bench.now() is Status.IDLE
        assert bench.device.cooler == (True, -10.0)
        await bench.worker.acquire(20.0, 0.0)

    run(scenario)


@pytest.mark.parametrize("failure", [None, DeviceError("no permission")])
def test_what_fails_again_and_again_is_reset_and_then_switched_off_and_on(failure: Exception | None) -> None:
    async def scenario(bench: Bench) -> None:
        if failure is not None:
            bench.device.failures["reset"] = [failure] * 9
        bench.device.failures["read"] = [DeviceTimeout("no answer")] * 4
        for pause, rung in ((1.0, "close"), (2.0, "reset"), (4.0, "off"), (8.0, "reset")):
            with pytest.raises(DeviceTimeout):
                await bench.worker.acquire(20.0, 0.0)
            await bench.backs_off()
            bench.device.calls.clear()
            bench.power.switched.clear()
            bench.clock.advance(pause)
            if rung == "off":
                await until(lambda: bench.power.switched == ["off"] and bench.clock.sleeping == 1)
                assert bench.worker.reason == "being switched off and on"
                bench.clock.advance(5.0)
            await bench.is_(Status.IDLE)
            assert ("reset" in bench.device.calls) == (rung == "reset")
            assert bench.power.switched[-1] == "on"
        assert bench.worker.attempts == {Rung.REOPEN: 1, Rung.RESET: 2, Rung.POWER_CYCLE: 1}
        await bench.worker.acquire(20.0, 0.0)  # and all is forgotten
        bench.device.failures["read"] = [DeviceTimeout("no answer")]
        with pytest.raises(DeviceTimeout):
            await bench.worker.acquire(20.0, 0.0)
        await bench.backs_off()
        bench.clock.advance(1.0)
        await bench.is_(Status.IDLE)
        assert bench.worker.attempts[Rung.REOPEN] == 2

    run(scenario)


def test_connect_does_not_wait_for_the_pause() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.is_(Status.DROPPED)
        await bench.backs_off()
        await bench.worker.connect()
        await bench.is_(Status.IDLE)

    run(scenario, prepare=lambda d: d.failures.update(open=[DeviceRemoved("not there")]), connected=False)


@pytest.mark.parametrize("name", ["open", "temperature", "set_cooler"])
def test_whatever_a_driver_raises_while_connecting(name: str) -> None:
    async def scenario(bench: Bench) -> None:
        await bench.is_(Status.DROPPED)
        assert bench.worker.reason == "RuntimeError: driver"
        await bench.backs_off()
        bench.clock.advance(1.0)
        await bench.is_(Status.IDLE)

    run(scenario, prepare=lambda d: d.failures.update({name: [RuntimeError("driver")]}), connected=False)


def test_whatever_a_driver_raises_in_an_exposure() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.failures["read"] = [RuntimeError("driver")]
        with pytest.raises(DeviceError, match="RuntimeError: driver"):
            await bench.worker.acquire(20.0, 0.0)
        assert bench.now() is Status.DROPPED

    run(scenario)


def test_a_time_that_the_device_does_not_have_costs_nothing() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.failures["read"] = [InvalidValue("too long")]
        with pytest.raises(InvalidValue):
            await bench.worker.acquire(20.0, 0.0)
        assert bench.now() is Status.IDLE

    run(scenario)


def test_rejected_spectra_are_forgiven_twice() -> None:
    async def scenario(bench: Bench) -> None:
        for status in (Status.IDLE, Status.IDLE, Status.DROPPED):
            bench.device.failures["read"] = [SpectrumRejected("all zero")]
            with pytest.raises(SpectrumRejected):
                await bench.worker.acquire(20.0, 0.0)
            assert bench.now() is status

    run(scenario)


def test_averages_and_stay_reach_the_device() -> None:
    async def scenario(bench: Bench) -> None:
        assert (await bench.worker.acquire(20.0, 0.0, averages=3)).averages == 3
        await bench.worker.acquire(20.0, 0.0, stay=True)
        await bench.worker.acquire(20.0, 0.0)
        assert bench.acquirer.wishes == [(3, False), (1, True), (1, False)]

    run(scenario)


def test_a_hanging_read_is_interrupted_and_the_device_reconnected() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.hang.add("read")
        with pytest.raises(DeviceTimeout, match="no answer from read"):
            await bench.worker.acquire(20.0, 0.0)
        assert bench.now() is Status.DROPPED
        assert "interrupt" in bench.device.calls
        await bench.backs_off()
        bench.clock.advance(1.0)
        await bench.is_(Status.IDLE)

    run(scenario, timing=QUICK)


def test_a_hanging_open_is_interrupted() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.is_(Status.DROPPED)
        assert "no answer from open" in str(bench.worker.reason)

    run(scenario, timing=QUICK, prepare=lambda d: d.hang.add("open"), connected=False)


def test_a_stuck_thread_keeps_its_slot_and_says_so() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.hang.add("read")
        bench.device.stubborn = True
        with pytest.raises(DeviceTimeout):
            await bench.worker.acquire(20.0, 0.0)
        assert bench.now() is Status.DROPPED
        assert "stuck" in str(bench.worker.reason)
        await bench.worker.connect()
        bench.clock.advance(100.0)
        await asyncio.sleep(0.005)
        assert bench.now() is Status.DROPPED
        bench.device.released.set()
        await bench.is_(Status.IDLE)

    run(scenario, timing=QUICK)


def test_stop_interrupts_a_long_exposure() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.hang.add("read")
        given_up = asyncio.create_task(bench.worker.acquire(60000.0, 0.0))
        await until(lambda: bench.device.calls[-1] == "read")
        assert bench.now() is Status.RECORDING
        given_up.cancel()

    run(scenario)  # which stops the worker


def test_connect_and_disconnect() -> None:
    async def scenario(bench: Bench) -> None:
        worker = bench.worker
        with pytest.raises(Conflict, match=r"^spectrometer is in wrong state to be connected IDLE$"):
            await worker.connect()
        await worker.disconnect()
        assert bench.now() is Status.DISCONNECTED
        assert not bench.device.is_open
        assert worker.current_temperature is None
        with pytest.raises(Conflict, match=r"^spectrometer is already disconnected$"):
            await worker.disconnect()
        with pytest.raises(Unavailable):
            await worker.acquire(20.0, 0.0)
        await worker.connect()
        assert bench.now() is Status.CONNECTING
        await bench.is_(Status.IDLE)
        assert bench.power.switched == ["on", "on"]

    run(scenario)


def test_power() -> None:
    async def scenario(bench: Bench) -> None:
        worker = bench.worker
        with pytest.raises(Conflict, match=r"^spectrometer is already running$"):
            await worker.power_on()
        await worker.power_off()
        assert bench.now() is Status.POWERED_OFF
        assert bench.power.switched == ["on", "off"]
        assert bench.device.cooler == (False, -10.0)
        for request in (worker.power_off(), worker.disconnect()):
            with pytest.raises(Conflict, match=r"^spectrometer is already powered off$"):
                await request
        with pytest.raises(Conflict, match="wrong state to be connected POWERED_OFF"):
            await worker.connect()
        await worker.power_on()
        await bench.is_(Status.IDLE)
        await worker.disconnect()
        with pytest.raises(Conflict, match=r"^spectrometer is already powered on$"):
            await worker.power_on()
        await bench.is_(Status.IDLE)  # nevertheless

    run(scenario)


@pytest.mark.parametrize("failure", [DeviceError("no pin"), OSError("no pin")])
def test_a_switch_that_fails(failure: Exception) -> None:
    async def scenario(bench: Bench) -> None:
        bench.power.failure = failure
        with pytest.raises(DeviceError, match="no pin"):
            await bench.worker.power_off()
        assert bench.now() is Status.DISCONNECTED

    run(scenario)


def test_disconnect_while_it_is_being_opened() -> None:
    async def scenario(bench: Bench) -> None:
        await until(lambda: bench.device.calls == ["open"])
        assert bench.now() is Status.CONNECTING
        asking = asyncio.create_task(bench.worker.disconnect())
        await asyncio.sleep(0.002)
        assert bench.now() is Status.CONNECTING
        bench.device.interrupted.set()
        await asking
        assert bench.now() is Status.DISCONNECTED
        assert Status.IDLE not in bench.statuses

    run(scenario, prepare=lambda d: d.hang.add("open"), connected=False)


def test_setting_the_cooler() -> None:
    async def scenario(bench: Bench) -> None:
        worker = bench.worker
        await worker.set_cooler(target=-15.0)
        assert bench.device.cooler == (True, -15.0)
        assert worker.target_temperature == -15.0
        await worker.set_cooler(enabled=False)
        assert bench.device.cooler == (False, -15.0)
        assert not worker.cooler_enabled
        with pytest.raises(InvalidValue):
            await worker.set_cooler(target=float("nan"))
        bench.device.failures["set_cooler"] = [DeviceError("refused")]
        with pytest.raises(DeviceError):
            await worker.set_cooler(target=0.0)
        assert worker.target_temperature == -15.0

    run(scenario)


def test_setting_the_cooler_in_an_exposure_waits_for_its_end_and_goes_before_the_next() -> None:
    async def scenario(bench: Bench) -> None:
        worker = bench.worker
        bench.acquirer.gate.clear()
        first = asyncio.create_task(worker.acquire(20.0, 0.0))
        await bench.is_(Status.RECORDING)
        setting = asyncio.create_task(worker.set_cooler(target=-15.0))
        await asyncio.sleep(0.002)
        assert bench.device.cooler == (True, -10.0)
        bench.device.calls.clear()
        bench.acquirer.gate.set()
        await first
        await worker.acquire(20.0, 0.0)
        await setting
        assert bench.device.calls[:4] == ["read", "set_cooler", "temperature", "read"]

    run(scenario)


def test_setting_the_cooler_of_what_is_not_there_yet() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.worker.disconnect()
        await bench.worker.set_cooler(enabled=False, target=2.0)
        assert bench.worker.target_temperature == 2.0
        await bench.worker.connect()
        await bench.is_(Status.IDLE)
        assert bench.device.cooler == (False, 2.0)

    run(scenario)


def test_without_a_cooler() -> None:
    async def scenario(bench: Bench) -> None:
        assert bench.worker.have_cooler is False
        await bench.worker.set_cooler(enabled=True, target=2.0)
        assert bench.worker.cooler_enabled is False
        assert bench.worker.target_temperature == 2.0
        assert bench.device.cooler is None

    run(scenario, has_cooler=False)


def test_the_temperature_is_read_again_when_idle_and_after_exposures() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.degrees = -6.0
        await until(lambda: bench.clock.sleeping == 1)
        bench.clock.advance(10.0)
        await until(lambda: bench.worker.current_temperature == -6.0)
        bench.device.degrees = -7.0
        await bench.worker.acquire(20.0, 0.0)
        assert bench.worker.current_temperature == -6.0  # it was read a moment ago
        bench.clock.advance(1.0)
        await bench.worker.acquire(20.0, 0.0)
        await until(lambda: bench.worker.current_temperature == -7.0)

    run(scenario)


def test_a_temperature_that_cant_be_read_drops_it() -> None:
    async def scenario(bench: Bench) -> None:
        bench.device.failures["temperature"] = [DeviceRemoved("unplugged")]
        await until(lambda: bench.clock.sleeping == 1)
        bench.clock.advance(10.0)
        await bench.is_(Status.DROPPED)

    run(scenario)
