"""A transfer that breaks off goes on at the block where it was."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import aiocoap
import pytest

from piccolo3.client import Piccolo
from piccolo3.client.ledger import HIDDEN
from piccolo3.errors import ConnectionFailed
from tests.integration.client.support import run
from tests.integration.client.test_bad_link import Relay
from tests.rigs import instrument, serving

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]
INSTRUMENT = instrument(("dummy_QEP:QE-PRO",), ("north", "south", "zenith"))


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("data")

    async def record(url: str) -> None:
        async with Piccolo(url) as rig:
            assert (await (await rig.control.record_sequence("tower", sequences=1)).outcome(20)).complete

    with serving(folder, INSTRUMENT) as url:
        asyncio.run(record(url))
        yield url, folder


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


class Blocks(Relay):
    """Notes the numbers of the blocks that reach the client, and cuts the line after one of them."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.seen: list[int] = []
        self.last: int | None = None
        self.reached = asyncio.Event()

    def _pass(self, data: bytes, *, from_client: bool) -> None:
        block = aiocoap.Message.decode(data).opt.block2
        if self.last is not None and (self.last in self.seen):
            return
        if not from_client and block is not None:
            if self.seen[-1:] != [block.block_number]:  # a busy computer may be asked twice
                self.seen.append(block.block_number)
            if block.block_number == self.last:
                self.reached.set()
        super()._pass(data, from_client=from_client)


class Streams:
    """A relay for TCP at one port; it hangs up when the server has sent so many bytes."""

    def __init__(self, server: int) -> None:
        self._server = server
        self.bytes: int | None = None
        self.passed = 0
        self.cut = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[Streams]:
        server = await asyncio.start_server(self._connected, "::1", port)
        try:
            yield self
        finally:
            server.close()
            self._hang_up()
            await server.wait_closed()
            await asyncio.sleep(0.02)

    def _hang_up(self) -> None:
        for writer in tuple(self._open):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, on = await asyncio.open_connection("::1", self._server)
        self._open |= {writer, on}
        with suppress(OSError):
            await asyncio.gather(self._copy(reader, on, count=False), self._copy(there, writer, count=True))
        for one in (writer, on):
            one.transport.abort()
            self._open.discard(one)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool) -> None:
        while data := await reader.read(1000):
            if count:
                self.passed += len(data)
                if self.bytes is not None and self.passed >= self.bytes:
                    writer.write(data)
                    await writer.drain()
                    writer.transport.close()  # what is on its way arrives
                    self.bytes = None
                    self.cut.set()
                    return
            writer.write(data)
            await writer.drain()


@pytest.mark.parametrize("link", ["normal", "slow"])
@pytest.mark.parametrize("last", [0, 4, 23])
def test_it_goes_on_at_the_block_where_it_was(rig: tuple[str, Path], last: int, link: str) -> None:
    async def test() -> None:
        async with Blocks(port_of(rig[0])).running() as relay, Piccolo(relay.url, link=link) as there:
            probe = there.connection.received
            whole = await there.connection.request(aiocoap.GET, "description")
            size = there.connection.received - probe
            blocks, relay.seen = relay.seen, []
            assert blocks == list(range(len(blocks)))
        async with Blocks(port_of(rig[0])).running() as relay, Piccolo(relay.url, 0.4, link=link) as there:
            received = there.connection.received
            relay.last = last
            with pytest.raises(ConnectionFailed, match="no answer from"):
                await there.connection.request(aiocoap.GET, "description")
            assert relay.seen == list(range(last + 1))
            relay.last = None
            assert await there.connection.request(aiocoap.GET, "description") == whole
            assert relay.seen == blocks  # each once
            assert there.connection.received - received - size <= probe  # and a look whether it is there again

    run(test)


