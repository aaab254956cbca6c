"""The schedule as an old client meets it: resources, payloads and notifications, byte by byte."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiocoap
from aiocoap.numbers.types import Type

from tests.integration.schedule.support import FAR, SCHEDULER, Rig, daemon, run


class OldClient:
    """What upstream's client sends, and the bytes that it gets."""

    def __init__(self, rig: Rig, context: aiocoap.Context) -> None:
        self._rig = rig
        self._context = context
        self.heard: dict[str, list[list[object]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._requests: list[aiocoap.protocol.Request] = []
        self._news = asyncio.Event()

    def _message(self, code: aiocoap.Code, path: str, **options: object) -> aiocoap.Message:
        return aiocoap.Message(code=code, uri=f"{self._rig.url}/{path}", **options)

    async def get(self, path: str) -> bytes:
        answer = await self._context.request(self._message(aiocoap.GET, path)).response
        assert answer.code is aiocoap.CONTENT, answer.payload
        return bytes(answer.payload)

    async def put(self, path: str, *args: object, **kwargs: object) -> aiocoap.Message:
        payload = json.dumps([args, kwargs]).encode()
        return await self._context.request(self._message(aiocoap.PUT, path, payload=payload)).response

    async def ok(self, path: str, *args: object, **kwargs: object) -> None:
        answer = await self.put(path, *args, **kwargs)
        assert (answer.code, answer.payload) == (aiocoap.CHANGED, b""), (path, answer.code, answer.payload)

    async def refused(self, code: str, path: str, *args: object, **kwargs: object) -> None:
        answer = await self.put(path, *args, **kwargs)
        assert answer.code.dotted == code, (path, args, answer.code, answer.payload)
        assert set(json.loads(answer.payload)) >= {"error", "message"}

    async def observe(self, path: str) -> None:
        request = self._context.request(self._message(aiocoap.GET, path, observe=0), handle_blockwise=False)
        first = await request.response
        assert first.opt.observe == 0
        heard = self.heard[path] = []

        async def listen() -> None:
            async for message in request.observation:
                self._news.set()
                kind = "CON" if message.mtype in (Type.CON, None) else str(message.mtype)
                heard.append([message.payload.decode(), kind, message.opt.observe])

        self._tasks.append(asyncio.create_task(listen()))
        self._requests.append(request)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()
                await asyncio.sleep(0)  # it is set before what it stands for is there

    async def hears(self, path: str, expected: list[list[object]]) -> None:
        await self.until(lambda: len(self.heard[path]) >= len(expected))
        assert self.heard[path] == expected

    async def close(self) -> None:
        for request in self._requests:
            request.observation.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._context.shutdown()


@asynccontextmanager
async def old_client(rig: Rig) -> AsyncIterator[OldClient]:
    client = OldClient(rig, await aiocoap.Context.create_client_context(transports=["udp6"]))
    try:
        yield client
    finally:
        await client.close()


def play(folder: Path, scenario: Callable[[OldClient, Rig], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), daemon(folder) as rig, old_client(rig) as client:
            await scenario(client, rig)

    asyncio.run(whole())


def job(status: str) -> str:
    return f'[[1, ["record", ["r1", 1, -1, 0.0, 80.0]], "{FAR}", null, null, "{status}"]]'


def test_an_old_client_adds_suspends_and_deletes_a_job_and_hears_of_it(tmp_path: Path) -> None:
    async def scenario(client: OldClient, _: Rig) -> None:
        jobs, run, number = f"{SCHEDULER}/jobs", "data_dir/current_run", "control/numSequences"
        for path in (jobs, run, number):
            await client.observe(path)
        assert await client.get(jobs) == b"[]"
        await client.ok("control/record_sequence", "r1", 1, -1, 0.0, 80.0, at_time=FAR)
        await client.hears(jobs, [[job("active"), "CON", 1]])
        await client.ok(f"{SCHEDULER}/suspend", 1)
        await client.hears(jobs, [[job("active"), "CON", 1], [job("suspended"), "CON", 2]])
        await client.ok(f"{SCHEDULER}/unsuspend", 1)
        await client.ok(f"{SCHEDULER}/delete", 1)
        await client.until(lambda: client.heard[jobs][-1][0] == "[]")
        assert await client.get(jobs) == b"[]"
        for path in ("suspend", "unsuspend", "delete"):
            await client.refused("4.04", f"{SCHEDULER}/{path}", 1)
            await client.refused("4.04", f"{SCHEDULER}/{path}", 77)
            await client.refused("4.00", f"{SCHEDULER}/{path}", "one")
        assert client.heard[run] == client.heard[number] == []

    play(tmp_path, scenario)


def test_an_old_client_sets_quiet_time_and_hears_of_it(tmp_path: Path) -> None:
    async def scenario(client: OldClient, _: Rig) -> None:
        names = ("quietTimeEnabled", "powerOffEnabled", "powerDelay", "quietStart", "quietEnd")
        assert [await client.get(f"{SCHEDULER}/{name}") for name in names] == [
            b"false",
            b"false",
            b"600",
            b'"22:00:00+0000"',
            b'"04:00:00+0000"',
        ]
        for name in names:
            await client.observe(f"{SCHEDULER}/{name}")
        for name, value, expected in (
            ("quietTimeEnabled", True, [["true", "CON", 1]]),
            ("quietTimeEnabled", "False", [["true", "CON", 1], ["false", "CON", 2]]),
            ("powerDelay", 5, [["5", "CON", 1]]),
            ("quietStart", "21:00:00", [['"21:00:00+0000"', "CON", 1]]),
            ("quietEnd", "07:00:00+0200", [['"05:00:00+0000"', "CON", 1]]),
        ):
            await client.ok(f"{SCHEDULER}/{name}", value)
            await client.hears(f"{SCHEDULER}/{name}", expected)
        await client.refused("4.00", f"{SCHEDULER}/quietStart", "21")
        await client.refused("4.00", f"{SCHEDULER}/quietTimeEnabled", "perhaps")
        await client.refused("4.00", f"{SCHEDULER}/powerDelay", [])

    play(tmp_path, scenario)


def test_jobs_of_old_clients_in_all_their_forms(tmp_path: Path) -> None:
    async def scenario(client: OldClient, _: Rig) -> None:
        await client.ok("control/record_sequence", at_time="2199-01-01 02:00:00+02:00", interval=3600)
        await client.ok("control/record_sequence", "r2", at_time="2020-01-01 00:00", interval=60, end_time=FAR)
        await client.ok("control/power_off", at_time="2026-01-01T20:00:00Z")
        await client.ok("control/power_on", "2026-01-01T06:00:00Z")
        expected = [
            [1, ["record", ["spectra", 1, -1, 0.0, 80.0]], FAR, None, 3600.0, "active"],
            [2, ["record", ["r2", 1, -1, 0.0, 80.0]], "2020-01-01T00:00:00+00:00", FAR, 60.0, "active"],
            [3, ["power_off"], "2026-01-01T20:00:00+00:00", None, 86400.0, "active"],
            [4, ["power_on"], "2026-01-01T06:00:00+00:00", None, 86400.0, "active"],
        ]
        assert json.loads(await client.get(f"{SCHEDULER}/jobs")) == expected
        for wrong in (
            {"at_time": "2020-01-01T00:00:00Z"},
            {"at_time": FAR, "interval": 0},
            {"at_time": FAR, "interval": 60, "end_time": "2030-01-01T00:00:00Z"},
            {"at_time": "some time"},
            {"interval": 1e-3},
        ):
            await client.refused("4.00", "control/record_sequence", **wrong)
        assert json.loads(await client.get(f"{SCHEDULER}/jobs")) == expected
        core = (await client.get(".well-known/core")).decode()
        for name in ("jobs", "powerDelay", "powerOffEnabled", "quietEnd", "quietStart", "quietTimeEnabled"):
            (link,) = [part for part in core.split(",") if f"</{SCHEDULER}/{name}>" in part]
            assert ";obs" in link
        for name in ("delete", "suspend", "unsuspend"):
            assert f"</{SCHEDULER}/{name}>" in core
            answer = await client._context.request(client._message(aiocoap.GET, f"{SCHEDULER}/{name}")).response
            assert answer.code is aiocoap.METHOD_NOT_ALLOWED

    play(tmp_path, scenario)


def test_the_same_request_twice_makes_one_job(tmp_path: Path) -> None:
    async def scenario(client: OldClient, _rig: Rig) -> None:
        for _ in range(3):
            await client.ok("control/record_sequence", "r1", at_time=FAR, interval=3600)
        assert len(json.loads(await client.get(f"{SCHEDULER}/jobs"))) == 1
        await client.ok("control/record_sequence", "r2", at_time=FAR, interval=3600)
        assert len(json.loads(await client.get(f"{SCHEDULER}/jobs"))) == 2

    play(tmp_path, scenario)


def test_a_request_that_comes_twice_over_the_network_is_one(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        # CON PUT control/record_sequence, as if the answer to the first one was lost
        command = b"record_sequence"
        path = b"\xb7control" + bytes([0x0D, len(command) - 13]) + command
        datagram = b"\x41\x03\x12\x34\x55" + path + b"\xff" + json.dumps({"at_time": FAR}).encode()
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as plain:
            plain.setblocking(False)
            plain.connect(("::1", rig.port))
            await loop.sock_sendall(plain, datagram)
            await loop.sock_sendall(plain, datagram)
            while (await loop.sock_recv(plain, 2000))[1] != 0x44:  # 2.04, after an empty one where it takes a while
                pass
        jobs = await rig.client.get(f"{SCHEDULER}/jobs")
        assert isinstance(jobs, list)
        assert len(jobs) == 1

    run(tmp_path, scenario)


def test_many_jobs_are_told_in_blocks(tmp_path: Path) -> None:
    async def scenario(rig: Rig) -> None:
        for number in range(30):
            await rig.client.put("control/record_sequence", f"r{number}", at_time=FAR)
        async with rig.client.observe(f"{SCHEDULER}/jobs") as jobs:
            for number in (30, 29):
                rows = await anext(jobs)
                assert isinstance(rows, list)
                assert len(rows) == number
                await rig.client.put(f"{SCHEDULER}/delete", number)

    run(tmp_path, scenario)
