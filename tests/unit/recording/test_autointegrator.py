from __future__ import annotations

from piccolo3.recording import IntegrationTimeChanged
from piccolo3.status import AutointegrationState
from tests.unit.recording.bench import Bench, run
from tests.unit.workers.fakes import until


def test_no_spectrometer_waits_for_another_one() -> None:
    async def scenario(bench: Bench) -> None:
        times = bench.times
        bench.hold("A")
        await bench.recorder.auto()
        await until(lambda: times.auto_state("B", "downwelling") is AutointegrationState.SUCCESS)
        assert len(bench.acquirers["A"].requests) == 1
        assert times.auto_state("A", "downwelling") is AutointegrationState.NOT_DONE
        assert not bench.closed()
        bench.release()
        await bench.ends()
        assert times.auto_state("A", "downwelling") is AutointegrationState.SUCCESS

    run(scenario)


def test_what_was_achieved_is_told() -> None:
    async def scenario(bench: Bench) -> None:
        bench.acquirers["B"].counts = lambda time: 0
        await bench.recorder.auto(70)
        await bench.ends()
        achieved = bench.times.achieved("A", "upwelling")
        assert achieved is not None
        assert abs(achieved - 70) <= 3
        assert bench.times.achieved("B", "upwelling") == 0.0
        told = [e.channel for e in bench.events if isinstance(e, IntegrationTimeChanged) and e.what == "achieved"]
        assert sorted(str(channel) for channel in told) == ["downwelling"] * 2 + ["upwelling"] * 2

    run(scenario)
