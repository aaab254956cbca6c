from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from piccolo3.errors import (
    Busy,
    DeviceError,
    DeviceRemoved,
    InvalidValue,
    NotBusy,
    SpectrumRejected,
    StoreError,
    Unavailable,
)
from piccolo3.recording import (
    BatchEnded,
    BatchSettings,
    ProgressChanged,
    RunChanged,
    SequenceChanged,
    SettingsChanged,
)
from piccolo3.spectrum import Spectrum
from piccolo3.status import AutointegrationState, ShutterStatus, SpectrometerStatus
from tests.unit.recording.bench import Bench, MemoryState, disk_full, run
from tests.unit.workers.fakes import spectrometer_config, until

DARK = ["downwelling dark", "upwelling dark"]
LIGHT = ["downwelling light", "upwelling light"]


def spectra(bench: Bench, name: str) -> tuple[Spectrum, ...]:
    return bench.directory.written[f"r/{name}.pico"].spectra


def shutter_log(bench: Bench) -> list[str]:
    """Every move of a shutter and every exposure, in order, as the hardware sees them."""
    log: list[str] = []
    for name, shutter in bench.shutters.items():
        for move in ("open", "close"):
            _wrap(shutter, move, log, f"{move} {name}")
    for name, device in bench.devices.items():
        _wrap(device, "read", log, f"read {name}")
    return log


def _wrap(thing: object, name: str, log: list[str], text: str) -> None:
    method = getattr(thing, name)

    def wrapped(*arguments: object) -> object:
        log.append(text)
        return method(*arguments)

    setattr(thing, name, wrapped)


# ---- what is recorded ----


def test_a_batch() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", sequences=2)
        assert bench.statuses == ["downwelling dark"]  # seen before the request returns
        assert bench.status() == "downwelling dark"
        assert bench.busy()
        outcome = await bench.ends()
        assert bench.statuses == DARK + LIGHT + LIGHT + DARK + ["idle"]
        assert bench.files == [f"r/b000000_s00000{n}_{kind}.pico" for n in (0, 1) for kind in ("dark", "light")]
        assert outcome.result == "complete"
        assert outcome.reason is None
        assert outcome.lost == ()
        assert (outcome.run, outcome.batch, outcome.kind, outcome.sequences_done) == ("r", 0, "record", 2)
        assert bench.recorder.outcome == outcome
        assert [event.sequence for event in bench.events if isinstance(event, SequenceChanged)] == [0, 1]
        assert [(event.sequence, event.files) for event in bench.stored] == [
            (0, ("b000000_s000000_dark.pico",)),
            (0, ("b000000_s000000_light.pico",)),
            (1, ("b000000_s000001_light.pico",)),
            (1, ("b000000_s000001_dark.pico",)),
        ]
        await bench.record()
        assert "r/b000001_s000000_dark.pico" in bench.files

    run(scenario)


def test_order_and_metadata_of_the_spectra() -> None:
    def config(serial: str) -> object:
        return spectrometer_config(serial, calibration={"upwelling": (1.0, 2.0)})

    async def scenario(bench: Bench) -> None:
        bench.times.set_current_time("A", "upwelling", 20.5)
        await bench.record()
        light = spectra(bench, "b000000_s000000_light")
        assert [(s.direction, s.serial_number) for s in light] == [
            ("downwelling", "A"),
            ("downwelling", "B"),
            ("upwelling", "A"),
            ("upwelling", "B"),
        ]
        metadata = light[2].metadata
        assert metadata["IntegrationTime"] == 20.5
        assert metadata["Type"] == "light"
        assert metadata["SoftwareVersion"] == "1.2.3"
        assert metadata["Simulated"] is True
        assert metadata["Temperature"] == -5.0
        assert metadata["TemperatureEnabled"] is True
        assert metadata["SpectrometerModel"] == "FAKE"
        assert (metadata["Run"], metadata["Batch"], metadata["SequenceNumber"]) == ("r", 0, 0)
        assert metadata["WavelengthCalibrationCoefficientsPiccolo"] == [1.0, 2.0]
        assert "WavelengthCalibrationCoefficientsPiccolo" not in light[0].metadata
        start, end = light[2].exposure_start, light[2].exposure_end
        assert start is not None
        assert end is not None
        assert (end - start).total_seconds() == pytest.approx(0.0205)
        assert light[2].datetime == start
        dark = spectra(bench, "b000000_s000000_dark")
        assert all(s.dark for s in dark)
        assert [s.integration_time for s in dark] == [s.integration_time for s in light]
        assert bench.stored[1].spectra[2].peak_percent == pytest.approx(20.5)

    run(scenario, config=config)  # type: ignore[arg-type]


