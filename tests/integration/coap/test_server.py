"""Where the server listens, and that it starts and stops without leaving anything."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import subprocess
import sys
import textwrap

import aiocoap
import pytest

from piccolo3.coap import CoapServer
from piccolo3.coap.sockets import open_endpoints
from piccolo3.errors import ConfigurationError, Conflict
from tests.integration.coap.toy import GET, PUT, Toy, client, eventually, raw_client, toy_server


async def reach(port: int, host: str, scheme: str) -> bool:
    async with client(port, host, scheme) as asking:
        try:
            return await asking.json(GET, "control/delay") == 0.5
        except aiocoap.error.NetworkError:
            return False


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("::", ["[::1]", "127.0.0.1"]),
        ("", ["[::1]", "127.0.0.1"]),
        ("0.0.0.0", ["127.0.0.1"]),
        ("::1", ["[::1]"]),
        ("127.0.0.1", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
    ],
)
def test_addresses(address: str, hosts: list[str], scheme: str) -> None:
    async def main() -> None:
        async with toy_server(address) as toy:
            reached = [host for host in ("[::1]", "127.0.0.1") if await reach(toy.port, host, scheme)]
            assert set(hosts) <= set(reached)
            assert address == "localhost" or hosts == reached

    asyncio.run(main())


def test_a_name_that_stands_for_several_addresses_is_listened_on_at_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        found = [
            *await loop.getaddrinfo("::1", None, type=socket.SOCK_DGRAM),
            *await loop.getaddrinfo("127.0.0.1", None, type=socket.SOCK_DGRAM),
            *await loop.getaddrinfo("192.0.2.1", None, type=socket.SOCK_DGRAM),  # not of this host
        ]

        async def getaddrinfo(*_: object, **__: object) -> object:
            return found

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        endpoints = await open_endpoints("rig", 0)
        monkeypatch.undo()
        assert [endpoint.family for endpoint in endpoints] == [socket.AF_INET6, socket.AF_INET]
        assert len({endpoint.port for endpoint in endpoints}) == 1
        assert {endpoint.streams.getsockname()[1] for endpoint in endpoints} == {endpoints[0].port}
        for endpoint in endpoints:
            endpoint.close()

    asyncio.run(main())


@pytest.mark.parametrize("address", ["::", "0.0.0.0"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
def test_answers_come_from_the_address_that_was_asked(address: str, host: str) -> None:
    async def main() -> None:
        async with toy_server(address) as toy, raw_client(toy.port, host) as raw:  # takes answers of this address only
            raw.send(b"\x40\x00\x00\x09")  # ping
            assert await raw.receive() == b"\x70\x00\x00\x09"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("no-such-host.invalid", "address 'no-such-host.invalid' is neither an address nor the name of a host"),
        ("a" * 300, "is neither an address nor the name of a host"),
        ("192.0.2.1", "can't listen at 192.0.2.1, port 0: Cannot assign requested address"),
        ("2001:db8::1", "can't listen at 2001:db8::1, port 0: Cannot assign requested address"),
    ],
)
def test_addresses_that_cant_be_listened_on(address: str, message: str) -> None:
    async def main() -> None:
        with pytest.raises(ConfigurationError) as caught:
            await CoapServer(Toy().root, address, 0).start()
        assert message in str(caught.value)

    asyncio.run(main())


@pytest.mark.parametrize(("first", "second"), [("::", "::"), ("127.0.0.1", "::"), ("::", "127.0.0.1"), ("::1", "::1")])
def test_a_second_server_on_the_port_is_refused(first: str, second: str) -> None:
    async def main() -> None:
        async with toy_server(first) as toy:
            with pytest.raises(Conflict, match=f"port {toy.port} is in use"):
                await CoapServer(Toy().root, second, toy.port).start()
            assert await reach(toy.port, "127.0.0.1" if first == "127.0.0.1" else "[::1]", "coap")

    asyncio.run(main())


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
@pytest.mark.parametrize("reuse", [False, True])
def test_a_port_that_others_use_is_refused(kind: socket.SocketKind, reuse: bool) -> None:
    async def main() -> None:
        with socket.socket(socket.AF_INET6, kind) as other:
            if reuse:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("::", 0))
            if kind is socket.SOCK_STREAM:
                other.listen()
            port = other.getsockname()[1]
            with pytest.raises(Conflict, match=f"port {port} is in use"):
                await CoapServer(Toy().root, "::", port).start()

    asyncio.run(main())


def test_the_receive_buffer_is_as_large_as_the_system_allows() -> None:
    async def main() -> None:
        (endpoint,) = await open_endpoints("::1", 0)
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            largest = other.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert endpoint.datagrams.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == largest
        endpoint.close()

    asyncio.run(main())


def test_starting_and_stopping_again_and_again_on_one_port() -> None:
    async def main() -> None:
        toy = Toy()
        server = CoapServer(toy.root, "::1", 0)
        assert server.port == 0
        await server.start()
        port = server.port
        assert port > 0
        with pytest.raises(RuntimeError):
            await server.start()
        await server.stop()
        await server.stop()
        for _ in range(3):
            async with CoapServer(toy.root, "::1", port):
                assert await reach(port, "[::1]", "coap")
                assert await reach(port, "[::1]", "coap+tcp")
        assert not await reach(port, "[::1]", "coap+tcp")

    asyncio.run(main())


def test_the_server_survives_garbage_collection() -> None:
    async def main() -> None:
        async with toy_server() as toy:
            gc.collect()
            assert await reach(toy.port, "[::1]", "coap")

    asyncio.run(main())


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_stopping_ends_what_is_being_answered(scheme: str) -> None:
    async def main() -> None:
        toy = Toy()
        server = CoapServer(toy.root, "::1", 0)
        await server.start()
        async with client(server.port, scheme=scheme) as asking:
            slow = asyncio.create_task(asking.json(GET, "control/slow"))
            message = aiocoap.Message(code=GET, uri=f"{asking.base}/control/delay", observe=0)
            observing = asking.context.request(message, handle_blockwise=False)
            upload = aiocoap.Message(
                code=PUT, uri=f"{asking.base}/control/length", payload=b"x" * 1024, block1=(0, True, 6)
            )
            if scheme == "coap+tcp":  # over UDP only one request is under way at a time
                await observing.response
                await asking.context.request(upload, handle_blockwise=False).response
                assert len(toy.control._announcers["delay"]._listeners) == 1
            await eventually(lambda: len(toy.control.release._waiters) == 1)
            assert [task for task in asyncio.all_tasks() if task.get_name() == "CoAP request"]
            await server.stop()
            assert not [task for task in asyncio.all_tasks() if task.get_name() == "CoAP request"]
            if scheme == "coap+tcp":
                assert toy.control._announcers["delay"]._listeners == []
            slow.cancel()
            observing.response.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiocoap.error.Error):
                await slow

    asyncio.run(main())


def test_stopping_leaves_no_task() -> None:
    async def main() -> None:
        async with toy_server("::") as toy, raw_client(toy.port) as raw:
            raw.send(b"\x41\x01\x00\x01t\xb7control\x04slow")
            await eventually(lambda: len(toy.control.release._waiters) == 1)
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_stopping_does_not_wait_for_clients_that_dont_read() -> None:
    async def main() -> None:
        async with toy_server() as toy:
            toy.runs.files["r1"]["large"] = "x" * 900_000
            reader, writer = await asyncio.open_connection("::1", toy.port, limit=1024)
            # CSM with Max-Message-Size 1 MiB and Block-Wise-Transfer, then GETs
            writer.write(b"\x50\xe1\x23\x0f\xff\xff\x20")
            path = b"\xb8data_dir\x04runs\x02r1\x07spectra\x05large"
            for token in range(30):
                writer.write(bytes([0xD1, len(path) - 13, 0x01, token]) + path)
            await reader.readexactly(5_000_000)
            started = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - started < 2.5
        writer.transport.abort()
        await asyncio.sleep(0)

    asyncio.run(main())


def test_a_start_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*_: object) -> None:
        raise OSError("no more files")

    async def main() -> None:
        async with toy_server() as toy:
            port = toy.port
        with monkeypatch.context() as patch:
            patch.setattr("piccolo3.coap.server.listen_for_streams", failing)
            with pytest.raises(OSError, match="no more files"):
                await CoapServer(Toy().root, "::1", port).start()
            patch.setattr("piccolo3.coap.server.listen_for_datagrams", failing)
            with pytest.raises(OSError, match="no more files"):
                await CoapServer(Toy().root, "::1", port).start()
        async with CoapServer(Toy().root, "::1", port):
            assert await reach(port, "[::1]", "coap")

    asyncio.run(main())


def test_stopping_has_a_deadline(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("piccolo3.coap.server._DEADLINE", 0.01)

    async def main() -> None:
        toy = Toy()

        async def stubborn() -> str:
            with contextlib.suppress(asyncio.CancelledError):
                await toy.control.release.wait()
            await toy.control.release.wait()
            return ""

        monkeypatch.setattr(type(toy.control).slow, "getter", lambda _: stubborn())
        async with CoapServer(toy.root, "::1", 0) as server, raw_client(server.port) as raw:
            raw.send(b"\x41\x01\x00\x01t\xb7control\x04slow")
            await eventually(lambda: len(toy.control.release._waiters) == 1)
        toy.control.release.set()

    asyncio.run(main())
    assert "1 requests did not end within 0.01 s" in caplog.text


NO_IPV6 = """
    import asyncio, errno, logging, socket, sys

    class Socket(socket.socket):
        def __init__(self, family=-1, *arguments, **options):
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
            super().__init__(family, *arguments, **options)

    socket.socket = Socket
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")

    from piccolo3.coap import CoapServer
    from piccolo3.errors import ConfigurationError
    from tests.integration.coap.toy import Toy

    async def main():
        try:
            await CoapServer(Toy().root, "::1", 0).start()
        except ConfigurationError as error:
            print(error)
        async with CoapServer(Toy().root, sys.argv[1], 0) as server:
            print(f"port={server.port}", flush=True)
            await asyncio.to_thread(sys.stdin.read)

    asyncio.run(main())
"""


@pytest.mark.parametrize("address", ["::", "0.0.0.0", "localhost"])
def test_a_host_without_ipv6(address: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(NO_IPV6), address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if line.startswith("port="):
                break
        port = int(lines[-1].removeprefix("port="))
        assert any("can't listen at ::1" in line for line in lines)
        assert any("listening on IPv4 only" in line for line in lines) == (address == "::")
        try:
            assert asyncio.run(reach(port, "127.0.0.1", "coap"))
            assert asyncio.run(reach(port, "127.0.0.1", "coap+tcp"))
        finally:
            rest, _ = process.communicate("")
        assert process.returncode == 0, rest


def test_what_the_log_says(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> int:
        async with toy_server("::1") as toy:
            return toy.port

    with caplog.at_level(logging.INFO, logger="piccolo3.coap.server"):
        port = asyncio.run(main())
    assert [record.message for record in caplog.records] == [f"listening at ::1, port {port} (UDP and TCP)"]
