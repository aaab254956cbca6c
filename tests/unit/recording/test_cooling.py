from __future__ import annotations

from tests.unit.recording.bench import Bench, run


def test_a_batch_waits_until_the_detectors_are_cold() -> None:
    async def scenario(bench: Bench) -> None:
        for device in bench.devices.values():
            device.degrees = -10.1
        begin = bench.clock.monotonic()
        await bench.recorder.record_sequence(run="r")
        await bench.until("waiting")
        assert bench.recorder.progress.phase == "cooling"
        outcome = await bench.ends()
        assert outcome.result == "complete"
        assert 10 <= bench.clock.monotonic() - begin <= 20
        assert bench.recorder.last_error is None

    run(scenario, longest_settling=900.0)


def test_it_does_not_wait_for_ever() -> None:
    async def scenario(bench: Bench) -> None:
        bench.devices["A"].degrees = -10.1  # and B stays at -5
        begin = bench.clock.monotonic()
        outcome = await bench.record(sequences=1)
        assert outcome.result == "complete"
        assert 30 <= bench.clock.monotonic() - begin <= 35
        assert bench.recorder.last_error is not None
        assert bench.recorder.last_error.endswith("has not come to its set point: B")

    run(scenario, longest_settling=30.0)


def test_aborting_does_not_wait() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.recorder.record_sequence(run="r")
        await bench.until("waiting")
        await bench.recorder.abort()
        outcome = await bench.ends()
        assert outcome.result == "aborted"
        assert not bench.acquirers["A"].requests

    run(scenario, longest_settling=30.0)


def test_nobody_waits_unless_it_was_wanted() -> None:
    async def scenario(bench: Bench) -> None:
        begin = bench.clock.monotonic()
        assert (await bench.record(sequences=1)).result == "complete"
        assert bench.clock.monotonic() == begin
        assert "waiting" not in bench.statuses

    run(scenario)
