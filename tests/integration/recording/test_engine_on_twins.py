"""The engine with the simulated instruments, in real time: what the light was is known of every exposure."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from piccolo3.clock import SystemClock
from piccolo3.config import ChannelConfig, InstrumentConfig, SimulationConfig, SpectrometerConfig
from piccolo3.devices import Rig, build_rig
from piccolo3.devices.simulated import ReadFault, SimulatedSpectrometer, TrueExposure
from piccolo3.events import Broker
from piccolo3.recording import BatchEnded, IntegrationTimes, Outcome, Recorder, StatusChanged
from piccolo3.spectrum import SpectraList, loads
from piccolo3.status import AutointegrationState, ShutterStatus, SpectrometerStatus, SpectrumKind
from piccolo3.store import CataloguedDirectory, DataDirectory, StateFile
from piccolo3.workers import (
    RecoveryTiming,
    ShutterWorker,
    SpectrometerGroup,
    SpectrometerTiming,
    SpectrometerWorker,
    State,
    Writer,
)

MODELS = {"dummy_A": "QE-PRO", "dummy_B": "FLAME-S"}
CHANNELS = ("downwelling", "upwelling")
INSTRUMENT = InstrumentConfig(
    channels=tuple(
        ChannelConfig(
            shutter=f"shutter_{n}",
            direction=direction,
            driver="simulated",
            open_pin=2 * n,
            close_pin=2 * n + 1,
            pulse_time=1.0,
            settling_time=1.0,
        )
        for n, direction in enumerate(CHANNELS)
    ),
    spectrometers=tuple(
        SpectrometerConfig(serial_number=serial, driver="simulated", model=model) for serial, model in MODELS.items()
    ),
    simulation=SimulationConfig(clouds=0.0),
)
QUICK = SpectrometerTiming(margin=1.0, grace=0.1, recovery=RecoveryTiming(first_retry=0.02))


@dataclass
class Instrument:
    recorder: Recorder
    spectrometers: SpectrometerGroup
    times: IntegrationTimes
    rig: Rig
    broker: Broker
    path: Path
    outcomes: list[Outcome]
    statuses: list[str]

    def truth(self, serial: str) -> TrueExposure:
        """The exposure that was read last."""
        device = self.rig.spectrometers[serial]
        assert isinstance(device, SimulatedSpectrometer)
        return device.truth[-1]

    def spectra(self, name: str) -> SpectraList:
        return loads((self.path / "r" / name).read_bytes())

    def closed(self) -> bool:
        return all(shutter.status is ShutterStatus.CLOSED for shutter in self.rig.shutters.values())

    def set_times(self, milliseconds: float) -> None:
        for serial in self.spectrometers:
            for channel in CHANNELS:
                self.times.set_current_time(serial, channel, milliseconds)

    async def ends(self) -> Outcome:
        await self.until(lambda: bool(self.outcomes) and not self.recorder.busy)
        return self.outcomes[-1]

    async def until(self, condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - the world of the test has no event for everything
                await asyncio.sleep(0.002)


def run(path: Path, scenario: Callable[[Instrument], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with AsyncExitStack() as stack:
            clock, broker = SystemClock(), Broker()
            rig = build_rig(INSTRUMENT, clock)
            stack.callback(rig.close)
            writer = Writer(CataloguedDirectory(DataDirectory(path, clock, clobber=False, split=True), clock))
            stack.push_async_callback(writer.stop)
            await writer.start()
            state = State(StateFile(path / ".state.json", clock), writer)
            stack.push_async_callback(state.flush)
            shutters = {
                channel.direction: ShutterWorker(
                    channel.direction, channel, rig.shutters[channel.direction], clock, broker
                )
                for channel in INSTRUMENT.channels
            }
            for shutter in shutters.values():
                stack.push_async_callback(shutter.stop)
                await shutter.start()
            group = SpectrometerGroup(
                (
                    SpectrometerWorker(c, rig.spectrometers[c.serial_number], None, clock, broker, timing=QUICK)
                    for c in INSTRUMENT.spectrometers
                ),
                clock,
            )
            times = IntegrationTimes(group, shutters, state, broker)
            stack.push_async_callback(group.stop)
            await group.start()
            recorder = Recorder(group, shutters, writer, times, state, clock, broker, "1.2.3")
            stack.push_async_callback(recorder.stop)
            await recorder.start()
            instrument = Instrument(recorder, group, times, rig, broker, path, [], [])
            broker.subscribe(BatchEnded, lambda event: instrument.outcomes.append(event.outcome))
            broker.subscribe(StatusChanged, lambda event: instrument.statuses.append(event.status))
            await instrument.until(lambda: all(w.status is SpectrometerStatus.IDLE for w in group.values()))
            await scenario(instrument)

    asyncio.run(whole())


def test_a_whole_batch(tmp_path: Path) -> None:
    async def scenario(instrument: Instrument) -> None:
        instrument.set_times(20.0)
        await instrument.recorder.record_sequence(run="r", sequences=2, autointegration=0)
        outcome = await instrument.ends()
        assert outcome.result == "complete"
        assert outcome.lost == ()
        assert outcome.sequences_done == 2
        for serial in MODELS:
            for channel in CHANNELS:
                assert instrument.times.auto_state(serial, channel) is AutointegrationState.SUCCESS
        names = sorted(path.name for path in (tmp_path / "r").glob("*.pico"))
        assert names == [f"b000000_s00000{n}_{kind}.pico" for n in (0, 1) for kind in ("dark", "light")]
        light, dark = instrument.spectra(names[1]), instrument.spectra(names[0])
        assert [(s.direction, s.serial_number) for s in light.spectra] == [(c, s) for c in CHANNELS for s in MODELS]
        for spectrum in light.spectra:
            assert spectrum.simulated
            assert 70 < spectrum.peak_percent < 90
            other = dark.get(spectrum.direction, SpectrumKind.DARK, spectrum.serial_number)
            assert other.integration_time == spectrum.integration_time
            assert other.peak_percent < 10
            start, end = spectrum.exposure_start, spectrum.exposure_end
            assert start is not None
            assert end is not None
            assert (end - start).total_seconds() == pytest.approx(spectrum.integration_time / 1000, abs=1e-5)

    run(tmp_path, scenario)


def test_the_light_of_every_exposure_is_what_its_metadata_say(tmp_path: Path) -> None:
    async def scenario(instrument: Instrument) -> None:
        seen: list[tuple[str, str, TrueExposure]] = []
        for worker in instrument.spectrometers.values():
            _remember(worker, instrument, seen)
        instrument.set_times(12.0)
        await instrument.recorder.record_sequence(run="r", sequences=25)
        await instrument.ends()
        for channel, kind, exposure in seen:
            assert (exposure.end - exposure.start) / 1e6 == pytest.approx(12.0, abs=0.001)
            for name in CHANNELS:
                expected = 1.0 if kind == "light" and name == channel else 0.0
                assert exposure.open_share.get(name, 0.0) == expected
        assert len(seen) == 108

    run(tmp_path, scenario)


def _remember(worker: SpectrometerWorker, instrument: Instrument, seen: list[tuple[str, str, TrueExposure]]) -> None:
    acquire = worker.acquire

    async def remembering(integration_time: float, not_before: float, **more: Any) -> object:
        # what it is for; when a late one has been read, the next may be shown already
        channel, kind = instrument.recorder.status.split()
        exposure = await acquire(integration_time, not_before, **more)
        device = instrument.rig.spectrometers[worker.serial_number]
        assert isinstance(device, SimulatedSpectrometer)
        # what was read last was kept; the times in it are not right where this machine was held up
        seen.append((channel, kind, device.truth[-1]))
        return exposure

    worker.acquire = remembering  # type: ignore[method-assign, assignment]


def test_abort_in_a_long_exposure(tmp_path: Path) -> None:
    async def scenario(instrument: Instrument) -> None:
        instrument.set_times(10.0)
        instrument.times.set_max_time("dummy_A", 60_000.0)
        instrument.times.set_current_time("dummy_A", "upwelling", 60_000.0)
        await instrument.recorder.record_sequence(run="r")
        await instrument.until(lambda: instrument.recorder.status == "upwelling dark")
        await asyncio.sleep(0.05)
        before = time.monotonic()
        await instrument.recorder.abort()
        assert time.monotonic() - before < 0.5
        assert instrument.recorder.status == "idle"
        assert instrument.closed()
        assert instrument.outcomes[-1].result == "aborted"
        assert instrument.spectrometers["dummy_A"].status is SpectrometerStatus.RECORDING
        assert {s.direction for s in instrument.spectra("b000000_s000000_dark.pico").spectra} == {"downwelling"}
        # the other one records meanwhile
        await instrument.recorder.record_dark("r")
        outcome = await instrument.ends()
        assert outcome.lost_spectra == 2
        before = time.monotonic()
        await instrument.recorder.stop()
        await instrument.spectrometers.stop(1.0)
        assert time.monotonic() - before < 2.0

    run(tmp_path, scenario)


@pytest.mark.parametrize("fault", list(ReadFault))
def test_a_fault_costs_spectra_and_not_the_batch(tmp_path: Path, fault: ReadFault) -> None:
    async def scenario(instrument: Instrument) -> None:
        instrument.set_times(10.0)
        await instrument.recorder.record_dark("r")  # what the detector did before it was opened is not known
        await instrument.ends()
        faults = instrument.rig.spectrometer_faults["dummy_B"]
        faults.schedule(fault, {ReadFault.TRANSFER_ERROR: 3, ReadFault.HANG: 1}.get(fault, 40))
        instrument.outcomes.clear()
        await instrument.recorder.record_sequence(run="r", sequences=2)
        outcome = await instrument.ends()
        assert outcome.result == "complete"
        if fault is not ReadFault.REPEATED:  # which may be seen in what is discarded anyway
            assert outcome.lost_spectra >= 1
        assert len(instrument.spectra("b000001_s000001_light.pico").of_kind(SpectrumKind.LIGHT).spectra) >= 2
        faults.clear()
        await instrument.until(lambda: instrument.spectrometers["dummy_B"].status is SpectrometerStatus.IDLE)
        await instrument.recorder.record_dark("r")
        assert (await instrument.ends()).lost == ()

    run(tmp_path, scenario)


def test_unplugged_and_plugged_in_again(tmp_path: Path) -> None:
    async def scenario(instrument: Instrument) -> None:
        instrument.set_times(10.0)
        faults = instrument.rig.spectrometer_faults["dummy_B"]
        faults.unplugged = True
        await instrument.recorder.record_sequence(run="r", sequences=2)
        outcome = await instrument.ends()
        assert outcome.result == "complete"
        assert outcome.lost_spectra == 8
        assert instrument.spectrometers["dummy_B"].status is not SpectrometerStatus.IDLE
        faults.unplugged = False
        await instrument.until(lambda: instrument.spectrometers["dummy_B"].status is SpectrometerStatus.IDLE)
        await instrument.recorder.record_dark("r")
        assert (await instrument.ends()).lost == ()

    run(tmp_path, scenario)


def test_settings_are_on_the_disk(tmp_path: Path) -> None:
    async def scenario(instrument: Instrument) -> None:
        instrument.set_times(25.0)
        instrument.recorder.change_settings(sequences=7)
        await instrument.recorder.set_run("mine")

    run(tmp_path, scenario)
    saved = json.loads((tmp_path / ".state.json").read_text())
    assert saved["current_run"] == "mine"
    assert saved["batch_settings"]["sequences"] == 7
    assert saved["integration_times"]["dummy_A"]["current"]["upwelling"] == 25.0
