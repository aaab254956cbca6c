from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any, cast

import pytest

from piccolo3.clock import ManualClock
from piccolo3.components import Control, Resource, resolve
from piccolo3.components.flags import Flags
from piccolo3.components.jobs import JobMaker
from piccolo3.config import RecipeConfig
from piccolo3.errors import InvalidValue
from piccolo3.events import Broker
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording import (
    BatchSettings,
    Progress,
    ProgressChanged,
    Recorder,
    SettingsChanged,
    SpectraStored,
    SpectrumSummary,
)
from piccolo3.recording.foresight import Foresight
from piccolo3.recording.order import Order
from piccolo3.status import SpectrumKind
from piccolo3.wire import MAX_OBSERVABLE
from piccolo3.workers import SpectrometerGroup, TriggerWorker
from tests.unit.components.fake_schedules import FakeSchedules


class FakeRecorder:
    """Takes orders, and does nothing."""

    def __init__(self) -> None:
        self.settings = BatchSettings()
        self.progress = Progress()
        self.recipes: dict[str, RecipeConfig] = {}
        self.orders: list[tuple[str, dict[str, object]]] = []

    def resolve(self, *, recipe: str | None, **wanted: Any) -> Order:
        changes = {name: wanted[name] for name in ("sequences", "mode")}
        return Order(kind="record", settings=self.settings.changed(**changes), recipe=recipe)

    async def foresee(self, order: Order, gap: float | None) -> Foresight:
        return Foresight(
            order=order,
            run="r",
            channels=("up",),
            steps={},
            parts=(),
            seconds=1.5,
            bytes=10,
            warnings=() if gap is None else (f"gap {gap}",),
        )

    def change_settings(self, **changes: object) -> None:
        self.orders.append(("change_settings", changes))

    async def record_sequence(self, **wanted: object) -> None:
        self.orders.append(("record_sequence", wanted))

    async def make_safe(self) -> None:
        self.orders.append(("make_safe", {}))


class Bench:
    """Control with a fake recorder."""

    def __init__(self) -> None:
        self.broker, self.clock, self.recorder = Broker(), ManualClock(), FakeRecorder()
        self.triggers: list[tuple[int, float]] = []
        self.trigger = TriggerWorker(
            None, self.clock, self.broker, lambda number, at: self.triggers.append((number, at))
        )
        spectrometers = SpectrometerGroup([], self.clock)
        recorder = cast("Recorder", self.recorder)
        self.schedules = FakeSchedules(self.broker)
        self.control = Control(
            recorder,
            spectrometers,
            self.trigger,
            self.broker,
            self.clock,
            schedules=self.schedules,
            maker=JobMaker(recorder, self.clock, lambda: None),
        )

    def resource(self, path: str) -> Resource:
        found = resolve(self.control, path.split("/"))
        assert found is not None
        return found

    def get(self, path: str) -> JsonValue:
        return asyncio.run(self.resource(path).get())

    def set(self, path: str, *arguments: JsonValue) -> None:
        asyncio.run(self.resource(path).set(arguments, {}))

    def call(self, path: str, *arguments: JsonValue, **named: JsonValue) -> JsonValue:
        return asyncio.run(self.resource(path).call(arguments, named))


def test_a_batch_gets_what_was_asked_for() -> None:
    bench = Bench()
    bench.call("record_sequence", run="r", nsequence=3, mode="deled", averages=4, burst=True, triggered=False)
    (order,) = bench.recorder.orders
    assert order[0] == "record_sequence"
    wanted = {name: value for name, value in order[1].items() if value is not None}
    assert wanted == {
        "run": "r",
        "sequences": 3,
        "mode": "deled",
        "averages": 4,
        "burst": True,
        "triggered": False,
    }


def test_the_name_of_a_recipe_comes_last() -> None:
    bench = Bench()
    bench.call("record_sequence", *[None] * 12, "noon")
    (order,) = bench.recorder.orders
    assert {name: value for name, value in order[1].items() if value is not None} == {"recipe": "noon"}


def test_recipes_are_shown_with_what_they_say() -> None:
    bench = Bench()
    assert bench.get("recipes") == {}
    bench.recorder.recipes = {
        "noon": RecipeConfig(
            name="noon", description="light", sequences=3, burst=True, integration_times={"A": {"up": 2.5}}
        ),
        "bare": RecipeConfig(name="bare"),
    }
    assert bench.get("recipes") == {
        "noon": {"description": "light", "sequences": 3, "burst": True, "integration_times": {"A": {"up": 2.5}}},
        "bare": {"description": ""},
    }
    assert bench.resource("recipes").methods == ("GET",)


def test_a_dry_run_starts_nothing_and_says_when_it_would() -> None:
    bench = Bench()
    now = bench.clock.utcnow()
    found = bench.call("plan", recipe="noon", nsequence=2, interval=60, mode="deled")
    assert isinstance(found, dict)
    assert found["starts"] == [(now + timedelta(minutes=number)).isoformat() for number in range(10)]
    assert (found["recipe"], found["sequences"], found["mode"], found["warnings"]) == ("noon", 2, "deled", ["gap 60.0"])
    found = bench.call("plan")
    assert isinstance(found, dict)
    assert (found["starts"], found["warnings"], found["seconds"]) == ([], [], 1.5)
    with pytest.raises(InvalidValue, match="in the past"):
        bench.call("plan", at_time="2020-01-01T00:00:00Z")
    assert bench.recorder.orders == []


