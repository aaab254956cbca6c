"""Programs as they were written for the original Python library, on a real daemon."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from piccolo3 import client as piccolo
from piccolo3.common import PiccoloSpectraList, PiccoloSpectrometerStatus
from piccolo3.errors import Conflict, ConnectionFailed, InvalidValue, NotFound
from soak.ports import free_port
from tests.system.support import Daemon

NAMES = ["S_dummy_A", "S_dummy_B"]


def run_program(tmp_path: Path, text: str, *arguments: str) -> list[str]:
    """Run it as a script, warnings are errors; the lines it has printed."""
    script = tmp_path / "program.py"
    script.write_text(text)
    command = [sys.executable, "-W", "error", str(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=os.environ | {"NO_COLOR": "1"})
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_made_before_the_loop_runs(rig: Daemon, tmp_path: Path) -> None:
    program = """
import asyncio, sys
from piccolo3 import client as piccolo

async def changed(message):
    print(message)
    if "numSequences" in message:
        done.set()

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
psys = piccolo.PiccoloSystem(sys.argv[1])
psys.control.register_callback(changed)
done = asyncio.Event()
loop.run_until_complete(asyncio.wait_for(done.wait(), 10))
psys.shutdown()
loop.close()
"""
    lines = [json.loads(line) for line in run_program(tmp_path, program, rig.url)]
    assert {"status": "idle"} in lines
    assert {"numSequences": 1} in lines


def test_made_in_the_loop_that_then_ends(rig: Daemon, tmp_path: Path) -> None:
    program = """
import asyncio, sys
from piccolo3.client import piccolo

async def main():
    psys = piccolo.PiccoloSystem(sys.argv[1])
    print(await psys.control.get_status())
    print(bool(await psys.sys.isConnected()), bool(psys.sys.isConnected()))
    for name in await psys.spec.get_spectrometers():
        print(name, psys.spec[name].status.name)

asyncio.run(main())
"""
    lines = run_program(tmp_path, program, rig.url)
    assert lines == ["idle", "True True", "S_dummy_A IDLE", "S_dummy_B IDLE"]


def test_made_at_the_top_of_the_file_and_never_shut_down(rig: Daemon, tmp_path: Path) -> None:
    program = """
import asyncio, sys
import piccolo3.client

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
psys = piccolo3.client.PiccoloSystem(sys.argv[1])

async def version():
    print(await psys.sys.get_server_version() != "")

loop.run_until_complete(version())
import warnings
warnings.simplefilter("ignore")  # the loop is left open by such programs
"""
    assert run_program(tmp_path, program, rig.url) == ["True"]


def test_a_script_with_options(rig: Daemon, tmp_path: Path) -> None:
    program = """
import asyncio
from piccolo3 import client as piccolo

async def main(args):
    psys = piccolo.PiccoloSystem(args.piccolo_url)
    if args.list_spectrometers:
        await psys.spec.pprint()
        return
    for option in args.downwelling_integration_time:
        name, t = option.split(":")
        await psys.spec[name].set_current_time("downwelling", float(t))
    await psys.control.record_sequence(run=args.run, nsequence=args.number_sequences, auto=args.auto, delay=args.delay)
    async for status in psys.control.a_observe("status"):
        if status == "idle":
            break
    for name in sorted(await psys.data[args.run].get_spectra_list()):
        print(name)
    await psys.shutdown()

