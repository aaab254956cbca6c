from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from piccolo3.client import Piccolo
from piccolo3.client.connection import Connection, Path
from piccolo3.client.failures import TimedOut
from piccolo3.client.result import Result
from piccolo3.client.running import BatchFailed
from piccolo3.errors import Conflict, ConnectionFailed, InvalidValue, NotBusy, NotFound, Unavailable
from piccolo3.status import SpectrometerStatus
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


def test_record_and_fetch(url: str, tmp_path: FilePath) -> None:
    async def test() -> None:
        async with Piccolo(url) as rig:
            outcome = await (await rig.control.auto()).outcome(30)
            assert (outcome.kind, outcome.complete) == ("auto", True)
            batch = await rig.control.record_sequence("morning", sequences=2, auto=-1, delay=0)
            assert (batch.run, batch.number, repr(batch)) == ("morning", 0, "<Batch 0 of run morning>")
            steps = [progress async for progress in batch.progress]
            assert steps[-1].step == steps[-1].steps > 0
            assert {step.batch for step in steps} == {0}
            result = await batch.result()
            check(result)
            result.reflectance("dummy_FLM").save(str(tmp_path / "reflectance.csv"))
            lines = (tmp_path / "reflectance.csv").read_text().splitlines()
            assert lines[0] == "wavelength_nm,reflectance"
            with pytest.raises(NotBusy):
                await batch.abort()

    run(test)


def check(result: Result) -> None:
    assert result.outcome.complete
    assert result.serial_numbers == ("dummy_FLM", "dummy_STS")
    assert result.directions == ("downwelling", "upwelling")
    assert len(result) == 2 * 2 * 2 * 2  # spectrometers, channels, sequences, dark and light (begin and end)
    assert result[0].pixels.dtype == np.int32
    assert result[0:2] == result.spectra[:2]
    assert "batch 0 of run morning: 16 spectra" in repr(result)
    reflectance = result.reflectance("S_dummy_FLM")
    red, infrared = (np.searchsorted(reflectance.wavelengths, nm) for nm in (670, 850))
    assert reflectance.values[red] < 0.1 < 0.3 < reflectance.values[infrared]  # a leaf
    table = result.to_xarray("dummy_FLM")
    assert dict(table.sizes) == {"spectrum": 8, "pixel": 2048}
    assert table.counts.dtype == np.int32
    assert table.attrs["SerialNumber"] == "dummy_FLM"
    assert table.wavelength.dims == ("pixel",)
    tree = result.to_datatree()  # FLAME-S has 2048 pixels, STS-VIS 1024
    assert {name: node.sizes["pixel"] for name, node in tree.children.items()} == {"dummy_FLM": 2048, "dummy_STS": 1024}
    assert tree["dummy_FLM"].to_dataset().identical(table)
    assert (tree.attrs["Run"], tree.attrs["Batch"]) == ("morning", 0)
    with pytest.raises(InvalidValue, match="name one of the spectrometers: 'dummy_FLM', 'dummy_STS'"):
        result.to_xarray()
    with pytest.raises(NotFound, match="no spectra of 'QEP'"):
        result.reflectance("QEP")
    with pytest.raises(NotFound, match="no light spectrum of dummy_FLM, sideways"):
        result.reflectance("dummy_FLM", up="sideways")


def test_without_xarray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    from piccolo3.client.batch import Outcome

    with pytest.raises(Unavailable, match=r"pip install 'piccolo3\[xarray\]'"):
        Result(Outcome("complete"), ()).to_xarray()


def test_leaving_does_not_end_it(url: str) -> None:
    async def test() -> None:
        async with Piccolo(url) as rig:
            batch = await rig.control.record_sequence("left", sequences=3, auto=-1, delay=0.2)
            async for _ in batch.progress:
                break
            with pytest.raises(TimedOut, match=r"batch 0 of run left at .* did not end within 0.05 s; it goes on"):
                await batch.outcome(0.05)
        async with Piccolo(url) as rig:
            await rig.control.status.wait_for("idle", 20)
            outcome = await rig.control.outcome()
            assert outcome is not None
            assert (outcome.run, outcome.result) == ("left", "complete")

    run(test)


