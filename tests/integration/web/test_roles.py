"""Who may do what: every page and every method of every resource, for each role and for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest

from piccolo3.jsonvalue import JsonValue
from piccolo3.web.pages import PAGES
from piccolo3.web.users import Role, Users
from tests.integration.web.support import Web, serving_web

PASSWORD = "correct horse battery"
REFUSED = {None: 401, Role.LOOK: 403}
NONSENSE = {"no argument has this name": 1}  # so that nothing happens where it is let through


def asked(description: JsonValue) -> Iterator[tuple[str, str, bool]]:
    """Each method of each resource, and whether it changes something."""
    assert isinstance(description, Mapping)
    resources = description["resources"]
    assert isinstance(resources, list)
    for one in resources:
        assert isinstance(one, dict)
        path, methods = str(one["path"]), one["methods"]
        assert isinstance(methods, list)
        for name, real in (("<run>", "none"), ("<file>", "none"), ("<id>", "1")):
            path = path.replace(name, real)
        if one["kind"] != "command" or "FETCH" in methods:
            yield path, "GET", False
        for method in ("PUT", "POST"):
            if method in methods:
                yield path, method, not (method == "POST" and "FETCH" in methods)


@pytest.mark.parametrize("role", [None, Role.LOOK, Role.OPERATE])
def test_every_method_of_every_resource(rig_url: str, tmp_path: Path, role: Role | None) -> None:
    users = Users(tmp_path / "piccolo-web.users")
    for one in (Role.LOOK, Role.OPERATE):
        users.put(one.name, one, PASSWORD)

    async def ask() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            web.client.auth = httpx2.BasicAuth("OPERATE", PASSWORD)
            methods = list(asked(await web.get("")))
            assert len(methods) > 100
            assert any(path == "sysinfo/log" and method == "GET" for path, method, _ in methods)
            web.client.auth = httpx2.Auth() if role is None else httpx2.BasicAuth(role.name, PASSWORD)
            wrong = [
                f"{one}: {status}" for one in methods if (status := await status_of(web, one)) not in right(role, one)
            ]
            assert not wrong

    asyncio.run(ask())


async def status_of(web: Web, one: tuple[str, str, bool]) -> int:
    path, method, _ = one
    body = None if method == "GET" else NONSENSE
    return (await web.client.request(method, f"/r/rig/api/{path}", json=body)).status_code


def right(role: Role | None, one: tuple[str, str, bool]) -> tuple[int, ...]:
    """What may be answered: what is let through is read, or is not there (yet), or lacks an argument."""
    _, method, changes = one
    if role is None or (role is Role.LOOK and changes):
        return (REFUSED[role],)
    return (200, 400, 404) if method == "GET" else (400, 404)


@pytest.mark.parametrize("role", [None, Role.LOOK, Role.OPERATE])
def test_every_page_and_all_data(rig_url: str, tmp_path: Path, role: Role | None) -> None:
    for one in (Role.LOOK, Role.OPERATE):
        Users(tmp_path / "piccolo-web.users").put(one.name, one, PASSWORD)
    paths = [f"/r/rig/{name}" for name, _ in PAGES]
    paths += ["/rigs", "/r/rig/docs", "/metrics", "/r/rig/api/", "/r/rig/api/openapi.json", "/r/rig/api/spectra"]
    nothing = ["/r/rig/download?run=none", "/r/rig/download/none.zip", "/r/rig/download/none/x.pico"]

    async def ask() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            web.client.auth = httpx2.Auth() if role is None else httpx2.BasicAuth(role.name, PASSWORD)
            for path in paths:
                answer = await web.client.get(path)
                assert answer.status_code == (401 if role is None else 200), path
                if answer.text.startswith("<!doctype"):
                    assert f'name="operate" content="{"yes" if role is Role.OPERATE else "no"}"' in answer.text
            for path in nothing:
                assert (await web.client.get(path)).status_code == (401 if role is None else 404), path
            for path in (
                "/r/rig/api/events?paths=control/status",
                "/events?paths=control/status",
                "/r/rig/live/stream",
            ):
                async with web.client.stream("GET", path) as answer:
                    assert answer.status_code == (401 if role is None else 200), path

    asyncio.run(ask())


def test_who_may_look_reads_log_configuration_and_plan(rig_url: str, tmp_path: Path) -> None:
    Users(tmp_path / "piccolo-web.users").put("otto", Role.LOOK, PASSWORD)

    async def look() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            web.client.auth = httpx2.BasicAuth("otto", PASSWORD)
            log = await web.get("sysinfo/log?limit=3&level=DEBUG")
            more = (await web.post("sysinfo/log", [[], {"limit": 3, "level": "DEBUG"}])).json()
            assert isinstance(log, dict)
            assert sorted(log) == sorted(more) == ["cursor", "lines"]
            settings = await web.get("sysinfo/configuration?limit=200")
            assert isinstance(settings, dict)
            assert settings["settings"]
            plan = await web.get("control/plan?nsequence=3")
            assert isinstance(plan, dict)
            assert plan["spectra"]

    asyncio.run(look())
