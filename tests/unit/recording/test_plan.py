from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.recording import BatchSettings
from piccolo3.recording.plan import Action, Step, count_measurements, plan

LETTERS = {Action.AUTOINTEGRATE: "a", Action.DARK: "d", Action.LIGHT: "l", Action.DELAY: "w"}


def text(steps: list[Step]) -> str:
    return " ".join(f"{LETTERS[step.action]}{step.sequence}" for step in steps)


@pytest.mark.parametrize(
    ("sequences", "auto", "expected"),
    [
        (1, -1, "d0 l0"),
        (2, -1, "d0 l0 l1 d1"),
        (3, -1, "d0 l0 l1 l2 d2"),
        (1, 0, "a0 d0 l0"),
        (3, 0, "a0 d0 l0 l1 l2 d2"),
        (1, 1, "a0 d0 l0"),
        (1, 7, "a0 d0 l0"),
        (4, 2, "a0 d0 l0 l1 a2 d2 l2 l3 d3"),
        (3, 5, "a0 d0 l0 l1 l2 d2"),
    ],
)
def test_the_steps_of_a_batch(sequences: int, auto: int, expected: str) -> None:
    settings = BatchSettings(sequences=sequences, autointegration=auto)
    for clobber in (False, True):
        assert text(list(plan(settings, clobber=clobber))) == expected


@pytest.mark.parametrize(
    ("sequences", "auto", "kept", "overwritten"),
    [
        (2, 1, "a0 d0 l0 a1 d1 l1 d2", "a0 d0 l0 a1 d1 l1 d1"),
        (3, 2, "a0 d0 l0 l1 a2 d2 l2 d3", "a0 d0 l0 l1 a2 d2 l2 d2"),
    ],
)
def test_the_last_dark_of_a_sequence_that_has_one(sequences: int, auto: int, kept: str, overwritten: str) -> None:
    settings = BatchSettings(sequences=sequences, autointegration=auto)
    assert text(list(plan(settings, clobber=False))) == kept
    assert text(list(plan(settings, clobber=True))) == overwritten


def test_the_delay_follows_every_sequence() -> None:
    settings = BatchSettings(sequences=2, delay=0.5)
    assert text(list(plan(settings, clobber=False))) == "d0 l0 w0 l1 w1 d1"


def test_a_long_plan_is_not_written_out() -> None:
    steps = plan(BatchSettings(sequences=1_000_000), clobber=False)
    assert next(steps) == Step(Action.DARK, 0)


@given(st.integers(1, 30), st.integers(-1, 35), st.booleans(), st.sampled_from([0.0, 1.0]))
def test_properties_of_every_plan(sequences: int, auto: int, clobber: bool, delay: float) -> None:
    settings = BatchSettings(sequences=sequences, autointegration=auto, delay=delay)
    steps = list(plan(settings, clobber=clobber))
    lights = [step.sequence for step in steps if step.action is Action.LIGHT]
    darks = [step.sequence for step in steps if step.action is Action.DARK]
    assert lights == list(range(sequences))
    assert clobber or len(darks) == len(set(darks))
    assert count_measurements(settings) == sum(step.action is not Action.DELAY for step in steps)
    for index, step in enumerate(steps):
        if step.action is Action.AUTOINTEGRATE:
            assert steps[index + 1] == Step(Action.DARK, step.sequence)
