"""A season from its first to its last day, and what is to be said of it then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from piccolo3.clock import ManualClock
from piccolo3.season.checks import broken
from piccolo3.season.faults import DAY, Fault, FaultKind, draw
from piccolo3.season.found import look
from piccolo3.season.inject import CUT
from piccolo3.season.jobs import LATITUDE, LONGITUDE, QUIET, instrument, jobs
from piccolo3.season.life import Setup, lived
from piccolo3.season.reference import Due, is_quiet, planned
from piccolo3.season.verdict import Judge, Verdict
from piccolo3.season.watched import Seen, Watched
from piccolo3.season.world import LAST, Life, World
from piccolo3.store.schedule import Job
from piccolo3.store.schedule.sql import SqlSchedule

__all__ = ["Outcome", "Plan", "play"]

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be simulated: from when on, how long, what goes wrong, and how often against the usual."""

    begin: datetime
    days: float
    seed: int = 1
    kinds: tuple[FaultKind, ...] = tuple(FaultKind)
    rate: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that there is to say: a verdict on each planned time, and `broken`, sentences on what must never be."""

    plan: Plan
    faults: tuple[Fault, ...]
    verdicts: tuple[Verdict, ...]
    broken: tuple[str, ...]
    watched: Watched

    @property
    def unexplained(self) -> tuple[Verdict, ...]:
        """Those that nobody knows the cause of."""
        return tuple(verdict for verdict in self.verdicts if not verdict.explained)


def play(plan: Plan, directory: Path, tell: Tell = lambda text: None) -> Outcome:
    """Live through it, with all data in `directory`; `tell` is called with a line now and then."""
    rig = instrument(plan.seed)
    clock = ManualClock(plan.begin)
    wanted = _keep(jobs(plan.begin, plan.days), directory, clock)
    end = plan.begin + timedelta(days=plan.days, seconds=-LAST)
    due = {job.id: planned(job, plan.begin, end, LATITUDE, LONGITUDE) for job in wanted}
    faults = draw(
        plan.seed, plan.days, _starts(due.values(), plan.begin), len(rig.spectrometers), plan.kinds, plan.rate
    )
    world = World(plan.begin, plan.days * DAY, faults, len(rig.spectrometers))
    watched = Watched()
    setup = Setup(instrument=rig, directory=directory)
    life: Life | None = world.first_life()
    while life is not None:
        ended, status = watched.watch(lived(setup, world, life))
        tell(f"day {ended / DAY:6.1f}: {watched.batches} batches, {watched.lives - 1} power cuts")
        cut, life = life.cut, None
        if status == CUT and cut is not None:
            life = world.next_life(ended, cut)
        elif status:
            watched.trouble.append(f"at {ended:.3f} s the program ended by itself, with status {status}")
    found = look(directory, SqlSchedule(directory, clock), clock)
    verdicts, strays = _judge(world, wanted, due, watched)
    return Outcome(
        plan=plan,
        faults=faults,
        verdicts=tuple(sorted(verdicts, key=lambda verdict: (verdict.due.moment, verdict.job.id))),
        broken=tuple(broken(world, wanted, watched, found, verdicts, strays)),
        watched=watched,
    )


def _keep(wanted: Sequence[Job], directory: Path, clock: ManualClock) -> tuple[Job, ...]:
    """The jobs, with their numbers, as the operator has left them."""
    directory.mkdir(parents=True, exist_ok=True)
    schedule = SqlSchedule(directory, clock)
    schedule.open()
    try:
        schedule.set_quiet(QUIET)
        return tuple(schedule.add(job) for job in wanted)
    finally:
        schedule.close()


def _starts(due: Iterable[Sequence[Due]], begin: datetime) -> list[float]:
    """When something is really done, s since the season began."""
    moments = {one.moment for some in due for one in some if not is_quiet(QUIET, one.moment)}
    return sorted((moment - begin).total_seconds() for moment in moments)


def _judge(
    world: World, wanted: Sequence[Job], due: dict[int, list[Due]], watched: Watched
) -> tuple[list[Verdict], list[Seen]]:
    judge = Judge(world, QUIET, watched.busy)
    verdicts: list[Verdict] = []
    strays: list[Seen] = []
    for job in wanted:
        some, left = judge.judge(job, due[job.id], [seen for seen in watched.runs if seen.job == job.id])
        verdicts += some
        strays += left
    return verdicts, strays
