"""What must never be is found, where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from piccolo3.season.checks import broken
from piccolo3.season.faults import DAY, Fault, FaultKind
from piccolo3.season.found import Found
from piccolo3.season.watched import Seen, Watched
from piccolo3.season.world import World
from piccolo3.store import BatchEnd, BatchInfo, BatchRecord
from piccolo3.store.schedule import Every, Job, JobRun, RunOutcome, TaskKind

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
JOB = Job(id=1, task=TaskKind.RECORD, when=Every(start=BEGIN, seconds=3600), made=BEGIN)
COMPLETE = RunOutcome.COMPLETE
FILE = ("season", "b000000_s000000_light.pico")
SEEN = Seen(life=1, job=1, planned=BEGIN, began=0.0, ended=1.0, outcome=COMPLETE, run="season", batch=0)
ROW = JobRun(id=1, job=1, planned=BEGIN, started=BEGIN, ended=BEGIN, outcome=COMPLETE, run="season", batch=0)
BATCH = BatchInfo(
    id=1,
    run="season",
    number=0,
    record=BatchRecord(kind="record", started=BEGIN),
    end=BatchEnd(outcome="complete", ended=BEGIN),
)
SOUND = Found(jobs=(JOB,), runs=(ROW,), batches=(BATCH,), files=frozenset({FILE}), trouble=())


def watched(*runs: Seen, trouble: Sequence[str] = ()) -> Watched:
    return Watched(runs=list(runs), files={FILE}, trouble=list(trouble))


NIGHTLY = [(0.0, frozenset[str]()), (22.5 * 3600, frozenset({"A", "B"})), (27.2 * 3600, frozenset[str]())]


def sentences(seen: Watched, found: Found, strays: Sequence[Seen] = (), faults: Sequence[Fault] = ()) -> list[str]:
    return list(broken(World(BEGIN, DAY, faults, 2), [JOB], seen, found, [], strays))


def test_nothing_is_broken() -> None:
    assert sentences(watched(SEEN), SOUND) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (replace(SOUND, jobs=()), "job 1 has gone"),
        (replace(SOUND, jobs=(replace(JOB, parameters={"run": "other"}),)), "job 1 has changed"),
        (replace(SOUND, jobs=(JOB, replace(JOB, id=2))), "job 2 is new"),
        (replace(SOUND, runs=(ROW, replace(ROW, job=7))), "job 7, which there never was"),
        (replace(SOUND, runs=()), "is not in the schedule"),
        (replace(SOUND, runs=(replace(ROW, outcome=RunOutcome.FAILED),)), "is not in the schedule"),
        (replace(SOUND, runs=(ROW, replace(ROW, outcome=None))), "was left open"),
        (replace(SOUND, batches=()), "not in the catalogue"),
        (replace(SOUND, batches=(replace(BATCH, end=None),)), "in the catalogue it is None"),
        (replace(SOUND, trouble=("lost",)), "lost"),
    ],
)
def test_what_is_found_on_the_disk(found: Found, sentence: str) -> None:
    said = sentences(watched(SEEN), found)
    assert len(said) == 1
    assert sentence in said[0]


def test_a_file_that_was_stored_has_gone() -> None:
    said = sentences(watched(SEEN), replace(SOUND, files=frozenset()))
    assert any("was stored, and is not there" in sentence for sentence in said)
    assert any("has no files" in sentence for sentence in said)


def test_a_batch_number_that_is_used_twice() -> None:
    again = replace(SEEN, planned=BEGIN + timedelta(hours=1))
    found = replace(SOUND, runs=(ROW, replace(ROW, planned=again.planned)))
    assert sentences(watched(SEEN, again), found) == ["batch 0 of season belongs to 2 runs"]


def test_a_row_may_be_lost_in_a_power_cut_only() -> None:
    cut = Fault(kind=FaultKind.DISK_FULL, start=0.5, duration=60.0)
    assert sentences(watched(SEEN), replace(SOUND, runs=()), faults=[cut]) == []


def test_what_nobody_has_planned() -> None:
    step = Fault(kind=FaultKind.CLOCK_STEP, start=0.0, duration=60.0)
    assert len(sentences(watched(SEEN), SOUND, strays=[SEEN])) == 1
    assert sentences(watched(SEEN), SOUND, strays=[SEEN], faults=[step]) == []


def test_the_black_box_finds_two_at_once_and_changed_settings() -> None:
    def run(job: int, time: float, outcome: str | None) -> dict[str, object]:
        details = {"planned": BEGIN.isoformat(), "started": BEGIN.isoformat(), "outcome": outcome, "reason": None}
        return {"what": "job run", "time": time, "job": job, "run": "a", "batch": job, "coalesced": 0, **details}

    box = Watched()
    entries = [
        {"what": "settings", "time": 0.0, "settings": {"delay": 0}},
        run(1, 1.0, None),
        run(2, 2.0, None),
        run(1, 3.0, "complete"),
        run(2, 4.0, "complete"),
        run(3, 5.0, None),
        {"what": "settings", "time": 6.0, "settings": {"delay": 1}},
        {"what": "end", "status": 77},
    ]
    assert box.watch(entries) == (6.0, 77)  # type: ignore[arg-type]
    assert len(box.trouble) == 2
    assert "began while job 1 was running" in box.trouble[0]
    assert "settings of the operator" in box.trouble[1]
    assert [seen.outcome for seen in box.runs] == [COMPLETE, COMPLETE, None]


@pytest.mark.parametrize(
    ("power", "number"),
    [(NIGHTLY, 0), (NIGHTLY[:1], 1), (NIGHTLY[:2], 1), ([NIGHTLY[0], (22.5 * 3600, frozenset({"A"})), NIGHTLY[2]], 1)],
    ids=["off and on", "never off", "never on", "one is not off"],
)
def test_spectrometers_are_off_in_the_power_off_time(power: list[tuple[float, frozenset[str]]], number: int) -> None:
    seen = watched(SEEN)
    seen.power = power
    world = World(BEGIN, 1.5 * DAY, (), 2)
    assert len(list(broken(world, [JOB], seen, SOUND, [], []))) == number
    step = Fault(kind=FaultKind.CLOCK_STEP, start=23 * 3600.0, duration=60.0)
    assert not list(broken(World(BEGIN, 1.5 * DAY, (step,), 2), [JOB], seen, SOUND, [], []))
