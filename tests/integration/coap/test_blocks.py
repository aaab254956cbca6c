"""Transfers in blocks: both ways, limits, ETags."""

from __future__ import annotations

import asyncio
import hashlib
import json

import aiocoap
import pytest
from aiocoap.numbers.codes import Code

from tests.integration.coap.toy import GET, PUT, Client, Toy, body, toy_and_client

LARGE = "0123456789" * 6000


def record_blocks(client: Client) -> list[tuple[str, int, bool, int]]:
    """Note the option of every block that comes from the server."""
    seen: list[tuple[str, int, bool, int]] = []
    (tokens,) = [i for i in client.context.request_interfaces if hasattr(i.token_interface, "message_interface")]
    process = tokens.process_response

    def process_response(response: aiocoap.Message) -> bool:
        for name, block in (("block1", response.opt.block1), ("block2", response.opt.block2)):
            if block is not None:
                seen.append((name, block.block_number, block.more, len(response.payload)))
        return bool(process(response))

    tokens.process_response = process_response
    return seen


async def one_message(
    client: Client, code: Code, path: str, payload: bytes = b"", **options: object
) -> aiocoap.Message:
    """Send one message and return the answer to it, not assembled."""
    message = aiocoap.Message(code=code, uri=f"{client.base}/{path}", payload=payload, **options)
    async with asyncio.timeout(20):
        return await client.context.request(message, handle_blockwise=False).response


def test_a_large_value_comes_in_blocks_of_1024_bytes() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, client):
            toy.runs.files["r1"]["large"] = LARGE
            seen = record_blocks(client)
            answer = await client.ask(GET, "data_dir/runs/r1/spectra/large")
            assert body(answer) == LARGE
            assert seen == [("block2", number, number < 58, 1024 if number < 58 else 610) for number in range(59)]
            assert answer.opt.etag == hashlib.sha1(json.dumps(LARGE).encode()).digest()[:8]

    asyncio.run(main())


def test_an_etag_saves_the_transfer() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, client):
            toy.runs.files["r1"]["large"] = LARGE
            path = "data_dir/runs/r1/spectra/large"
            first = await client.ask(GET, path)
            again = await client.ask(GET, path, etags=[b"other", first.opt.etag])
            assert (again.code, again.payload, again.opt.etag) == (Code.VALID, b"", first.opt.etag)
            toy.runs.files["r1"]["large"] = LARGE[1:]
            changed = await client.ask(GET, path, etags=[first.opt.etag])
            assert changed.code == Code.CONTENT
            assert changed.opt.etag != first.opt.etag
            small = await client.ask(GET, "control/delay", etags=[b"x"])
            assert (await client.ask(GET, "control/delay", etags=[small.opt.etag])).code == Code.VALID

    asyncio.run(main())


def test_smaller_blocks_are_given_where_they_are_asked_for() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, client):
            toy.runs.files["r1"]["f"] = "x" * 200
            first = await one_message(client, GET, "data_dir/runs/r1/spectra/f", block2=(0, False, 2))
            assert first.opt.block2 == (0, True, 2)
            assert len(first.payload) == 64
            assert first.opt.size2 == 202
            last = await one_message(client, GET, "data_dir/runs/r1/spectra/f", block2=(3, False, 2))
            assert last.opt.block2 == (3, False, 2)
            assert len(last.payload) == 10
            assert last.opt.etag == first.opt.etag
            beyond = await one_message(client, GET, "data_dir/runs/r1/spectra/f", block2=(4, False, 2))
            assert beyond.code == Code.BAD_REQUEST

    asyncio.run(main())


def test_a_later_block_of_what_was_not_asked_for_yet() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, client):
            toy.runs.files["r1"]["f"] = "x" * 2000
            block = await one_message(client, GET, "data_dir/runs/r1/spectra/f", block2=(1, False, 6))
            assert (block.code, len(block.payload)) == (Code.CONTENT, 978)
            for code, path in ((PUT, "control/all_runs"), (GET, "control/abort")):
                block = await one_message(client, code, path, block2=(1, False, 6))
                assert block.code == Code.REQUEST_ENTITY_INCOMPLETE
            assert toy.control.calls == []

    asyncio.run(main())


