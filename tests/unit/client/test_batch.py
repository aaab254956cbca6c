from __future__ import annotations

from datetime import UTC, datetime

import pytest

from piccolo3.client import Outcome, Progress, answers
from piccolo3.errors import InvalidValue
from piccolo3.wire import JsonValue


def test_progress() -> None:
    value: JsonValue = {"step": 2, "steps": 9, "phase": "light", "channel": None, "batch": 3.0, "future": True}
    assert Progress.of(value) == Progress(step=2, steps=9, phase="light", batch=3)
    assert Progress.of({}) == Progress(step=0, steps=0, phase="")


def test_outcome() -> None:
    value: JsonValue = {
        "result": "failed",
        "reason": "why",
        "lost": ["a", "b"],
        "started": "2026-11-21T00:00:00+00:00",
        "kind": "dark",
    }
    outcome = Outcome.of(value)
    assert outcome == Outcome(
        "failed", kind="dark", reason="why", lost=("a", "b"), started=datetime(2026, 11, 21, tzinfo=UTC)
    )
    assert not outcome.complete
    assert Outcome.of(None) is None


@pytest.mark.parametrize("value", [5, "x", [], {"result": None}, {"result": "complete", "lost": "x"}])
def test_nonsense(value: JsonValue) -> None:
    with pytest.raises(InvalidValue, match=r"the server's control/outcome is"):
        Outcome.of(value)


def test_answers() -> None:
    assert answers.number(1.5, "x") == 1.5
    assert answers.integer(2.0, "x") == 2
    assert answers.texts(["a"], "x") == ("a",)
    for wrong in (True, "1", None):
        with pytest.raises(InvalidValue):
            answers.number(wrong, "x")
    with pytest.raises(InvalidValue, match="not a whole number"):
        answers.integer(1.5, "x")
    with pytest.raises(InvalidValue):
        answers.texts(["a", 1], "x")
    for text in ("tomorrow", "2026-11-21T00:00:00"):
        with pytest.raises(InvalidValue):
            answers.moment(text, "x")
