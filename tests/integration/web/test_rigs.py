"""Several rigs, each a daemon in a process of its own: absent, killed, started again with something else, strange."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from piccolo3.jsonvalue import JsonValue
from tests.integration.coap.toy import toy_server
from tests.integration.web.support import Web, events, serving_web, until
from tests.rigs import instrument
from tests.system.support import SERVER, free_port, wait_for_answer

LOST = 5.0  # s after which a lost rig has to be seen


class Rig:
    """A daemon that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"coap://[::1]:{self.port}"

    def start(self, *spectrometers: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "piccolo.config").write_text(instrument(spectrometers))
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [SERVER, "-o", str(self.folder), "--port", str(self.port), "--address", "::1"], stderr=log
            )
        wait_for_answer(self.port, self.process)  # type: ignore[arg-type]

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture
def rigs(tmp_path: Path) -> Iterator[dict[str, Rig]]:
    found = {name: Rig(tmp_path / name) for name in ("meadow", "tower")}
    yield found
    for rig in found.values():
        rig.kill()


class Watch:
    """A browser with the page of all rigs: what it knows of each."""

    def __init__(self, web: Web, paths: str = "control/status") -> None:
        self._web = web
        self._paths = paths
        self.connected: dict[str, bool] = {}
        self.restarts: dict[str, int] = {}
        self.reason: dict[str, object] = {}
        self.values: dict[tuple[str, str], JsonValue] = {}
        self.seconds = 0.0

    async def until(self, true: object, seconds: float = 30.0) -> None:
        """Open the stream, and read it until that is so of what it says."""
        assert callable(true)
        begun = time.monotonic()

        async def handle(name: str, body: dict[str, JsonValue]) -> bool:
            rig = str(body.get("rig"))
            if name == "rig":
                self.connected[rig], self.reason[rig] = body["connected"] is True, body["reason"]
                self.restarts[rig] = int(str(body["restarts"]))
            elif name == "value":
                self.values[rig, str(body["path"])] = body.get("value", body.get("error"))
            return bool(true())

        await events(self._web, f"/events?paths={self._paths}", handle, seconds)
        self.seconds = time.monotonic() - begun


def test_one_is_absent_at_start_gone_in_the_middle_and_something_else_afterwards(
    rigs: dict[str, Rig], tmp_path: Path
) -> None:
    meadow, tower = rigs["meadow"], rigs["tower"]
    meadow.start("dummy_A:FLAME-S")

    async def watch() -> None:
        async with serving_web({name: rig.url for name, rig in rigs.items()}, tmp_path) as web:
            home = await web.client.get("/")
            assert (home.status_code, home.headers["location"]) == (303, "/rigs")
            overview = (await web.client.get("/rigs")).text
            assert all(f'data-rig="{name}"' in overview for name in rigs)
            page = Watch(web)
            idle = {("meadow", "control/status"): "idle"}
            await page.until(lambda: page.connected == {"meadow": True, "tower": False} and page.values == idle)
            assert page.reason["tower"]
            answer = await web.client.get("/r/tower/api/control/status")
            assert (answer.status_code, answer.json()["error"]) == (504, "ConnectionFailed")
            assert (await web.client.get("/r/meadow/api/control/status")).json() == "idle"  # whatever the other does

            starting = asyncio.create_task(asyncio.to_thread(tower.start, "dummy_B:STS-VIS"))
            await page.until(lambda: page.connected["tower"] and page.values.get(("tower", "control/status")) == "idle")
            await starting
            names = "/r/tower/api/spectrometer/spectrometers"
            assert (await web.client.get(names)).json() == ["S_dummy_B"]

            reading = asyncio.create_task(page.until(lambda: not page.connected["tower"], LOST + 5))
            await asyncio.to_thread(tower.kill)
            gone = time.monotonic()
            await reading
            assert time.monotonic() - gone < LOST
            assert page.connected["meadow"]
            assert (await web.client.get("/r/tower/api/control/status")).status_code == 504

            before = page.restarts["tower"]
            starting = asyncio.create_task(
                asyncio.to_thread(tower.start, "dummy_C:FLAME-S", "dummy_D:STS-VIS", "dummy_E:STS-VIS")
            )
            await page.until(lambda: page.connected["tower"] and page.restarts["tower"] > before)
            await starting
            assert (await web.client.get(names)).json() == ["S_dummy_C", "S_dummy_D", "S_dummy_E"]
            document = (await web.client.get("/r/tower/api/openapi.json")).json()
            assert "/spectrometer/S_dummy_D/status" in document["paths"]
            assert "/spectrometer/S_dummy_B/status" not in document["paths"]
            log = (await web.client.get("/r/tower/api/sysinfo/log?limit=5")).json()["lines"]
            assert len(log) == 5
            warnings = (await web.client.get("/r/tower/api/sysinfo/log?level=WARNING")).json()["lines"]
            assert {line["level"] for line in warnings} <= {"WARNING", "ERROR"}
            site = web.app.state.site
            await until(lambda: site.streams == 0)

    asyncio.run(watch())


def test_a_rig_of_another_version_says_what_it_has_not(tmp_path: Path) -> None:
    async def watch() -> None:
        async with toy_server() as toy, serving_web(f"coap://[::1]:{toy.port}", tmp_path) as web:
            assert await web.get("control/status") == "idle"
            for method, path in (("GET", "control/outcome"), ("PUT", "control/target"), ("POST", "control/make_safe")):
                answer = await web.client.request(method, f"/r/rig/api/{path}", json=1)
                assert (answer.status_code, answer.json()["error"]) == (404, "NotFound")
                assert path.rpartition("/")[2] in answer.json()["message"]
            assert (await web.client.get("/r/rig/api/openapi.json")).json()["info"]["version"] == "unknown"
            seen: dict[str, JsonValue] = {}

            async def handle(name: str, body: dict[str, JsonValue]) -> bool:
                if name == "value":
                    seen[str(body["path"])] = body.get("value", body.get("missing"))
                return len(seen) == 3

            await events(web, "/r/rig/api/events?paths=control/status,control/outcome,data_dir/latest", handle)
            assert seen == {"control/status": "idle", "control/outcome": True, "data_dir/latest": True}
            assert 'piccolo_up{rig="rig"} 1\n' in (await web.client.get("/metrics")).text
            for name in ("now", "live", "record", "schedule", "data", "temperatures", "system", "docs"):
                assert (await web.client.get(f"/r/rig/{name}")).status_code == 200

    asyncio.run(watch())