def test_shutters_one_after_the_other_and_closed_for_darks() -> None:
    async def scenario(bench: Bench) -> None:
        log = shutter_log(bench)
        await bench.record()
        reads = {"read A", "read B"}
        assert set(log[:2]) == set(log[2:4]) == reads
        assert log[4] == "open downwelling"
        assert set(log[5:7]) == reads
        assert set(log[7:9]) == {"close downwelling", "open upwelling"}  # at the same time
        assert set(log[9:11]) == reads
        assert log[11:] == ["close upwelling"]

    run(scenario)


def test_the_exposure_begins_after_the_shutter_has_settled() -> None:
    async def scenario(bench: Bench) -> None:
        bench.clock.advance(100.0)
        await bench.record()
        assert [moment for _, moment in bench.acquirers["A"].requests] == [100.0] * 4

    run(scenario)


def test_a_shutter_left_open_by_hand_is_closed_before_a_dark() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.shutter_workers["upwelling"].open()
        log = shutter_log(bench)
        await bench.recorder.record_dark("r")
        await bench.ends()
        assert log[0] == "close upwelling"

    run(scenario)


def test_a_dark() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_dark("r")
        outcome = await bench.ends()
        assert outcome.kind == "dark"
        assert bench.statuses == [*DARK, "idle"]
        assert bench.files == ["r/b000000_s000000_dark.pico"]
        assert bench.recorder.run == "r"
        assert bench.recorder.current_sequence == -1

    run(scenario)


def test_automatic_integration() -> None:
    async def scenario(bench: Bench) -> None:
        bench.acquirers["B"].counts = lambda time: 0
        await bench.recorder.auto(70)
        assert bench.status() == "autointegrate downwelling"
        outcome = await bench.ends()
        assert bench.statuses == ["autointegrate downwelling", "autointegrate upwelling", "idle"]
        assert outcome.result == "complete"
        assert outcome.batch is None
        assert bench.files == []
        assert bench.recorder.settings.target == 70.0
        assert bench.times.auto_state("A", "upwelling") is AutointegrationState.SUCCESS
        assert bench.times.current_time("A", "upwelling") == pytest.approx(70.0, abs=3.0)
        assert bench.times.auto_state("B", "upwelling") is AutointegrationState.FAILED
        assert bench.times.current_time("B", "upwelling") == 10_000.0
        assert bench.closed()

    run(scenario)


def test_a_spectrometer_that_fails_in_automatic_integration_keeps_its_time() -> None:
    async def scenario(bench: Bench) -> None:
        bench.times.set_current_time("B", "downwelling", 123)
        bench.devices["B"].failures["read"] = [DeviceRemoved("unplugged")]
        bench.devices["B"].failures["open"] = [DeviceRemoved("unplugged")]
        await bench.recorder.auto()
        outcome = await bench.ends()
        assert outcome.result == "complete"
        for channel in bench.recorder.channels:
            assert bench.times.auto_state("B", channel) is AutointegrationState.FAILED
            assert bench.times.auto_state("A", channel) is AutointegrationState.SUCCESS
        assert bench.times.current_time("B", "downwelling") == 123.0

    run(scenario)


def test_automatic_integration_behind_a_shutter_that_does_not_open() -> None:
    async def scenario(bench: Bench) -> None:
        bench.shutters["downwelling"].failures["open"] = [DeviceError("no pin")]
        await bench.recorder.auto()
        await bench.ends()
        assert bench.times.auto_state("A", "downwelling") is AutointegrationState.FAILED
        assert bench.times.auto_state("A", "upwelling") is AutointegrationState.SUCCESS
        assert "no pin" in str(bench.recorder.last_error)

    run(scenario)


