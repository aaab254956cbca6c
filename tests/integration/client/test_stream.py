"""Which way requests go: large answers over coap+tcp where there is such a thing, everything else over UDP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import aiocoap
import pytest

from piccolo3.cli.front.main import main
from piccolo3.client import Piccolo
from piccolo3.client.connection import Connection
from piccolo3.errors import InvalidValue
from tests.integration.client.support import run
from tests.integration.client.test_bad_link import Relay
from tests.rigs import instrument, serving

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]
NAME = "b000000_s000000_light.pico"


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The last segment of the path of each request, and the scheme."""
    gone: list[tuple[str, str]] = []
    exchange = Connection._exchange

    async def watched(self_: Connection, message: aiocoap.Message, seconds: float) -> aiocoap.Message | None:
        name = message.opt.uri_path[-1]
        try:
            return await exchange(self_, message, seconds)
        finally:
            gone.append((name, "unsent" if message.remote is None else str(message.remote.scheme)))

    monkeypatch.setattr(Connection, "_exchange", watched)
    return gone


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("data"), instrument(("dummy_STS:STS-VIS",), ("up",))) as url:
        yield url


def test_what_is_large_goes_over_tcp(url: str, ways: list[tuple[str, str]]) -> None:
    async def test() -> None:
        async with Piccolo(url) as rig:
            await rig.tree()
            await rig.control.status()
            assert [entry async for entry in rig.data_dir.query(page=50)] == []
            assert [entry async for entry in rig.data_dir.query(page=1)] == []
            await rig.control.delay.set(1)
        async with Piccolo(url.replace("coap", "coap+tcp")) as rig:
            await rig.control.status()

    run(test)
    udp, tcp = "coap", "coap+tcp"
    expected = [("version", udp), ("description", tcp), ("status", udp), ("query", tcp), ("query", udp), ("delay", udp)]
    assert ways == [*expected, ("version", tcp), ("status", tcp)]


def test_a_server_without_tcp(fake: Fake, ways: list[tuple[str, str]], pico_text: str) -> None:
    async def test() -> None:
        server = fake()
        await server.start(transports=("udp6",))
        try:
            server.add_file(NAME, pico_text)
            async with Piccolo(server.url) as rig:
                for _ in range(2):
                    assert await rig.data_dir.run("a run").read(NAME) == pico_text
        finally:
            await server.stop()

    run(test)
    assert {way for _, way in ways} == {"coap"}


def test_a_firewall_that_swallows_tcp(fake: Fake, ways: list[tuple[str, str]], pico_text: str) -> None:
    async def test() -> None:
        server = fake()
        await server.start(transports=("udp6",))
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as silent:
            silent.bind(("::1", server.port))
            silent.listen(0)
            try:
                server.add_file(NAME, pico_text)
                async with Piccolo(server.url, 0.3) as rig:
                    begin = asyncio.get_running_loop().time()
                    for _ in range(5):
                        assert await rig.data_dir.run("a run").read(NAME) == pico_text
                    assert asyncio.get_running_loop().time() - begin < 0.8  # waited for once
            finally:
                await server.stop()

    run(test)
    assert {way for _, way in ways} == {"coap"}


def test_the_connection_ends_in_the_middle(
    fake: Fake, ways: list[tuple[str, str]], pico_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        server = fake()
        async with server:
            server.add_file(NAME, pico_text)
            async with Piccolo(server.url) as rig:
                read = rig.data_dir.run("a run").read
                assert await read(NAME) == pico_text
                assert ways[-1][1] == "coap+tcp"
                server.delay_answers = 0.2
                reading = asyncio.create_task(read(NAME))
                await asyncio.sleep(0.05)
                context = rig.connection._open_context()
                from piccolo3.client.stream import connections

                (connection,) = connections(context)
                connection.abort()
                assert await reading == pico_text
                assert ways[-1][1] == "coap"
                monkeypatch.setattr(rig.connection._stream, "_away", 0.0)
                server.delay_answers = 0.0
                assert await read(NAME) == pico_text
                assert ways[-1][1] == "coap+tcp"
            # the server is another one now
            async with Piccolo(server.url) as rig:
                assert await rig.data_dir.run("a run").read(NAME) == pico_text
                await server.stop()
                await server.start()
                assert await rig.data_dir.run("a run").read(NAME) == pico_text

    run(test)


def test_small_blocks_on_a_slow_link(url: str) -> None:
    sizes: list[int] = []

    class Measured(Relay):
        def _pass(self, data: bytes, *, from_client: bool) -> None:
            sizes.append(len(data))
            super()._pass(data, from_client=from_client)

    async def test() -> None:
        largest = {}
        for link in ("normal", "slow"):
            sizes.clear()
            async with Measured(int(url.rpartition(":")[2])).running() as relay, Piccolo(relay.url, link=link) as rig:
                assert "control" in dir(await rig.tree())
            largest[link] = max(sizes)
        assert 1024 < largest["normal"] < 1100
        assert 512 < largest["slow"] < 580

    run(test)


def test_options(url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert Connection(url).timeout == 5.0
    assert Connection(url, link="slow").timeout == 30.0
    assert Connection(url, 3.0, "slow").timeout == 3.0
    with pytest.raises(InvalidValue, match="normal or slow"):
        Piccolo(url, link="fast")
    assert main(("data", "sync", str(tmp_path), "--link", "slow", "-u", url)) == 0
    assert main(("--link", "slow", "data", "list", "-u", url)) == 0
    assert not capsys.readouterr().err
