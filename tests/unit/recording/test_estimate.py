"""How long a batch is expected to take, for devices of which it is known how long they take."""

from __future__ import annotations

from typing import Any

import pytest

from piccolo3.recording import BatchSettings
from piccolo3.recording.estimate import AUTOMATIC_EXPOSURES, HOST, expected_seconds
from piccolo3.recording.order import Kind, Order
from tests.unit.recording.bench import Bench, run

MOVE = 0.015  # pulse and settling
DOWN = 0.100 + 0.004 + 0.001 + HOST  # exposure, half of the idle one, read-out
UP = 0.200 + 0.004 + 0.001 + HOST
AUTO = AUTOMATIC_EXPOSURES * (DOWN + UP) + 4 * MOVE


def expected(kind: Kind = "record", *, burst: bool = False, **settings: Any) -> float:
    found: list[float] = []

    async def scenario(bench: Bench) -> None:
        for serial, less in (("A", 0.0), ("B", 50.0)):  # the slowest one counts
            bench.times.set_current_time(serial, "downwelling", 100.0 - less)
            bench.times.set_current_time(serial, "upwelling", 200.0 - less)
        order = Order(kind=kind, settings=BatchSettings(**settings), burst=burst)
        found.append(expected_seconds(order, bench.recorder.rig))

    run(scenario)
    return found[0]


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({}, 2 * (DOWN + UP) + 3 * MOVE),
        ({"sequences": 4}, 6 * (DOWN + UP) + 9 * MOVE),
        ({"sequences": 4, "burst": True}, 6 * (DOWN + UP) + 6 * MOVE),
        ({"sequences": 4, "delay": 2.0}, 6 * (DOWN + UP) + 8 * MOVE + 8.0),
        ({"sequences": 4, "delay": 2.0, "burst": True}, 6 * (DOWN + UP) + 6 * MOVE),
        ({"mode": "dark_each", "sequences": 3}, 6 * (DOWN + UP) + 9 * MOVE),
        ({"mode": "deled", "sequences": 2}, 8 * UP - 2 * UP + 8 * DOWN + 8 * MOVE),
        ({"autointegration": 0, "sequences": 2}, 4 * (DOWN + UP) + 5 * MOVE + AUTO),
        ({"autointegration": 1, "sequences": 2}, 5 * (DOWN + UP) + 5 * MOVE + 2 * AUTO),
        ({"averages": 3}, 2 * (DOWN + UP + 0.2 + 0.4) + 3 * MOVE),
        ({"kind": "dark"}, DOWN + UP),
        ({"kind": "auto"}, AUTO),
        ({"sequences": 1_000_000}, 1_000_002 * (DOWN + UP) + 2_000_001 * MOVE),
    ],
)
def test_every_exposure_and_every_wait_for_a_shutter_counts(settings: dict[str, Any], seconds: float) -> None:
    assert expected(**settings) == pytest.approx(seconds)


def test_without_channels_nothing_takes_time() -> None:
    async def scenario(bench: Bench) -> None:
        assert expected_seconds(Order(kind="record", settings=BatchSettings()), bench.recorder.rig) == 0.0

    run(scenario, channels=())
