"""Whatever comes, the server lives and goes on answering."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from tests.integration.coap.toy import GET, PUT, Raw, client, raw_client, toy_server

VALID = [
    b"\x41\x01\x00\x01t\xb7control\x05delay",
    b"\x41\x01\x00\x01t\x60\x57control\x05delay",
    b"\x41\x03\x00\x01t\xb7control\x05delay\x11\x32\xff5",
    b"\x41\x02\x00\x01t\xb7control\x05abort",
    b"\x41\x03\x00\x01t\xb7control\x06length\xd1\x03\x0e\xff" + b"x" * 1024,
    b"\x41\x01\x00\x01t\xbb.well-known\x04core\xc1\x06",
]


def mutated(random_: random.Random) -> bytes:
    """Return a datagram: noise, or a valid one with some bytes changed, cut or added."""
    if random_.random() < 0.3:
        return random_.randbytes(random_.randrange(0, 60))
    datagram = bytearray(random_.choice(VALID))
    for _ in range(random_.randrange(0, 6)):
        datagram[random_.randrange(len(datagram))] = random_.randrange(256)
    datagram[2:4] = random_.randbytes(2)  # a message of its own
    if random_.random() < 0.3:
        datagram = datagram[: random_.randrange(len(datagram))]
    return bytes(datagram)


async def answers(raw: Raw) -> None:
    """Ping until the answer to the ping comes."""
    while not raw.received.empty():
        raw.received.get_nowait()
    raw.send(b"\x40\x00\xfe\xfe")
    while await raw.receive() != b"\x70\x00\xfe\xfe":
        pass


@pytest.mark.parametrize("address", ["::1", "127.0.0.1"])
@pytest.mark.parametrize("seed", range(4))
def test_random_datagrams(address: str, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        host = "[::1]" if address == "::1" else address
        async with toy_server(address) as toy:
            async with raw_client(toy.port, address) as raw:
                random_ = random.Random(seed)
                for _ in range(20):
                    for _ in range(25):
                        raw.send(mutated(random_))
                    await answers(raw)
            async with client(toy.port, host) as asking:
                await asking.ask(PUT, "control/delay", "1.5")
                assert await asking.json(GET, "control/delay") == 1.5

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize(
    "datagram", [b"", b"\x40", b"\x81\x01\x00\x01t", b"hello world", b"\x41\x01\x00\x01t\xb2\xff\xfe"]
)
def test_what_is_not_coap_is_not_answered(datagram: bytes) -> None:
    async def main() -> None:
        async with toy_server() as toy, raw_client(toy.port) as raw:
            raw.send(datagram)
            raw.send(b"\x40\x00\xfe\xfe")
            assert await raw.receive() == b"\x70\x00\xfe\xfe"

    asyncio.run(main())


@pytest.mark.parametrize("seed", range(4))
def test_random_streams(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        random_ = random.Random(seed)
        async with toy_server() as toy:
            for number in range(40):
                reader, writer = await asyncio.open_connection("::1", toy.port)
                if number % 2:
                    writer.write(b"\x00\xe1")
                for _ in range(5):
                    noise = mutated(random_)
                    writer.write(bytes([min(len(noise), 12) << 4, 1]) + noise)
                writer.write_eof()
                await reader.read()
                writer.close()
                await writer.wait_closed()
            async with client(toy.port, scheme="coap+tcp") as asking:
                assert await asking.json(GET, "control/delay") is not None

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    assert [record.getMessage() for record in caplog.records] == []


def test_an_endless_message_is_not_taken() -> None:
    async def main() -> None:
        async with toy_server() as toy:
            reader, writer = await asyncio.open_connection("::1", toy.port)
            writer.write(b"\x00\xe1" + b"\xf0\x7f\xff\xff\xff\x03")  # 2 GiB are announced
            assert b"large" in await reader.read()
            writer.close()
            await writer.wait_closed()

    asyncio.run(main())
