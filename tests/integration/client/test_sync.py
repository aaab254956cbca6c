"""A local copy of the files of a rig with the real server."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aiocoap
import pytest

from piccolo3.cli.front.main import main
from piccolo3.client import Copied, Piccolo, Synced
from piccolo3.client.connection import Connection
from piccolo3.client.ledger import HIDDEN
from piccolo3.errors import Busy, ConnectionFailed, InvalidValue, NotFound, Unavailable
from tests.rigs import instrument, serving

SMALL = instrument(("dummy_STS:STS-VIS",), ("up",))
FOREIGN = (
    '{"Spectra": [{"Pixels": [1, 2], "Metadata": {"Dark": true, "IntegrationTime": 5, "Datetime": "2020-01-01"}}]}'
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "old").mkdir()
    (folder / "old" / "b000000_s000000_dark.pico").write_text(FOREIGN)
    (folder / "old" / "b000001_s000000_dark.pico").write_text("{ ä")
    with serving(folder, SMALL) as url:
        asyncio.run(record(url, "tower", 3))
        yield url, folder


async def record(url: str, run: str, sequences: int) -> None:
    async with Piccolo(url) as rig:
        batch = await rig.control.record_sequence(run, sequences=sequences)
        assert (await batch.outcome(20)).complete


def synced(url: str, folder: Path, *runs: str, rate: float | None = None) -> Synced:
    async def sync() -> Synced:
        async with Piccolo(url) as rig:
            return await rig.data_dir.sync(folder, runs, rate=rate)

    return asyncio.run(sync())


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("*/*.pico")}


def answers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Paths of what was asked for, as it is asked for."""
    asked = []
    exchange = Connection._exchange

    async def watched(self_: Connection, message: aiocoap.Message, seconds: float) -> aiocoap.Message | None:
        asked.append(tuple(message.opt.uri_path))
        return await exchange(self_, message, seconds)

    monkeypatch.setattr(Connection, "_exchange", watched)
    return asked


def test_everything_once(rig: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, data = rig
    first = synced(url, tmp_path)
    assert files_of(tmp_path) == files_of(data)
    assert (first.files, first.copied, first.gone) == (len(files_of(data)),) * 2 + (0,)
    asked = answers(monkeypatch)
    again = synced(url, tmp_path)
    assert (again.files, again.copied) == (first.files, 0)
    assert asked == [("sysinfo", "version"), ("sysinfo", "host"), ("data_dir", "query")]
    assert again.received < 1000
    # new files, and one that was lost here
    asyncio.run(record(url, "tower", 1))
    asyncio.run(record(url, "later", 1))
    lost = tmp_path / "tower" / "b000000_s000001_light.pico"
    lost.unlink()
    asked.clear()
    more = synced(url, tmp_path)
    assert more.copied == 5
    assert files_of(tmp_path) == files_of(data)
    assert sum(path[:2] == ("data_dir", "runs") for path in asked) == 5  # and no lists


def test_some_runs(rig: tuple[str, Path], tmp_path: Path) -> None:
    url, data = rig
    done = synced(url, tmp_path, "old")
    assert (done.files, done.copied) == (2, 2)
    assert files_of(tmp_path) == {name: text for name, text in files_of(data).items() if name.startswith("old/")}
    assert synced(url, tmp_path, "old", "tower").copied == len(list((data / "tower").glob("*.pico")))
    assert synced(url, tmp_path, "tower", "old").copied == 0
    with pytest.raises(NotFound):
        synced(url, tmp_path, "nowhere")
    for name in ("../tower", ".hidden", "", "a/b"):
        with pytest.raises(InvalidValue, match="not the name of a run"):
            synced(url, tmp_path, name)


def test_it_goes_on_where_it_was(rig: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, data = rig
    wanted = files_of(data)
    asked = answers(monkeypatch)

    async def stop_after(number: int) -> None:
        ended = asyncio.Event()

        def tell(copied: Copied) -> None:
            if copied.number == number:
                ended.set()

        async with Piccolo(url) as rig:
            task = asyncio.create_task(rig.data_dir.sync(tmp_path, on_file=tell))
            await ended.wait()
            task.cancel()
            assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)

    for _ in range(3):
        asyncio.run(stop_after(1))
    assert len(files_of(tmp_path)) == 3
    assert synced(url, tmp_path).copied == len(wanted) - 3
    assert files_of(tmp_path) == wanted
    fetched = [path for path in asked if "spectra" in path]
    assert len(fetched) <= len(wanted) + 5  # of each end one at most was under way; one file needs two


def test_killed_at_any_moment(rig: tuple[str, Path], tmp_path: Path) -> None:
    url, data = rig
    command = [sys.executable, "-m", "piccolo3.cli.front.main", "data", "sync", str(tmp_path), "-q", "-u", url]
    process = subprocess.Popen([*command, "--rate", "20"])
    deadline = time.monotonic() + 15
    while not files_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    wanted = files_of(data)
    there = files_of(tmp_path)
    assert there.items() <= wanted.items()
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert files_of(tmp_path) == wanted


MOMENTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.2)  # s after the program has begun
BEGUN = """
import importlib, sys
front = importlib.import_module("piccolo3.cli.front.main")
def parse(argv, parse=front.parse):
    print("begun", flush=True)
    return parse(argv)
front.parse = parse
sys.exit(front.main())
"""