def test_before_every_nth_sequence() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.record(sequences=3, autointegration=2)
        auto = ["autointegrate downwelling", "autointegrate upwelling"]
        assert bench.statuses == auto + DARK + LIGHT + LIGHT + auto + DARK + LIGHT + DARK + ["idle"]
        assert [name.removeprefix("r/b000000_").removesuffix(".pico") for name in bench.files] == [
            "s000000_dark",
            "s000000_light",
            "s000001_light",
            "s000002_dark",
            "s000002_light",
            "s000003_dark",
        ]

    run(scenario)


def test_the_last_dark_overwrites_only_with_clobber() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.record(sequences=2, autointegration=1)
        assert "r/b000000_s000002_dark.pico" not in bench.files

    run(scenario, clobber=True)


def test_the_delay() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r", sequences=2, delay=5)
        await bench.until("waiting")
        bench.clock.advance(4.9)
        await asyncio.sleep(0.002)
        assert bench.status() == "waiting"
        bench.clock.advance(0.1)
        await until(lambda: bench.recorder.current_sequence == 1)
        await bench.until("waiting")
        bench.clock.advance(5)
        await bench.ends()
        assert bench.statuses == [*DARK, *LIGHT, "waiting", *LIGHT, "waiting", *DARK, "idle"]

    run(scenario)


def test_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.recording.board._OFTEN", 0.0)

    async def scenario(bench: Bench) -> None:
        await bench.record(sequences=2, autointegration=0)
        told = [event.progress for event in bench.events if isinstance(event, ProgressChanged)]
        assert {progress.steps for progress in told} == {10}
        assert [progress.step for progress in told] == sorted(progress.step for progress in told)
        assert told[-1].step == 10
        assert told[0].run == "r"
        assert ("light", "upwelling", 1) in {(p.phase, p.channel, p.sequence) for p in told}
        assert bench.recorder.progress == told[-1]

    run(scenario)


# ---- pause ----


def test_pause_and_go_on() -> None:
    async def scenario(bench: Bench) -> None:
        recorder = bench.recorder
        bench.hold("A")
        await recorder.record_sequence(run="r")
        await recorder.pause()
        assert bench.status() == "downwelling dark"  # until it is done
        bench.release()
        await bench.until("paused")
        assert bench.closed()
        await recorder.pause()
        outcome = await bench.ends()
        assert outcome.result == "complete"
        assert bench.statuses == ["downwelling dark", "paused", "downwelling dark", "upwelling dark", *LIGHT, "idle"]

    run(scenario)


def test_pause_while_waiting_is_seen_at_once() -> None:
    async def scenario(bench: Bench) -> None:
        recorder = bench.recorder
        await recorder.record_sequence(run="r", delay=5)
        await bench.until("waiting")
        await recorder.pause()
        assert bench.status() == "paused"
        await recorder.pause()
        assert bench.status() == "waiting"
        await recorder.pause()
        bench.clock.advance(5)
        await asyncio.sleep(0.002)
        assert bench.status() == "paused"
        await recorder.pause()
        await bench.ends()

    run(scenario)


def test_pause_in_automatic_integration_closes_the_shutter() -> None:
    async def scenario(bench: Bench) -> None:
        bench.hold("A")
        await bench.recorder.auto()
        await until(lambda: len(bench.acquirers["A"].requests) == 1)
        assert not bench.closed()
        await bench.recorder.pause()
        bench.release()
        await bench.until("paused")
        assert bench.closed()
        await bench.recorder.pause()
        await bench.ends()
        assert bench.times.auto_state("A", "downwelling") is AutointegrationState.SUCCESS

    run(scenario)


# ---- abort and stop ----


def test_nothing_to_abort_or_pause() -> None:
    async def scenario(bench: Bench) -> None:
        for request in (bench.recorder.abort(), bench.recorder.pause()):
            with pytest.raises(NotBusy, match="piccolo system is not busy"):
                await request

    run(scenario)


