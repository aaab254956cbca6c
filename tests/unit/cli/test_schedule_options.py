"""The command line of `piccolo3-schedule`, and what it shows."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, time

import pytest

from piccolo3.cli.schedule_options import duration, parse, wanted
from piccolo3.cli.schedule_tables import shown_when, span
from piccolo3.client.schedule import When, by_cron, by_sun, every, once

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("90", 90.0),
        ("1.5", 1.5),
        (".5s", 0.5),
        ("10min", 600.0),
        ("1h30min", 5400.0),
        ("2d", 172_800.0),
        ("-30min", -1800.0),
        ("+1h", 3600.0),
        (" 5 min ", 300.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "-", "min", "10m", "5 apples", "1h30", "1:30", "nan", "inf", "1e3", "--5"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        duration(text)


@pytest.mark.parametrize(
    ("line", "expected", "words"),
    [
        ("--at 2026-06-21T13:00+01:00", once(NOON), "at 2026-06-21 12:00:00+00:00"),
        ("--every 10min", every(600.0), "every 10 min"),
        (
            "--every 90 --start 2026-06-21T12:00Z --end 2026-06-21T12:00Z",
            every(90.0, NOON, NOON),
            "every 90 s from 2026-06-21 12:00:00+00:00 until 2026-06-21 12:00:00+00:00",
        ),
        ("--cron 0_12_*_*_*", by_cron("0 12 * * *"), "cron 0 12 * * * (UTC)"),
        (
            "--cron 0_12_*_*_* --timezone Europe/London",
            by_cron("0 12 * * *", "Europe/London"),
            "cron 0 12 * * * (Europe/London)",
        ),
        ("--every 1h --from-sunrise", by_sun(3600.0), "every 1 h from sunrise to sunset"),
        (
            "--every 1h --from-sunrise=-30min --to-sunset 1h30min",
            by_sun(3600.0, rise_offset=-1800.0, set_offset=5400.0),
            "every 1 h from sunrise - 30 min to sunset + 90 min",
        ),
        (
            "--every 5min --elevation -6.5 --end 2026-06-21T12:00Z",
            by_sun(300.0, elevation=-6.5, end=NOON),
            "every 5 min while the sun is above -6.5° until 2026-06-21 12:00:00+00:00",
        ),
    ],
)
def test_when(line: str, expected: When, words: str) -> None:
    arguments = [part.replace("_", " ") for part in line.split()]
    options = parse(["add", *arguments])
    assert options.when == expected
    assert shown_when(options.when) == words
    assert wanted(options) == {"task": "record"}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "list everything",
        "add",
        "add --run r",
        "add --at noon",
        "add --at 2026-06-21T12:00",
        "add --at 2026-06-21T12:00Z --every 10min",
        "add --every 10min --cron x",
        "add --at 2026-06-21T12:00Z --elevation 5",
        "add --at 2026-06-21T12:00Z --end 2026-06-22T12:00Z",
        "add --from-sunrise",
        "add --every 10min --timezone UTC",
        "add --every 10min --elevation 5 --to-sunset",
        "add --every often",
        "add --every 10min -n 0",
        "add --every 10min --task dance",
        "show",
        "show x",
        "show 0",
        "suspend",
        "edit",
        "edit 1 --start 2026-06-21T12:00Z",
        "quiet --start noon",
        "quiet --power-delay long",
    ],
)
def test_wrong_usage(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(line.split())
    assert caught.value.code == 2
    assert capsys.readouterr().err


def test_what_a_job_does() -> None:
    line = "edit 3 -r tower -n 3 -a 0 -d 1min --target 70 --mode deled --averages 4 --no-burst --name x --grace 1h"
    options = parse([*line.split(), "--ignore-quiet-time"])
    assert (options.job, options.when) == (3, None)
    assert wanted(options) == {
        "run": "tower",
        "sequences": 3,
        "auto": 0,
        "delay": 60.0,
        "target": 70.0,
        "mode": "deled",
        "averages": 4,
        "burst": False,
        "name": "x",
        "grace": 3600.0,
        "ignore_quiet_time": True,
    }


def test_the_server_may_be_said_before_and_after_the_command() -> None:
    for line in ("-u coap://rig --json list", "list -u coap://rig --json", "-u coap://other list --json -u coap://rig"):
        options = parse(line.split())
        assert (options.piccolo_url, options.json, options.debug) == ("coap://rig", True, False)
    assert parse(["list"]).piccolo_url == "coap://localhost"


def test_quiet_time() -> None:
    line = "quiet --on --start 21:30 --end 06:00:30+02:00 --power-off --power-delay 10min"
    options = parse(line.split())
    assert (options.enabled, options.power_off, options.power_delay) == (True, True, 600.0)
    assert (options.start, options.end) == (time(21, 30, tzinfo=UTC), time(4, 0, 30, tzinfo=UTC))
    assert parse(["quiet", "--off"]).enabled is False
    assert parse(["quiet"]).enabled is None


def test_a_simulation_gets_its_own_options() -> None:
    for line in ("simulate --days 3 --json", "--json simulate --days 3", "-u coap://rig simulate --days 3 --json"):
        assert parse(line.split()).arguments == ["--days", "3", "--json"]
    assert parse(["simulate", "--help"]).arguments == ["--help"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (1.5, "1.5 s"), (90, "90 s"), (600, "10 min"), (86400.0, "1 d"), (0.1234, "0.123 s")],
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text
