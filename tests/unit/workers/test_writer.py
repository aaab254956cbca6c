from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import NotFound, StoreError
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList, Spectrum, loads, make_metadata
from piccolo3.status import SpectrumKind
from piccolo3.store import BatchEnd, BatchRecord, CataloguedDirectory, DataDirectory, StateFile
from piccolo3.workers import State, Writer


def spectra(sequence: int) -> SpectraList:
    metadata = make_metadata(
        kind=SpectrumKind.LIGHT,
        direction="upwelling",
        serial_number="A",
        model="FAKE",
        firmware=None,
        integration_time=20.0,
        exposure_start=datetime(2026, 6, 21, tzinfo=UTC),
        exposure_end=datetime(2026, 6, 21, tzinfo=UTC),
        sequence=sequence,
        batch=0,
        run="r",
        saturation=1000.0,
        dark_pixels=(),
        optical_pixel_range=(0, 3),
        nonlinearity_coefficients=(),
        wavelength_coefficients=(1, 1, 0, 0),
        piccolo_wavelength_coefficients=None,
        temperature=None,
        temperature_enabled=False,
        simulated=True,
        software_version="0",
    )
    spectrum = Spectrum(pixels=np.arange(3, dtype=np.int32), metadata=metadata)
    return SpectraList((spectrum,), run="r", batch=0, sequence=sequence)


def run(path: Path, scenario: Callable[[Writer], Awaitable[None]]) -> None:
    async def whole() -> None:
        writer = Writer(
            CataloguedDirectory(DataDirectory(path, ManualClock(), clobber=False, split=True), ManualClock())
        )
        await writer.start()
        await scenario(writer)
        assert await writer.stop(2.0)

    asyncio.run(whole())


def test_everything_goes_through(tmp_path: Path) -> None:
    async def scenario(writer: Writer) -> None:
        assert writer.path == tmp_path
        assert not writer.clobber
        assert await writer.newest_run() is None
        assert not await writer.run_exists("r")
        assert await writer.create_run("r") == "r"
        assert await writer.run_exists("r")
        assert [run.name for run in await writer.runs()] == ["r"]
        assert await writer.newest_run() == "r"
        assert await writer.current_batch("r") == -1
        clock = ManualClock()
        record = BatchRecord(kind="record", started=clock.utcnow(), requested_by="me", command={"sequences": 2})
        assert await writer.begin_batch("r", record, "[channels]") == 0
        assert await writer.current_batch("r") == 0
        (path,) = await writer.write(spectra(0))
        assert path.name == "b000000_s000000_light.pico"
        assert await writer.spectra_files("r") == [path.name]
        assert len(loads(await writer.read("r", path.name)).spectra) == 1
        with pytest.raises(NotFound):
            await writer.read("r", "b000009_s000000_light.pico")
        await writer.end_batch("r", 0, BatchEnd(outcome="complete", ended=clock.utcnow()))
        (batch,) = (await writer.ask(lambda store: store.batches())).entries
        assert (batch.record.requested_by, batch.record.command) == ("me", {"sequences": 2})
        assert batch.end is not None
        version = batch.record.configuration
        assert version is not None
        assert await writer.ask(lambda store: store.configuration_text(version)) == "[channels]"

    run(tmp_path, scenario)


def test_requests_take_their_turn_also_after_one_was_given_up(tmp_path: Path) -> None:
    async def scenario(writer: Writer) -> None:
        gate, order = threading.Event(), list[int]()

        def slow() -> None:
            gate.wait(5)
            order.append(0)

        given_up = asyncio.create_task(writer.run(slow))
        others = [asyncio.create_task(writer.run(lambda n=n: order.append(n))) for n in (1, 2, 3)]  # type: ignore[misc]
        await asyncio.sleep(0.002)
        given_up.cancel()
        await asyncio.sleep(0.002)
        assert order == []
        gate.set()
        await asyncio.gather(*others)
        assert order == [0, 1, 2, 3]

    run(tmp_path, scenario)


def test_what_is_to_be_written_is_written_also_when_nobody_waits(tmp_path: Path) -> None:
    async def scenario(writer: Writer) -> None:
        gate = threading.Event()
        slow = asyncio.create_task(writer.run(lambda: gate.wait(5)))
        await asyncio.sleep(0)
        given_up = asyncio.create_task(writer.write(spectra(0)))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait({given_up})
        gate.set()
        await slow
        # and stop waits for it

    run(tmp_path, scenario)
    assert (tmp_path / "r" / "b000000_s000000_light.pico").exists()


def test_settings_are_known_at_once_and_saved_soon(tmp_path: Path) -> None:
    path = tmp_path / "state.json"

    async def scenario(writer: Writer) -> None:
        state = State(StateFile(path, ManualClock()), writer)
        assert state.get("n", 0) == 0
        for n in range(5):
            state.put("n", n)
        state.put("m", [1])
        assert state.get("n") == 4
        await state.flush()
        await state.flush()

    async def later(writer: Writer) -> None:
        state = State(StateFile(path, ManualClock()), writer)
        assert state.get("n") == 4
        assert state.get("m") == [1]

    run(tmp_path / "data", scenario)
    run(tmp_path / "data", later)


def test_a_disk_that_does_not_take_settings_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Full(StateFile):
        def put(self, key: str, value: JsonValue) -> None:
            raise StoreError("disk full")

    async def scenario(writer: Writer) -> None:
        state = State(Full(tmp_path / "state.json", ManualClock()), writer)
        state.put("n", 1)
        await state.flush()
        assert state.get("n") == 1

    run(tmp_path / "data", scenario)
    assert "disk full" in caplog.text


def test_what_a_full_disk_refused_is_saved_when_there_is_space_again(tmp_path: Path) -> None:
    full = True

    class Filling(StateFile):
        def put(self, key: str, value: JsonValue) -> None:
            if full:
                raise StoreError("disk full")
            super().put(key, value)

    async def scenario(writer: Writer) -> None:
        nonlocal full
        file = Filling(tmp_path / "state.json", ManualClock())
        state = State(file, writer)
        state.put("a", 1)
        state.put("b", 2)
        await state.flush()
        state.put("a", 3)
        full = False
        await state.flush()
        assert (file.get("a"), file.get("b")) == (3, 2)

    run(tmp_path / "data", scenario)