def hold_exposure(bench: Bench, exposure: int) -> Callable[[], bool]:
    """Hold up this exposure (0 is the next) of all spectrometers; whether all have come to it."""
    last = {acquirer: len(acquirer.requests) + exposure for acquirer in bench.acquirers.values()}
    for acquirer, number in last.items():
        acquirer.hold_from = number
    return lambda: all(len(acquirer.requests) > number for acquirer, number in last.items())


def test_abort_in_a_light_exposure() -> None:
    async def scenario(bench: Bench) -> None:
        there = hold_exposure(bench, 3)
        await bench.recorder.record_sequence(run="r", sequences=3)
        await until(there)
        assert bench.status() == "upwelling light"
        assert not bench.closed()
        await bench.recorder.abort()
        assert bench.closed()
        assert not bench.busy()
        assert bench.status() == "idle"
        outcome = bench.recorder.outcome
        assert outcome is not None
        assert outcome.result == "aborted"
        # what was measured is kept
        assert bench.files == ["r/b000000_s000000_dark.pico", "r/b000000_s000000_light.pico"]
        assert {s.direction for s in spectra(bench, "b000000_s000000_light")} == {"downwelling"}
        assert outcome.sequences_done == 0
        assert outcome.lost == ("light of sequence 0 is incomplete: no upwelling (the batch ended before)",)
        # the spectrometers say honestly that they are still at it
        assert {w.status for w in bench.workers.values()} == {SpectrometerStatus.RECORDING}
        with pytest.raises(Unavailable, match="no spectrometer is available"):
            await bench.recorder.record_sequence(run="r")
        bench.release()
        await bench.idle()
        assert len(bench.files) == 2  # the result was thrown away
        assert (await bench.record()).result == "complete"

    run(scenario)


def test_abort_in_the_delay_and_in_a_pause() -> None:
    async def scenario(bench: Bench) -> None:
        for paused in (False, True):
            await bench.recorder.record_sequence(run="r", delay=1000)
            await bench.until("waiting")
            if paused:
                await bench.recorder.pause()
            await bench.recorder.abort()
            assert bench.status() == "idle"
            outcome = bench.recorder.outcome
            assert outcome is not None
            assert outcome.result == "aborted"
            assert outcome.lost == ()
            assert outcome.sequences_done == 1

    run(scenario)


def test_abort_while_it_is_written_does_not_lose_it() -> None:
    async def scenario(bench: Bench) -> None:
        bench.directory.gate.clear()
        await bench.recorder.record_dark("r")
        await until(lambda: bench.recorder.progress.step == 2)
        aborting = asyncio.create_task(bench.recorder.abort())
        await asyncio.sleep(0.005)
        again = asyncio.create_task(bench.recorder.abort())  # must not disturb the first
        await asyncio.sleep(0.005)
        bench.directory.gate.set()
        await asyncio.gather(aborting, again)
        outcome = bench.recorder.outcome
        assert outcome is not None
        assert outcome.result == "aborted"
        assert bench.files == ["r/b000000_s000000_dark.pico"]
        assert len(bench.stored) == 1

    run(scenario)


def test_abort_while_the_rig_is_brought_to_its_safe_state() -> None:
    async def scenario(bench: Bench) -> None:
        there = hold_exposure(bench, 2)
        await bench.recorder.record_sequence(run="r")
        await until(there)
        hang = bench.shutters["downwelling"].hang = threading.Event()
        aborting = asyncio.create_task(bench.recorder.abort())
        await asyncio.sleep(0.005)
        assert bench.busy()
        again = asyncio.create_task(bench.recorder.abort())  # must not disturb the first
        await asyncio.sleep(0.005)
        hang.set()
        await asyncio.gather(aborting, again)
        assert bench.closed()
        assert bench.recorder.outcome is not None
        assert bench.recorder.outcome.lost_spectra == 4

    run(scenario)


