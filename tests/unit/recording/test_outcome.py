from __future__ import annotations

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from piccolo3.recording import Outcome, Progress
from piccolo3.recording.outcome import Losses

NOW = datetime(2026, 6, 21, tzinfo=UTC)


def test_losses_are_counted_by_cause() -> None:
    losses = Losses()
    assert losses.add("A: gone", "light of sequence 3")
    assert not losses.add("A: gone", "light of sequence 4")
    assert losses.add("no shutter", "dark of sequence 0", spectra=4)
    assert losses.spectra == 6
    assert losses.sentences() == (
        "A: gone (2 times, first light of sequence 3)",
        "no shutter (dark of sequence 0)",
    )


def test_losses_are_bounded() -> None:
    losses = Losses(most=20)
    for number in range(1000):
        losses.add(f"cause {number}", "somewhere")
    assert len(losses.sentences()) == 21
    assert losses.sentences()[-1] == "and 980 more"
    assert losses.spectra == 1000


def test_an_outcome_as_json() -> None:
    outcome = Outcome(
        run="r",
        batch=3,
        kind="record",
        result="aborted",
        reason=None,
        lost=("x", "y"),
        lost_spectra=2,
        sequences_done=1,
        started=NOW,
        ended=NOW,
    )
    assert outcome.as_dict() == {
        "run": "r",
        "batch": 3,
        "kind": "record",
        "result": "aborted",
        "reason": None,
        "lost": ["x", "y"],
        "lost_spectra": 2,
        "sequences_done": 1,
        "started": "2026-06-21T00:00:00+00:00",
        "ended": "2026-06-21T00:00:00+00:00",
    }


def test_what_is_too_long_is_cut_and_the_rest_stays() -> None:
    long = "not enough room: " + "ж" * 500
    progress = Progress(run="r", batch=3, phase="light", last_error=long).as_dict()
    assert len(json.dumps(progress)) < 1024
    cut = progress["last_error"]
    assert isinstance(cut, str)
    assert long.startswith(cut)
    assert len(cut) > 60
    assert progress["phase"] == "light"
    outcome = Outcome(
        run="r",
        batch=3,
        kind="record",
        result="failed",
        reason="disk full",
        lost=tuple(f"{number}: {'x' * 100}" for number in range(20)),
        lost_spectra=20,
        sequences_done=0,
        started=NOW,
        ended=NOW,
    ).as_dict()
    assert len(json.dumps(outcome)) < 1024
    lost = outcome["lost"]
    assert isinstance(lost, list)
    assert 5 < len(lost) < 10
    assert lost[0].startswith("0: ")
    assert outcome["reason"] == "disk full"


texts = st.text(max_size=400)


@given(st.text(max_size=64), st.none() | texts, st.lists(texts, max_size=21))
def test_outcome_and_progress_fit_into_a_datagram(run: str, message: str | None, lost: list[str]) -> None:
    outcome = Outcome(
        run=run[:40],
        batch=999999,
        kind="record",
        result="failed",
        reason=message,
        lost=tuple(lost),
        lost_spectra=10**7,
        sequences_done=10**6,
        started=NOW,
        ended=NOW,
    )
    progress = Progress(run=run[:40], batch=999999, channel="c" * 20, phase="autointegrate", last_error=message)
    for values in (outcome.as_dict(), progress.as_dict()):
        assert len(json.dumps(values)) < 1024
    if message is not None and len(message) < 20:
        assert progress.as_dict()["last_error"] == message
