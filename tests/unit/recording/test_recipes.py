"""Batches by recipe: what they do, and what they leave as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.config import RecipeConfig
from piccolo3.errors import InvalidValue, NotFound, StoreError
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording import BatchSettings
from piccolo3.recording.order import Order
from piccolo3.recording.recipes import resolve
from piccolo3.recording.settings import MODES
from piccolo3.status import AutointegrationState
from tests.unit.recording.bench import Bench, MemoryState, run

NOON = RecipeConfig(
    name="noon",
    run="midday",
    sequences=2,
    mode="dark_each",
    triggered=False,
    integration_times={"A": {"upwelling": 250.0}},
)
FAST = RecipeConfig(name="fast", burst=True, autointegration=0)
RECIPES = {"noon": NOON, "fast": FAST}
CURRENT = BatchSettings(sequences=7, autointegration=3, delay=1.5, target=70.0, averages=4)


def test_what_was_asked_for_counts_more_than_the_recipe_and_that_more_than_the_settings() -> None:
    order = resolve(RECIPES, CURRENT, {"recipe": "noon", "sequences": 5, "run": None, "delay": 0.0})
    assert order == Order(
        kind="record",
        settings=BatchSettings(sequences=5, autointegration=3, delay=0.0, target=70.0, mode="dark_each", averages=4),
        run="midday",
        recipe="noon",
        lasting=False,
        integration_times={"A": {"upwelling": 250.0}},
    )
    assert resolve(RECIPES, CURRENT, {"recipe": "noon", "run": "mine", "triggered": True}).run == "mine"
    assert resolve(RECIPES, CURRENT, {"recipe": "fast"}).burst
    assert not resolve(RECIPES, CURRENT, {"recipe": "fast", "burst": False}).burst


def test_without_a_recipe_what_is_asked_for_becomes_the_settings() -> None:
    order = resolve(RECIPES, CURRENT, {"sequences": 5, "recipe": None})
    assert order == Order(kind="record", settings=CURRENT.changed(sequences=5))
    assert order.lasting


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("non", "there is no recipe 'non'; did you mean 'noon'? (known: fast, noon)"),
        ("NOON", "there is no recipe 'NOON'; did you mean 'noon'? (known: fast, noon)"),
        ("", "there is no recipe '' (known: fast, noon)"),
        ("x" * 1000, f"there is no recipe '{'x' * 64}' (known: fast, noon)"),
    ],
)
def test_an_unknown_recipe(name: str, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        resolve(RECIPES, CURRENT, {"recipe": name})
    assert caught.value.message == message
    assert caught.value.details["known"] == ["fast", "noon"]


def test_no_recipes_at_all() -> None:
    with pytest.raises(InvalidValue, match="the configuration has none"):
        resolve({}, CURRENT, {"recipe": "noon"})


def test_what_a_recipe_leaves_open_must_not_make_it_impossible() -> None:
    with pytest.raises(InvalidValue, match="number of sequences"):
        resolve(RECIPES, CURRENT, {"recipe": "noon", "sequences": 0})


orders = st.builds(
    Order,
    kind=st.just("record"),
    settings=st.builds(
        BatchSettings,
        sequences=st.integers(1, 1_000_000),
        autointegration=st.integers(-1, 1_000_000),
        delay=st.floats(0, 86_400),
        target=st.floats(10, 90),
        mode=st.sampled_from(MODES),
        averages=st.integers(1, 1000),
    ),
    run=st.none() | st.text(),
    burst=st.booleans(),
    triggered=st.booleans(),
    lasting=st.just(False),
    recipe=st.none() | st.text(),
    integration_times=st.dictionaries(st.text(), st.dictionaries(st.text(), st.floats(0, 1e6))),
)


@given(orders)
def test_what_was_resolved_can_be_kept_as_json(order: Order) -> None:
    kept = json.loads(json.dumps(order.parameters()))
    assert Order.of_parameters("record", kept) == order


@pytest.mark.parametrize(
    "parameters",
    [
        {"sequences": 0},
        {"sequences": "3"},
        {"mode": None},
        {"run": 3},
        {"recipe": ["noon"]},
        {"integration_times": [1]},
        {"integration_times": {"A": 3}},
        {"integration_times": {"A": {"upwelling": "3"}}},
        {"integration_times": {"A": {"upwelling": True}}},
    ],
)
def test_what_was_kept_is_not_believed(parameters: dict[str, JsonValue]) -> None:
    with pytest.raises(InvalidValue):
        Order.of_parameters("record", parameters)


def times(bench: Bench) -> dict[str, float]:
    return {f"{s} {c}": bench.times.current_time(s, c) for s in "AB" for c in bench.recorder.channels}


def test_a_batch_by_recipe_leaves_everything_as_it_was_but_the_data() -> None:
    state = MemoryState()

    async def scenario(bench: Bench) -> None:
        recorder = bench.recorder
        for serial in "AB":
            bench.times.set_current_time(serial, "upwelling", 20.0)
        bench.times.set_automatic("A", "upwelling", 20.0, AutointegrationState.SUCCESS, 81.0)
        before, settings, current = times(bench), recorder.settings, recorder.run
        kept = json.dumps(state.values)
        await recorder.record_sequence(recipe="noon", averages=2)
        assert times(bench) == before | {"A upwelling": 250.0}
        assert bench.times.auto_state("A", "upwelling") is AutointegrationState.NOT_DONE
        assert json.dumps(state.values) == kept
        outcome = await bench.ends()
        assert (outcome.result, outcome.run, outcome.sequences_done) == ("complete", "midday", 2)
        assert (times(bench), recorder.settings, recorder.run) == (before, settings, current)
        assert bench.times.auto_state("A", "upwelling") is AutointegrationState.SUCCESS
        assert bench.times.achieved("A", "upwelling") == 81.0
        assert json.dumps(state.values) == kept
        assert bench.files == [f"midday/b000000_s00000{n}_{kind}.pico" for n in (0, 1) for kind in ("dark", "light")]
        light = bench.directory.written["midday/b000000_s000001_light.pico"].spectra
        assert {s.metadata["Recipe"] for s in light} == {"noon"}
        assert {(s.serial_number, s.direction): s.integration_time for s in light}["A", "upwelling"] == 250.0
        (batch,) = bench.directory.batches(limit=10).entries
        command = batch.record.command
        assert command["recipe"] == "noon"
        assert (command["sequences"], command["averages"], command["mode"]) == (2, 2, "dark_each")
        assert command["integration_times"]["A"]["upwelling"] == 250.0  # type: ignore[index, call-overload]

    run(scenario, recipes=[NOON, FAST], state=state)


def test_a_batch_without_a_recipe_says_nothing_of_one() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.record()
        assert "Recipe" not in bench.directory.written["r/b000000_s000000_light.pico"].spectra[0].metadata
        assert "recipe" not in bench.directory.batches(limit=10).entries[0].record.command

    run(scenario, recipes=[NOON])


def test_integration_times_come_back_from_whatever_ends_the_batch() -> None:
    async def scenario(bench: Bench) -> None:
        before = times(bench)
        bench.directory.failure = StoreError("disk full")
        with pytest.raises(StoreError):
            await bench.recorder.record_sequence(recipe="noon")
        assert times(bench) == before
        bench.directory.failure = None
        bench.hold()
        await bench.recorder.record_sequence(recipe="noon", autointegration=0)
        assert times(bench) != before
        aborting = bench.recorder.abort()
        bench.release()
        await aborting
        await bench.ends()
        assert times(bench) == before

    run(scenario, recipes=[NOON])


def test_what_automatic_integration_finds_from_a_time_of_a_recipe_ends_with_it() -> None:
    recipe = RecipeConfig(name="auto", autointegration=0, integration_times={"A": {"upwelling": 30.0}})

    async def scenario(bench: Bench) -> None:
        before = times(bench)
        await bench.recorder.record_sequence(recipe="auto")
        assert (await bench.ends()).result == "complete"
        assert times(bench)["A upwelling"] == before["A upwelling"]
        assert times(bench)["B upwelling"] != before["B upwelling"]

    run(scenario, recipes=[recipe])


@pytest.mark.parametrize(
    ("wanted", "error", "message"),
    [
        ({"A": {"upwelling": 10_001.0}}, InvalidValue, "spectrometer A, upwelling: integration time 10001 is larger"),
        ({"A": {"upwelling": 1.0}}, InvalidValue, "spectrometer A, upwelling: integration time 1 is smaller"),
        ({"C": {"upwelling": 10.0}}, NotFound, "unknown spectrometer C"),
        ({"A": {"sky": 10.0}}, NotFound, "unknown channel sky"),
    ],
)
def test_integration_times_that_can_not_be_had(
    wanted: dict[str, dict[str, float]], error: type[Exception], message: str
) -> None:
    async def scenario(bench: Bench) -> None:
        before = times(bench)
        with pytest.raises(error, match=message):
            await bench.recorder.record_sequence(recipe="odd")
        assert times(bench) == before
        assert not bench.busy()

    run(scenario, recipes=[RecipeConfig(name="odd", integration_times={"B": {"upwelling": 20.0}, **wanted})])