def test_abort_after_the_last_step_is_too_late() -> None:
    async def scenario(bench: Bench) -> None:
        shutter, hang = bench.shutters["upwelling"], threading.Event()
        shutter.failures["close"] = [DeviceError("no pin")]  # so that it is tried again at the end

        def at_the_end(event: ProgressChanged) -> None:
            if "no pin" in str(event.progress.last_error):
                shutter.hang = hang

        bench.broker.subscribe(ProgressChanged, at_the_end)
        await bench.recorder.record_sequence(run="r")
        await until(lambda: shutter.moves[-2:] == ["close", "close"])
        aborting = asyncio.create_task(bench.recorder.abort())
        await asyncio.sleep(0.002)
        hang.set()
        await aborting
        assert bench.recorder.outcome is not None
        assert bench.recorder.outcome.result == "complete"
        assert bench.closed()

    run(scenario)


def test_abort_in_automatic_integration() -> None:
    async def scenario(bench: Bench) -> None:
        bench.hold("B")
        await bench.recorder.auto()
        await until(lambda: bench.workers["B"].status is SpectrometerStatus.AUTOINTEGRATING and not bench.closed())
        await bench.recorder.abort()
        assert bench.closed()
        assert bench.workers["B"].status is SpectrometerStatus.AUTOINTEGRATING

    run(scenario)


def test_a_shutter_that_fails_does_not_keep_the_others_open() -> None:
    async def scenario(bench: Bench) -> None:
        for acquirer in bench.acquirers.values():
            acquirer.tells_early = True
        there = hold_exposure(bench, 2)
        bench.shutters["downwelling"].failures["close"] = [DeviceError("no pin"), DeviceError("no pin")]
        await bench.recorder.record_sequence(run="r")
        await until(there)
        await until(lambda: bench.shutters["upwelling"].status is ShutterStatus.OPEN)
        await bench.recorder.abort()
        assert bench.shutters["upwelling"].status is ShutterStatus.CLOSED
        outcome = bench.recorder.outcome
        assert outcome is not None
        assert any("shutter downwelling did not close: no pin" in sentence for sentence in outcome.lost)

    run(scenario)


def test_stop_in_the_middle_of_it() -> None:
    async def scenario(bench: Bench) -> None:
        bench.hold()
        await bench.recorder.record_sequence(run="r")
        await bench.recorder.stop()
        assert not bench.busy()
        with pytest.raises(Unavailable, match="shutting down"):
            await bench.recorder.record_sequence(run="r")

    run(scenario)


def test_stop_closes_shutters_that_were_opened_by_hand() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.shutter_workers["upwelling"].open()
        await bench.recorder.stop()
        assert bench.closed()

    run(scenario)


# ---- failures ----


def test_a_spectrometer_that_fails_costs_its_spectrum() -> None:
    async def scenario(bench: Bench) -> None:
        bench.devices["B"].failures["read"] = [DeviceRemoved("unplugged")]
        bench.devices["B"].failures["open"] = [DeviceRemoved("unplugged")] * 9
        outcome = await bench.record(sequences=3)
        assert outcome.result == "complete"
        assert outcome.sequences_done == 3
        assert outcome.lost == (
            "spectrometer B: unplugged (downwelling dark of sequence 0)",
            "spectrometer B: status of spectrometer B is DROPPED (9 times, first upwelling dark of sequence 0)",
        )
        assert outcome.lost_spectra == 10
        assert [s.serial_number for s in spectra(bench, "b000000_s000002_light")] == ["A", "A"]
        assert bench.recorder.last_error == (
            "spectrometer B: status of spectrometer B is DROPPED (upwelling dark of sequence 0)"
        )

    run(scenario)


def test_a_rejected_spectrum_is_lost_and_the_next_one_is_not() -> None:
    async def scenario(bench: Bench) -> None:
        bench.devices["A"].failures["read"] = [SpectrumRejected("all zero")]
        outcome = await bench.record()
        assert outcome.lost == ("spectrometer A: all zero (downwelling dark of sequence 0)",)
        assert len(spectra(bench, "b000000_s000000_dark")) == 3
        assert len(spectra(bench, "b000000_s000000_light")) == 4

    run(scenario)


