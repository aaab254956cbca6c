"""A connection to gpsd, with everything that can happen to it."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

import pytest

from piccolo3.clock import SystemClock
from piccolo3.timing import Receiver, ReceiverTiming, Satellites
from tests.fake_gpsd import SKY, FakeGpsd, tpv

QUICK = ReceiverTiming(connect=5.0, silence=5.0, first_retry=0.01, last_retry=0.02)


class Listener:
    """A receiver that says when it has heard something."""

    def __init__(self, port: int, timing: ReceiverTiming = QUICK, host: str = "127.0.0.1") -> None:
        self.clock = SystemClock()
        self.satellites = Satellites(60.0)
        self.news = asyncio.Event()
        self.heard = 0
        self.receiver = Receiver(host, port, self.satellites, self.clock, timing=timing, heard=self._hear)

    def _hear(self) -> None:
        self.heard += 1
        self.news.set()

    async def hear(self, latitude: float) -> None:
        """Wait until that is the position."""
        while self.latitude != latitude:
            await self.news.wait()
            self.news.clear()

    @property
    def latitude(self) -> float | None:
        fix = self.satellites.fix(self.clock.monotonic())
        return None if fix is None else fix.latitude


def with_gpsd(test: Callable[[FakeGpsd, Listener], Awaitable[None]], timing: ReceiverTiming = QUICK) -> None:
    async def run() -> None:
        async with asyncio.timeout(20), FakeGpsd() as gpsd:
            listener = Listener(gpsd.port, timing)
            listener.receiver.start()
            await gpsd.watched()
            await test(gpsd, listener)
            await listener.receiver.stop()
            assert not listener.receiver.connected

    asyncio.run(run())


def test_it_watches_and_hears() -> None:
    async def test(gpsd: FakeGpsd, listener: Listener) -> None:
        assert gpsd.requests == [b'?WATCH={"enable":true,"json":true};\n']
        assert listener.receiver.connected
        gpsd.say(SKY, tpv(1.0))
        await listener.hear(1.0)
        fix = listener.satellites.fix(listener.clock.monotonic())
        assert fix is not None
        assert (fix.satellites, fix.altitude) == (9, 60.0)

    with_gpsd(test)


def test_garbage_and_lines_that_come_in_pieces() -> None:
    async def test(gpsd: FakeGpsd, listener: Listener) -> None:
        line = tpv(2.0)
        gpsd.say(b"\x00\xff\xfe garbage\n", b"\n\n\n", b'{"class":"TPV"\n', b"$GPGGA,,,,*00\r\n", line[:20])
        await asyncio.sleep(0.005)
        assert listener.heard == 0
        gpsd.say(line[20:-2])
        await asyncio.sleep(0.005)
        assert listener.heard == 0
        gpsd.say(line[-2:])
        await listener.hear(2.0)
        assert gpsd.connections == 1

    with_gpsd(test)


def test_lines_without_end_are_skipped() -> None:
    async def test(gpsd: FakeGpsd, listener: Listener) -> None:
        gpsd.say(b"x" * 1_000_000, b"\n", tpv(3.0))
        await listener.hear(3.0)
        assert gpsd.connections == 1

    with_gpsd(test)


def test_half_a_line_at_the_end_is_nothing() -> None:
    async def test(gpsd: FakeGpsd, listener: Listener) -> None:
        gpsd.say(tpv(4.0).rstrip())
        await gpsd.hang_up()
        await gpsd.watched()
        assert listener.latitude is None
        gpsd.say(tpv(5.0))
        await listener.hear(5.0)

    with_gpsd(test)


def test_silence_ends_the_connection_and_another_one_is_made() -> None:
    async def test(gpsd: FakeGpsd, listener: Listener) -> None:
        gpsd.say(tpv(6.0))
        await listener.hear(6.0)
        await gpsd.watched()
        assert gpsd.connections == 2
        gpsd.say(tpv(7.0))
        await listener.hear(7.0)

    with_gpsd(test, ReceiverTiming(connect=5.0, silence=0.05, first_retry=0.01, last_retry=0.02))


def test_fixes_that_are_lost_and_come_again() -> None:
    async def test(gpsd: FakeGpsd, listener: Listener) -> None:
        gpsd.say(tpv(8.0))
        await listener.hear(8.0)
        heard = listener.heard
        gpsd.say(tpv(9.0, mode=1))
        while listener.heard == heard:
            await listener.news.wait()
            listener.news.clear()
        assert listener.latitude == 8.0
        assert not listener.satellites.has_fix(listener.clock.monotonic())
        gpsd.say(tpv(9.0, mode=2))
        await listener.hear(9.0)

    with_gpsd(test)


def test_gpsd_that_comes_goes_and_comes_again_is_told_once_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        listener = Listener(port)
        listener.receiver.start()
        await asyncio.sleep(0.05)  # several attempts
        for latitude in (1.0, 2.0):
            async with FakeGpsd(port) as gpsd:
                await gpsd.watched()
                gpsd.say(tpv(latitude))
                await listener.hear(latitude)
            await asyncio.sleep(0.05)
        await listener.receiver.stop()

    asyncio.run(asyncio.wait_for(run(), 20))
    told = [
        record.message.split(" ", 3)[3].partition(",")[0] for record in caplog.records if "gpsd at" in record.message
    ]
    assert told == [
        "is not to be had",
        "reports positions",
        "is not to be had",
        "reports positions",
        "is not to be had",
    ]


def test_it_is_patient_with_a_gpsd_that_is_not_there() -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        listener = Listener(port, ReceiverTiming())
        pauses: list[float] = []
        enough = asyncio.Event()

        async def asleep(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 9:
                enough.set()
                await asyncio.sleep(3600)

        listener.clock.asleep = asleep  # type: ignore[method-assign]
        listener.receiver.start()
        await enough.wait()
        await listener.receiver.stop()
        assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_name_that_is_none_is_tried_like_others() -> None:
    async def run() -> None:
        listener = Listener(1, host="." * 70)
        listener.receiver.start()
        await asyncio.sleep(0.05)
        assert listener.receiver._task is not None
        assert not listener.receiver._task.done()
        await listener.receiver.stop()

    asyncio.run(asyncio.wait_for(run(), 20))


def test_an_error_in_the_program_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    async def test(gpsd: FakeGpsd, listener: Listener) -> None:
        def broken() -> None:
            raise ZeroDivisionError

        good, listener.receiver._heard = listener.receiver._heard, broken
        gpsd.say(tpv(1.0))
        await gpsd.watched()
        listener.receiver._heard = good
        gpsd.say(tpv(2.0))
        await listener.hear(2.0)

    with_gpsd(test)
    assert [record.exc_info is not None for record in caplog.records if record.levelno == logging.ERROR] == [True]


def test_one_that_was_never_started_can_be_stopped() -> None:
    async def run() -> None:
        await Listener(1).receiver.stop()

    asyncio.run(run())