def test_positions_of_old_clients_stay() -> None:
    bench = Bench()
    bench.call("record_sequence", "r", 3, 2, 1.5, 70, None, None, None)
    (order,) = bench.recorder.orders
    wanted = {name: value for name, value in order[1].items() if value is not None}
    assert wanted == {"run": "r", "sequences": 3, "autointegration": 2, "delay": 1.5, "target": 70.0}
    with pytest.raises(InvalidValue):
        bench.call("record_sequence", "r", 3, 2, 1.5, 70, None, None, "2026-06-21T12:00:00+00:00")
    assert len(bench.recorder.orders) == 1


def test_make_safe_halts_the_scheduler_first() -> None:
    bench = Bench()
    bench.call("make_safe")
    assert bench.recorder.orders == [("make_safe", {})]
    assert bench.schedules.halted is not None
    assert bench.get("scheduler/enabled") is False


@pytest.mark.parametrize(
    "wanted", [{"mode": "other"}, {"mode": 1}, {"averages": 0}, {"averages": 1001}, {"burst": 1}, {"triggered": "yes"}]
)
def test_nonsense_is_refused(wanted: dict[str, JsonValue]) -> None:
    bench = Bench()
    with pytest.raises(InvalidValue):
        bench.call("record_sequence", **wanted)
    assert bench.recorder.orders == []


def test_mode_and_averages_are_settings() -> None:
    bench = Bench()
    assert (bench.get("mode"), bench.get("averages")) == ("classic", 1)
    bench.set("mode", "dark_each")
    bench.set("averages", 5)
    assert bench.recorder.orders == [("change_settings", {"mode": "dark_each"}), ("change_settings", {"averages": 5})]
    heard: list[str] = []
    for name in ("mode", "averages"):
        bench.resource(name).subscribe(lambda name=name: heard.append(name))  # type: ignore[misc]
    bench.recorder.settings = BatchSettings(mode="deled", averages=2)
    for name in ("mode", "averages"):
        bench.broker.publish(SettingsChanged(name=name))
    assert heard == ["mode", "averages"]


def test_make_safe_is_a_command() -> None:
    bench = Bench()
    assert bench.resource("make_safe").methods == ("PUT", "POST")
    bench.call("make_safe")
    assert bench.recorder.orders == [("make_safe", {})]


def test_a_trigger_by_hand_is_counted_and_delivered() -> None:
    bench = Bench()
    heard: list[JsonValue] = []
    trigger = bench.resource("trigger")
    assert trigger.methods == ("GET", "PUT", "POST")
    trigger.subscribe(lambda: heard.append(bench.control.trigger))
    assert bench.get("trigger") == {"seen": 0, "missed": 0, "last": None, "reason": "none is configured"}
    bench.clock.advance(2.0)
    bench.set("trigger")
    now = bench.clock.utcnow().isoformat()
    assert bench.triggers == [(1, 2.0)]
    assert heard == [{"seen": 1, "missed": 0, "last": now, "reason": "none is configured"}]
    bench.recorder.progress = Progress(triggers_missed=3)
    bench.broker.publish(ProgressChanged(progress=bench.recorder.progress))
    assert heard[1:] == [{"seen": 1, "missed": 3, "last": now, "reason": "none is configured"}]


def stored(*flagged: tuple[str, str, SpectrumKind, tuple[str, ...]], batch: int = 0) -> SpectraStored:
    return SpectraStored(
        run="r",
        batch=batch,
        sequence=4,
        files=(),
        spectra=tuple(
            SpectrumSummary(
                serial_number=serial,
                direction=direction,
                kind=kind,
                integration_time=1.0,
                peak_percent=50.0,
                saturated=False,
                flags=flags,
            )
            for serial, direction, kind, flags in flagged
        ),
    )


def test_flags_of_light_and_dark_are_shown_together() -> None:
    broker, heard = Broker(), list[None]()
    flags = Flags(broker)
    assert flags.flags == {"run": None, "batch": None, "sequence": None, "omitted": 0, "flags": {}}
    flags.subscribe("", lambda: heard.append(None))
    broker.publish(stored(("A", "up", SpectrumKind.DARK, ("DARK_DRIFT", "DETECTOR_TEMPERATURE"))))
    broker.publish(
        stored(("A", "up", SpectrumKind.LIGHT, ("SATURATED", "DARK_DRIFT")), ("A", "down", SpectrumKind.LIGHT, ()))
    )
    assert flags.flags == {
        "run": "r",
        "batch": 0,
        "sequence": 4,
        "omitted": 0,
        "flags": {"S_A": {"down": [], "up": ["DARK_DRIFT", "DETECTOR_TEMPERATURE", "SATURATED"]}},
    }
    assert len(heard) == 2


def test_a_new_batch_forgets_the_flags_of_the_last_one() -> None:
    broker = Broker()
    flags = Flags(broker)
    broker.publish(stored(("A", "up", SpectrumKind.LIGHT, ("SATURATED",))))
    broker.publish(stored(("B", "up", SpectrumKind.LIGHT, ()), batch=1))
    assert flags.flags == {"run": "r", "batch": 1, "sequence": 4, "omitted": 0, "flags": {"S_B": {"up": []}}}


def test_flags_of_many_spectrometers_fit_into_a_datagram() -> None:
    broker = Broker()
    flags = Flags(broker)
    names = ("SATURATED", "WEAK_SIGNAL", "DARK_DRIFT", "ILLUMINATION_UNSTABLE", "REPEATED_EXPOSURE")
    broker.publish(
        stored(
            *(
                (str(number), channel, SpectrumKind.LIGHT, names)
                for number in range(9)
                for channel in ("downwelling", "upwelling")
            )
        )
    )
    body = flags.flags
    assert isinstance(body, dict)
    shown = body["flags"]
    assert isinstance(shown, dict)
    assert len(json.dumps(body)) < MAX_OBSERVABLE
    assert shown
    assert body["omitted"] == 9 - len(shown)