def test_a_shutter_that_does_not_open_costs_its_light() -> None:
    async def scenario(bench: Bench) -> None:
        bench.shutters["downwelling"].failures["open"] = [DeviceError("no pin")]
        outcome = await bench.record(sequences=2)
        assert outcome.result == "complete"
        assert outcome.lost == ("shutter downwelling did not open: no pin (downwelling light of sequence 0)",)
        assert outcome.lost_spectra == 2
        assert {s.direction for s in spectra(bench, "b000000_s000000_light")} == {"upwelling"}
        assert len(spectra(bench, "b000000_s000001_light")) == 4

    run(scenario)


def test_a_shutter_that_does_not_close_costs_all_that_comes_after() -> None:
    async def scenario(bench: Bench) -> None:
        bench.shutters["downwelling"].failures["close"] = [DeviceError("no pin")] * 99
        outcome = await bench.record()
        assert {s.direction for s in spectra(bench, "b000000_s000000_light")} == {"downwelling"}
        assert outcome.lost == (
            "shutter downwelling did not close: no pin (2 times, first upwelling light of sequence 0)",
        )
        assert outcome.lost_spectra == 2
        await bench.recorder.record_dark("r")
        outcome = await bench.ends()
        assert outcome.result == "failed"
        assert outcome.reason == "nothing could be recorded"

    run(scenario)


def test_a_shutter_whose_driver_hangs() -> None:
    async def scenario(bench: Bench) -> None:
        bench.shutters["downwelling"].hang = threading.Event()
        await bench.recorder.record_sequence(run="r")
        outcome = await bench.ends()
        assert outcome.result == "complete"  # the dark was taken
        assert "has not answered" in outcome.lost[0]
        assert "r/b000000_s000000_light.pico" not in bench.files

    run(scenario)


@pytest.mark.parametrize("when", ["first", "second"])
def test_a_full_disk_ends_the_batch(when: str) -> None:
    async def scenario(bench: Bench) -> None:
        there = hold_exposure(bench, 0 if when == "first" else 2)
        await bench.recorder.record_sequence(run="r", sequences=3)
        await until(there)
        await until(lambda: bench.recorder.progress.queue == 0)
        bench.directory.failure = disk_full()
        hold_exposure(bench, 1)  # the first one of the next sequence, which is measured while this one is written
        bench.release()
        outcome = await bench.ends()
        assert outcome.result == "failed"
        assert outcome.reason == "disk full"
        assert bench.recorder.last_error == "disk full"
        failed, number = ("dark", 0) if when == "first" else ("light", 1)
        assert outcome.lost == (
            f"disk full ({failed} of sequence 0)",
            f"light of sequence {number} is incomplete: no downwelling, upwelling (the batch ended before)",
        )
        assert outcome.lost_spectra == 8
        assert outcome.sequences_done == 0
        assert bench.closed()
        bench.directory.failure = None
        for acquirer in bench.acquirers.values():
            acquirer.hold_from = None  # it may have failed before it came so far
        bench.release()
        await bench.idle()
        assert (await bench.record()).result == "complete"
        assert bench.recorder.last_error is None

    run(scenario)


def test_all_spectrometers_lost_and_one_comes_back() -> None:
    async def scenario(bench: Bench) -> None:
        bench.devices["A"].failures["read"] = [DeviceRemoved("unplugged")]
        await bench.recorder.record_sequence(run="r", sequences=2)
        outcome = await bench.ends()  # which moves the clock while it waits
        assert outcome.result == "complete"
        assert "waiting" in bench.statuses
        assert len(bench.directory.written["r/b000000_s000001_light.pico"].spectra) == 2

    run(scenario, serials=("A",))


def test_all_spectrometers_lost_for_good() -> None:
    async def scenario(bench: Bench) -> None:
        bench.devices["A"].failures["read"] = [DeviceRemoved("unplugged")]
        bench.devices["A"].failures["open"] = [DeviceRemoved("unplugged")] * 99
        await bench.recorder.record_sequence(run="r", sequences=2)
        outcome = await bench.ends()
        assert outcome.result == "failed"
        assert outcome.reason == "no spectrometer is available"

    run(scenario, serials=("A",))


