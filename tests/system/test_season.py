"""A shortened season: the real scheduler and engine on a clock that jumps, with everything that can go wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BUSY = "something else was running"


def season(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "piccolo3.season", *arguments], capture_output=True, text=True, timeout=240, check=False
    )
    assert not done.returncode, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.timeout(300)
def test_a_season_with_everything_that_goes_wrong() -> None:
    told = json.loads(season("--days", "3", "--rate", "2", "--seed", "3", "--json", "--quiet"))
    assert told["yield_percent"] == 100.0
    assert told["broken"] == told["unexplained"] == []
    assert set(told["faults"]) == {"power cut", "clock step", "spectrometer gone", "disk full", "restart"}
    assert told["by_cause"].keys() > {"power cut", BUSY}
    total = told["total"]
    assert 100 < total["recorded"] < total["planned"]
    assert total["planned"] == total["recorded"] + total["missed"] + total["coalesced"]
    assert told["possible"] == total["recorded"]
    assert told["speed"] > 1000


@pytest.mark.timeout(120)
def test_a_day_without_faults_is_recorded_as_it_was_planned(tmp_path: Path) -> None:
    picture = tmp_path / "day.html"
    data = tmp_path / "data"
    told = json.loads(
        season("--days", "1", "--fault", "none", "--json", "--timeline", str(picture), "--keep", str(data))
    )
    assert told["faults"] == {}
    assert told["total"]["planned"] == told["total"]["recorded"] > 40
    assert set(told["by_cause"]) == {BUSY}  # noon and noon, too
    assert told["longest_lateness"] < 30
    marks = picture.read_text(encoding="utf-8").count("recorded</title>")
    assert marks == told["total"]["recorded"] - told["total"]["late"]
    assert len(list((data / "season").glob("*_light.pico"))) > 40


@pytest.mark.timeout(120)
def test_a_season_can_be_repeated() -> None:
    arguments = ("--days", "0.6", "--rate", "4", "--fault", "power-cut", "--fault", "clock-step", "--json", "--quiet")
    first, second = (json.loads(season(*arguments)) for _ in range(2))
    for told in (first, second):
        assert told.pop("seconds") > 0
        assert told.pop("speed") > 0
    assert first == second
    assert first["faults"]["power cut"]["number"] >= 1