def test_a_short_interruption_is_no_failure(rig: tuple[str, Path]) -> None:
    async def test() -> None:
        async with Blocks(port_of(rig[0])).running() as relay, Piccolo(relay.url, 0.4) as there:
            relay.last = 7
            reading = asyncio.create_task(there.connection.request(aiocoap.GET, "description"))
            await relay.reached.wait()
            await asyncio.sleep(0.2)
            relay.last = None
            assert isinstance(await reading, dict)
            assert sorted(set(relay.seen)) == list(range(len(set(relay.seen))))

    run(test)


def test_what_has_changed_meanwhile_comes_from_its_beginning(fake: Fake) -> None:
    """At a server that knows nothing of the blocks before."""

    async def test() -> None:
        async with fake() as server, Blocks(server.port).running() as relay, Piccolo(relay.url, 0.4) as there:
            for number in range(3):
                text = str(number) * 9000
                server._value("data_dir/large", text)
                relay.seen, relay.last = [], 3
                with pytest.raises(ConnectionFailed):
                    await there.get("data_dir/large")
                relay.last = None
                server._value("data_dir/large", text + "!")
                assert await there.get("data_dir/large") == text + "!"

    run(test)


def test_the_server_is_restarted_meanwhile(tmp_path: Path, unused_port: int) -> None:
    async def read(there: Piccolo) -> object:
        return await there.connection.request(aiocoap.GET, "description")

    async def test() -> None:
        relay = Blocks(unused_port)
        async with relay.running():
            with serving(tmp_path, INSTRUMENT, port=unused_port):
                there = await Piccolo(relay.url, 0.4).__aenter__()
                relay.last = 9
                with pytest.raises(ConnectionFailed):
                    await read(there)
            relay.last = None
            with serving(tmp_path, INSTRUMENT, port=unused_port):
                assert isinstance(await read(there), dict)
                assert relay.seen == list(range(len(relay.seen)))
                await there.__aexit__(None, None, None)

    run(test)


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
@pytest.mark.parametrize("cut", [3_000, 17_000, 35_000])
def test_nothing_that_came_over_tcp_comes_again(rig: tuple[str, Path], scheme: str, cut: int) -> None:
    async def test() -> None:
        async with Piccolo(rig[0]) as there:
            probe = there.connection.received
            whole = await there.connection.request(aiocoap.GET, "description", bulk=True)
            size = there.connection.received - probe
        port = port_of(rig[0])
        async with Blocks(port).running() as relay, Streams(port).listening(relay.port) as streams:
            streams.bytes = cut
            async with Piccolo(f"{scheme}://[::1]:{relay.port}", 5) as there:
                assert await there.connection.request(aiocoap.GET, "description", bulk=True) == whole
            assert streams.cut.is_set()
            over_udp = 1024 * len(relay.seen)
            assert (scheme == "coap") == (over_udp > 0)
            assert streams.passed + over_udp < size + 2 * 1024 + 500  # two blocks at most, and some probes

    run(test)


def test_a_file_of_a_copy_that_was_ended_goes_on(rig: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = rig  # with a file of darks in three blocks, and one of lights in five

    async def test() -> None:
        async with Blocks(port_of(url)).running() as relay:
            async with Piccolo(relay.url, 0.4) as there:  # the relay has no TCP
                relay.last = 3
                copying = asyncio.create_task(there.data_dir.sync(tmp_path, ["tower"]))
                await relay.reached.wait()
                await asyncio.sleep(0.05)
                copying.cancel()
                await asyncio.gather(copying, return_exceptions=True)
            begun = json.loads((tmp_path / HIDDEN / "begun").read_bytes())
            assert begun[0][:3] == ["data_dir", "runs", "tower"]
            relay.seen, relay.last = [], None
            async with Piccolo(relay.url) as there:
                assert (await there.data_dir.sync(tmp_path, ["tower"])).copied == 1
            assert relay.seen == [4]  # what came before was not sent again
            assert not (tmp_path / HIDDEN / "begun").exists()
            for file in (folder / "tower").glob("*.pico"):
                assert (tmp_path / "tower" / file.name).read_bytes() == file.read_bytes()

    run(test)
