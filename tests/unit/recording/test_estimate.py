"""How long a batch is expected to take, for devices of which it is known how long they take."""

from __future__ import annotations

from typing import Any

import pytest

from piccolo3.config import RecipeConfig
from piccolo3.recording import BatchSettings
from piccolo3.recording.estimate import AUTOMATIC_EXPOSURES, device_seconds, expected_seconds, measurements
from piccolo3.recording.experience import Experience
from piccolo3.recording.order import Kind, Order
from tests.unit.recording.bench import Bench, run

MOVE = 0.015  # pulse and settling
IDLE = 0.004  # half of what is under way
READ = 0.001
DOWN, UP = 0.100, 0.200
GUARD_DOWN, GUARD_UP = 0.0055, 0.0055  # half of read-out and 10 ms, with one place in the buffer
LIGHT = DOWN + UP + 2 * (IDLE + MOVE)
DARK = DOWN + UP + 2 * READ + GUARD_DOWN + GUARD_UP
AUTO = AUTOMATIC_EXPOSURES * DARK + 4 * MOVE


def expected(kind: Kind = "record", *, burst: bool = False, **settings: Any) -> float:
    found: list[float] = []

    async def scenario(bench: Bench) -> None:
        for serial, less in (("A", 0.0), ("B", 50.0)):  # the slowest one counts
            bench.times.set_current_time(serial, "downwelling", 100.0 - less)
            bench.times.set_current_time(serial, "upwelling", 200.0 - less)
        order, rig = Order(kind=kind, settings=BatchSettings(**settings), burst=burst), bench.recorder.rig
        found.append(device_seconds(order, rig))
        host = measurements(order, rig) * rig.experience.host
        assert expected_seconds(order, rig) == pytest.approx(found[0] + host)

    run(scenario)
    return found[0]


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({}, LIGHT + DARK + MOVE),
        ({"sequences": 4}, 4 * LIGHT + 2 * DARK + MOVE),
        # the second channel of a sequence is the first of the next: one move each, and a read-out while nothing moves
        ({"sequences": 4, "burst": True}, 4 * LIGHT + 2 * DARK - 2 * MOVE + 1.5 * (DARK - DOWN - UP - 2 * IDLE)),
        ({"sequences": 4, "delay": 2.0}, 4 * LIGHT + 2 * DARK + 8.0),
        ({"mode": "dark_each", "sequences": 3}, 3 * LIGHT + 3 * DARK + 3 * MOVE),
        ({"mode": "deled", "sequences": 2}, 2 * (LIGHT + DOWN + IDLE + MOVE) + 4 * DARK + 2 * MOVE),
        ({"autointegration": 0, "sequences": 2}, 2 * LIGHT + 2 * DARK + MOVE + AUTO),
        ({"autointegration": 1, "sequences": 2}, 2 * LIGHT + 3 * DARK + MOVE + 2 * AUTO),
        # of several exposures the last one can't be read out while shutters move
        ({"averages": 3}, 2 * DARK + 4 * (DOWN + UP) + 3 * MOVE),
        ({"kind": "dark"}, DARK),
        ({"kind": "auto"}, AUTO),
        ({"sequences": 1_000_000}, 1_000_000 * LIGHT + 2 * DARK + MOVE),
    ],
)
def test_every_exposure_and_every_wait_for_a_shutter_counts(settings: dict[str, Any], seconds: float) -> None:
    assert expected(**settings) == pytest.approx(seconds)


def test_darks_of_the_same_time_follow_one_another() -> None:
    async def scenario(bench: Bench) -> None:
        for serial in "AB":
            for channel in bench.recorder.channels:
                bench.times.set_current_time(serial, channel, 100.0)
        dark = Order(kind="dark", settings=BatchSettings())
        assert device_seconds(dark, bench.recorder.rig) == pytest.approx(0.2 + READ + GUARD_DOWN)

    run(scenario)


def test_integration_times_of_a_recipe_count() -> None:
    async def scenario(bench: Bench) -> None:
        order = bench.recorder.resolve(recipe="long")
        assert expected_seconds(order, bench.recorder.rig) > 10.0
        await bench.recorder.record_sequence(sequences=1)
        assert expected_seconds(bench.recorder.resolve(), bench.recorder.rig) < 1.0

    times = {"A": {"upwelling": 5000.0}}
    run(scenario, recipes=[RecipeConfig(name="long", integration_times=times)])


def test_without_channels_nothing_takes_time() -> None:
    async def scenario(bench: Bench) -> None:
        assert expected_seconds(Order(kind="record", settings=BatchSettings()), bench.recorder.rig) == 0.0

    run(scenario, channels=())


def test_the_first_batch_teaches_all_and_later_ones_a_share() -> None:
    experience = Experience()
    experience.learn(0.4, 40)
    assert experience.host == pytest.approx(0.010)
    experience.learn(0.8, 40)
    assert experience.host == pytest.approx(0.013)
    for absurd in (-1.0, 10.0):
        experience.learn(absurd, 40)
    assert experience.host == pytest.approx(0.013)


@pytest.mark.parametrize(
    ("wanted", "lasts"),
    [
        ({"sequences": 2}, True),
        ({"sequences": 2, "autointegration": 0}, False),
        ({"sequences": 1, "triggered": True}, False),
    ],
)
def test_only_what_nothing_else_has_held_up_teaches(wanted: dict[str, Any], lasts: bool) -> None:
    async def scenario(bench: Bench) -> None:
        host = bench.recorder.rig.experience.host
        expected = device_seconds(bench.recorder.resolve(**wanted), bench.recorder.rig)
        begin = bench.clock.monotonic()
        await bench.recorder.record_sequence(**wanted)
        if wanted.get("triggered"):
            await bench.until("waiting")
            bench.recorder.trigger(1, 0.0)
        # these devices need no time, but for this
        bench.clock.advance(expected + 0.08)
        await bench.ends()
        taught = bench.recorder.rig.experience.host != host
        assert taught == lasts
        if lasts:
            took = bench.clock.monotonic() - begin
            assert bench.recorder.rig.experience.host == pytest.approx((took - expected) / 8)

    run(scenario)