def test_a_large_answer_to_put_comes_in_blocks_and_is_made_once() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, client):
            seen = record_blocks(client)
            assert await client.json(PUT, "control/all_runs", "[true]") == [f"run {number}" for number in range(400)]
            assert len(seen) == 5
            assert toy.control.calls == [("all_runs", True)]
            first = await one_message(client, PUT, "control/all_runs", b"false")
            assert (first.code, first.opt.block2) == (Code.CHANGED, (0, True, 6))
            second = await one_message(client, PUT, "control/all_runs", block2=(1, False, 6))
            assert (second.code, second.opt.block2, len(second.payload)) == (Code.CHANGED, (1, True, 6), 1024)
            assert toy.control.calls == [("all_runs", True), ("all_runs", False)]

    asyncio.run(main())


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_a_large_payload_is_taken_up_to_64_kib(scheme: str) -> None:
    async def main() -> None:
        async with toy_and_client(scheme=scheme) as (toy, client):
            answer = await client.ask(PUT, "control/length", '"' + "x" * 65534 + '"')
            assert (answer.code, answer.payload) == (Code.CHANGED, b"65534")
            answer = await client.ask(PUT, "control/length", '"' + "x" * 65535 + '"')
            assert answer.code == Code.REQUEST_ENTITY_TOO_LARGE
            assert body(answer) == {
                "error": "TooLarge",
                "message": "the payload has more than 65536 bytes",
                "limit": 65536,
            }
            assert answer.opt.size1 == 65536
            assert toy.control.calls == [("length", 65534)]

    asyncio.run(main())


def test_a_large_payload_and_a_large_answer() -> None:
    async def main() -> None:
        async with toy_and_client() as (_, client):
            answer = await client.json(PUT, "control/all_runs", json.dumps([[LARGE], {}]))
            assert isinstance(answer, list)
            assert len(answer) == 400

    asyncio.run(main())


def test_what_is_announced_to_be_too_large_is_refused_at_the_first_block() -> None:
    async def main() -> None:
        async with toy_and_client() as (_, client):
            block = b"x" * 1024
            answer = await one_message(client, PUT, "control/length", block, block1=(0, True, 6), size1=65537)
            assert answer.code == Code.REQUEST_ENTITY_TOO_LARGE
            answer = await one_message(client, PUT, "control/length", block, block1=(1, True, 6))
            assert answer.code == Code.REQUEST_ENTITY_INCOMPLETE

    asyncio.run(main())


def test_what_is_not_announced_is_refused_at_the_block_that_passes_the_limit() -> None:
    async def main() -> None:
        async with toy_and_client() as (_, client):
            block = b"x" * 1024
            for number in range(63):
                answer = await one_message(client, PUT, "control/length", block, block1=(number, True, 6))
                assert (answer.code, answer.opt.block1) == (Code.CONTINUE, (number, True, 6))
            answer = await one_message(client, PUT, "control/length", block, block1=(63, True, 6))
            assert answer.code == Code.REQUEST_ENTITY_TOO_LARGE

    asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("nothing", {}, Code.NOT_FOUND),
        ("control/status", {}, Code.METHOD_NOT_ALLOWED),
        ("control/length", {"content_format": 0}, Code.UNSUPPORTED_CONTENT_FORMAT),
        ("control/length", {"accept": 0}, Code.NOT_ACCEPTABLE),
    ],
)
def test_what_can_be_refused_at_the_first_block_is(path: str, options: dict[str, object], expected: Code) -> None:
    async def main() -> None:
        async with toy_and_client() as (_, client):
            answer = await one_message(client, PUT, path, b"x" * 1024, block1=(0, True, 6), **options)
            assert answer.code == expected

    asyncio.run(main())


def test_a_block_that_is_not_of_its_size_is_refused() -> None:
    async def main() -> None:
        async with toy_and_client() as (_, client):
            answer = await one_message(client, PUT, "control/length", b"x" * 1000, block1=(0, True, 6))
            assert answer.code == Code.BAD_REQUEST

    asyncio.run(main())


def test_parallel_transfers_of_many_clients_do_not_mix() -> None:
    async def one(toy: Toy, base: str, number: int) -> None:
        async with toy_and_client() as (_, client):
            client.base = base
            text = f"{number:02}" * 3000
            toy.runs.files["r1"][f"f{number}"] = text
            assert await client.json(GET, f"data_dir/runs/r1/spectra/f{number}") == text
            assert await client.json(PUT, "control/length", json.dumps(text)) == 6000

    async def main() -> None:
        async with toy_and_client() as (toy, client):
            await asyncio.gather(*(one(toy, client.base, number) for number in range(8)))

    asyncio.run(main())