parser = piccolo.PiccoloArgumentParser(description="record")
parser.addRunOptions()
parser.addIntegrationTimeOptions()
parser.addSchedulerOptions()
parser.add_argument("--extra")
asyncio.run(main(parser.parse_args()))
"""
    table = run_program(tmp_path, program, "-u", rig.url, "-l")
    assert table[0] == "          | min | downwelling | upwelling |   max | status"
    assert table[1].startswith("S_dummy_A |   8 |")
    options = ["-r", "options", "-n", "2", "-a", "-1", "-d", "0", "-D", "S_dummy_A:9", "S_dummy_B:9"]
    files = run_program(tmp_path, program, "-u", rig.url, *options)
    assert files == [f"b000000_s{n:06}_{kind}.pico" for n in (0, 1) for kind in ("dark", "light")]


def run(program: Callable[[piccolo.PiccoloSystem], object], url: str) -> None:
    """Run a coroutine function with a system in a loop of its own, and see to it that nothing is left over."""

    async def main() -> None:
        psys = piccolo.PiccoloSystem(url)
        async with asyncio.timeout(30):
            await program(psys)  # type: ignore[misc]
        await psys.shutdown()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(main())


def test_settings(rig: Daemon) -> None:
    async def program(psys: piccolo.PiccoloSystem) -> None:
        control = psys.control
        heard: asyncio.Queue[object] = asyncio.Queue()

        async def changed(text: str) -> None:
            await heard.put(json.loads(text))

        control.register_callback(changed)
        await control.set_numSequences(3)
        await control.set_autointegration(2)
        await control.set_delay(1.5)
        await control.set_target(70)
        assert await control.get_numSequences() == 3
        assert await control.get_autointegration() == 2
        assert await control.get_delay() == 1.5
        assert await control.get_target() == 70
        wanted: list[object] = [{"numSequences": 3}, {"autointegration": 2}, {"delay": 1.5}, {"target": 70.0}]
        while wanted:
            message = await heard.get()
            if message in wanted:
                wanted.remove(message)
        with pytest.raises(InvalidValue):
            await control.set_target(5)
        assert await control.a_get("target") == 70
        await control.a_put("target", t=80)
        await control.a_put("numSequences", 1)
        await control.a_put("autointegration", -1)
        await control.a_put("delay", 0)
        with pytest.raises(Conflict):
            await control.abort()
        with pytest.raises(Conflict):
            await control.pause()
        assert isinstance(await control.get_current_sequence(), int)

    run(program, rig.url)


def test_recording(rig: Daemon) -> None:
    async def program(psys: piccolo.PiccoloSystem) -> None:
        seen: list[str] = []
        idle = asyncio.Event()

        async def changed(text: str) -> None:
            status = json.loads(text).get("status")
            if status is not None:
                seen.append(status)
                if status == "idle" and any(other != "idle" for other in seen):
                    idle.set()

        psys.control.register_callback(changed)
        for name in await psys.spec.get_spectrometers():
            await psys.spec[name].set_current_time("upwelling", 200)
        await psys.control.record_sequence(run="old", nsequence=1)
        await idle.wait()
        assert any(status.endswith("light") for status in seen)
        current = await psys.data.get_current_run()
        assert current.name == "old"
        assert psys.data.current_run is current
        (light,) = [name for name in await current.get_spectra_list() if name.endswith("light.pico")]
        spectra = PiccoloSpectraList(data=await current.get_spectra(light))
        assert spectra.directions == ["downwelling", "upwelling"]
        assert spectra.haveLight
        assert not spectra.haveDark
        assert spectra.run == "old"
        assert len(spectra.getSpectra("upwelling", "Light")) == 2
        assert all(len(s.getData()[0]) == len(s.getData()[1]) for s in spectra)
        assert await current.get_current_batch() == 0
        await psys.control.record_dark("old")
        while await psys.control.get_status() != "idle":  # noqa: ASYNC110 - so short that an observer may miss it
            await asyncio.sleep(0.01)
        assert await current.get_current_batch() == 1
        with pytest.raises(NotFound):
            await current.get_spectra("b000099_s000000_dark.pico")

    run(program, rig.url)


def test_spectrometers(rig: Daemon) -> None:
    async def program(psys: piccolo.PiccoloSystem) -> None:
        heard: asyncio.Queue[object] = asyncio.Queue()

        async def changed(text: str) -> None:
            await heard.put(json.loads(text))

        psys.spec.register_callback(changed)
        assert await psys.spec.get_spectrometers() == NAMES
        assert sorted(psys.spec) == NAMES
        assert await psys.spec.get_channels() == ["downwelling", "upwelling"]
        spectrometer = psys.spec["S_dummy_A"]
        assert (spectrometer.name, spectrometer.channels) == ("S_dummy_A", ["downwelling", "upwelling"])
        assert spectrometer.status is PiccoloSpectrometerStatus.IDLE
        assert await spectrometer.get_status() is PiccoloSpectrometerStatus.IDLE
        assert (spectrometer.min_time, spectrometer.max_time, spectrometer.haveTEC) == (8, 10000, True)
        await spectrometer.set_current_time("upwelling", 123)
        assert await spectrometer.get_current_time("upwelling") == 123
        while await heard.get() != ["S_dummy_A", "current_time/upwelling", 123]:
            pass
        assert spectrometer.current_time("upwelling") == 123
        assert await spectrometer.get_auto_status("upwelling") == "n"
        assert isinstance(await spectrometer.current_temperature(), float)
        await spectrometer.set_target_temperature(-5)
        assert await spectrometer.get_target_temperature() == -5
        await spectrometer.set_TECenabled(True)
        assert await spectrometer.get_TECenabled() is True
        await spectrometer.set_min_time(10)
        assert await spectrometer.get_min_time() == 10
        await spectrometer.set_max_time(9000)
        assert await spectrometer.get_max_time() == 9000
        assert await spectrometer.connect() == "spectrometer is in wrong state to be connected IDLE"
        assert "S_dummy_B: spectrometer is in wrong state" in await psys.spec.connect()
        with pytest.raises(KeyError):
            psys.spec["S_none"]

    run(program, rig.url)


def test_disconnecting_and_connecting(rig: Daemon) -> None:
    async def program(psys: piccolo.PiccoloSystem) -> None:
        spectrometer = psys.spec["S_dummy_B"]  # before anything was asked
        assert await spectrometer.disconnect() == "ok"
        async for status in spectrometer.a_observe("status"):
            if status == PiccoloSpectrometerStatus.DISCONNECTED:
                break
        assert await spectrometer.disconnect() == "spectrometer is already disconnected"
        assert await spectrometer.connect() == "ok"
        async for status in spectrometer.a_observe("status"):
            if status == PiccoloSpectrometerStatus.IDLE:
                break

    run(program, rig.url)


def test_data_directory_and_machine(rig: Daemon) -> None:
    async def program(psys: piccolo.PiccoloSystem) -> None:
        data = psys.data
        assert await data.get_datadir() == str(rig.folder)
        assert await data.get_mount() is False
        assert await data.set_current_run("b_run") == "b_run"
        assert await data.set_current_run("a_run") == "a_run"
        assert [name for name in await data.get_runs(alpha=True) if name[1:] == "_run"] == ["a_run", "b_run"]
        assert await data.get_runs(alpha=True, reverse=True, nitems=1, page=0) == [max(await data.get_runs())]
        assert data["b_run"].name == "b_run"
        assert "b_run" in data
        assert len(data) == len(list(data)) > 1
        with pytest.raises(KeyError):
            data["none"]
        info = await psys.sys.get_info()
        assert set(info) == {"cpu", "mem"}
        assert (await psys.sys.get_clock())[:2] == "20"
        assert await psys.sys.get_host()

    run(program, rig.url)


def test_no_server() -> None:
    async def program(psys: piccolo.PiccoloSystem) -> None:
        assert not await psys.sys.isConnected()
        assert not psys.sys.isConnected()
        with pytest.raises(ConnectionFailed):
            await psys.control.get_status()

    run(program, f"coap://[::1]:{free_port()}")


def test_a_url_that_is_none() -> None:
    with pytest.raises(InvalidValue):
        piccolo.PiccoloSystem("http://localhost")


def test_a_server_that_comes_back(start: Callable[..., Daemon]) -> None:
    first = start()

    async def program(psys: piccolo.PiccoloSystem) -> None:
        heard: asyncio.Queue[object] = asyncio.Queue()

        async def changed(text: str) -> None:
            await heard.put(json.loads(text))

        psys.control.register_callback(changed)
        await psys.control.set_delay(1)
        while await heard.get() != {"delay": 1.0}:
            pass
        first.process.kill()
        first.process.wait()
        second = await asyncio.to_thread(lambda: start(port=first.port))
        while True:  # whatever is lost meanwhile is told when it is seen again
            try:
                await psys.control.set_delay(2)
                break
            except ConnectionFailed:
                continue
        while await heard.get() != {"delay": 2.0}:
            pass
        assert second.process.poll() is None

    run(program, first.url)


async def jobs(psys: piccolo.PiccoloSystem) -> list[Any]:
    answer = await psys.scheduler.get_jobs()
    assert isinstance(answer, list)
    return answer


def test_scheduler(rig: Daemon) -> None:
    async def program(psys: piccolo.PiccoloSystem) -> None:
        scheduler = psys.scheduler
        try:
            await scheduler.get_jobs()
        except NotFound:
            pytest.skip("the server has no scheduler")
        await scheduler.set_quietTimeEnabled(True)
        assert await scheduler.get_quietTimeEnabled() is True
        await scheduler.set_quietTimeEnabled(False)
        await scheduler.set_powerOffEnabled(False)
        assert await scheduler.get_powerOffEnabled() is False
        await scheduler.set_powerDelay(300)
        assert await scheduler.get_powerDelay() == 300
        await scheduler.set_quietStart(time(21, 0, tzinfo=timezone(timedelta(hours=2))))
        assert await scheduler.get_quietStart() == time(19, 0, tzinfo=UTC)
        await scheduler.set_quietEnd("05:00:00")
        assert await scheduler.get_quietEnd() == time(5, 0, tzinfo=UTC)
        await psys.control.record_sequence(run="later", nsequence=1, at_time="2199-01-01T00:00:00+00:00", interval=3600)
        number = (await jobs(psys))[0][0]
        assert isinstance(number, int)
        assert (await jobs(psys))[0][1][0] == "record"
        assert (await jobs(psys))[0][5] == "active"
        await scheduler.suspend(number)
        assert (await jobs(psys))[0][5] == "suspended"
        await scheduler.unsuspend(number)
        await scheduler.delete(number)
        assert await jobs(psys) == []

    run(program, rig.url)
