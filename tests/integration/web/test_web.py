"""A rig through HTTP, from its description to files for other programs."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import socket
import zipfile
from pathlib import Path

import httpx2
import numpy as np
import pytest

from piccolo3.jsonvalue import JsonValue
from piccolo3.web.users import Role, Users
from tests.integration.web.support import Web, events, serving_web, until
from tests.rigs import serving


async def record(web: Web, run: str) -> None:
    """Record two sequences and follow them to their end."""
    await web.client.put("/r/rig/api/spectrometer/S_dummy_FLM/max_time", json=100)
    await web.client.put("/r/rig/api/spectrometer/S_dummy_STS/max_time", json=100)

    async def ended(name: str, body: dict[str, JsonValue]) -> bool:
        if name == "connection":
            answer = await web.post("control/record_sequence", [[], {"run": run, "nsequence": 2}])
            assert answer.status_code == 200, answer.text
        outcome = body.get("value")
        return isinstance(outcome, dict) and outcome.get("run") == run

    await events(web, "/r/rig/api/events?paths=control/outcome", ended)


def test_a_day_over_http(rig_url: str, tmp_path: Path) -> None:
    async def day() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            assert await web.get("control/status") == "idle"
            await values_and_mistakes(web)
            await record(web, "morning")
            await catalogue(web)
            await downloads(web)
            await live(web)
            await numbers(web)
            await pages(web)

    asyncio.run(day())


async def values_and_mistakes(web: Web) -> None:
    client, api = web.client, "/r/rig/api"
    assert (await client.put(f"{api}/control/delay", json=2.5)).status_code == 200
    assert await web.get("control/delay") == 2.5
    assert (await client.put(f"{api}/control/delay", json=0)).status_code == 200
    wrong = await client.put(f"{api}/control/delay", json=-1)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "InvalidValue")
    assert (await client.put(f"{api}/control/delay", content=b"\xff")).status_code == 400
    assert (await client.put(f"{api}/control/delay", content=b"NaN")).status_code == 400
    assert (await client.get(f"{api}/control/nothing")).status_code == 404
    assert (await client.get(f"{api}/control")).status_code == 404
    assert (await client.get(f"{api}/control/%2e%2e/control/status")).status_code == 404
    assert (await client.get(f"{api}/control/abort")).status_code == 405  # though old clients do so
    assert (await client.put(f"{api}/control/status", json=1)).status_code == 405
    assert (await web.post("control/abort")).status_code == 409
    bad = await web.post("control/record_sequence", [[], {"run": "<script>alert(1)</script>"}])
    assert bad.status_code == 400
    document = await web.get("openapi.json")
    assert isinstance(document, dict)
    paths = document["paths"]
    assert isinstance(paths, dict)
    assert "put" in paths["/control/delay"]
    assert "/data_dir/runs/{run}/spectra/{file}" in paths


async def catalogue(web: Web) -> None:
    page = await web.get("spectra?run=morning&limit=3")
    assert isinstance(page, dict)
    spectra = page["spectra"]
    assert isinstance(spectra, list)
    assert len(spectra) == 3
    assert page["cursor"]
    number = spectra[0]["id"]
    one = await web.get(f"spectra/{number}")
    assert isinstance(one, dict)
    answer = await web.client.get(f"/r/rig/api/spectra/{number}", headers={"accept": "application/octet-stream"})
    length = int.from_bytes(answer.content[:4], "little")
    head = json.loads(answer.content[4 : 4 + length])
    rows = answer.content[4 + length :]
    count = head["count"]
    assert len(rows) == 8 * count
    assert np.frombuffer(rows[4 * count :], "<i4").tolist() == one["pixels"]
    np.testing.assert_allclose(np.frombuffer(rows[: 4 * count], "<f4"), one["wavelengths"], atol=2e-3)
    asked = await web.get("data_dir/batches?run=morning")
    assert isinstance(asked, dict)
    assert len(asked["batches"]) == 1
    assert (await web.client.get("/r/rig/api/spectra?limit=many")).status_code == 400


async def downloads(web: Web) -> None:
    archive = await web.client.get("/r/rig/download/morning.zip")
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        assert files.testzip() is None
        names = files.namelist()
        text = files.read(names[0])
    assert len(names) == 4
    assert (await web.client.get(f"/r/rig/download/{names[0]}")).content == text
    table = await web.client.get("/r/rig/download?run=morning&format=csv&level=reflectance")
    assert table.status_code == 200, table.text
    with zipfile.ZipFile(io.BytesIO(table.content)) as files:
        assert any(name.endswith("metadata_reflectance.csv") for name in files.namelist())
    page = await web.get("spectra?run=morning&serial=dummy_FLM&limit=1")
    assert isinstance(page, dict)
    spectra = page["spectra"]
    assert isinstance(spectra, list)
    chosen = await web.client.get(f"/r/rig/download?ids={spectra[0]['id']}&format=netcdf")
    assert chosen.status_code == 200, chosen.text
    assert chosen.content.startswith(b"\x89HDF")
    assert (await web.client.get("/r/rig/download?run=nothing")).status_code == 404
    assert (await web.client.get("/r/rig/download?run=morning&format=exe")).status_code == 400
    assert (await web.client.get("/r/rig/download/morning/b000000_s000099_dark.pico")).status_code == 404


async def live(web: Web) -> None:
    detectors: dict[str, dict[str, JsonValue]] = {}
    seen: dict[tuple[JsonValue, ...], dict[str, JsonValue]] = {}

    async def handle(name: str, body: dict[str, JsonValue]) -> bool:
        if name == "detector":
            detectors[str(body["key"])] = body
        elif name == "spectrum":
            assert body["detector"] in detectors
            seen[body["serial"], body["direction"], body["dark"]] = body
        return len(seen) == 8

    await events(web, "/r/rig/live/stream", handle)
    one = seen["dummy_FLM", "upwelling", False]
    pixels = np.frombuffer(base64.b64decode(str(one["pixels"])), "<i4")
    detector = detectors[str(one["detector"])]
    assert len(pixels) == len(base64.b64decode(str(detector["wavelengths"]))) // 4
    first, last = np.array(detector["range"])
    assert pixels[first:last].max() == one["peak"]
    site = web.app.state.site
    await until(lambda: len(site.rigs["rig"].live) == 0)  # nobody looks any more
    assert len(site.rigs["rig"].values) == 0


async def numbers(web: Web) -> None:
    text = (await web.client.get("/metrics")).text
    assert 'piccolo_up{rig="rig"} 1\n' in text
    assert "# TYPE piccolo_free_space gauge\n" in text
    assert 'piccolo_shutter_operations{rig="rig",of="upwelling"}' in text


async def pages(web: Web) -> None:
    for path in ("/r/rig/now", "/r/rig/docs"):
        answer = await web.client.get(path)
        assert answer.status_code == 200
        assert "Make safe" in answer.text
        assert not re.search(r'(src|href|action)="(https?:)?//', answer.text), "something is from outside"
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|style=", answer.text)
    assert "control/record_sequence" in answer.text


def test_a_browser_that_never_reads(rig_url: str, tmp_path: Path) -> None:
    """Its stream has bounded size, and others get what they ask for meanwhile."""

    async def stalled() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            with socket.create_connection(("127.0.0.1", web.port)) as deaf:
                deaf.sendall(b"GET /r/rig/live/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
                site = web.app.state.site
                await until(lambda: site.streams == 1)
                shown = site.rigs["rig"]
                for _ in range(300):
                    shown.live._tell("one", b"x" * 100_000)
                    await asyncio.sleep(0)
                assert await web.get("control/status") == "idle"
            await until(lambda: site.streams == 0)

    asyncio.run(stalled())


def test_a_rig_that_comes_goes_and_comes_again(tmp_path: Path) -> None:
    from soak.ports import free_port

    port = free_port()

    async def watch() -> None:
        async with serving_web(f"coap://[::1]:{port}", tmp_path) as web:
            answer = await web.client.get("/r/rig/api/control/status")
            assert (answer.status_code, answer.json()["error"]) == (504, "ConnectionFailed")
            shown: list[tuple[str, object]] = []

            async def handle(name: str, body: dict[str, JsonValue]) -> bool:
                shown.append((name, body.get("connected") if name == "connection" else body.get("value")))
                return name == "value" and body.get("value") == "idle"

            for _ in range(2):
                server = asyncio.to_thread(run_until, port, tmp_path / "data", end)
                task = asyncio.create_task(server)
                await events(web, "/r/rig/api/events?paths=control/status", handle)
                end.put("end")
                await task
                await until(lambda: not web.app.state.site.rigs["rig"].rig.state.connected, 30)
            assert ("connection", True) in shown

    import queue

    end: queue.Queue[str] = queue.Queue()
    asyncio.run(watch())


def run_until(port: int, folder: Path, end: object) -> None:
    with serving(folder, port=port):
        end.get()  # type: ignore[attr-defined]


@pytest.mark.parametrize("paths", ["../x", "control/", "a//b", ",".join(f"a/{n}" for n in range(300))])
def test_streams_of_nonsense(rig_url: str, tmp_path: Path, paths: str) -> None:
    async def ask() -> int:
        async with serving_web(rig_url, tmp_path) as web:
            return (await web.client.get(f"/r/rig/api/events?paths={paths}")).status_code

    assert asyncio.run(ask()) in (400, 404)


def test_who_may_look_changes_nothing(rig_url: str, tmp_path: Path) -> None:
    password = "correct horse battery"
    Users(tmp_path / "piccolo-web.users").put("otto", Role.LOOK, password)

    async def look() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            web.client.auth = httpx2.BasicAuth("otto", password)
            assert await web.get("control/status") == "idle"
            assert (await web.post("data_dir/query", [[], {"limit": 1}])).status_code == 200
            for path in ("control/make_safe", "control/record_sequence"):
                answer = await web.post(path)
                assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")
            assert (await web.client.put("/r/rig/api/control/delay", json=1)).status_code == 403

    asyncio.run(look())


def test_what_two_change_both_see(rig_url: str, tmp_path: Path) -> None:
    async def both() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            ready = asyncio.Barrier(3)

            async def browser() -> None:
                async def handle(name: str, body: dict[str, JsonValue]) -> bool:
                    if name == "value" and body["value"] == 0:
                        await ready.wait()
                    return name == "value" and body["value"] == 7.5

                await events(web, "/r/rig/api/events?paths=control/delay", handle)

            async def somebody_else() -> None:
                await ready.wait()
                assert (await web.client.put("/r/rig/api/control/delay", json=7.5)).status_code == 200

            assert (await web.client.put("/r/rig/api/control/delay", json=0)).status_code == 200
            await asyncio.gather(browser(), browser(), somebody_else())
            assert (await web.client.put("/r/rig/api/control/delay", json=0)).status_code == 200

    asyncio.run(both())


def test_fifty_browsers_watch_live(rig_url: str, tmp_path: Path) -> None:
    """Each of them gets every spectrometer and channel, and the rig is asked once for all of them."""

    async def watch() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            await record(web, "fifty")
            site = web.app.state.site
            full = asyncio.Barrier(51)

            async def browser() -> None:
                seen: set[tuple[JsonValue, ...]] = set()

                async def handle(name: str, body: dict[str, JsonValue]) -> bool:
                    if name == "spectrum":
                        seen.add((body["serial"], body["direction"], body["dark"]))
                    return len(seen) == 8

                await events(web, "/r/rig/live/stream", handle)
                await full.wait()

            async with asyncio.TaskGroup() as group:
                for _ in range(50):
                    group.create_task(browser())
                await full.wait()
            await until(lambda: site.streams == 0)
            assert len(site.rigs["rig"].live) == 0

    asyncio.run(watch())


def test_many_streams_are_refused(rig_url: str, tmp_path: Path) -> None:
    async def ask() -> httpx2.Response:
        async with serving_web(rig_url, tmp_path) as web:
            web.app.state.site.streams = 200
            return await web.client.get("/r/rig/live/stream")

    assert asyncio.run(ask()).status_code == 503
