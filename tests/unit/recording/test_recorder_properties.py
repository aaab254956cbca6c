"""Whatever is asked, in whatever order and at whatever moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from piccolo3.errors import DeviceError, DeviceRemoved, PiccoloError
from piccolo3.recording import BatchEnded
from piccolo3.status import AutointegrationState
from tests.unit.recording.bench import Bench, run
from tests.unit.workers.fakes import until

Command = Callable[[Bench], Awaitable[None]]
STARTS = ("record", "deled", "burst", "triggered", "dark", "auto")


async def _set_time(bench: Bench, serial: str, time: float) -> None:
    bench.times.set_current_time(serial, "upwelling", time)


async def _fail(bench: Bench, what: str) -> None:
    if what == "shutter":
        bench.shutters["upwelling"].failures.setdefault("open", []).append(DeviceError("no pin"))
    else:
        bench.devices["B"].failures.setdefault("read", []).append(DeviceRemoved("unplugged"))


async def _change(bench: Bench, value: int) -> None:
    bench.recorder.change_settings(sequences=value, delay=value)


async def _advance(bench: Bench) -> None:
    bench.clock.advance(2.0)


async def _trigger(bench: Bench) -> None:
    bench.recorder.trigger(1, bench.clock.monotonic())


COMMANDS: dict[str, Command] = {
    "record": lambda b: b.recorder.record_sequence(run="p", sequences=2, autointegration=1, delay=1),
    "deled": lambda b: b.recorder.record_sequence(run="p", sequences=2, mode="deled", averages=2),
    "burst": lambda b: b.recorder.record_sequence(run="p", sequences=3, mode="classic", burst=True),
    "triggered": lambda b: b.recorder.record_sequence(run="p", sequences=2, mode="dark_each", triggered=True),
    "trigger": _trigger,
    "make safe": lambda b: b.recorder.make_safe(),
    "record badly": lambda b: b.recorder.record_sequence(run="q", sequences=2, target=99),
    "dark": lambda b: b.recorder.record_dark("q"),
    "auto": lambda b: b.recorder.auto(60),
    "pause": lambda b: b.recorder.pause(),
    "abort": lambda b: b.recorder.abort(),
    "run": lambda b: b.recorder.set_run("s"),
    "settings": lambda b: _change(b, 3),
    "bad settings": lambda b: _change(b, -3),
    "time": lambda b: _set_time(b, "A", 30),
    "bad time": lambda b: _set_time(b, "A", 1),
    "fail spectrometer": lambda b: _fail(b, "spectrometer"),
    "fail shutter": lambda b: _fail(b, "shutter"),
    "clock": _advance,
}
steps = st.lists(st.tuples(st.sampled_from(sorted(COMMANDS)), st.integers(0, 40)), max_size=25)


def snapshot(bench: Bench) -> object:
    """What only requests change."""
    manual = [
        bench.times.current_time("A", channel)
        for channel in bench.recorder.channels
        if not bench.busy() and bench.times.auto_state("A", channel) is AutointegrationState.NOT_DONE
    ]
    return bench.recorder.settings, bench.recorder.run, dict(bench.directory.numbers), manual


@given(steps)
@settings(max_examples=60)
def test_any_sequence_of_commands(commands: list[tuple[str, int]]) -> None:
    async def scenario(bench: Bench) -> None:
        accepted = 0
        for name, turns in commands:
            before, busy = snapshot(bench), bench.busy()
            try:
                await COMMANDS[name](bench)
            except PiccoloError:
                if not busy:
                    assert snapshot(bench) == before, name
                else:
                    assert snapshot(bench)[:3] == before[:3], name  # type: ignore[index]
            else:
                accepted += name in STARTS
            for _ in range(turns):
                batches = [task for task in asyncio.all_tasks() if task.get_name() == "batch"]
                assert len(batches) <= 1
                if not bench.busy():
                    assert bench.status() == "idle"
                    assert bench.closed()
                await asyncio.sleep(0)
        if bench.busy():
            await bench.recorder.abort()
        await until(lambda: not bench.busy())
        assert bench.status() == "idle"
        assert bench.closed()
        assert not bench.times.locked
        ended = [event.outcome for event in bench.events if isinstance(event, BatchEnded)]
        assert len(ended) == accepted
        assert len({(outcome.run, outcome.batch) for outcome in ended if outcome.kind != "auto"}) == sum(
            outcome.kind != "auto" for outcome in ended
        )
        stored = [f"{event.run}/{name}" for event in bench.stored for name in event.files]
        assert sorted(stored) == bench.files

    run(scenario)