def test_an_error_in_the_program_is_an_outcome(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario(bench: Bench) -> None:
        async def broken(*arguments: object, **more: object) -> None:
            raise KeyError("nothing like that")

        monkeypatch.setattr(bench.workers["A"], "acquire", broken)
        await bench.recorder.record_sequence(run="r")
        outcome = await bench.ends()
        assert outcome.result == "failed"
        assert "KeyError" in str(outcome.reason)
        assert bench.status() == "idle"
        assert bench.closed()

    run(scenario)
    assert "Traceback" in caplog.text


def test_a_disk_that_hangs_does_not_hold_up_an_abort_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(bench: Bench) -> None:
        monkeypatch.setattr("piccolo3.recording.batch._WRITE_LIMIT", 0.02)
        bench.directory.gate.clear()
        await bench.recorder.record_dark("r")
        await until(lambda: bench.recorder.progress.step == 2)
        await bench.recorder.abort()
        outcome = bench.recorder.outcome
        assert outcome is not None
        assert outcome.result == "failed"
        assert "the disk has not taken the last spectra" in str(outcome.reason)
        assert outcome.lost == ("not on the disk in time (dark of sequence 0)",)
        assert outcome.lost_spectra == 4
        bench.directory.gate.set()
        await until(lambda: len(bench.files) == 1)  # it is written all the same

    run(scenario)


# ---- what is refused ----


Request = Callable[[Bench], Awaitable[None]]


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (lambda b: b.recorder.record_sequence(run="q", sequences=0, delay=1), InvalidValue),
        (lambda b: b.recorder.record_sequence(run="q/q", sequences=5), InvalidValue),
        (lambda b: b.recorder.record_dark("q/q"), InvalidValue),
        (lambda b: b.recorder.auto(91), InvalidValue),
        (lambda b: b.recorder.set_run("q/q"), InvalidValue),
    ],
)
def test_bad_requests_change_nothing(request_: Request, error: type[Exception]) -> None:
    async def scenario(bench: Bench) -> None:
        with pytest.raises(error):
            await request_(bench)
        assert bench.events == []
        assert bench.recorder.settings == BatchSettings()
        assert bench.recorder.run == "spectra"
        assert bench.directory.numbers == {"spectra": -1}
        assert not bench.busy()

    run(scenario)


@pytest.mark.parametrize(
    "request_",
    [
        lambda b: b.recorder.record_sequence(run="q", sequences=5),
        lambda b: b.recorder.record_dark("q"),
        lambda b: b.recorder.auto(50),
    ],
)
def test_busy(request_: Request) -> None:
    async def scenario(bench: Bench) -> None:
        bench.hold()
        await bench.recorder.record_sequence(run="r")
        before = len(bench.events)
        with pytest.raises(Busy, match="piccolo system is busy"):
            await request_(bench)
        assert bench.recorder.settings == BatchSettings()
        assert bench.recorder.run == "r"
        assert "q" not in bench.directory.numbers
        assert len(bench.events) == before
        bench.release()
        await bench.ends()

    run(scenario)


def test_two_requests_at_the_same_time() -> None:
    async def scenario(bench: Bench) -> None:
        results = await asyncio.gather(
            bench.recorder.record_sequence(run="p", sequences=2),
            bench.recorder.record_sequence(run="q", sequences=3),
            return_exceptions=True,
        )
        assert results[0] is None
        assert isinstance(results[1], Busy)
        assert bench.recorder.run == "p"
        assert bench.recorder.settings.sequences == 2
        await bench.ends()

    run(scenario)


def test_a_disk_that_refuses_the_run() -> None:
    async def scenario(bench: Bench) -> None:
        bench.directory.failure = disk_full()
        for request in (bench.recorder.record_sequence(run="q", sequences=5), bench.recorder.record_dark("q")):
            with pytest.raises(StoreError):
                await request
            assert not bench.busy()
            assert not bench.times.locked
        assert bench.events == []
        assert bench.recorder.settings == BatchSettings()

    run(scenario)


