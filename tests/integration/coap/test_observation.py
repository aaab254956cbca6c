"""Observation: who is told what, and when it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiocoap
import pytest
from aiocoap.numbers.codes import Code
from aiocoap.numbers.types import Type

from piccolo3.coap import answers, site
from piccolo3.wire import JsonValue
from tests.integration.coap.toy import (
    GET,
    Client,
    Toy,
    body,
    client,
    eventually,
    raw_client,
    toy_and_client,
    toy_server,
)


class Observer:
    def __init__(self, request: aiocoap.protocol.Request, first: aiocoap.Message) -> None:
        self.first = first
        self._request = request
        self._notifications = aiter(request.observation)

    async def next(self) -> aiocoap.Message:
        async with asyncio.timeout(5):
            return await anext(self._notifications)


def observers(toy: Toy, name: str = "delay") -> list[Callable[[], None]]:
    """Return those that the component has to tell."""
    announcer = toy.control._announcers.get(name)
    return announcer._listeners if announcer else []


@asynccontextmanager
async def observe(asking: Client, path: str, **options: object) -> AsyncIterator[Observer]:
    message = aiocoap.Message(code=GET, uri=f"{asking.base}/{path}", observe=0, **options)
    request = asking.context.request(message, handle_blockwise=False)
    async with asyncio.timeout(5):
        first = await request.response
    yield Observer(request, first)
    if not request.observation.cancelled:
        request.observation.cancel()


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
def test_observers_are_told_of_changes_in_order(scheme: str) -> None:
    async def main() -> None:
        async with toy_and_client(scheme=scheme) as (toy, asking), observe(asking, "control/delay") as observer:
            assert (observer.first.payload, observer.first.opt.observe) == (b"0.5", 0)
            for number in range(1, 6):
                await toy.control.set_delay(number)
                await toy.control.set_delay(number)  # not a change
                notification = await observer.next()
                assert (float(notification.payload), notification.opt.observe) == (number, number)
                assert notification.opt.content_format == 50
                if scheme == "coap":
                    assert notification.mtype is Type.CON

    asyncio.run(main())


@pytest.mark.parametrize("scheme", ["coap", "coap+tcp"])
@pytest.mark.parametrize("first", [3, 2000])
def test_a_large_value_is_told_as_its_first_block_and_the_rest_is_fetched(scheme: str, first: int) -> None:
    async def main() -> None:
        async with toy_and_client(scheme=scheme) as (toy, asking):
            await toy.control.set_jobs(first)
            request = asking.context.request(aiocoap.Message(code=GET, uri=f"{asking.base}/control/jobs", observe=0))
            async with asyncio.timeout(5):
                assert json.loads((await request.response).payload) == list(range(first))
            observer = Observer(request, await request.response)
            for number in (4000, 1500, 2):
                await toy.control.set_jobs(number)
                assert json.loads((await observer.next()).payload) == list(range(number))
            request.observation.cancel()

    asyncio.run(main())


def test_several_changes_at_once_are_one_notification_of_the_last() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, asking), observe(asking, "control/delay", accept=60) as observer:
            for number in range(1, 51):
                await toy.control.set_delay(number)
            notification = await observer.next()
            assert (body(notification), notification.opt.observe) == (50.0, 1)

    asyncio.run(main())


def test_what_is_not_observable_is_answered_plainly() -> None:
    async def main() -> None:
        async with toy_and_client() as (_, asking), observe(asking, "control/current_run") as observer:
            assert (observer.first.code, observer.first.opt.observe) == (Code.CONTENT, None)
            with pytest.raises(StopAsyncIteration):
                await observer.next()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "options", "expected"),
    [
        ("control/promised", {}, Code.INTERNAL_SERVER_ERROR),
        ("control/delay", {"accept": 0}, Code.NOT_ACCEPTABLE),
        ("control/nothing", {}, Code.NOT_FOUND),
    ],
)
def test_a_refused_observation(path: str, options: dict[str, object], expected: Code) -> None:
    async def main() -> None:
        async with toy_and_client() as (_, asking), observe(asking, path, **options) as observer:
            assert (observer.first.code, observer.first.opt.observe) == (expected, None)
            assert isinstance(body(observer.first), dict)

    asyncio.run(main())


def test_an_error_is_the_last_notification() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, asking), observe(asking, "control/status") as observer:
            toy.control.word = "broken"
            toy.control.announce("status")
            notification = await observer.next()
            assert (notification.code, body(notification)) == (
                Code.NOT_FOUND,
                {"error": "NotFound", "message": "no status"},
            )
            assert observers(toy, "status") == []

    asyncio.run(main())


def test_observers_survive_that_children_come_and_go() -> None:
    async def main() -> None:
        async with toy_and_client() as (toy, asking), observe(asking, "control/delay") as observer:
            toy.runs.files["new"] = {}
            assert await asking.json(GET, "data_dir/runs/new/name") == "new"
            del toy.runs.files["r1"]
            await toy.control.set_delay(3)
            assert (await observer.next()).payload == b"3.0"

    asyncio.run(main())


# CON GET control/delay with token "t": message 1 with Observe 0, message 2 with Observe 1
REGISTER = b"\x41\x01\x00\x01t\x60\x57control\x05delay"
DEREGISTER = b"\x41\x01\x00\x02t\x61\x01\x57control\x05delay"


def test_an_observer_can_take_its_leave() -> None:
    async def main() -> None:
        async with toy_server() as toy, raw_client(toy.port) as raw:
            raw.send(REGISTER)
            assert await raw.receive() == b"\x61\x45\x00\x01t\x60\x61\x32\xff0.5"
            assert len(observers(toy)) == 1
            raw.send(DEREGISTER)
            assert await raw.receive() == b"\x61\x45\x00\x02t\xc1\x32\xff0.5"
            assert observers(toy) == []

    asyncio.run(main())


def test_an_observer_that_registers_again_is_told_once() -> None:
    async def main() -> None:
        async with toy_server() as toy, raw_client(toy.port) as raw:
            raw.send(REGISTER)
            await raw.receive()
            raw.send(REGISTER.replace(b"\x00\x01", b"\x00\x03"))
            await raw.receive()
            assert len(observers(toy)) == 1

    asyncio.run(main())


def test_an_observer_can_reject_a_notification() -> None:
    async def main() -> None:
        async with toy_server() as toy, raw_client(toy.port) as raw:
            raw.send(REGISTER)
            await raw.receive()
            await toy.control.set_delay(3)
            notification = await raw.receive()
            assert notification[:2] == b"\x41\x45"  # CON 2.05
            raw.send(b"\x70\x00" + notification[2:4])  # RST
            await eventually(lambda: observers(toy) == [])

    asyncio.run(main())


@pytest.mark.parametrize(("address", "host"), [("::1", "::1"), ("127.0.0.1", "127.0.0.1"), ("::", "127.0.0.1")])
def test_a_client_that_has_gone_is_forgotten_at_the_next_notification(address: str, host: str) -> None:
    async def main() -> None:
        async with toy_server(address) as toy:
            async with raw_client(toy.port, host) as raw:
                raw.send(REGISTER)
                await raw.receive()
            assert len(observers(toy)) == 1
            await toy.control.set_delay(3)
            await eventually(lambda: observers(toy) == [])

    asyncio.run(main())


def test_a_client_that_hangs_up_is_forgotten() -> None:
    async def main() -> None:
        async with toy_server() as toy:
            async with client(toy.port, scheme="coap+tcp") as asking:
                message = aiocoap.Message(code=GET, uri=f"{asking.base}/control/delay", observe=0)
                await asking.context.request(message, handle_blockwise=False).response
                assert len(observers(toy)) == 1
            await eventually(lambda: observers(toy) == [])

    asyncio.run(main())


def test_many_observers() -> None:
    async def one(port: int) -> None:
        async with raw_client(port) as raw:
            raw.send(REGISTER)
            await raw.receive()
            assert (await raw.receive()).endswith(b"\xff9.0")

    async def main() -> None:
        async with toy_server() as toy:
            watching = [asyncio.create_task(one(toy.port)) for _ in range(50)]
            await eventually(lambda: len(observers(toy)) == 50)
            await toy.control.set_delay(9)
            await asyncio.gather(*watching)

    asyncio.run(main())


def test_a_value_is_encoded_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []

    def encode(value: JsonValue, content_format: int) -> bytes:
        encoded.append(content_format)
        return answers.encoded(value, content_format)

    async def main() -> None:
        async with toy_server() as toy, AsyncExitStack() as stack:
            everybody = [await stack.enter_async_context(raw_client(toy.port)) for _ in range(20)]
            for number, raw in enumerate(everybody):
                token = f"t{number:02}".encode()
                accept = b"\x61\x3c" if number % 2 else b""  # CBOR
                raw.send(b"\x43\x01\x00\x01" + token + b"\x60\x57control\x05delay" + accept)
                await raw.receive()
            monkeypatch.setattr(site, "encoded", encode)
            for number in range(1, 4):
                encoded.clear()
                await toy.control.set_delay(number)
                for which, raw in enumerate(everybody):
                    notification = await raw.receive()
                    raw.send(b"\x60\x00" + notification[2:4])  # ACK
                    assert notification[:2] + notification[4:7] == b"\x43\x45" + f"t{which:02}".encode()
                    if which % 2 == 0:
                        assert notification.endswith(f"\xff{number}.0".encode("latin1"))
                assert sorted(encoded) == [50, 60]

    asyncio.run(main())


@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
def test_an_observer_that_vanishes_takes_no_other_along(host: str) -> None:
    async def main() -> None:
        async with toy_server("::") as toy, raw_client(toy.port, host) as lasting:
            async with raw_client(toy.port, host) as vanishing:
                vanishing.send(REGISTER)
                await vanishing.receive()
            lasting.send(REGISTER)
            await lasting.receive()
            assert len(observers(toy)) == 2
            for number in range(1, 4):
                await toy.control.set_delay(number)
                notification = await lasting.receive()
                assert notification.endswith(f"{float(number)}".encode())
                lasting.send(b"\x60\x00" + notification[2:4])  # ACK
            await eventually(lambda: len(observers(toy)) == 1)

    asyncio.run(main())
