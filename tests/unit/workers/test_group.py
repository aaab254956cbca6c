from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from piccolo3.errors import Conflict
from piccolo3.events import Broker
from piccolo3.status import SpectrometerStatus as Status
from piccolo3.workers import SpectrometerGroup, SpectrometerWorker
from piccolo3.workers.group import POWER_DELAY
from tests.unit.workers.fakes import FakeAcquirer, FakePower, FakeSpectrometer, StepClock, spectrometer_config, until


def run(
    scenario: Callable[[SpectrometerGroup, StepClock], Awaitable[None]], *, settled: bool = True, without: str = ""
) -> None:
    """With three spectrometers that have power switches, but for those `without`, once they are connected."""

    async def whole() -> None:
        clock, broker = StepClock(), Broker()
        workers = [
            SpectrometerWorker(
                spectrometer_config(name),
                FakeSpectrometer(name),
                None if name in without else FakePower(),
                clock,
                broker,
                acquirer=FakeAcquirer,
            )
            for name in "CAB"
        ]
        group = SpectrometerGroup(workers, clock)
        await group.start()
        if settled:
            await until(lambda: group["A"].status is Status.IDLE)
            clock.advance(2 * POWER_DELAY)
            await until(lambda: set(statuses(group)) == {Status.IDLE})
        await scenario(group, clock)
        assert await group.stop(1.0)

    asyncio.run(whole())


def statuses(group: SpectrometerGroup) -> list[Status]:
    return [worker.status for worker in group.values()]


def test_it_is_a_sorted_mapping() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        assert list(group) == ["A", "B", "C"]
        assert len(group) == 3
        assert group["B"].serial_number == "B"

    run(scenario)


def test_connecting_all() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        refused = await group.connect()
        assert refused == dict.fromkeys("ABC", "spectrometer is in wrong state to be connected IDLE")
        await group["B"].disconnect()
        assert await group.disconnect() == {"B": "spectrometer is already disconnected"}
        assert set(statuses(group)) == {Status.DISCONNECTED}
        assert await group.connect() == {}
        await until(lambda: set(statuses(group)) == {Status.IDLE})

    run(scenario)


def test_they_are_switched_on_one_after_the_other() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        assert await group.power_on() == dict.fromkeys("ABC", "spectrometer is already running")
        assert await group.power_off() == {}
        assert set(statuses(group)) == {Status.POWERED_OFF}
        await group["A"].power_on()
        await until(lambda: group["A"].status is Status.IDLE)
        assert await group.power_on() == {"A": "spectrometer is already running"}
        await until(lambda: group["B"].status is Status.IDLE)
        clock.advance(9.9)
        await asyncio.sleep(0.005)
        assert statuses(group) == [Status.IDLE, Status.IDLE, Status.POWERED_OFF]
        assert (await group.power_on())["C"] == "spectrometer is going to be powered on"
        clock.advance(0.1)
        await until(lambda: group["C"].status is Status.IDLE)

    run(scenario)


def test_at_the_start_too() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        await until(lambda: group["A"].status is Status.IDLE)
        assert statuses(group) == [Status.IDLE, Status.CONNECTING, Status.CONNECTING]
        assert group["B"].reason == "waiting for others to be switched on"
        clock.advance(9.9)
        await asyncio.sleep(0.005)
        assert statuses(group) == [Status.IDLE, Status.CONNECTING, Status.CONNECTING]
        clock.advance(0.1)
        await until(lambda: group["B"].status is Status.IDLE)
        assert group["C"].status is Status.CONNECTING
        clock.advance(10.0)
        await until(lambda: group["C"].status is Status.IDLE)

    run(scenario, settled=False)


def test_at_the_start_nobody_waits_for_one_without_a_switch() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        await until(lambda: statuses(group) == [Status.IDLE, Status.IDLE, Status.CONNECTING])
        await group["C"].power_off()  # it would have been its turn
        clock.advance(100.0)
        await asyncio.sleep(0.005)
        assert group["C"].status is Status.POWERED_OFF

    run(scenario, settled=False, without="A")


def test_at_the_start_one_can_be_switched_on_before_its_turn() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        with pytest.raises(Conflict):
            await group["C"].power_on()
        await until(lambda: statuses(group) == [Status.IDLE, Status.CONNECTING, Status.IDLE])

    run(scenario, settled=False)


def test_switching_off_ends_switching_on() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        await group.power_off()
        await group.power_on()
        await until(lambda: group["A"].status is Status.IDLE)
        await group.power_off()
        clock.advance(100.0)
        await asyncio.sleep(0.005)
        assert set(statuses(group)) == {Status.POWERED_OFF}
        await group.power_on()
        await until(lambda: group["A"].status is Status.IDLE)

    run(scenario)


def test_one_that_was_switched_on_by_hand_meanwhile_does_no_harm() -> None:
    async def scenario(group: SpectrometerGroup, clock: StepClock) -> None:
        await group.power_off()
        await group.power_on()
        await group["B"].power_on()
        await until(lambda: group["B"].status is Status.IDLE)
        clock.advance(10.0)
        await asyncio.sleep(0.005)
        assert group["B"].status is Status.IDLE

    run(scenario)