def test_what_was_recorded_since_does_not_hide_it(url: str) -> None:
    async def test() -> None:
        async with Piccolo(url) as rig:
            batch = await rig.control.record_sequence("first", sequences=2, auto=-1, delay=5)
            await rig.control.status.wait_for("waiting", 20)
            assert len(await batch.spectra()) > 0
            await batch.abort()
            second = await rig.control.record_dark("second")
            assert (await second.result(20)).select(dark=False) == ()
            outcome = await batch.outcome(5)
            assert (outcome.run, outcome.batch, outcome.result) == ("first", 0, "aborted")
            assert len(await batch.result()) > 0

    run(test)


def test_the_server_is_restarted_while_it_records(tmp_path: FilePath, unused_port: int) -> None:
    async def begin(url: str) -> None:
        async with Piccolo(url) as rig:
            await rig.control.record_sequence("night", sequences=100, auto=-1, delay=0)
            await rig.control.current_sequence.wait_for(2, 20)

    with serving(tmp_path, port=unused_port) as url:
        asyncio.run(begin(url))

    async def look() -> None:
        from piccolo3.client.running import Batch

        async with Piccolo(url) as rig:
            batch = Batch(rig._connection, run="night", number=0)
            assert (await batch.outcome(5)).result in ("aborted", "failed")
            unknown = Batch(rig._connection, run="night", number=7)
            with pytest.raises(BatchFailed, match="batch 7 of run night failed: the server knows nothing of it"):
                await unknown.result(5)

    with serving(tmp_path, port=unused_port) as url:
        asyncio.run(look())


def test_what_is_left_to_the_scheduler(fake: Fake) -> None:
    async def test() -> None:
        async with fake() as server, Piccolo(server.url) as rig:
            server._action("control/record_sequence", lambda **_: None)
            batch = await rig.control.record_sequence(at_time="2199-01-01T00:00:00+00:00")
            assert batch.scheduled
            assert "scheduler" in repr(batch)
            with pytest.raises(Conflict, match="has not begun"):
                await batch.result()

    run(test)


def test_an_old_server(fake: Fake) -> None:
    async def test() -> None:
        async with fake(old=True, step=0.02) as server, Piccolo(server.url) as rig:
            batch = await rig.control.record_sequence("spectra", sequences=3)
            assert [step async for step in batch.progress]
            assert (await batch.outcome()).result == "ended"
            await rig.control.record_sequence("spectra", sequences=300)
            await batch.abort()

    run(test)


def test_spectrometers_of_the_real_server(url: str) -> None:
    async def test() -> None:
        async with Piccolo(url) as rig:
            one = rig.spectrometers["dummy_FLM"]
            assert await one.status() is SpectrometerStatus.IDLE
            info = await one.info()
            assert info is not None
            assert info["model"] == "FLAME-S"
            assert await one.reason() is None
            assert await one.has_cooler() is False
            await one.disconnect()
            await one.status.wait_for(SpectrometerStatus.DISCONNECTED, 5)
            await one.connect()
            await one.status.wait_for(SpectrometerStatus.IDLE, 10)
            await one.max_time.set(5000)
            assert await one.max_time() == 5000
            (shutter, _) = await rig.shutters.all()
            assert await shutter.fibre_diameter() > 0

    run(test)


def test_the_answer_to_the_question_which_batch_it_is_gets_lost(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request = Connection.request

    async def lossy(self: Connection, code: int, path: Path, *args: Any, **kwargs: Any) -> JsonValue:
        if path == "control/progress":
            raise ConnectionFailed("lost")
        return await request(self, code, path, *args, **kwargs)

    async def test() -> None:
        async with Piccolo(url) as rig:
            with monkeypatch.context() as patched:
                patched.setattr(Connection, "request", lossy)
                batch = await rig.control.record_dark("unsure")
            assert batch.number is None
            result = await batch.result(20)
            assert (result.outcome.run, len(result)) == ("unsure", 4)
            assert batch.number == result.outcome.batch

    run(test)
