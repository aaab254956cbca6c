from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.clock import ManualClock
from piccolo3.events import Broker
from piccolo3.housekeeping import Health, HealthChanged, Level
from piccolo3.housekeeping.health import judge
from piccolo3.quantities import QUANTITIES, Limits, quantity_of

WARM = quantity_of("cpu_temperature")  # hysteresis 3
ROOM = quantity_of("free_space")  # hysteresis 20


class Watched:
    def __init__(self, **limits: Limits) -> None:
        self.events: list[HealthChanged] = []
        broker = Broker()
        broker.subscribe(HealthChanged, self.events.append)
        self.health = Health(limits, ManualClock(), broker)

    @property
    def said(self) -> list[tuple[str, Level, str]]:
        return [(event.what, event.level, event.sentence) for event in self.events]


@pytest.mark.parametrize(
    ("value", "before", "expected"),
    [
        (69.9, Level.OK, Level.OK),
        (70.0, Level.OK, Level.WARN),
        (67.1, Level.WARN, Level.WARN),
        (67.0, Level.WARN, Level.OK),
        (80.0, Level.WARN, Level.ALARM),
        (77.1, Level.ALARM, Level.ALARM),
        (77.0, Level.ALARM, Level.WARN),
        (67.0, Level.ALARM, Level.OK),
    ],
)
def test_limits_above(value: float, before: Level, expected: Level) -> None:
    assert judge(WARM, Limits(warn=70, alarm=80), value, before) is expected


@pytest.mark.parametrize(
    ("value", "before", "expected"),
    [
        (1000.1, Level.OK, Level.OK),
        (1000.0, Level.OK, Level.WARN),
        (1019.9, Level.WARN, Level.WARN),
        (1020.0, Level.WARN, Level.OK),
        (100.0, Level.OK, Level.ALARM),
        (119.0, Level.ALARM, Level.ALARM),
        (120.0, Level.ALARM, Level.WARN),
    ],
)
def test_limits_below(value: float, before: Level, expected: Level) -> None:
    assert judge(ROOM, Limits(warn=1000, alarm=100), value, before) is expected


def test_without_limits_nothing_is_wrong() -> None:
    assert judge(WARM, Limits(), 1e9, Level.ALARM) is Level.OK


def test_one_event_for_each_change() -> None:
    watched = Watched()
    for value in (60.0, 71.0, 75.0, 69.0, 71.0, 66.0, 65.0):
        watched.health.check({"cpu_temperature": value})
    assert watched.said == [
        ("cpu_temperature", Level.WARN, "the processor has 71 degrees C"),
        ("cpu_temperature", Level.OK, "no longer: the processor has 71 degrees C"),
    ]
    assert [event.value for event in watched.events] == [71.0, 66.0]


def test_the_worst_comes_first() -> None:
    watched = Watched()
    watched.health.check({"cpu_temperature": 71.0, "under_voltage": 1, "detector_temperature/A": 55.5})
    assert watched.health.as_dict() == {
        "status": "alarm",
        "sentences": [
            "the supply voltage is too low",
            "the processor has 71 degrees C",
            "the detector of A has 55.5 degrees C",
        ],
        "omitted": 0,
    }


def test_what_is_not_known_any_more_stays_as_it_was() -> None:
    watched = Watched()
    watched.health.check({"cpu_temperature": 90.0})
    watched.health.check({"cpu_temperature": None, "clock_source": "chrony"})
    assert watched.health.level is Level.ALARM


def test_configured_limits_count() -> None:
    watched = Watched(cpu_temperature=Limits(alarm=30), shutter_operations=Limits(warn=10))
    watched.health.check({"cpu_temperature": 31.0, "shutter_operations/up": 9, "shutter_operations/down": 10})
    assert watched.health.sentences == ("the processor has 31 degrees C", "the shutter of down has moved 10 times")


def test_notes_of_others() -> None:
    watched = Watched()
    watched.health.note("medium", Level.ALARM, "the disk is full")
    watched.health.note("medium", Level.ALARM, "the disk is full")
    watched.health.note("medium", Level.ALARM, "the disk is gone")
    watched.health.note("medium", Level.OK, "the disk works again")
    watched.health.note("medium", Level.OK, "the disk works again")
    assert [sentence for _, _, sentence in watched.said] == [
        "the disk is full",
        "the disk is gone",
        "the disk works again",
    ]
    assert watched.health.as_dict() == {"status": "ok", "sentences": [], "omitted": 0}


@given(st.lists(st.text(max_size=400), min_size=1, max_size=30))
def test_it_fits_into_a_datagram_and_nothing_is_forgotten(texts: list[str]) -> None:
    watched = Watched()
    for number, text in enumerate(texts):
        watched.health.note(str(number), Level.WARN, text)
    body = watched.health.as_dict()
    assert len(json.dumps(body).encode()) <= 1000
    assert isinstance(body["sentences"], list)
    assert isinstance(body["omitted"], int)
    assert len(body["sentences"]) + body["omitted"] == len(texts)


@given(st.lists(st.floats(0, 120), max_size=50))
def test_a_value_that_wanders_by_less_than_the_hysteresis_changes_once(values: list[float]) -> None:
    watched = Watched()
    for value in values:
        watched.health.check({"cpu_temperature": 70 + (value - 60) / 60 * 1.4})
    assert len(watched.events) <= 1


def test_every_quantity_is_complete() -> None:
    for quantity in QUANTITIES:
        assert quantity.text.endswith(".")
        assert (quantity.side is not None) == bool(quantity.sentence)
        assert quantity.side is not None or quantity.limits == Limits()
        quantity.sentence.format(value=1, of="x")
