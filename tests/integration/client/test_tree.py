from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from piccolo3.cli.stubs import main as stubs
from piccolo3.client import Piccolo, sync
from piccolo3.client.stubs import write
from piccolo3.client.tree import parse_description
from piccolo3.errors import ConnectionFailed, InvalidValue, NotAllowed, NotBusy, NotFound
from piccolo3.wire import JsonValue
from tests.integration.client.support import run
from tests.rigs import serving

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("data")) as url:
        yield url


def test_what_the_server_describes(url: str) -> None:
    async def test() -> None:
        async with Piccolo(url) as rig:
            tree = await rig.tree()
            assert tree is await rig.tree()
            assert {"sysinfo", "control", "spectrometer"} <= set(tree)
            assert "control" in dir(tree)
            assert await tree.control.delay.get() == await tree["control/delay"]() == 0
            await tree.control.delay.set(1.5)
            assert await tree.control.delay.wait_for(1.5, 1) == 1.5
            async with tree.control.delay.observe() as delays:
                assert await anext(delays) == 1.5
            await tree.control.delay.set(0)
            (delay,) = tree.control.delay.described
            assert (delay.sentence, delay.settable) == ("delay between sequences (from 0, in s)", True)
            assert "delay between sequences" in repr(tree.control)
            assert tree.data_dir.runs["a run"].current_batch.path == "data_dir/runs/a run/current_batch"
            assert await tree.sysinfo.log(limit=1)
            with pytest.raises(NotBusy):
                await tree.control.abort()
            with pytest.raises(InvalidValue, match="control/record_dark does not take number; it takes run"):
                await tree.control.record_dark(number=1)
            with pytest.raises(NotFound, match=r"control has no 'nonsense', it has .*status"):
                tree["control/nonsense"]
            with pytest.raises(AttributeError, match="control has no 'nonsense'"):
                await tree.control.nonsense.get()
            with pytest.raises(NotAllowed, match="control/record_dark is no value"):
                await tree.control.record_dark.get()
            with pytest.raises(NotAllowed, match="can't be set"):
                await tree.control.status.set("x")
            with pytest.raises(NotAllowed, match="can't be observed"):
                tree.sysinfo.host.observe()

    run(test)


def test_a_description_that_is_none() -> None:
    with pytest.raises(InvalidValue, match="no resources"):
        parse_description({})
    assert parse_description({"resources": [{"path": "a/b", "kind": "novelty"}]})[0].path == ("a", "b")


def test_stubs_are_typed_and_work(url: str, tmp_path: Path) -> None:
    module = tmp_path / "rig_stubs.py"
    assert stubs(["stubs", url, "-o", str(module)]) == 0
    use = tmp_path / "use.py"
    use.write_text(
        f"""
import asyncio
from piccolo3.client import Piccolo
from rig_stubs import Rig

async def main() -> None:
    async with Piccolo({url!r}) as piccolo:
        rig = Rig(piccolo.connection)
        delay: float = await rig.control.delay.get()
        await rig.spectrometer.S_dummy_FLM.current_time.upwelling.set(20.0)
        status: int = await rig.spectrometer.S_dummy_FLM.status()
        runs: tuple[str, ...] = await rig.data_dir.all_runs(alpha=True)
        await rig.control.record_dark(run="stubs")
        await rig.control.status.wait_for("idle", 20)
        batch: int = await rig.data_dir.runs["stubs"].current_batch.get()
        print(delay, status, runs, batch)
        WRONG

asyncio.run(main())
""".replace("WRONG", "await rig.control.delay.set('soon')  # type: ignore[arg-type]")
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", str(use)]
    environment = {**os.environ, "MYPYPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    use.write_text("\n".join(line for line in use.read_text().splitlines() if "soon" not in line))
    done = subprocess.run([sys.executable, str(use)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0.0 6 (")
    assert done.stdout.rstrip().endswith(" 0")


def test_text_of_a_server_never_becomes_code() -> None:
    evil = 'x"""\nimport os\n\\'
    entry: JsonValue = {"path": f"{evil}/class", "title": evil, "text": evil, "type": {"type": "string", "unit": evil}}
    command: JsonValue = {
        "path": 'c"',
        "kind": "command",
        "arguments": [{"name": "from", "type": "string", "default": evil}],
    }
    text = write(parse_description({"resources": [entry, command]}), evil, evil)
    names: dict[str, object] = {}
    exec(compile(text, "stubs", "exec"), names)
    assert "os" not in names


def test_stubs_of_what_does_not_describe_itself(
    fake: Fake, capsys: pytest.CaptureFixture[str], unused_port: int
) -> None:
    with fake().in_thread() as server:
        assert stubs(["stubs", server.url]) == 1
    assert "(version 0.6.0) does not describe itself" in capsys.readouterr().err
    assert stubs(["stubs", f"coap://localhost:{unused_port}"]) == 1
    assert "nothing listens" in capsys.readouterr().err


def test_without_a_loop(url: str) -> None:
    with sync.Piccolo(url) as rig:
        assert (rig.control.status(), rig.control.delay.get()) == ("idle", 0)
        assert rig.connected
        assert [one.serial_number for one in rig.spectrometers.all()] == ["dummy_FLM", "dummy_STS"]
        batch = rig.control.record_sequence("sync", sequences=1, auto=-1)
        assert [progress.run for progress in batch.progress][-1] == "sync"
        assert len(batch.result(5)) == len(list(rig.data_dir.query(run="sync"))) == 8
        with rig.control.delay.observe() as delays:
            assert next(delays) == 0
        assert rig.control.target.wait_for(lambda target: target > 10, 1) == 80
        with pytest.raises(NotBusy):
            rig.control.abort()
        with pytest.raises(TimeoutError):
            rig.control.status.wait_for("never", 0.05)
        assert "record_sequence" in dir(rig.control)
        assert (rig.control.record_sequence.__doc__ or "").startswith("Start a batch")
        assert repr(rig.control.delay).startswith("<Setting control/delay")
        assert rig.tree().control.delay.get() == 0
        with pytest.raises(AttributeError):
            getattr(rig.control, "_secret")  # noqa: B009
    with pytest.raises(ConnectionFailed, match="has been closed"):
        rig.control.status()
    rig.close()  # twice does no harm


def test_one_that_is_forgotten_ends(url: str) -> None:
    before = threading.active_count()
    rig = sync.Piccolo(url)
    assert rig.control.status() == "idle"
    rig = sync.Piccolo(url)  # as when a cell is run again
    gc.collect()
    assert rig.control.status() == "idle"
    rig.close()
    del rig
    for thread in threading.enumerate():
        if thread.name == "piccolo3 client":
            thread.join(5)
    assert threading.active_count() == before


def test_leaving_without_closing(url: str) -> None:
    code = f"from piccolo3.client.sync import Piccolo\nrig = Piccolo({url!r})\nprint(rig.control.status())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "idle\n", "")


def test_inside_of_a_running_loop(url: str) -> None:
    async def test() -> None:  # as in a notebook
        with sync.Piccolo(url) as rig:
            assert rig.control.status() == "idle"

    asyncio.run(test())


def test_nobody_answers_without_a_loop(unused_port: int) -> None:
    before = threading.active_count()
    with pytest.raises(ConnectionFailed, match="nothing listens"):
        sync.Piccolo(f"coap://localhost:{unused_port}")
    assert threading.active_count() == before
