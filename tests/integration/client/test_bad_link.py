"""The client behind a link that loses, doubles, delays and reorders."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self, cast

import pytest

from piccolo3.client import Piccolo
from piccolo3.client.link import LinkChange
from piccolo3.errors import ConnectionFailed
from tests.integration.client.support import run

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]
Fate = Callable[[bool], list[float]]
"""Of a datagram, from the client or not: seconds after which a copy of it arrives, none if it is lost."""


class Side(asyncio.DatagramProtocol):
    transport: asyncio.DatagramTransport

    def __init__(self, take: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._take = take

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._take(data, addr)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens just now."""


class Relay:
    """Stands between one client and a server; `fate` may change at any time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._client: tuple[str, int] | None = None
        self.fate: Fate = lambda _: [0.0]
        self.port = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        loop = asyncio.get_running_loop()
        front = Side(self._asked)
        back = Side(lambda data, _: self._pass(data, from_client=False))
        await loop.create_datagram_endpoint(lambda: front, local_addr=("::1", 0))
        await loop.create_datagram_endpoint(lambda: back, remote_addr=("::1", self._port))
        self._front, self._back = front.transport, back.transport
        self.port = front.transport.get_extra_info("sockname")[1]
        try:
            yield self
        finally:
            self.fate = lambda _: []
            front.transport.close()
            back.transport.close()

    @property
    def url(self) -> str:
        return f"coap://[::1]:{self.port}"

    def _asked(self, data: bytes, client: tuple[str, int]) -> None:
        self._client = client
        self._pass(data, from_client=True)

    def _pass(self, data: bytes, *, from_client: bool) -> None:
        for delay in self.fate(from_client):
            asyncio.get_running_loop().call_later(delay, self._send, data, from_client)

    def _send(self, data: bytes, from_client: bool) -> None:
        transport = self._back if from_client else self._front
        if not transport.is_closing():
            transport.sendto(data, None if from_client else self._client)


def lossy(share: float, seed: int = 1) -> Fate:
    dice = random.Random(seed)
    return lambda _: [] if dice.random() < share else [0.001]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.client.link.WATCH", 0.1)
    monkeypatch.setattr("piccolo3.client.link._PAUSE", 0.05)


def test_everything_arrives_twice(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Relay(server.port).running() as relay:
            relay.fate = lambda _: [0.0, 0.003]
            async with Piccolo(relay.url) as rig:
                values = rig.control.num_sequences.observe()
                assert await anext(values) == 1
                for number in range(2, 12):
                    await rig.control.num_sequences.set(number)
                    assert await anext(values) == number
                assert len(server.calls) == 10  # what came twice was done once
                batch = await rig.control.record_sequence(sequences=2)
                assert (await batch.outcome(10)).complete

    run(test)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_fifth_is_lost_each_way(fake: Fake, seed: int) -> None:
    async def test() -> None:
        async with fake() as server, Relay(server.port).running() as relay:
            relay.fate = lossy(0.2, seed)
            async with Piccolo(relay.url, timeout=4) as rig:
                values = rig.control.delay.observe()
                for number in range(1, 8):
                    await rig.control.delay.set(number)
                async for value in values:
                    if value == 7:
                        break
                assert [path for path, _ in server.calls] == ["control/delay"] * 7

    run(test)


def test_old_news_does_not_overtake_new(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Relay(server.port).running() as relay, Piccolo(relay.url) as rig:
            values = rig.control.delay.observe()
            assert await anext(values) == 0
            dice = random.Random(1)
            relay.fate = lambda from_client: [0.0 if from_client else dice.uniform(0, 0.03)]
            heard = []
            for number in range(1, 30):
                server.set("control/delay", number)
                await asyncio.sleep(0.003)
            async for value in values:
                heard.append(value)
                if value == 29:
                    break
            assert heard == sorted(heard)

    run(test)


def test_answers_that_come_too_late(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Relay(server.port).running() as relay, Piccolo(relay.url, timeout=0.3) as rig:
            relay.fate = lambda from_client: [0.0 if from_client else 0.6]
            for _ in range(3):
                with pytest.raises(ConnectionFailed, match=r"no answer from .* within 0.3 s: check"):
                    await rig.control.delay()
            relay.fate = lambda _: [0.0]
            server.set("control/delay", 4)
            begin = asyncio.get_running_loop().time()
            assert [await rig.control.delay() for _ in range(5)] == [4] * 5  # and not an answer to something else
            assert asyncio.get_running_loop().time() - begin < 0.25  # what was given up holds up nobody

    run(test)


def test_answers_that_take_five_seconds(fake: Fake) -> None:
    async def test() -> None:
        async with (
            fake() as server,
            Relay(server.port).running() as one,
            Relay(server.port).running() as two,
            Piccolo(one.url) as hasty,
            Piccolo(two.url, link="slow") as patient,
        ):
            one.fate = two.fate = lambda from_client: [0.0 if from_client else 5.1]
            late = asyncio.create_task(hasty.control.delay())
            await patient.control.delay.set(3)
            assert [path for path, _ in server.calls] == ["control/delay"]  # once, though it was sent again meanwhile
            with pytest.raises(ConnectionFailed, match=r"no answer from .* within 5 s: check"):
                await late

    run(test)


def test_an_interruption_is_told_and_made_up_for(fake: Fake) -> None:
    told: list[LinkChange] = []
    changed = asyncio.Event()

    def tell(change: LinkChange) -> None:
        told.append(change)
        changed.set()

    async def test() -> None:
        server = fake()
        server._value("sysinfo/started", "2026-11-21T00:00:00+00:00")
        async with server, Relay(server.port).running() as relay, Piccolo(relay.url, 0.3, tell) as rig:
            values = rig.control.delay.observe()
            assert await anext(values) == 0
            relay.fate = lambda _: []
            waiting = asyncio.ensure_future(anext(values))
            await changed.wait()
            assert not rig.connected
            server.set("control/delay", 5)
            relay.fate = lambda _: [0.0]
            assert await waiting == 5
            server.set("control/delay", 6)
            assert await anext(values) == 6
            assert rig.connected

    run(test)
    assert [(change.connected, change.restarted) for change in told] == [(False, False), (True, False)]
    assert "the network was interrupted" in told[1].sentence
