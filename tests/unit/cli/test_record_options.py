from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.cli.record_options import parse
from piccolo3.clock import ManualClock

NOW = ManualClock()


def test_nothing_given() -> None:
    options = parse([], NOW)
    assert options.given.piccolo_url == "coap://localhost"
    assert (options.run, options.auto, options.sequences, options.delay) == (None, None, None, None)
    assert (options.mode, options.averages, options.burst) == (None, None, None)
    assert not options.scheduled
    assert not options.list_spectrometers


def test_all_of_them() -> None:
    argv = ["-u", "coap://rig", "-r", "TODAY", "-a", "-1", "-n", "5", "-d", "1.5", "--debug", "-l"]
    argv += ["-D", "S_A:10", "b:2.5", "-U", "S_A:20", "-N", "S_A:1", "-X", "S_A:1000"]
    argv += ["--mode", "deled", "--averages", "4", "--burst"]
    argv += ["--start", "09:30", "--interval", "60", "--stop", "17:00"]
    options = parse(argv, NOW)
    assert options.run == NOW.utcnow().astimezone().date().isoformat()
    assert (options.auto, options.sequences, options.delay) == (-1, 5, 1.5)
    assert (options.mode, options.averages, options.burst) == ("deled", 4, True)
    times = options.times
    assert times.downwelling == (("S_A", 10.0), ("b", 2.5))
    assert (times.upwelling, times.minimal, times.maximal) == ((("S_A", 20),), (("S_A", 1),), (("S_A", 1000),))
    assert options.scheduled
    assert options.debug
    for text, hour in ((options.start, 9), (options.stop, 17)):
        when = datetime.fromisoformat(text or "")
        assert when.tzinfo is not None
        assert when.hour == hour
        assert when.astimezone().date() == NOW.utcnow().astimezone().date()


@pytest.mark.parametrize(
    "argv",
    [["-D", "10"], ["-D", ":10"], ["-D", "a:"], ["-D", "a:x"], ["-D", "a:-1"], ["-D", "a:inf"], ["--start", "9"]],
)
def test_mistakes(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(argv, NOW)
    assert ended.value.code == 2
    assert "is not" in capsys.readouterr().err


def test_help_says_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"], NOW)
    assert "delay between sequences in s" in capsys.readouterr().out


def test_recipes() -> None:
    options = parse(["--recipe", "noon", "--target", "70", "--no-burst", "--dry-run"], NOW)
    assert (options.recipe, options.target, options.burst, options.dry_run) == ("noon", 70.0, False, True)
    assert not options.list_recipes
    assert parse(["--list-recipes"], NOW).list_recipes
    nothing = parse([], NOW)
    assert (nothing.recipe, nothing.dry_run, nothing.list_recipes, nothing.burst) == (None, False, False, None)


def test_a_dry_run_sets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--dry-run", "-D", "S_A:10"], NOW)
    assert ended.value.code == 2
    assert "a dry run changes nothing" in capsys.readouterr().err


@given(st.from_regex(r"[A-Za-z0-9_:+.-]{1,20}", fullmatch=True), st.floats(0, 1e9))
def test_names_and_times(name: str, time: float) -> None:
    assert parse([f"-D={name}:{time!r}"], NOW).times.downwelling == ((name, time),)


@pytest.mark.parametrize("text", ["S_A", "S_A:10", ":up:10", "S_A::10", "S_A:up:", "S_A:up:-1", "S_A:up:nan"])
def test_times_of_channels_that_are_none(text: str) -> None:
    assert parse(["-T", "S_A:leaf.7:2.5"], NOW).times.of_channels == (("S_A", "leaf.7", 2.5),)
    with pytest.raises(SystemExit):
        parse([f"-T={text}"], NOW)
