"""What docs/how-to/web.md tells to type is typed."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from piccolo3.config import load_web
from piccolo3.jsonvalue import JsonValue
from piccolo3.web.main import _parser
from piccolo3.web.metrics import _HELP
from tests.integration.web.support import Web, events, serving_web

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/web.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]

_COMMAND = re.compile(r"^(?:sudo -u piccolo3-web )?(?:/opt/piccolo3/bin/)?piccolo3-web (-.*)")


@pytest.mark.parametrize("line", [found[1] for line in LINES if (found := _COMMAND.search(line))])
def test_the_commands_are_understood(line: str) -> None:
    assert _parser().parse_args(shlex.split(line))


def test_the_settings_are_understood(tmp_path: Path) -> None:
    blocks = re.findall(r"```ini\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    file = tmp_path / "web.cfg"
    file.write_text('[http]\n  address = "::"\n  port = 80\n' + "".join(blocks))
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("")
    found = load_web(file)
    assert found.http.certificate == tmp_path / "cert.pem"
    assert [rig.name for rig in found.rigs] == ["meadow", "tower"]


def test_the_metrics_are_those_that_there_are() -> None:
    names = set(re.findall(r"\bpiccolo_[a-z_]+", PAGE))
    assert len(names) > 5
    assert names <= set(_HELP)


def test_the_requests_are_answered(rig_url: str, tmp_path: Path) -> None:
    lines = [shlex.split(line)[1:] for line in LINES if line.startswith("curl")]
    assert len(lines) == 8

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
    address = urlsplit(words[-1])
    path = f"{address.path}?{address.query}" if address.query else address.path
    if "-N" in words:
        await events(web, path, is_idle)
        return
    if path.endswith("noon.zip"):  # what was begun before has to end
        await events(web, "/r/rig/api/events?paths=control/outcome", has_ended)
    answer = await web.client.request(method, path, content=options.get("-d"), headers=kind)
    assert answer.status_code == 200, (words, answer.text)


async def is_idle(name: str, body: dict[str, JsonValue]) -> bool:
    return name == "value" and body["path"] == "control/status" and body["value"] == "idle"


async def has_ended(name: str, body: dict[str, JsonValue]) -> bool:
    return name == "value" and isinstance(body["value"], dict) and body["value"]["run"] == "noon"
