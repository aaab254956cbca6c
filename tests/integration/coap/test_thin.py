"""Less on the wire: formats that are smaller, what has not changed is not sent again, a transfer that goes on."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiocoap
import pytest
from aiocoap.numbers.codes import Code

from piccolo3.coap import CoapServer
from piccolo3.components.describe import describe
from piccolo3.spectrum import loads
from piccolo3.wire import CBOR, COMPACT, JSON, decode
from piccolo3.workers import Aside
from tests.integration.coap.toy import FETCH, GET, POST, PUT, Client, Toy, client, toy_and_client

EXAMPLE = (Path(__file__).parents[3] / "pdata" / "example.pico").read_text(encoding="utf-8")
FILE = "data_dir/runs/r1/spectra/a.pico"


def run(test: Callable[[Toy, Client], Awaitable[None]], scheme: str = "coap") -> None:
    async def talk() -> None:
        async with toy_and_client(scheme=scheme) as (toy, asking):
            toy.runs.files["r1"]["a.pico"] = EXAMPLE
            await test(toy, asking)

    asyncio.run(talk())


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
@pytest.mark.parametrize("accept", [CBOR, COMPACT])
def test_the_spectra_of_a_file(scheme: str, accept: int) -> None:
    async def test(_: Toy, asking: Client) -> None:
        text = await asking.json(GET, FILE)
        assert text == EXAMPLE
        answer = await asking.ask(GET, FILE, accept=accept)
        assert answer.opt.content_format == accept
        value = decode(answer.payload, accept, limit=None)
        assert isinstance(value, dict)
        spectra = loads(EXAMPLE).spectra
        assert value == {
            "spectra": [{"metadata": dict(one.metadata), "pixels": one.pixels.tolist()} for one in spectra],
            "sha256": hashlib.sha256(EXAMPLE.encode()).hexdigest(),
        }
        assert len(answer.payload) < len(EXAMPLE) / (3 if accept == CBOR else 6)

    run(test, scheme)


@pytest.mark.parametrize("accept", [CBOR, COMPACT])
def test_a_file_that_cannot_be_read(accept: int) -> None:
    async def test(toy: Toy, asking: Client) -> None:
        toy.runs.files["r1"]["a.pico"] = "{ damaged"
        answer = await asking.ask(GET, FILE, accept=accept)
        value = decode(answer.payload, accept)
        assert value == {"text": "{ damaged", "sha256": hashlib.sha256(b"{ damaged").hexdigest()}

    run(test)


def test_everything_can_be_asked_for_in_the_compact_form() -> None:
    async def test(toy: Toy, asking: Client) -> None:
        answer = await asking.ask(GET, "description", accept=COMPACT)
        assert decode(answer.payload, COMPACT) == describe(toy.root)
        assert len(answer.payload) < len((await asking.ask(GET, "description")).payload) / 3
        answer = await asking.ask(GET, "control/delay", accept=COMPACT)
        assert (answer.opt.content_format, decode(answer.payload, COMPACT)) == (COMPACT, 0.5)
        answer = await asking.ask(PUT, "control/all_runs", "[]", accept=COMPACT)
        assert decode(answer.payload, COMPACT) == [f"run {number}" for number in range(400)]

    run(test)


def test_errors_are_json_and_requests_are_not_compact() -> None:
    async def test(_: Toy, asking: Client) -> None:
        answer = await asking.ask(GET, "control/bug", accept=COMPACT)
        assert (answer.code, answer.opt.content_format) == (Code.INTERNAL_SERVER_ERROR, JSON)
        answer = await asking.ask(PUT, "control/delay", "1", content_format=COMPACT)
        assert answer.code is Code.UNSUPPORTED_CONTENT_FORMAT
        answer = await asking.ask(GET, "control/delay", accept=65001)
        assert answer.code is Code.NOT_ACCEPTABLE
        assert b"65000 (compact)" in answer.payload

    run(test)


@pytest.mark.parametrize("accept", [JSON, CBOR, COMPACT])
@pytest.mark.parametrize("path", ["description", FILE])
def test_what_has_not_changed_is_not_sent_again(path: str, accept: int) -> None:
    async def test(toy: Toy, asking: Client) -> None:
        first = await asking.ask(GET, path, accept=accept)
        assert first.opt.etag is not None
        again = await asking.ask(GET, path, accept=accept, etags=[b"other", first.opt.etag])
        assert (again.code, again.payload, again.opt.etag) == (Code.VALID, b"", first.opt.etag)
        for other in {JSON, CBOR, COMPACT} - {accept}:
            answer = await asking.ask(GET, path, accept=other, etags=[first.opt.etag])
            assert answer.code is Code.CONTENT

    run(test)


def test_a_page_is_fetched_once() -> None:
    async def test(toy: Toy, asking: Client) -> None:
        first = await asking.ask(FETCH, "control/page", "[5]")
        assert first.code is Code.CONTENT
        assert decode(first.payload) == list(range(5, 405))
        again = await asking.ask(FETCH, "control/page", "[5]", etags=[first.opt.etag])
        assert (again.code, again.payload) == (Code.VALID, b"")
        other = await asking.ask(FETCH, "control/page", '{"first": 6}', etags=[first.opt.etag], accept=COMPACT)
        assert (other.code, decode(other.payload, COMPACT)) == (Code.CONTENT, list(range(6, 406)))
        assert decode((await asking.ask(POST, "control/page", "[5]")).payload) == list(range(5, 405))
        assert [call for call in toy.control.calls if call[0] == "page"] == [("page", n) for n in (5, 5, 6, 5)]

    run(test)


@pytest.mark.parametrize("path", ["control/record", "control/delay", FILE, "description"])
def test_only_what_asks_can_be_fetched(path: str) -> None:
    async def test(toy: Toy, asking: Client) -> None:
        answer = await asking.ask(FETCH, path, "[]")
        assert answer.code is Code.METHOD_NOT_ALLOWED
        assert not toy.control.calls

    run(test)


@pytest.mark.parametrize("accept", [JSON, CBOR, COMPACT])
def test_a_transfer_goes_on_where_it_was_interrupted(accept: int) -> None:
    async def test(toy: Toy, asking: Client) -> None:
        whole = await asking.ask(GET, FILE, accept=accept)
        blocks = -(-len(whole.payload) // 1024)
        async with client(toy.port) as later:  # who was never heard of before
            parts = []
            for number in range(blocks // 2, blocks):
                async with asyncio.timeout(5):
                    message = aiocoap.Message(code=GET, uri=f"{later.base}/{FILE}", accept=accept)
                    message.opt.block2 = (number, False, 6)
                    # aiocoap would fetch all the others, too
                    part = await later.context.request(message, handle_blockwise=False).response
                assert (part.code, part.opt.etag) == (Code.CONTENT, whole.opt.etag)
                parts.append(part.payload)
        assert b"".join(parts) == whole.payload[1024 * (blocks // 2) :]

    run(test)


def test_what_takes_milliseconds_is_done_aside() -> None:
    threads: list[str] = []

    class Watched(Aside):
        async def run(self, function: Callable[[], object]) -> object:  # type: ignore[override]
            def watched() -> object:
                threads.append(threading.current_thread().name)
                return function()

            return await super().run(watched)

    async def talk() -> None:
        toy, aside = Toy(), Watched("beside")
        toy.runs.files["r1"]["a.pico"] = EXAMPLE
        aside.start()
        async with CoapServer(toy.root, "::1", 0, aside=aside.run) as server, client(server.port) as asking:  # type: ignore[arg-type]
            wanted: list[tuple[str, int]] = [(FILE, CBOR), (FILE, COMPACT), ("description", COMPACT)]
            many = await asyncio.gather(*(asking.ask(GET, path, accept=accept) for path, accept in wanted))
            assert [answer.code for answer in many] == [Code.CONTENT] * 3
            assert threads == ["beside"] * 3
            await asking.ask(GET, FILE)
            await asking.ask(GET, "control/delay", accept=CBOR)
            assert len(threads) == 3
            answer = await asking.ask(GET, "control/nan", accept=COMPACT)
            assert answer.code is Code.INTERNAL_SERVER_ERROR
        await aside.stop()

    asyncio.run(talk())