def test_no_spectrometer_at_the_start() -> None:
    async def scenario(bench: Bench) -> None:
        for worker in bench.workers.values():
            await worker.disconnect()
        bench.events.clear()
        with pytest.raises(Unavailable, match="no spectrometer is available"):
            await bench.recorder.record_sequence(run="q", sequences=5)
        assert bench.events == []
        await bench.workers["A"].connect()
        await until(lambda: bench.workers["A"].status is SpectrometerStatus.IDLE)
        outcome = await bench.record()
        assert outcome.result == "complete"
        assert outcome.lost == (
            "spectrometer B: status of spectrometer B is DISCONNECTED (4 times, first downwelling dark of sequence 0)",
        )

    run(scenario)


def test_whoever_asked_may_go_away() -> None:
    async def scenario(bench: Bench) -> None:
        asking = asyncio.create_task(bench.recorder.record_sequence(run="r"))
        await asyncio.sleep(0)
        asking.cancel()
        outcome = await bench.ends()
        assert outcome.result == "complete"

    run(scenario)


def test_abort_before_it_has_begun() -> None:
    async def scenario(bench: Bench) -> None:
        asking = asyncio.create_task(bench.recorder.record_sequence(run="r", sequences=4))
        await asyncio.sleep(0)
        await bench.recorder.abort()
        with pytest.raises(Exception, match="aborted before it began"):
            await asking
        assert not bench.busy()
        assert bench.recorder.settings == BatchSettings()

    run(scenario)


# ---- settings and run ----


def test_settings_are_changed_told_and_kept() -> None:
    state = MemoryState()

    async def first(bench: Bench) -> None:
        bench.recorder.change_settings(sequences=4)
        bench.recorder.change_settings(sequences=4)
        bench.recorder.change_settings(target=70, delay=1)
        told = [event.name for event in bench.events if isinstance(event, SettingsChanged)]
        assert told == ["sequences", "delay", "target"]
        with pytest.raises(InvalidValue):
            bench.recorder.change_settings(sequences=3, target=95)
        assert bench.recorder.settings == BatchSettings(sequences=4, delay=1.0, target=70.0)
        await bench.recorder.set_run("mine")
        await bench.recorder.set_run("mine")
        assert [event.run for event in bench.events if isinstance(event, RunChanged)] == ["mine"]

    async def second(bench: Bench) -> None:
        assert bench.recorder.settings == BatchSettings(sequences=4, delay=1.0, target=70.0)
        assert bench.recorder.run == "mine"

    run(first, state=state)
    run(second, state=state, runs=("mine", "zzz"))


def test_the_run_at_the_first_start() -> None:
    async def none(bench: Bench) -> None:
        assert bench.recorder.run == "spectra"
        assert bench.directory.run_exists("spectra")

    async def newest(bench: Bench) -> None:
        assert bench.recorder.run == "b"

    run(none)
    run(newest, runs=("a", "b"))


def test_the_run_survives_a_restart_also_if_it_was_moved_away() -> None:
    async def moved(bench: Bench) -> None:
        assert bench.recorder.run == "moved"
        assert bench.directory.run_exists("moved")

    async def impossible(bench: Bench) -> None:
        assert bench.recorder.run == "spectra"

    state = MemoryState()
    state.put("current_run", "moved")
    run(moved, runs=("a", "b"), state=state)
    state.put("current_run", "a name/of an older program")
    run(impossible, runs=("a", "b"), state=state)


def test_a_listener_of_the_end_can_start_the_next() -> None:
    async def scenario(bench: Bench) -> None:
        started: list[asyncio.Task[None]] = []

        def again(event: BatchEnded) -> None:
            if not started:
                started.append(asyncio.ensure_future(bench.recorder.record_sequence(run="r")))

        bench.broker.subscribe(BatchEnded, again)
        await bench.record()
        await until(lambda: bool(started) and started[0].done())
        await bench.ends()
        assert "r/b000001_s000000_light.pico" in bench.files

    run(scenario)


def test_without_channels() -> None:
    async def scenario(bench: Bench) -> None:
        with pytest.raises(Unavailable, match="no channel"):
            await bench.recorder.record_dark()

    run(scenario, channels=())
