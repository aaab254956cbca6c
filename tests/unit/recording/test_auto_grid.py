"""What the documentation of the automatic integration promises, for all simulated detectors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from piccolo3.devices.simulated import MODELS, Model
from piccolo3.recording.autointegration import is_saturated
from piccolo3.status import AutointegrationState
from tests.unit.recording.autogrid import MAXIMUM, Scene, Search, grid, search

SUCCESS, FAILED = AutointegrationState.SUCCESS, AutointegrationState.FAILED


def explained(found: Search) -> str:
    seen = [(s.integration_time, round(100 * s.peak / found.goal.saturation, 2)) for s in found.samples]
    scene = found.scene
    return f"{scene.model.name} {scene.temperature} C, {scene.level:g} suns, {found.goal.target} %: {seen}"


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_whole_range(model: Model) -> None:
    successes = 0
    for found in grid(model):
        time, goal, scene = found.verdict.integration_time, found.goal, found.scene
        what = explained(found)
        assert len(found.samples) <= 8, what
        assert not found.begins_well or len(found.samples) <= 4, what
        assert sum(s.integration_time for s in found.samples) <= 1000 * goal.seconds, what
        reachable = scene.truth(goal.minimum) < goal.target - 3 and scene.truth(MAXIMUM) > goal.target + 3
        if found.verdict.state is SUCCESS:
            successes += 1
            assert abs(scene.truth(time) - goal.target) <= 3, what
            assert not is_saturated(found.samples[-1], goal), what
            assert found.samples[-1].integration_time == time, what
        elif time in (goal.minimum, MAXIMUM):
            assert not reachable or scene.light(time) < 3, what
        else:  # the dark signal alone brings the peak to the target
            assert scene.light(time) < 1.5, what
            assert abs(scene.truth(time) - goal.target) <= 3, what
    assert successes > 150


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
@pytest.mark.parametrize("target", [10.0, 50.0, 80.0, 90.0])
def test_light_that_suffices_is_a_success(model: Model, target: float) -> None:
    for start in (model.min_integration_time, 10.0, 1000.0, MAXIMUM):
        found = search(Scene(model, 0.0, 0.1), target, start, 7)
        assert found.verdict.state is SUCCESS, explained(found)


@given(
    st.sampled_from(sorted(MODELS)),
    st.floats(-1.5, 0.5),
    st.floats(0, 1),
    st.floats(0.2, 1),
    st.floats(10, 90),
    st.integers(0, 10_000),
)
@settings(max_examples=200, deadline=None)
def test_passing_clouds(name: str, decade: float, start: float, clouds: float, target: float, seed: int) -> None:
    scene = Scene(MODELS[name], 0.0, 10**decade, clouds=clouds, seed=seed)
    goal = scene.goal(target)
    found = search(scene, target, goal.minimum * (MAXIMUM / goal.minimum) ** start, seed)
    assert len(found.samples) <= 8
    assert goal.minimum <= found.verdict.integration_time <= MAXIMUM
    accepted = found.samples[-1]
    if found.verdict.state is SUCCESS:
        assert not is_saturated(accepted, goal)
        assert abs(100 * accepted.peak / goal.saturation - target) <= 3
    elif found.verdict.integration_time not in (goal.minimum, MAXIMUM):
        # only clouds that are faster than the exposures, or an offset close to the target, can do that
        assert len(found.samples) == 8 or target < 20, explained(found)
