"""What the daemon's catalogue answers over CoAP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import aiocoap
import numpy as np
import pytest

from piccolo3.client import Piccolo
from piccolo3.errors import InvalidValue, NotFound
from piccolo3.spectrum import dumps, loads
from tests.system.support import Daemon

Start = Callable[..., Daemon]


def talk(daemon: Daemon, scenario: Callable[[Piccolo], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with Piccolo(daemon.url) as rig, asyncio.timeout(30):
            await scenario(rig)

    asyncio.run(whole())


def record(daemon: Daemon, run: str, sequences: int) -> None:
    daemon.wait_until_ready()
    daemon.put("control/record_sequence", run=run, nsequence=sequences, delay=0)
    daemon.wait_for("control/status", lambda status: status == "idle")


def checked(daemon: Daemon) -> object:
    return daemon.wait_for(
        "data_dir/check", lambda check: isinstance(check, dict) and check["state"] in ("complete", "failed")
    )


def test_what_was_recorded_is_found(start: Start) -> None:
    daemon = start()
    record(daemon, "tower", 3)
    record(daemon, "mast", 1)
    begun = datetime.now(UTC)

    async def scenario(rig: Piccolo) -> None:
        data = rig.data_dir
        everything = [entry async for entry in data.query(page=5)]
        assert len(everything) == len({entry.id for entry in everything}) == (3 + 2 + 1 + 1) * 4
        assert [entry.start for entry in everything] == sorted((entry.start for entry in everything), reverse=True)
        lights = [entry async for entry in data.query(run="tower", batch=0, direction="upwelling", dark=False)]
        assert {(entry.sequence, entry.serial_number) for entry in lights} == {
            (n, s) for n in range(3) for s in ("dummy_A", "dummy_B")
        }
        assert not [entry async for entry in data.query(since=begun + timedelta(hours=1))]
        assert not [entry async for entry in data.query(any_flags=["SATURATED"])]
        assert len([entry async for entry in data.query(no_flags=["SATURATED"], serial_number="dummy_A")]) == 14
        one = lights[0]
        spectrum = await data.spectrum(one.id)
        (in_file,) = [
            other
            for other in (await data.run("tower").spectra(one.file)).spectra
            if (other.serial_number, other.direction) == (one.serial_number, one.direction)
        ]
        assert np.array_equal(spectrum.pixels, in_file.pixels)
        assert spectrum.metadata == in_file.metadata
        mast, tower = [batch async for batch in data.batches(page=1)]
        assert (tower.run, tower.batch, tower.kind, tower.result, tower.sequences_done) == (
            "tower",
            0,
            "record",
            "complete",
            3,
        )
        assert (mast.run, mast.lost, mast.lost_spectra) == ("mast", (), 0)
        assert tower.requested_by.startswith("coap [::1]:")
        assert tower.command["sequences"] == 3
        assert set(tower.command["integration_times"]) == {"dummy_A", "dummy_B"}  # type: ignore[arg-type]
        assert not [file async for file in data.troubled()]
        assert await data.runs() == ("spectra", "tower", "mast")
        with pytest.raises(NotFound):
            await data.spectrum(10**9)
        with pytest.raises(InvalidValue, match="since"):
            await rig.put("data_dir/query", since="yesterday")
        with pytest.raises(InvalidValue, match=r"since.*no offset"):
            await rig.put("data_dir/query", since="2026-06-21T12:00:00")
        with pytest.raises(InvalidValue, match="run"):
            await rig.put("data_dir/query", batch=1)

    talk(daemon, scenario)


def test_the_last_spectra(start: Start) -> None:
    daemon = start()
    assert daemon.ask("data_dir/latest")["run"] is None  # type: ignore[index,call-overload]
    daemon.wait_until_ready()

    async def scenario(rig: Piccolo) -> None:
        with pytest.raises(NotFound):
            await rig.data_dir.latest_spectrum("dummy_A", "upwelling")
        seen: list[object] = []
        async for value in rig.observe("data_dir/latest"):
            assert len(json.dumps(value)) <= 1024
            if not seen:
                await rig.control.record_sequence("r", sequences=2)
            seen.append(value)
            if isinstance(value, dict) and value["sequence"] == 1 and "b000000_s000001_dark.pico" in value["files"]:
                break
        last = await rig.data_dir.latest()
        assert last is not None
        assert (last.run, last.batch, last.sequence, last.omitted) == ("r", 0, 1, 0)
        assert {(row.serial_number, row.direction, row.dark) for row in last.spectra} == {
            (s, c, dark) for s in ("dummy_A", "dummy_B") for c in ("upwelling", "downwelling") for dark in (True, False)
        }
        for row in last.spectra:
            spectrum = await rig.data_dir.latest_spectrum(row.serial_number, row.direction, dark=row.dark)
            assert (spectrum.peak, spectrum.flags) == (row.peak, row.flags)
            assert spectrum.exposure_start is not None
            assert row.start is not None
            assert abs(spectrum.exposure_start - row.start) <= timedelta(milliseconds=1)

    talk(daemon, scenario)
    status, _ = daemon.stop()
    assert status == 0
    again = start(folder=daemon.folder)
    checked(again)
    last = again.ask("data_dir/latest")
    assert isinstance(last, dict)
    assert (last["run"], last["batch"], last["sequence"]) == ("r", 0, 1)


def test_a_spectrum_that_is_known_is_not_sent_again(start: Start) -> None:
    daemon = start()
    record(daemon, "r", 1)

    async def ask(**options: object) -> aiocoap.Message:
        uri = f"{daemon.url}/data_dir/latest/S_dummy_A/upwelling/light"
        context = await aiocoap.Context.create_client_context(transports=["udp6"])
        try:
            message = aiocoap.Message(code=aiocoap.GET, uri=uri)
            for name, value in options.items():
                setattr(message.opt, name, value)
            async with asyncio.timeout(10):
                return await context.request(message).response
        finally:
            await context.shutdown()

    text, binary = asyncio.run(ask()), asyncio.run(ask(accept=60))
    assert len(binary.payload) < len(text.payload)
    assert text.code is aiocoap.CONTENT
    known = asyncio.run(ask(etags=[text.opt.etag]))
    assert (known.code, known.payload) == (aiocoap.VALID, b"")


def test_files_from_elsewhere_are_found_in_the_background(start: Start) -> None:
    first = start()
    record(first, "r", 1)
    assert first.stop()[0] == 0
    there = first.folder / "r" / "b000000_s000000_light.pico"
    copied = first.folder / "by hand" / "b000007_s000000_light.pico"
    copied.parent.mkdir()
    copied.write_bytes(dumps(loads(there.read_bytes())).encode())
    there.unlink()
    (first.folder / "r" / "b000000_s000000_dark.pico").write_text("{")
    daemon = start(folder=first.folder)
    check = checked(daemon)
    assert isinstance(check, dict)
    assert check["state"] == "complete"
    assert check["indexed"] == 1
    assert check["found"] == {"missing": 1, "damaged": 1}

    async def scenario(rig: Piccolo) -> None:
        found = [(file["run"], file["name"], file["state"]) async for file in rig.data_dir.troubled()]
        assert sorted(found) == [
            ("r", "b000000_s000000_dark.pico", "damaged"),
            ("r", "b000000_s000000_light.pico", "missing"),
        ]
        assert len([entry async for entry in rig.data_dir.query(run="by hand")]) == 4
        assert "check" in [event["kind"] async for event in rig.data_dir.events()]
        samples = [sample async for sample in rig.data_dir.housekeeping(page=1)]
        assert len(samples) >= 2  # one of each start at least
        assert [when for when, _ in samples] == sorted((when for when, _ in samples), reverse=True)
        assert all({"memory", "load"} <= set(values) for _, values in samples)
        some = [values async for _, values in rig.data_dir.housekeeping(until=samples[0][0], names=["load"])]
        assert [set(values) for values in some] == [{"load"}] * (len(samples) - 1)
        await rig.data_dir.check_again(deep=True)
        async for value in rig.observe("data_dir/check"):
            if isinstance(value, dict) and value["state"] == "complete" and value["ended"] != check["ended"]:
                break

    talk(daemon, scenario)
