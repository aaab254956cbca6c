from __future__ import annotations

import io

import pytest
from rich.console import Console

from piccolo3.cli.follow import summary
from piccolo3.cli.progress import Reporter, describe
from piccolo3.client import Outcome, Progress


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(0, 5, "dark", channel="downwelling"), "downwelling dark"),
        (Progress(0, 5, "downwelling dark", channel="downwelling"), "downwelling dark"),
        (Progress(0, 5, "light", sequence=0, sequences=3), "sequence 1 of 3: light"),
        (Progress(0, 5, "light", sequence=3, sequences=3), "sequence 3 of 3: light"),
        (Progress(0, 5, "waiting", sequence=-1, sequences=3), "waiting"),
    ],
)
def test_describe(progress: Progress, text: str) -> None:
    assert describe(progress) == text


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (Outcome("complete", run="r", batch=4, sequences_done=3), "batch 4 of run r complete, 3 sequences"),
        (Outcome("complete", sequences_done=1), "batch complete, 1 sequence"),
        (Outcome("aborted", reason="asked for"), "batch aborted: asked for"),
        (Outcome("complete", kind="auto", batch=4, sequences_done=0), "automatic integration complete"),
        (Outcome("complete", kind="dark", batch=4), "dark batch 4 complete"),
        (Outcome("ended"), "batch ended"),
    ],
)
def test_summary(outcome: Outcome, text: str) -> None:
    assert summary(outcome) == text


def test_a_line_for_each_step_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with Reporter(Console(file=out, width=200), "recording") as reporter:
        reporter.show(Progress(0, 2, "dark"))
        reporter.show(Progress(0, 2, "dark"))
        reporter.show(Progress(1, 2, "light", last_error="S_A was [lost]"))
        reporter.show(Progress(1, 2, "light", last_error="S_A was [lost]"))
        reporter.done("complete")
    assert out.getvalue() == "recording: dark\nrecording: light\nwarning: S_A was [lost]\n"


def test_a_bar_on_a_terminal() -> None:
    out = io.StringIO()
    with Reporter(Console(file=out, width=120, force_terminal=True), "recording") as reporter:
        reporter.show(Progress(1, 2, "light"))
        reporter.pause()
        reporter.resume()
        assert "50%" in out.getvalue()
        reporter.done("complete")
    assert "100%" in out.getvalue()
    assert "complete" in out.getvalue()
