"""A small tree of components, and clients to ask it, for the tests of the CoAP binding."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import aiocoap
import cbor2
from aiocoap.numbers.codes import Code

from piccolo3.coap import CoapServer
from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component, Group
from piccolo3.components.datatypes import Integer, Json, JsonValue, ListOf, Number, SafeName, Text, Truth
from piccolo3.components.declaration import command, lookup, value
from piccolo3.components.files import FileText, file_document
from piccolo3.errors import Busy, Conflict, NotFound

GET, PUT, POST = Code.GET, Code.PUT, Code.POST
DELETE, FETCH = Code.DELETE, Code.FETCH


class Control(Component):
    def __init__(self) -> None:
        super().__init__("control")
        self.seconds = 0.5
        self.word = "idle"
        self.numbers = range(3)
        self.calls: list[tuple[object, ...]] = []
        self.connected = False
        self.release = asyncio.Event()

    @value(
        Number(minimum=0, maximum=100, unit="s"), title="pause between sequences", text="In seconds.", observable=True
    )
    def delay(self) -> float:
        return self.seconds

    @delay.setter(Argument("d", Number(minimum=0, maximum=100, unit="s", lenient=True)))
    async def set_delay(self, seconds: float) -> None:
        self.seconds = seconds
        self.announce("delay")

    @value(Text(max_length=80), title='"status"', observable=True)
    def status(self) -> str:
        if self.word == "broken":
            raise NotFound("no status")
        return self.word

    @value(Json(size=1024), title="too large", observable=True)
    def promised(self) -> JsonValue:
        return "x" * 2000

    @value(Json(), title="of any size", observable=True, large=True)
    def jobs(self) -> JsonValue:
        return list(self.numbers)

    @jobs.setter(Argument("n", Integer(minimum=0)))
    async def set_jobs(self, number: int) -> None:
        self.numbers = range(number)
        self.announce("jobs")

    @value(Text(), title="run")
    def current_run(self) -> str:
        return "spectra"

    @current_run.setter(Argument("run", SafeName()), answer=Text())
    async def set_current_run(self, run: str) -> str:
        return run

    @value(Text(), title="a bug")
    def bug(self) -> str:
        raise ZeroDivisionError("secret detail")

    @value(Json(), title="what is not JSON")
    def nan(self) -> JsonValue:
        return float("nan")

    @value(Text(), title="takes long")
    async def slow(self) -> str:
        await self.release.wait()
        return "done"

    @command(Argument("n", Integer(minimum=1), default=1), title="record")
    async def record(self, sequences: int) -> None:
        if self.word != "idle":
            raise Busy("piccolo system is busy", status=self.word)
        self.calls.append(("record", sequences))

    @command(title="abort", legacy_get=True)
    async def abort(self) -> None:
        self.calls.append(("abort",))

    @command(title="connect")
    async def connect(self) -> None:
        if self.connected:
            raise Conflict("already connected")
        self.connected = True

    @connect.legacy(Text())
    async def connect_by_get(self) -> str:
        try:
            await self.connect()
        except Conflict as error:
            return error.message
        return "ok"

    @command(Argument("alpha", Truth(), default=False), answer=ListOf(Text()), title="list")
    async def all_runs(self, alpha: bool) -> list[str]:
        self.calls.append(("all_runs", alpha))
        return [f"run {number}" for number in range(400)]

    @command(Argument("first", Integer()), answer=ListOf(Integer()), title="a page", safe=True)
    async def page(self, first: int) -> list[int]:
        self.calls.append(("page", first))
        return list(range(first, first + 400))

    @command(Argument("text", Text()), answer=Integer(), title="length of a text")
    async def length(self, text: str) -> int:
        self.calls.append(("length", len(text)))
        return len(text)


class Run(Component):
    def __init__(self, name: str, files: Mapping[str, str]) -> None:
        super().__init__(name)
        self._files = files

    @value(Text(), name="name", title="name of the run")
    async def run_name(self) -> str:
        return self.name

    @command(Argument("sname", SafeName()), answer=Text(), title="text of a file")
    async def spectra(self, name: str) -> str:
        return await self.read(name)

    @lookup(Argument("file", SafeName()), FileText(), name="spectra", title="text of a file")
    async def file(self, name: str) -> str:
        return file_document(await self.read(name))

    async def read(self, name: str) -> str:
        await asyncio.sleep(0)
        if name not in self._files:
            raise NotFound(f"there is no file {name}", file=name, have=[f"f{number}" for number in range(300)])
        return self._files[name]


class Runs(Component):
    def __init__(self) -> None:
        super().__init__("runs")
        self.files: dict[str, dict[str, str]] = {"r1": {}, "old ä": {}}

    def children(self) -> Mapping[str, Component]:
        return {name: Run(name, files) for name, files in self.files.items()}

    def find(self, name: str) -> Component | None:
        return Run(name, self.files[name]) if name in self.files else None

    def prototype(self) -> Component:
        return Run("run", {})


class Channel(Component):
    @value(Number(whole_as_integer=True, unit="ms"), name="", title="integration time", observable=True)
    def current_time(self) -> float:
        return 8.0


class Toy:
    """The components, the server and its port."""

    def __init__(self) -> None:
        self.control = Control()
        self.runs = Runs()
        self.root = Group(
            "",
            [
                self.control,
                Group("data_dir", [self.runs]),
                Group("spectrometer", [Group("S_x", [Group("current_time", [Channel("upwelling")])])]),
            ],
        )
        self.port = 0


@asynccontextmanager
async def toy_server(address: str = "::1", port: int = 0) -> AsyncIterator[Toy]:
    """Serve a toy."""
    toy = Toy()
    async with CoapServer(toy.root, address, port) as server:
        toy.port = server.port
        yield toy


class Client:
    """Asks a server at one address."""

    def __init__(self, context: aiocoap.Context, base: str) -> None:
        self.context = context
        self.base = base

    async def ask(self, code: Code, path: str, payload: bytes | str = b"", **options: object) -> aiocoap.Message:
        """Send a request and return the assembled answer."""
        if isinstance(payload, str):
            payload = payload.encode()
        message = aiocoap.Message(code=code, uri=f"{self.base}/{path}", payload=payload, **options)
        async with asyncio.timeout(20):
            return await self.context.request(message).response

    async def json(self, code: Code, path: str, payload: bytes | str = b"", **options: object) -> object:
        """Send a request and return the decoded answer."""
        answer = await self.ask(code, path, payload, **options)
        return body(answer)


@asynccontextmanager
async def client(port: int, host: str = "[::1]", scheme: str = "coap") -> AsyncIterator[Client]:
    """Connect."""
    context = await aiocoap.Context.create_client_context(transports=["udp6", "tcpclient"])
    try:
        yield Client(context, f"{scheme}://{host}:{port}")
    finally:
        # aiocoap's clients leave connections open
        for interface in context.request_interfaces:
            for connection in tuple(getattr(interface.token_interface, "_pool", {}).values()):
                connection._transport.close()
        await context.shutdown()
        await asyncio.sleep(0)


@asynccontextmanager
async def toy_and_client(
    address: str = "::1", host: str = "[::1]", scheme: str = "coap"
) -> AsyncIterator[tuple[Toy, Client]]:
    """Serve a toy and connect to it."""
    async with toy_server(address) as toy, client(toy.port, host, scheme) as connected:
        yield toy, connected


class Raw(asyncio.DatagramProtocol):
    """Sends datagrams as they are, and keeps those that come back."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.received.put_nowait(data)

    def send(self, data: bytes) -> None:
        """Send a datagram."""
        assert self.transport is not None
        self.transport.sendto(data)

    async def receive(self) -> bytes:
        """Wait for the next datagram."""
        async with asyncio.timeout(5):
            return await self.received.get()


@asynccontextmanager
async def raw_client(port: int, host: str = "::1") -> AsyncIterator[Raw]:
    """Open a socket."""
    transport, raw = await asyncio.get_running_loop().create_datagram_endpoint(Raw, remote_addr=(host, port))
    raw.transport = transport
    try:
        yield raw
    finally:
        transport.close()
        await asyncio.sleep(0)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what is under way in the server and has no event of its own to wait for."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def body(answer: aiocoap.Message) -> object:
    """Decode an answer."""
    if answer.opt.content_format == 60:
        return cbor2.loads(answer.payload)
    assert answer.opt.content_format == 50, answer
    return json.loads(answer.payload)
