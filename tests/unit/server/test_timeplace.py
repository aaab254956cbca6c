"""Time and place put together, with a gpsd on loopback and a machine whose clock is not the real one."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from piccolo3.clock import SystemClock
from piccolo3.config import ClockConfig, GpsConfig, InstrumentConfig, SiteConfig, SpectrometerConfig
from piccolo3.devices import Host
from piccolo3.errors import Unavailable
from piccolo3.events import Broker
from piccolo3.position import Position
from piccolo3.server.timeplace import TimeAndPlace
from piccolo3.store import MemoryStore, StateFile
from piccolo3.timing import ClockStepped, ClockTrustChanged
from piccolo3.workers import Journal, State, Writer
from tests.fake_gpsd import SKY, FakeGpsd, tpv

SITE = Position(latitude=10.0, longitude=20.0)


class WrongClock(SystemClock):
    """The clock of a machine that has just been switched on."""

    def __init__(self, wrong_by: float) -> None:
        self.wrong_by = wrong_by

    def utcnow(self) -> datetime:
        return super().utcnow() + timedelta(seconds=self.wrong_by)

    def set(self, seconds: float) -> None:
        """Take the place of clock_settime: nothing happens to the machine."""
        self.wrong_by = seconds - time.time()


class Place:
    """What a test looks at."""

    def __init__(self, parts: TimeAndPlace, clock: WrongClock, gpsd: FakeGpsd, broker: Broker) -> None:
        self.parts = parts
        self.clock = clock
        self.gpsd = gpsd
        self.steps: list[ClockStepped] = []
        self.trusted = asyncio.Event()
        self.enough = asyncio.Event()
        broker.subscribe(ClockStepped, self.steps.append)
        broker.subscribe(ClockTrustChanged, lambda event: self.trusted.set() if event.trusted else None)

    async def talk(self) -> None:
        """Say the same position, and the right time, again and again."""
        for number in range(10_000):
            self.gpsd.say(SKY, tpv())
            await asyncio.sleep(0.01)
            if number > 5:
                self.enough.set()


def with_place(
    folder: Path, gps: GpsConfig, wrong_by: float, test: Callable[[Place], Awaitable[None]], *, allowed: bool = True
) -> None:
    def refuse(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "Access denied")

    async def run() -> None:
        async with asyncio.timeout(20), FakeGpsd() as gpsd:
            clock, broker = WrongClock(wrong_by), Broker()

            def set_real_time(seconds: float) -> None:
                if not allowed:
                    raise PermissionError(1, "Operation not permitted")
                clock.set(seconds)

            writer = Writer(MemoryStore(clock, clobber=False, split=True))
            await writer.start()
            state, journal = State(StateFile(folder / "state.json", clock), writer), Journal(writer, clock)
            instrument = InstrumentConfig(
                channels=(),
                spectrometers=(SpectrometerConfig(serial_number="S", driver="seabreeze"),),
                site=SiteConfig(position=SITE),
                clock=ClockConfig(trust="synchronised"),
                gps=replace(gps, host="127.0.0.1", port=gpsd.port),
            )
            host = Host(set_real_time, refuse, kernel_status=lambda: 0x40)
            parts = TimeAndPlace(instrument, clock, broker, journal, state, host)
            place = Place(parts, clock, gpsd, broker)
            parts.start()
            await gpsd.watched()
            talking = asyncio.create_task(place.talk())
            try:
                await test(place)
            finally:
                talking.cancel()
                await parts.stop()
                await state.flush()
                await writer.stop(1.0)

    asyncio.run(run())


@pytest.mark.parametrize("wrong_by", [-86_400.0 * 100, 3600.0])
def test_gps_sets_the_clock_of_a_machine_that_was_switched_on(tmp_path: Path, wrong_by: float) -> None:
    async def test(place: Place) -> None:
        assert not place.parts.timekeeper.trusted
        await place.trusted.wait()
        assert [event.cause for event in place.steps] == ["gps"]
        assert place.steps[0].step.seconds == pytest.approx(-wrong_by, abs=1.0)
        assert abs((place.clock.utcnow() - datetime.now(UTC)).total_seconds()) < 1.0
        found = place.parts.surroundings()
        assert (found["Clock"], found["PositionSource"], found["Latitude"]) == ("gps", "gps", 55.9)

    with_place(tmp_path, GpsConfig(set_clock=True), wrong_by, test)


@pytest.mark.parametrize(("configured", "allowed"), [(False, True), (True, False)])
def test_a_clock_that_may_not_be_set_stays_as_it_is_and_is_not_trusted(
    tmp_path: Path, configured: bool, allowed: bool
) -> None:
    async def test(place: Place) -> None:
        await place.enough.wait()
        await asyncio.sleep(0.05)
        assert place.parts.timekeeper.sentence.endswith("behind GPS")
        assert not place.parts.timekeeper.trusted
        assert not place.steps
        assert place.clock.wrong_by == -3600.0
        assert place.parts.surroundings()["Clock"] == "unsynchronised"

    with_place(tmp_path, GpsConfig(set_clock=configured), -3600.0, test, allowed=allowed)


def test_a_clock_that_was_set_by_hand(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        keeper = place.parts.timekeeper
        await keeper.set_clock(datetime.now(UTC).isoformat())
        assert keeper.trusted
        assert [event.cause for event in place.steps] == ["manual"]

    with_place(tmp_path, GpsConfig(), -3600.0, test)


def test_whoever_may_not_set_it_hears_why(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        with pytest.raises(Unavailable, match="CAP_SYS_TIME"):
            await place.parts.timekeeper.set_clock("2026-06-21T12:00:00Z")
        assert not place.steps

    with_place(tmp_path, GpsConfig(), -3600.0, test, allowed=False)