@pytest.mark.parametrize("command", [("sync", "{}", "-q", "--rate", "30"), ("get", "tower", "-o", "{}", "--json")])
def test_ctrl_c_at_any_moment(rig: tuple[str, Path], tmp_path: Path, command: tuple[str, ...]) -> None:
    url, data = rig

    def start(folder: Path) -> subprocess.Popen[str]:
        arguments = [part.format(folder) for part in command]
        process = subprocess.Popen(
            [sys.executable, "-c", BEGUN, "data", *arguments, "-u", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        return process

    def interrupt(moment: float) -> tuple[int, str]:
        process = start(tmp_path / str(moment))
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        return process.returncode, said

    def finish(moment: float) -> int:
        process = start(tmp_path / str(moment))
        process.communicate(timeout=30)
        return process.returncode

    wanted = {name: text for name, text in files_of(data).items() if command[0] == "sync" or name.startswith("tower")}
    with ThreadPoolExecutor(len(MOMENTS)) as pool:
        ends = list(pool.map(interrupt, MOMENTS))
        assert (130, "piccolo: interrupted\n") in ends
        assert set(ends) <= {(130, "piccolo: interrupted\n"), (0, "")}
        for moment in MOMENTS:
            assert files_of(tmp_path / str(moment)).items() <= wanted.items()
        assert set(pool.map(finish, MOMENTS)) == {0}
    for moment in MOMENTS:
        assert files_of(tmp_path / str(moment)) == wanted
        assert not [path for path in (tmp_path / str(moment)).rglob("*") if "part" in path.name]


@pytest.mark.skipif(os.geteuid() != 0, reason="has to mount a small disk")
def test_a_disk_that_is_really_full(rig: tuple[str, Path], tmp_path: Path) -> None:
    url, data = rig
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=120k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(mounted.stderr.decode())
    try:
        command = [sys.executable, "-m", "piccolo3.cli.front.main", "data", "sync", str(disk), "-q", "-u", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert done.stderr.endswith("can't be written: No space left on device\n")
        there = files_of(disk)
        assert there
        assert there.items() < files_of(data).items()
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert subprocess.run(command, timeout=30, check=False).returncode == 0
        assert files_of(disk) == files_of(data)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_loses_nothing(rig: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url, data = rig
    fsync, left = os.fsync, 6

    def full(number: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match=r"\.pico can't be written: No space left on device"):
        synced(url, tmp_path)
    there = files_of(tmp_path)
    assert there
    assert there.items() < files_of(data).items()
    monkeypatch.setattr(os, "fsync", fsync)
    assert synced(url, tmp_path).copied == len(files_of(data)) - len(there)
    assert files_of(tmp_path) == files_of(data)


def test_another_catalogue(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    with serving(data, SMALL) as url:
        asyncio.run(record(url, "tower", 1))
        synced(url, copy)
        names = set(files_of(copy))
        assert synced(url, copy).copied == 0
    # another catalogue: everything is compared again, nothing is sent again
    shutil.rmtree(copy / HIDDEN / "lock", ignore_errors=True)
    for path in data.glob(".piccolo3*"):
        if path.is_file():
            path.unlink()
    for path in data.glob("*.sqlite*"):
        path.unlink()
    with serving(data, SMALL) as url:
        asyncio.run(record(url, "later", 1))
        assert synced(url, copy).copied == 2
        assert set(files_of(copy)) > names
        assert files_of(copy) == files_of(data)


def test_what_a_rig_overwrites_is_copied_again(tmp_path: Path) -> None:
    """With `clobber` the dark after a batch takes the place of the one before it."""
    data, copy = tmp_path / "data", tmp_path / "copy"
    copied: list[tuple[str, str]] = []

    async def use(url: str) -> None:
        async with Piccolo(url) as rig:
            batch = await rig.control.record_sequence("tower", sequences=2, auto=1, delay=0.8)
            ended = asyncio.create_task(batch.outcome(20))
            while not ended.done():
                await rig.data_dir.sync(copy, on_file=lambda one: copied.append((one.file, one.sha256)))
            assert ended.result().complete
            await rig.data_dir.sync(copy, on_file=lambda one: copied.append((one.file, one.sha256)))

    with serving(data, SMALL + "[output]\n  clobber = True\n") as url:
        asyncio.run(use(url))
    assert files_of(copy) == files_of(data)
    darks = {digest for file, digest in copied if file == "b000000_s000001_dark.pico"}
    assert len(darks) == 2, copied
    assert len(copied) == 5  # and nothing else twice


def test_no_more_than_the_rate(rig: tuple[str, Path], tmp_path: Path) -> None:
    url, _ = rig
    begin = time.monotonic()
    done = synced(url, tmp_path, rate=50_000)
    assert done.received / (time.monotonic() - begin) <= 50_000
    with pytest.raises(InvalidValue, match="rate has to be more than 0"):
        synced(url, tmp_path, rate=0)


def test_one_at_a_time(rig: tuple[str, Path], tmp_path: Path) -> None:
    url, _ = rig

    async def both() -> None:
        async with Piccolo(url) as one, Piccolo(url) as two:
            found = await asyncio.gather(
                one.data_dir.sync(tmp_path), two.data_dir.sync(tmp_path), return_exceptions=True
            )
        assert [type(item) for item in found if isinstance(item, Exception)] == [Busy]

    asyncio.run(both())


def test_the_server_is_restarted_in_the_middle(tmp_path: Path, unused_port: int) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"

    def first(process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + 15
        while not files_of(copy) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None

    with serving(data, SMALL, port=unused_port) as url:
        asyncio.run(record(url, "tower", 6))
        command = [sys.executable, "-m", "piccolo3.cli.front.main", "data", "sync", str(copy), "-u", url]
        command += ["--rate", "2", "--timeout", "1"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first(process)
    with serving(data, SMALL, port=unused_port) as url:
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, ""), out
        assert files_of(copy) == files_of(data)


def test_a_damaged_file_is_not_taken(rig: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from piccolo3.client import files, mirror

    url, _ = rig
    fetch, wrong = files._fetch, 2

    async def damaged(*asked: object) -> object:
        nonlocal wrong
        wrong -= 1
        body = await fetch(*asked)  # type: ignore[arg-type]
        return {**body, "sha256": "0" * 64} if wrong >= 0 and isinstance(body, dict) else body

    monkeypatch.setattr(files, "_fetch", damaged)
    monkeypatch.setattr(mirror, "_PAUSE", 0.0)
    assert synced(url, tmp_path, "old").copied == 2
    wrong = 3
    with pytest.raises(InvalidValue, match="not what its hash says"):
        synced(url, tmp_path, "tower")


def test_the_command(
    rig: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], unused_port: int
) -> None:
    url, data = rig
    total = len(files_of(data))

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(("data", "sync", str(tmp_path / "copy"), *arguments))
        return (status, *capsys.readouterr())

    status, out, err = run("-u", url)
    assert (status, err) == (0, "")
    assert f"copy: {total} files, {total} of them new, " in out
    assert run("-u", url, "--quiet") == (0, "", "")
    status, out, _ = run("-u", url, "--json")
    body = json.loads(out)
    assert (status, body["files"], body["copied"], body["gone"]) == (0, total, 0, 0)
    status, out, err = run("-u", f"coap://[::1]:{unused_port}", "-q", "--timeout", "0.3")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert run("-u", url, "-q", "--rate", "-1")[0] == 1
    other = url.replace("::1", "0:0:0:0:0:0:0:1")
    status, _, _ = run("-u", url, "-u", other, "-q")
    assert status == 0
    assert len(list((tmp_path / "copy").glob("*/old/*.pico"))) == 4


def test_old_servers_have_no_catalogue(fake: Callable[..., object], pico_text: str, tmp_path: Path) -> None:
    server = fake(old=True)

    async def use() -> None:
        async with server:  # type: ignore[attr-defined]
            server.add_file("b000000_s000000_light.pico", pico_text)  # type: ignore[attr-defined]
            async with Piccolo(server.url) as rig:  # type: ignore[attr-defined]
                assert (await rig.data_dir.sync(tmp_path, ["a run"])).copied == 1
                assert (await rig.data_dir.sync(tmp_path, ["a run"])).copied == 0

    asyncio.run(use())
    assert files_of(tmp_path) == {"a run/b000000_s000000_light.pico": pico_text.encode()}


def test_nobody_there_in_the_middle(rig: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from piccolo3.client import files, mirror

    url, data = rig
    exact, asked = files.exact, 0

    async def flaky(*args: object) -> object:
        nonlocal asked
        asked += 1
        if asked % 3:
            raise ConnectionFailed("gone", url=url)
        return await exact(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(files, "exact", flaky)
    monkeypatch.setattr(mirror, "_PAUSE", 0.0)
    assert synced(url, tmp_path).copied == len(files_of(data))
