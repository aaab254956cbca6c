"""Each fault of the twins at each phase of a batch: what is lost, what is told, that the rig is safe and goes on."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from piccolo3.devices.simulated import ReadFault
from piccolo3.recording import StatusChanged
from piccolo3.status import SpectrometerStatus
from tests.integration.recording.test_engine_on_twins import CHANNELS, Instrument, run

PHASES = {  # the status at which it happens, and how many times that comes before
    "first dark": ("downwelling dark", 0),
    "light": ("upwelling light", 0),
    "delay": ("waiting", 0),
    "last dark": ("downwelling dark", 1),
}
FAULTS = ["unplugged", ReadFault.TRANSFER_ERROR, ReadFault.HANG, ReadFault.SHORT_READ]


def strike(instrument: Instrument, fault: str | ReadFault) -> None:
    faults = instrument.rig.spectrometer_faults["dummy_B"]
    if isinstance(fault, ReadFault):
        faults.schedule(fault, 20 if fault is ReadFault.SHORT_READ else 1)
    else:
        faults.unplugged = True


def at(instrument: Instrument, phase: str, action: Callable[[], None]) -> None:
    """Call `action` once when the batch comes to that phase."""
    status, skip = PHASES[phase]
    seen: list[str] = []

    def changed(event: StatusChanged) -> None:
        if event.status == status:
            seen.append(status)
            if len(seen) == skip + 1:
                action()

    instrument.broker.subscribe(StatusChanged, changed)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_spectrometer_fails(tmp_path: Path, fault: str | ReadFault, phase: str) -> None:
    async def scenario(instrument: Instrument) -> None:
        instrument.set_times(10.0)
        await instrument.recorder.record_dark("r")  # what the detector did before it was opened is not known
        await instrument.ends()
        instrument.outcomes.clear()
        at(instrument, phase, lambda: strike(instrument, fault))
        await instrument.recorder.record_sequence(run="r", sequences=2, delay=0.02)
        outcome = await instrument.ends()
        # the batch goes on with the other one, and says what is missing
        assert (outcome.result, outcome.sequences_done) == ("complete", 2)
        assert instrument.closed()
        files = {name: instrument.spectra(name) for name in sorted(p.name for p in (tmp_path / "r").glob("b000001*"))}
        assert len(files) == 4
        of = {
            serial: [s for f in files.values() for s in f.spectra if s.serial_number == serial]
            for serial in ("dummy_A", "dummy_B")
        }
        assert len(of["dummy_A"]) == 8
        assert len(of["dummy_B"]) + outcome.lost_spectra == 8
        assert outcome.lost_spectra >= 1
        assert outcome.lost
        assert all("dummy_B" in sentence for sentence in outcome.lost)
        assert "dummy_B" in str(instrument.recorder.last_error)
        await recovers(instrument)

    run(tmp_path, scenario)


async def recovers(instrument: Instrument) -> None:
    instrument.rig.spectrometer_faults["dummy_B"].clear()
    await instrument.until(lambda: all(w.status is SpectrometerStatus.IDLE for w in instrument.spectrometers.values()))
    await instrument.recorder.record_dark("r")
    outcome = await instrument.ends()
    assert (outcome.result, outcome.lost) == ("complete", ())


@pytest.mark.parametrize("phase", PHASES)
def test_a_shutter_sticks(tmp_path: Path, phase: str) -> None:
    """No sensor sees it: nothing is told, and the batch is recorded as ever."""

    async def scenario(instrument: Instrument) -> None:
        instrument.set_times(10.0)
        faults = instrument.rig.shutters["downwelling"].faults  # type: ignore[attr-defined]
        at(instrument, phase, lambda: setattr(faults, "stuck", True))
        await instrument.recorder.record_sequence(run="r", sequences=2, delay=0.02)
        outcome = await instrument.ends()
        assert (outcome.result, outcome.lost) == ("complete", ())
        assert instrument.closed()
        faults.stuck = False
        await recovers(instrument)

    run(tmp_path, scenario)


def test_abort_at_random_moments(tmp_path: Path) -> None:
    """Within 50 ms the shutters are closed; what was measured before is on the disk."""

    async def scenario(instrument: Instrument) -> None:
        moments, took = random.Random(3), []
        for mode in ("classic", "dark_each", "deled") * 3:
            instrument.set_times(moments.choice([10.0, 15.0, 60.0]))
            await instrument.recorder.record_sequence(run="r", sequences=50, mode=mode, delay=moments.choice([0, 0.05]))
            await asyncio.sleep(moments.uniform(0.0, 0.4))
            before = time.monotonic()
            aborting = asyncio.create_task(instrument.recorder.abort())
            await asyncio.sleep(0)
            await instrument.until(lambda: instrument.closed())
            took.append(time.monotonic() - before)
            await aborting
            assert instrument.recorder.status == "idle"
            assert (await instrument.ends()).result == "aborted"
            await instrument.until(
                lambda: all(w.status is SpectrometerStatus.IDLE for w in instrument.spectrometers.values())
            )
        took.sort()
        assert took[len(took) // 2] < 0.05
        for path in (tmp_path / "r").glob("*.pico"):
            assert {s.direction for s in instrument.spectra(path.name).spectra} <= set(CHANNELS)

    run(tmp_path, scenario)
