"""What docs/how-to/web.md tells to type is typed."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from piccolo3.jsonvalue import JsonValue
from piccolo3.web.main import _parser
from tests.integration.web.support import Web, events, serving_web

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/web.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("piccolo3-web")])
def test_the_commands_are_understood(line: str) -> None:
    assert _parser().parse_args(shlex.split(line)[1:])


def test_the_requests_are_answered(rig_url: str, tmp_path: Path) -> None:
    lines = [shlex.split(line)[1:] for line in LINES if line.startswith("curl")]
    assert len(lines) == 3

    async def type_all() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            for words in lines:
                await curl(web, words)
            await events(web, "/r/rig/api/events?paths=control/status", is_idle)
            await web.client.put("/r/rig/api/control/delay", json=0)
            for path in re.findall(r"`(/r/RIG/(?:download|api/spectra)[^`]*?)`", PAGE):
                real = path.replace("RIG", "rig").replace("&cursor=...", "").replace("batch=3", "batch=0")
                if "FILE" in real or "17" in real:
                    continue
                answer = await web.client.get(real.replace("netcdf", "csv"))
                assert answer.status_code == 200, (path, answer.text)

    asyncio.run(type_all())


async def curl(web: Web, words: list[str]) -> None:
    options = {words[place]: words[place + 1] for place in range(len(words) - 1) if words[place].startswith("-")}
    method = options.get("-X") or ("POST" if "-d" in options else "GET")
    # as curl does: a form, which is not looked at
    kind = {"content-type": "application/x-www-form-urlencoded"} if "-d" in options else {}
    path = urlsplit(words[-1]).path
    answer = await web.client.request(method, path, content=options.get("-d"), headers=kind)
    assert answer.status_code == 200, (words, answer.text)


async def is_idle(name: str, body: dict[str, JsonValue]) -> bool:
    return name == "value" and body["value"] == "idle"
