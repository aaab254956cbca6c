"""The judge of a season: what it takes for explained, and above all what it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from piccolo3.season.faults import DAY, Fault, FaultKind
from piccolo3.season.reference import planned
from piccolo3.season.verdict import BUSY, Fate, Judge, Verdict
from piccolo3.season.watched import Seen
from piccolo3.season.world import World
from piccolo3.store.schedule import Every, Job, Quiet, RunOutcome, TaskKind

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HOURLY = Job(id=1, task=TaskKind.RECORD, when=Every(start=BEGIN + timedelta(hours=1), seconds=3600), made=BEGIN)
NIGHT = Quiet(enabled=True, start=time(22, tzinfo=UTC), end=time(4, tzinfo=UTC))


def seen(hour: float, late: float = 0.0, outcome: RunOutcome | None = RunOutcome.COMPLETE, coalesced: int = 0) -> Seen:
    return Seen(
        life=1,
        job=1,
        planned=BEGIN + timedelta(hours=hour),
        began=hour * 3600 + late,
        outcome=outcome,
        reason="because",
        coalesced=coalesced,
    )


def judge(
    runs: Sequence[Seen],
    faults: Sequence[Fault] = (),
    quiet: Quiet | None = None,
    busy: Sequence[tuple[float, float]] = (),
) -> tuple[list[Verdict], list[Seen]]:
    world = World(BEGIN, DAY / 2, faults, 2)
    for fault in faults:
        if fault.kind is FaultKind.POWER_CUT:
            world.next_life(fault.start, fault)
    due = planned(HOURLY, BEGIN, world.end, 47.0, 8.0)
    assert len(due) == 11
    return Judge(world, quiet or Quiet(), busy).judge(HOURLY, due, runs)


def all_but(*hours: int) -> list[Seen]:
    return [seen(hour) for hour in range(1, 12) if hour not in hours]


def at(verdicts: list[Verdict], hour: int) -> Verdict:
    return next(verdict for verdict in verdicts if verdict.due.moment == BEGIN + timedelta(hours=hour))


def test_everything_was_recorded() -> None:
    verdicts, strays = judge(all_but())
    assert {verdict.fate for verdict in verdicts} == {Fate.RECORDED}
    assert all(verdict.explained for verdict in verdicts)
    assert not strays


@pytest.mark.parametrize(
    "runs",
    [
        all_but(5),
        [*all_but(5), seen(5, outcome=RunOutcome.MISSED)],
        [*all_but(5), seen(5, outcome=RunOutcome.FAILED)],
        [*all_but(5), seen(5, outcome=None)],
        [*all_but(5), seen(5, late=6.0)],
        [*all_but(5), seen(5, late=-6.0)],
        [*all_but(5), seen(5, outcome=RunOutcome.QUIET)],
        [*all_but(5, 6), seen(6, coalesced=1)],
    ],
    ids=["vanished", "missed", "failed", "open", "late", "early", "quiet", "coalesced"],
)
def test_what_nothing_explains(runs: list[Seen]) -> None:
    verdicts, _ = judge(runs)
    assert not at(verdicts, 5).explained
    assert sum(not verdict.explained for verdict in verdicts) == 1


def fault(kind: FaultKind, hour: float, hours: float = 0.5, places: tuple[int, ...] = ()) -> Fault:
    return Fault(kind=kind, start=hour * 3600, duration=hours * 3600, places=places)


@pytest.mark.parametrize("kind", [FaultKind.POWER_CUT, FaultKind.DISK_FULL, FaultKind.CLOCK_STEP])
def test_what_the_world_explains(kind: FaultKind) -> None:
    verdicts, _ = judge(all_but(5, 6), [fault(kind, 4.9)])
    assert at(verdicts, 5).explained
    assert at(verdicts, 5).cause == kind.value
    assert at(verdicts, 5).fate is Fate.MISSED
    assert not at(verdicts, 6).explained


def test_what_was_over_soon_is_no_excuse() -> None:
    cut = fault(FaultKind.POWER_CUT, 4.99, 0.05)
    for outcome in (RunOutcome.MISSED, RunOutcome.FAILED):
        verdicts, _ = judge([*all_but(5), seen(5, outcome=outcome)], [cut])
        assert at(verdicts, 5).explained is (outcome is RunOutcome.FAILED)  # that was under way
    verdicts, _ = judge([*all_but(5), seen(5, late=200.0)], [cut])
    assert at(verdicts, 5).fate is Fate.LATE
    assert at(verdicts, 5).explained


def test_one_spectrometer_of_two_is_no_excuse() -> None:
    verdicts, _ = judge(all_but(5), [fault(FaultKind.SPECTROMETER_GONE, 4.9, places=(1,))])
    assert not at(verdicts, 5).explained
    verdicts, _ = judge(all_but(5), [fault(FaultKind.SPECTROMETER_GONE, 4.9, places=(0, 1))])
    assert at(verdicts, 5).explained


def test_a_clock_that_is_not_trusted_yet() -> None:
    cut = replace(fault(FaultKind.POWER_CUT, 4.2), untrusted=3600.0)
    verdicts, _ = judge(all_but(5), [cut])
    assert at(verdicts, 5).cause == "clock not trusted"


def test_waiting_for_something_else() -> None:
    verdicts, _ = judge([*all_but(5), seen(5, late=20)], busy=[(5 * 3600 - 10, 5 * 3600 + 20)])
    assert at(verdicts, 5).fate is Fate.LATE
    assert at(verdicts, 5).cause == BUSY
    verdicts, _ = judge([*all_but(5), seen(5, late=20)], busy=[(5 * 3600 + 10, 5 * 3600 + 20)])
    assert not at(verdicts, 5).explained


def test_done_early_while_the_clock_was_ahead() -> None:
    step = replace(fault(FaultKind.CLOCK_STEP, 4.25), amount=1800.0)
    verdicts, _ = judge([*all_but(5), seen(5, late=-1800.0)], [step])
    assert at(verdicts, 5).fate is Fate.UNTIMELY
    assert at(verdicts, 5).explained


def test_quiet_time() -> None:
    verdicts, _ = judge(all_but(1, 2, 3), quiet=NIGHT)
    assert [verdict.fate for verdict in verdicts[:4]] == [Fate.QUIET] * 3 + [Fate.RECORDED]
    loud = replace(HOURLY, ignores_quiet_time=True)
    world = World(BEGIN, DAY / 2, (), 2)
    verdicts, _ = Judge(world, NIGHT, ()).judge(loud, planned(loud, BEGIN, world.end, 47.0, 8.0), all_but(1))
    assert not verdicts[0].explained


def test_runs_that_nobody_has_planned_are_left() -> None:
    stray = seen(5.5)
    verdicts, strays = judge([*all_but(), stray])
    assert strays == [stray]
    assert all(verdict.explained for verdict in verdicts)


def test_done_twice() -> None:
    verdicts, strays = judge([*all_but(), seen(5, late=120.0)])
    assert at(verdicts, 5).fate is Fate.RECORDED
    assert [one.began for one in strays] == [5 * 3600 + 120.0]
