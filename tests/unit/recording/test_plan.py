from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.errors import InvalidValue
from piccolo3.recording import BatchSettings
from piccolo3.recording.plan import Action, Step, count_measurements, plan
from piccolo3.recording.settings import MODES

CHANNELS = ("downwelling", "upwelling")
LETTERS = {
    Action.AUTOINTEGRATE: "a",
    Action.DARK: "d",
    Action.LIGHT: "l",
    Action.DELAY: "w",
    Action.TRIGGER: "t",
}


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
        assert text(list(plan(settings, CHANNELS, clobber=clobber))) == expected


@pytest.mark.parametrize(
    ("sequences", "auto", "kept", "overwritten"),
    [
        (2, 1, "a0 d0 l0 a1 d1 l1 d2", "a0 d0 l0 a1 d1 l1 d1"),
        (3, 2, "a0 d0 l0 l1 a2 d2 l2 d3", "a0 d0 l0 l1 a2 d2 l2 d2"),
    ],
)
def test_the_last_dark_of_a_sequence_that_has_one(sequences: int, auto: int, kept: str, overwritten: str) -> None:
    settings = BatchSettings(sequences=sequences, autointegration=auto)
    assert text(list(plan(settings, CHANNELS, clobber=False))) == kept
    assert text(list(plan(settings, CHANNELS, clobber=True))) == overwritten


def test_the_delay_follows_every_sequence() -> None:
    settings = BatchSettings(sequences=2, delay=0.5)
    assert text(list(plan(settings, CHANNELS, clobber=False))) == "d0 l0 w0 l1 w1 d1"


def test_a_long_plan_is_not_written_out() -> None:
    steps = plan(BatchSettings(sequences=1_000_000), CHANNELS, clobber=False)
    assert next(steps) == Step(Action.DARK, 0, CHANNELS)


@pytest.mark.parametrize(
    ("mode", "sequences", "auto", "expected"),
    [
        ("dark_each", 1, -1, "d0 l0"),
        ("dark_each", 3, -1, "d0 l0 d1 l1 d2 l2"),
        ("dark_each", 2, 0, "a0 d0 l0 d1 l1"),
        ("dark_each", 3, 2, "a0 d0 l0 d1 l1 a2 d2 l2"),
        ("deled", 2, -1, "d0 l0 d0 d1 l1 d1"),
        ("deled", 2, 1, "a0 d0 l0 d0 a1 d1 l1 d1"),
    ],
)
def test_other_modes(mode: str, sequences: int, auto: int, expected: str) -> None:
    settings = BatchSettings(sequences=sequences, autointegration=auto, mode=mode)
    assert text(list(plan(settings, CHANNELS, clobber=False))) == expected


def test_downwelling_before_and_after_in_one_file() -> None:
    steps = list(plan(BatchSettings(mode="deled"), ("downwelling", "sky", "upwelling"), clobber=False))
    assert [(step.channels, step.completes) for step in steps] == [
        (("downwelling", "sky", "upwelling"), False),
        (("downwelling", "upwelling", "sky", "downwelling"), False),
        (("downwelling", "sky", "upwelling"), True),
    ]


def test_a_mode_for_which_channels_are_missing() -> None:
    with pytest.raises(InvalidValue, match="mode deled needs channels named downwelling and upwelling"):
        plan(BatchSettings(mode="deled"), ("down", "up"), clobber=False)


def test_burst() -> None:
    settings = BatchSettings(sequences=3, autointegration=1, delay=5.0)
    steps = list(plan(settings, CHANNELS, clobber=False, burst=True))
    assert text(steps) == "a0 d0 l0 l1 l2 d2"
    lights = [step.channels for step in steps if step.action is Action.LIGHT]
    assert lights == [CHANNELS, CHANNELS[::-1], CHANNELS]  # the shutter that is open stays so


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("classic", "d0 t0 l0 t1 l1 d1"), ("dark_each", "d0 t0 l0 d1 t1 l1"), ("deled", "t0 d0 l0 d0 t1 d1 l1 d1")],
)
def test_each_sequence_waits_for_its_trigger(mode: str, expected: str) -> None:
    settings = BatchSettings(sequences=2, mode=mode)
    assert text(list(plan(settings, CHANNELS, clobber=False, triggered=True))) == expected


@given(
    st.integers(1, 30),
    st.integers(-1, 35),
    st.booleans(),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from(MODES),
    st.booleans(),
)
def test_properties_of_every_plan(
    sequences: int, auto: int, clobber: bool, delay: float, mode: str, burst: bool
) -> None:
    settings = BatchSettings(sequences=sequences, autointegration=auto, delay=delay, mode=mode)
    steps = list(plan(settings, CHANNELS, clobber=clobber, burst=burst))
    lights = [step.sequence for step in steps if step.action is Action.LIGHT]
    darks = [step.sequence for step in steps if step.action is Action.DARK and step.completes]
    assert lights == list(range(sequences))
    assert clobber or len(darks) == len(set(darks))
    done = Counter[Action]()
    for step in steps:
        done[step.action] += len(step.channels) or 1
    counts = count_measurements(settings, CHANNELS, burst=burst)
    assert {action: number for action, number in counts.items() if number} == dict(done)
    for index, step in enumerate(steps):
        if step.action is Action.AUTOINTEGRATE:
            assert (steps[index + 1].action, steps[index + 1].sequence) == (Action.DARK, step.sequence)
