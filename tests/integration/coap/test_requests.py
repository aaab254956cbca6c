"""Requests over the loopback: methods, formats, arguments, errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import aiocoap
import cbor2
import pytest
from aiocoap.numbers.codes import Code
from aiocoap.numbers.optionnumbers import OptionNumber
from aiocoap.optiontypes import OpaqueOption

from tests.integration.coap.toy import DELETE, FETCH, GET, POST, PUT, Client, Toy, body, raw_client, toy_and_client

Script = Callable[[Toy, Client], Awaitable[None]]


def run(script: Script, **options: str) -> None:
    async def main() -> None:
        async with toy_and_client(**options) as (toy, client):
            await script(toy, client)

    asyncio.run(main())


def test_get() -> None:
    async def script(toy: Toy, client: Client) -> None:
        answer = await client.ask(GET, "control/delay")
        assert (answer.code, answer.payload, answer.opt.content_format) == (Code.CONTENT, b"0.5", 50)
        assert answer.opt.etag is None
        assert await client.json(GET, "spectrometer/S_x/current_time/upwelling") == 8
        assert await client.json(GET, "control/delay/") == 0.5
        assert await client.json(GET, "data_dir/runs/old%20%C3%A4/name") == "old ä"
        answer = await client.ask(GET, "control/delay?unknown=query", accept=60)
        assert (answer.payload, answer.opt.content_format) == (cbor2.dumps(0.5), 60)
        answer = await client.ask(GET, "control/delay", accept=50)
        assert (answer.payload, answer.opt.content_format) == (b"0.5", 50)

    run(script)


def test_put_asks_and_answers() -> None:
    async def script(toy: Toy, client: Client) -> None:
        for number, payload in enumerate(
            ["1", "[2]", '{"d": 3}', "[[4], {}]", '[[], {"d": 5}]', '"6"', " 7 "], start=1
        ):
            answer = await client.ask(PUT, "control/delay", payload)
            assert (answer.code, answer.payload, answer.opt.content_format) == (Code.CHANGED, b"", None)
            assert toy.control.seconds == number
        answer = await client.ask(PUT, "control/delay", cbor2.dumps([[8], {}]), content_format=60)
        assert answer.code == Code.CHANGED
        assert toy.control.seconds == 8
        answer = await client.ask(PUT, "control/delay", "9", content_format=50)
        assert toy.control.seconds == 9
        answer = await client.ask(PUT, "control/current_run", '"r 1"')
        assert (answer.code, answer.payload, answer.opt.content_format) == (Code.CHANGED, b'"r 1"', 50)
        answer = await client.ask(PUT, "control/current_run", '"r 1"', accept=60)
        assert body(answer) == "r 1"

    run(script)


def test_commands_are_put_posted_and_got() -> None:
    async def script(toy: Toy, client: Client) -> None:
        answer = await client.ask(PUT, "control/record", "3")
        assert (answer.code, answer.payload) == (Code.CHANGED, b"")
        await client.ask(POST, "control/record", '{"n": 4}')
        await client.ask(POST, "control/record")
        assert toy.control.calls == [("record", 3), ("record", 4), ("record", 1)]
        toy.control.calls.clear()
        answer = await client.ask(GET, "control/abort")
        assert (answer.code, answer.payload) == (Code.CONTENT, b"null")
        for code in (PUT, POST):
            answer = await client.ask(code, "control/abort")
            assert (answer.code, answer.payload) == (Code.CHANGED, b"")
        await client.ask(PUT, "control/abort", "[[], {}]")
        assert toy.control.calls == [("abort",)] * 4
        assert await client.json(GET, "control/connect") == "ok"
        assert await client.json(GET, "control/connect") == "already connected"
        answer = await client.ask(PUT, "control/connect")
        assert (answer.code, body(answer)) == (Code.CONFLICT, {"error": "Conflict", "message": "already connected"})

    run(script)


@pytest.mark.parametrize(
    ("code", "path", "payload", "options", "expected", "error"),
    [
        (GET, "nothing", "", {}, Code.NOT_FOUND, "NotFound"),
        (GET, "", "", {}, Code.NOT_FOUND, "NotFound"),
        (GET, "control", "", {}, Code.NOT_FOUND, "NotFound"),
        (GET, "control/delay//", "", {}, Code.NOT_FOUND, "NotFound"),
        (PUT, "data_dir/runs/none/spectra", '"x"', {}, Code.NOT_FOUND, "NotFound"),
        (GET, "data_dir/runs/r1/spectra/none", "", {}, Code.NOT_FOUND, "NotFound"),
        (GET, "data_dir/runs/r1/spectra/..%2Fnone", "", {}, Code.BAD_REQUEST, "InvalidValue"),
        (GET, "control/record", "", {}, Code.METHOD_NOT_ALLOWED, "NotAllowed"),
        (POST, "control/delay", "1", {}, Code.METHOD_NOT_ALLOWED, "NotAllowed"),
        (PUT, "control/status", "1", {}, Code.METHOD_NOT_ALLOWED, "NotAllowed"),
        (DELETE, "control/delay", "", {}, Code.METHOD_NOT_ALLOWED, "NotAllowed"),
        (FETCH, "control/delay", "1", {}, Code.METHOD_NOT_ALLOWED, "NotAllowed"),
        (PUT, ".well-known/core", "1", {}, Code.METHOD_NOT_ALLOWED, "NotAllowed"),
        (PUT, "description", "1", {}, Code.METHOD_NOT_ALLOWED, "NotAllowed"),
        (GET, "control/delay", "", {"accept": 40}, Code.NOT_ACCEPTABLE, "NotAcceptable"),
        (GET, ".well-known/core", "", {"accept": 50}, Code.NOT_ACCEPTABLE, "NotAcceptable"),
        (GET, "description", "", {"accept": 0}, Code.NOT_ACCEPTABLE, "NotAcceptable"),
        (PUT, "control/delay", "1", {"accept": 0}, Code.NOT_ACCEPTABLE, "NotAcceptable"),
        (PUT, "control/delay", "1", {"content_format": 0}, Code.UNSUPPORTED_CONTENT_FORMAT, "UnsupportedFormat"),
        (PUT, "control/delay", "", {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/record", "", {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/delay", "{", {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/delay", b"\xff", {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/delay", "NaN", {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/delay", "101", {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/delay", "[1, 2]", {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/delay", '{"x": 2}', {}, Code.BAD_REQUEST, "InvalidValue"),
        (PUT, "control/delay", b"\xff", {"content_format": 60}, Code.BAD_REQUEST, "InvalidValue"),
        (GET, "control/delay", "", {"if_match": [b"x"]}, Code.BAD_OPTION, "BadOption"),
        (GET, "control/delay", "", {"uri_path_abbrev": 0}, Code.BAD_OPTION, "BadOption"),
    ],
)
def test_refusals(
    code: Code, path: str, payload: str | bytes, options: dict[str, object], expected: Code, error: str
) -> None:
    async def script(toy: Toy, client: Client) -> None:
        answer = await client.ask(code, path, payload, **options)
        assert answer.code == expected
        refusal = body(answer)
        assert isinstance(refusal, dict)
        assert refusal["error"] == error
        assert refusal["message"]
        assert toy.control.seconds == 0.5
        assert toy.control.calls == []

    run(script)


def test_unknown_options() -> None:
    async def script(toy: Toy, client: Client) -> None:
        for number, expected in ((65001, Code.BAD_OPTION), (65000, Code.CONTENT)):
            message = aiocoap.Message(code=GET, uri=f"{client.base}/control/delay")
            message.opt.add_option(OpaqueOption(OptionNumber(number), b"x"))
            answer = await client.context.request(message).response
            assert answer.code == expected

    run(script)


def test_an_error_carries_its_details_in_the_accepted_format() -> None:
    async def script(toy: Toy, client: Client) -> None:
        toy.control.word = "waiting"
        expected = {"error": "Busy", "message": "piccolo system is busy", "status": "waiting"}
        for accept, content_format in ((None, 50), (50, 50), (60, 60)):
            answer = await client.ask(PUT, "control/record", "1", accept=accept)
            assert (answer.code, answer.opt.content_format) == (Code.CONFLICT, content_format)
            assert body(answer) == expected

    run(script)


def test_a_message_quoting_the_client_stays_short() -> None:
    async def script(toy: Toy, client: Client) -> None:
        answer = await client.ask(PUT, "control/delay", '"' + "é" * 30000 + '"')
        assert answer.code == Code.BAD_REQUEST
        assert len(answer.payload) < 1024
        answer = await client.ask(GET, "nothing/" + "x" * 255)
        assert len(answer.payload) < 1024
        answer = await client.ask(GET, "data_dir/runs/r1/spectra/none")  # its details are too many
        assert body(answer) == {"error": "NotFound", "message": "there is no file none"}

    run(script)


@pytest.mark.parametrize("path", ["control/bug", "control/nan", "control/promised"])
def test_our_own_faults_are_logged_once_and_not_told(path: str, caplog: pytest.LogCaptureFixture) -> None:
    async def script(toy: Toy, client: Client) -> None:
        answer = await client.ask(GET, path)
        assert answer.code == Code.INTERNAL_SERVER_ERROR
        refusal = body(answer)
        assert isinstance(refusal, dict)
        assert refusal["error"] == "InternalError"
        assert "secret" not in refusal["message"]
        assert await client.json(GET, "control/delay") == 0.5

    with caplog.at_level(logging.WARNING):
        run(script)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_slow_resource_does_not_hold_up_others() -> None:
    async def script(toy: Toy, client: Client) -> None:
        async with toy_and_client() as (_, other):
            other.base = client.base
            slow = asyncio.create_task(client.json(GET, "control/slow"))
            assert await other.json(GET, "control/delay") == 0.5
            assert not slow.done()
            toy.control.release.set()
            assert await slow == "done"

    run(script)


def test_a_repeated_request_is_done_once() -> None:
    async def script(toy: Toy, client: Client) -> None:
        # CON POST, message 1, token "t", control/abort
        datagram = b"\x41\x02\x00\x01t\xb7control\x05abort"
        async with raw_client(toy.port) as raw:
            raw.send(datagram)
            raw.send(datagram)
            assert [await raw.receive() for _ in range(2)] == [b"\x61\x44\x00\x01t"] * 2
        assert toy.control.calls == [("abort",)]

    run(script)


def test_everything_works_over_tcp_as_well() -> None:
    async def script(toy: Toy, client: Client) -> None:
        assert await client.json(GET, "control/delay") == 0.5
        answer = await client.ask(PUT, "control/delay", "7")
        assert answer.code == Code.CHANGED
        assert toy.control.seconds == 7
        answer = await client.ask(GET, "nothing")
        assert answer.code == Code.NOT_FOUND
        assert len(str(await client.json(PUT, "control/all_runs", "[[], {}]"))) > 3000

    run(script, scheme="coap+tcp")
