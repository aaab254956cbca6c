"""Recipes and dry runs as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from piccolo3.cli import record_tables
from piccolo3.client.plan import Plan, PlanPart
from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue

ANSWER: dict[str, JsonValue] = {
    "run": "midday",
    "sequences": 10,
    "autointegration": 0,
    "delay": 1.5,
    "target": 80.0,
    "mode": "deled",
    "averages": 2,
    "burst": False,
    "triggered": True,
    "recipe": "noon",
    "integration_times": {},
    "channels": ["downwelling", "upwelling"],
    "steps": {"autointegrate": 2, "dark": 40, "light": 30, "waiting": 10},
    "spectrometers": {
        "S_A": {
            "status": "IDLE",
            "integration_times": {"downwelling": 100, "upwelling": 12.5},
            "darks": 40,
            "lights": 30,
            "exposures": 140,
            "automatic": 6,
        }
    },
    "spectra": 70,
    "seconds": 83.25,
    "bytes": 2_345_678,
    "warnings": ["spectrometer B is DROPPED, and would not take part"],
    "starts": ["2026-06-21T12:00:00+00:00", "2026-06-21T13:00:00+00:00"],
}

TEXT = """\
recipe           noon
run              midday
sequences        10
autointegration  once, before the first sequence
delay            1.5 s
target           80 % of saturation
mode             deled
averages         2
burst            no
triggered        yes

    | downwelling ms | upwelling ms | darks | lights | exposures | automatic | status
S_A |            100 |         12.5 |    40 |     30 |       140 |         6 | IDLE  \n
takes about 1.4 min (83 s)
brings 70 spectra, about 2.3 MB
starts
  2026-06-21 12:00:00 UTC
  2026-06-21 13:00:00 UTC
warning: spectrometer B is DROPPED, and would not take part
"""


def test_a_plan() -> None:
    found = Plan.of(ANSWER)
    assert found.starts[0] == datetime(2026, 6, 21, 12, tzinfo=UTC)
    assert found.spectrometers[0] == PlanPart(
        name="S_A",
        status="IDLE",
        integration_times={"downwelling": 100, "upwelling": 12.5},
        darks=40,
        lights=30,
        exposures=140,
        automatic=6,
    )
    assert record_tables.plan(found) == TEXT


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.45, "0.5 s"), (59.0, "59.0 s"), (60.0, "1.0 min (60 s)"), (7200.0, "2.0 h (7200 s)")]
)
def test_durations(seconds: float, text: str) -> None:
    assert f"takes about {text}\n" in record_tables.plan(replace(Plan.of(ANSWER), seconds=seconds))


def test_a_plan_without_a_recipe() -> None:
    text = record_tables.plan(Plan.of({**ANSWER, "recipe": None, "starts": [], "warnings": [], "autointegration": 3}))
    assert text.startswith("recipe           none\n")
    assert "autointegration  before the first of every 3 sequences\n" in text
    assert "starts" not in text
    assert "warning" not in text


@pytest.mark.parametrize(
    "change", [{"run": 3}, {"spectrometers": []}, {"seconds": "1"}, {"starts": ["noon"]}, {"warnings": "none"}]
)
def test_an_answer_that_is_none(change: dict[str, JsonValue]) -> None:
    with pytest.raises(InvalidValue, match="the server's control/plan"):
        Plan.of({**ANSWER, **change})


def test_recipes() -> None:
    text = record_tables.recipes(
        {
            "noon": {"description": "light", "sequences": 3, "burst": True, "integration_times": {"A": {"up": 2.5}}},
            "bare": {"description": ""},
        }
    )
    assert text == (
        "recipe | parameters                      | description\n"
        "noon   | sequences 3, burst, A:up:2.5 ms | light      \n"
        "bare   |                                 |            \n"
    )
    assert "[recipes]" in record_tables.recipes({})
