"""Browsers that misbehave: nobody else suffers, and the batch goes on."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from piccolo3.jsonvalue import JsonValue
from piccolo3.web import serve
from piccolo3.web.sse import Mailbox, event
from piccolo3.web.users import Role, Users
from tests.integration.web.support import events, serving_web, until
from tests.integration.web.test_web import record

STREAM = b"GET /r/rig/live/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system can't cut off who takes nothing")
def test_who_never_reads_is_dropped(rig_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_STALLED", 1500)

    async def stall() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            site = web.app.state.site
            with socket.socket() as deaf:
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf.connect(("127.0.0.1", web.port))
                deaf.sendall(STREAM)
                await until(lambda: site.streams == 1)
                live = site.rigs["rig"].live
                async with asyncio.timeout(40):
                    while site.streams:  # it is still connected, and there is always more to send
                        live._tell("one", b"x" * 200_000)
                        await asyncio.sleep(0.02)

    asyncio.run(stall())


def test_a_batch_goes_on_while_fifty_watch_and_some_never_read(rig_url: str, tmp_path: Path) -> None:
    async def watch() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            site = web.app.state.site
            seen: list[set[tuple[JsonValue, ...]]] = [set() for _ in range(50)]

            async def browser(mine: set[tuple[JsonValue, ...]]) -> None:
                async def handle(name: str, body: dict[str, JsonValue]) -> bool:
                    if name == "spectrum" and body["run"] == "crowded":
                        mine.add((body["serial"], body["direction"], body["dark"]))
                    return len(mine) == 8

                await events(web, "/r/rig/live/stream", handle)

            with ExitStack() as stack:
                for _ in range(5):
                    stack.enter_context(socket.create_connection(("127.0.0.1", web.port))).sendall(STREAM)
                async with asyncio.TaskGroup() as group:
                    for mine in seen:
                        group.create_task(browser(mine))
                    await until(lambda: site.streams == 55)
                    await record(web, "crowded")
                assert all(len(mine) == 8 for mine in seen)
                outcome = await web.get("control/outcome")
                assert isinstance(outcome, dict)
                assert (outcome["run"], outcome["result"], outcome["lost"]) == ("crowded", "complete", [])
            await until(lambda: site.streams == 0)

    asyncio.run(watch())


def test_what_waits_for_a_browser_is_bounded() -> None:
    async def fill() -> None:
        mailbox = Mailbox()
        for number in range(10_000):
            mailbox.put(f"path/{number % 2000}", event("value", number))
        text = b"".join(await mailbox.take(1)).decode()
        values = [int(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
        assert len(values) <= 512
        assert values[-1] == 9999
        assert values == sorted(values)

    asyncio.run(fill())


@pytest.mark.parametrize(
    "head",
    [
        b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Huge: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: localhost\r\n" + b"X-Many: y\r\n" * 10_000 + b"\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"piccolo=x; " * 3_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"GET /login HTTP/9.9\r\n\r\n",
        b"\r\n" * 20_000,
    ],
)
def test_heads_of_requests_that_are_none(rig_url: str, tmp_path: Path, head: bytes) -> None:
    """They are refused or cut off, and others are served."""

    async def send() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            answer = b""
            try:
                writer.write(head)
                writer.write_eof()
                async with asyncio.timeout(20):
                    answer = await reader.read()
            except ConnectionError:
                pass
            finally:
                writer.transport.abort()
            assert answer == b"" or answer.split(b" ")[1][:1] == b"4", answer[:200]
            assert (await web.client.get("/login")).status_code == 200

    asyncio.run(send())


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_huge_bodies_of_the_interface(rig_url: str, tmp_path: Path, method: str) -> None:
    async def send() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            deep = "[" * 20_000 + "]" * 20_000
            for body in (json.dumps("x" * 70_000), deep, "9" * 60_000, json.dumps({"x" * 60_000: 1})):
                answer = await web.client.request(method, "/r/rig/api/control/delay", content=body)
                assert answer.status_code in (400, 405, 413), answer.text[:200]
                assert len(answer.content) < 2000
            assert await web.get("control/status") == "idle"

    asyncio.run(send())


def test_two_change_one_value_and_all_see_the_same_in_the_end(rig_url: str, tmp_path: Path) -> None:
    """One of the two wins; nobody is left with the other one, and a value that is refused changes nothing."""

    async def change() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            watching = asyncio.Event()
            last: list[JsonValue] = [None, None]

            async def browser(mine: int) -> None:
                async def handle(name: str, body: dict[str, JsonValue]) -> bool:
                    if name == "value":
                        last[mine] = body["value"]
                        if None not in last:
                            watching.set()
                    return body.get("value") == 99

                await events(web, "/r/rig/api/events?paths=control/numSequences", handle)

            async def put(value: JsonValue) -> int:
                return (await web.client.put("/r/rig/api/control/numSequences", json=value)).status_code

            async with asyncio.TaskGroup() as group:
                for mine in (0, 1):
                    group.create_task(browser(mine))
                await watching.wait()
                codes = await asyncio.gather(*(put(2 + number % 7) for number in range(40)), put(-5), put("many"))
                assert sorted(set(codes)) == [200, 400]
                now = await web.get("control/numSequences")
                await until(lambda: last == [now, now])
                assert await put(99) == 200
            assert await put(1) == 200

    asyncio.run(change())


def test_scripts_never_write_html() -> None:
    """What a run, a job or metadata are called is text, whatever is in it."""
    folder = Path(serve.__file__).with_name("static") / "js"
    for file in folder.glob("*.js"):
        text = file.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc", "DOMParser"):
            assert word not in text, (file.name, word)
    for file in (folder.parents[1] / "templates").glob("*.html"):
        assert "|safe" not in file.read_text().replace(" ", ""), file.name


def test_a_stream_ends_with_the_session(rig_url: str, tmp_path: Path) -> None:
    users = Users(tmp_path / "piccolo-web.users")
    for name in ("anna", "otto"):
        users.put(name, Role.LOOK, "correct horse battery")

    async def watch() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            form = {"name": "anna", "password": "correct horse battery"}
            assert (await web.client.post("/login", data=form)).status_code == 303
            begun: list[str] = []

            async def handle(name: str, body: dict[str, JsonValue]) -> bool:
                begun.append(name)
                if name == "value":
                    await asyncio.to_thread(users.remove, "anna")
                return name == "ended"

            await events(web, "/r/rig/api/events?paths=control/status", handle)
            assert begun[-1] == "ended"
            assert (await web.client.get("/r/rig/now")).status_code == 401

    asyncio.run(watch())
