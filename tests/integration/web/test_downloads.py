"""Files to take away: runs that are larger than the memory they may take, rigs that are lost meanwhile, and tricks."""

from __future__ import annotations

import asyncio
import io
import re
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import numpy as np
import pytest

from piccolo3.errors import ConnectionFailed
from piccolo3.spectrum import SpectraList, Spectrum, dumps, file_name
from piccolo3.status import SpectrumKind
from piccolo3.web import downloads, exports
from tests.integration.web.support import Web, serving_web, until
from tests.integration.web.test_web import record
from tests.rigs import serving
from tests.unit.data.samples import spectrum

WEB = str(Path(sys.executable).with_name("piccolo3-web"))
FILES, SPECTRA, PIXELS = 80, 12, 2000
MOST = 14_000  # kB that a large run may take more than a small one


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A rig with a large run, and the size of the run in kB."""
    folder = tmp_path_factory.mktemp("large") / "data"
    (folder / "tower").mkdir(parents=True)
    counts = np.random.default_rng(1)
    size = 0
    for number in range(FILES):
        batch, sequence = divmod(number, 10)
        spectra = []
        for one in range(SPECTRA):
            made = spectrum(SpectrumKind.LIGHT, "upwelling", f"S{one}", pixels=PIXELS, batch=batch, sequence=sequence)
            spectra.append(Spectrum(counts.integers(1000, 60000, PIXELS, dtype=np.int32), made.metadata))
        text = dumps(SpectraList(tuple(spectra), "tower", batch, sequence))
        (folder / "tower" / file_name(batch, sequence, SpectrumKind.LIGHT)).write_text(text)
        size += len(text)
    with serving(folder) as url:
        yield url, size // 1000


def highest(pid: int) -> int:
    """The most memory that a process has had, kB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
@pytest.mark.timeout(150)
def test_a_large_run_takes_little_memory(large: tuple[str, int], tmp_path: Path) -> None:
    url, size = large
    assert size > 1.5 * MOST, "this could not fail"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([WEB, "--rig", url, "--port", str(port)], stdout=subprocess.PIPE, cwd=tmp_path)
    opener = build_opener(ProxyHandler({}))

    def fetch(path: str, into: Path) -> None:
        with opener.open(f"http://127.0.0.1:{port}/r/rig/{path}", timeout=100) as answer, into.open("wb") as file:
            while part := answer.read(1 << 16):
                file.write(part)

    try:
        assert process.stdout is not None
        process.stdout.readline()
        fetch("download?run=tower&batch=0&format=csv", tmp_path / "small.zip")
        before = highest(process.pid)
        fetch("download/tower.zip", tmp_path / "tower.zip")
        fetch("download?run=tower&format=pico", tmp_path / "again.zip")
        grown = highest(process.pid) - before
    finally:
        process.terminate()
        process.communicate(timeout=20)
    with zipfile.ZipFile(tmp_path / "tower.zip") as archive:
        assert len(archive.namelist()) == FILES
        assert sum(one.file_size for one in archive.infolist()) // 1000 == size
        assert archive.testzip() is None
    assert grown < MOST, f"{grown} kB for a run of {size} kB"


def test_pages_of_the_catalogue_are_small_however_long_the_run(large: tuple[str, int], tmp_path: Path) -> None:
    async def turn() -> None:
        async with serving_web(large[0], tmp_path) as web:
            seen: set[int] = set()
            cursor, sizes = "", []
            for _ in range(5):
                answer = await web.client.get(f"/r/rig/api/spectra?run=tower&limit=100{cursor}")
                page = answer.json()
                sizes.append(len(answer.content))
                numbers = [one["id"] for one in page["spectra"]]
                assert len(numbers) == 100
                assert not seen & set(numbers)
                seen.update(numbers)
                cursor = f"&cursor={page['cursor']}"
            assert max(sizes) < 100_000

    asyncio.run(turn())


@pytest.mark.parametrize(
    "path",
    [
        "download/..%2f..%2fetc%2fpasswd.pico",
        "download/%2e%2e%2f%2e%2e/x.pico",
        "download/tricks/..%2f..%2fpiccolo.config",
        "download/tricks/..%2fx.pico",
        "download/tricks/%00.pico",
        "download/%2e%2e.zip",
        "download/..%5c..%5cx.zip",
        "download/.housekeeping.zip",
        "download/%ff%fe.zip",
        "download/nothing.zip",
        "download?run=../tricks",
        "download?run=%2fetc",
        "download?run=tricks&batch=-1",
        "download?run=tricks&batch=1e3",
        "download?run=tricks&batch=0/../1",
        "download?run=tricks&format=../csv",
        "download?run=tricks&level=%00",
        "download?ids=",
        "download?ids=1;rm",
        "download?ids=-1",
        "download?ids=999999999999999999999999",
        f"download?ids={','.join(map(str, range(1001)))}",
        "api/spectra/999999999999999999999999",
        "api/spectra/-1",
        "api/spectra?cursor=x",
        "api/data_dir/runs/..%2f..%2fetc/spectra/passwd",
    ],
)
def test_tricks_with_paths(rig_url: str, tmp_path: Path, path: str) -> None:
    async def ask() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            answer = await web.client.get(f"/r/rig/{path}")
            assert answer.status_code in (400, 404), answer.text[:200]
            assert "root:" not in answer.text

    asyncio.run(ask())


async def breaking(web: Web, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A zip of which the rig gives the first two files only; what arrives of it."""
    read, asked = downloads.read_patiently, 0

    async def lost(*arguments: object) -> str:
        nonlocal asked
        asked += 1
        if asked > 2:
            raise ConnectionFailed("gone")
        return await read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(downloads, "read_patiently", lost)
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
    writer.write(b"GET /r/rig/download/broken.zip HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


def test_a_zip_that_lacks_files_does_not_look_whole(
    rig_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def take() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            await record(web, "broken")
            got = await breaking(web, monkeypatch)
            assert got.startswith(b"HTTP/1.1 200")
            assert not got.endswith(b"0\r\n\r\n"), "the browser believes that this is all"
            with pytest.raises(zipfile.BadZipFile):
                zipfile.ZipFile(io.BytesIO(got.partition(b"\r\n\r\n")[2]))
            monkeypatch.undo()
            whole = await web.client.get("/r/rig/download/broken.zip")
            assert len(zipfile.ZipFile(io.BytesIO(whole.content)).namelist()) == 4

    asyncio.run(take())
    assert "gone" in caplog.text


def test_what_nobody_waits_for_any_more_is_not_made(
    rig_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    async def leave() -> None:
        begun = asyncio.Event()

        async def hangs(*_: object) -> list[tuple[str, Path]]:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(exports, "_exported", hangs)
        async with serving_web(rig_url, tmp_path) as web:
            await record(web, "left")
            _, writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(b"GET /r/rig/download?run=left HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await begun.wait()
            assert any(folder.iterdir())
            writer.close()
            await writer.wait_closed()
            await until(lambda: not any(folder.iterdir()))
            assert not web.app.state.site.exports.locked()

    asyncio.run(leave())


def test_a_disk_that_would_be_full(rig_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        async with serving_web(rig_url, tmp_path) as web:
            await record(web, "much")
            monkeypatch.setattr(exports, "_SPARE", 1 << 60)
            answer = await web.client.get("/r/rig/download?run=much")
            assert (answer.status_code, answer.json()["error"]) == (503, "Unavailable")
            assert "batch by batch" in answer.json()["message"]

    asyncio.run(ask())
