"""A web server in the event loop of a test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
from starlette.applications import Starlette

from piccolo3.clock import SystemClock
from piccolo3.config import load_web
from piccolo3.jsonvalue import JsonValue
from piccolo3.web.application import application
from piccolo3.web.serve import listen, server

__all__ = ["Web", "events", "serving_web", "until"]


class Web:
    """A client, and the application behind it."""

    def __init__(self, client: httpx2.AsyncClient, app: Starlette, port: int) -> None:
        self.client = client
        self.app = app
        self.port = port

    async def get(self, path: str) -> JsonValue:
        answer = await self.client.get(f"/r/rig/api/{path}")
        assert answer.status_code == 200, answer.text
        found: JsonValue = answer.json()
        return found

    async def post(self, path: str, value: JsonValue = None) -> httpx2.Response:
        return await self.client.post(f"/r/rig/api/{path}", json=[[], {}] if value is None else value)


@asynccontextmanager
async def serving_web(rig_url: str | Mapping[str, str], folder: Path, more: str = "") -> AsyncIterator[Web]:
    """Of one rig, or of several by their names; `more` goes into the configuration."""
    file = folder / "web.cfg"
    rigs = {"rig": rig_url} if isinstance(rig_url, str) else rig_url
    sections = "".join(f"[[{name}]]\nurl = {url}\n" for name, url in rigs.items())
    file.write_text(f"[rigs]\n{sections}{more}")
    configuration = load_web(file)
    app = application(configuration, SystemClock())
    with listen(replace(configuration.http, port=0)) as listening:
        port = int(listening.getsockname()[1])
        serving = server(app, configuration.http)
        task = asyncio.create_task(serving._serve([listening]))
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
                await until(lambda: serving.started)
                yield Web(client, app, port)
        finally:
            app.state.site.closing = True
            serving.should_exit = True
            await task


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - of what is waited for nothing tells
            await asyncio.sleep(0.005)


async def events(
    web: Web, path: str, handle: Callable[[str, dict[str, JsonValue]], Awaitable[bool]], seconds: float = 40.0
) -> None:
    """Give each event to `handle` until it returns True."""
    async with asyncio.timeout(seconds), web.client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: ") and await handle(name, json.loads(line[6:]) or {}):
                return
