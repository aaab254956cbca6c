"""What must never be, whatever goes wrong: sentences on each time that it was."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from piccolo3.season.found import Found
from piccolo3.season.jobs import QUIET
from piccolo3.season.reference import is_quiet
from piccolo3.season.verdict import DONE, Verdict
from piccolo3.season.watched import Seen, Watched
from piccolo3.season.world import LAST, World
from piccolo3.spectrum import parse_file_name
from piccolo3.store.schedule import BySun, Job, RunOutcome, TaskKind

__all__ = ["broken"]

_UNSURE = 30.0  # s before a power cut in which what is written may not be on the disk yet
_SETTLED = timedelta(hours=1)  # after which a fault does not matter any more
_FORGOTTEN = timedelta(days=700)  # by which a run was planned before the season: it may be forgotten within it
_TROUBLES = ("disk full", "power cut")


def broken(
    world: World,
    jobs: Sequence[Job],
    watched: Watched,
    found: Found,
    verdicts: Sequence[Verdict],
    strays: Sequence[Seen],
) -> Iterator[str]:
    """All of them."""
    yield from watched.trouble
    yield from found.trouble
    yield from _jobs(jobs, found)
    yield from _files(watched, found)
    yield from _batches(watched, found)
    yield from _rows(world, watched, found)
    yield from _strays(world, strays)
    yield from _in_quiet_time(world, verdicts)
    yield from _power(world, watched)


def _jobs(jobs: Sequence[Job], found: Found) -> Iterator[str]:
    """Nothing but the daemon's book-keeping has changed them."""
    after = {job.id: job for job in found.jobs}
    for job in jobs:
        other = after.pop(job.id, None)
        if other is None:
            yield f"job {job.id} has gone"
        elif (other.when, other.parameters, other.task, other.name) != (job.when, job.parameters, job.task, job.name):
            yield f"job {job.id} has changed"
    yield from (f"job {number} is new" for number in after)
    known = {job.id for job in jobs}
    yield from (f"there is a run of job {run.job}, which there never was" for run in found.runs if run.job not in known)


def _files(watched: Watched, found: Found) -> Iterator[str]:
    """What was said to be stored is there."""
    for run, name in sorted(watched.files - found.files):
        yield f"{run}/{name} was stored, and is not there"


def _batches(watched: Watched, found: Found) -> Iterator[str]:
    """A number stands for one batch, which has what it says it has."""
    uses = Counter((seen.run, seen.batch) for seen in watched.runs if seen.batch is not None)
    yield from (
        f"batch {batch} of {run} belongs to {number} runs" for (run, batch), number in uses.items() if number > 1
    )
    files = Counter((run, parsed.batch) for run, name in found.files if (parsed := parse_file_name(name)) is not None)
    known = {(batch.run, batch.number): batch for batch in found.batches}
    for seen in watched.runs:
        if seen.outcome is not RunOutcome.COMPLETE or seen.batch is None or seen.run is None:
            continue
        batch = known.get((seen.run, seen.batch))
        if batch is None:
            yield f"batch {seen.batch} of {seen.run} is complete, and not in the catalogue"
        elif batch.end is None or batch.end.outcome != "complete":
            yield f"batch {seen.batch} of {seen.run} is complete, and in the catalogue it is {batch.end}"
        if not files[seen.run, seen.batch]:
            yield f"batch {seen.batch} of {seen.run} is complete, and has no files"


def _rows(world: World, watched: Watched, found: Found) -> Iterator[str]:
    """What came of a job is in the schedule, and nothing is left open there."""
    kept = Counter((run.job, run.planned, run.outcome) for run in found.runs)
    for seen in watched.runs:
        if seen.outcome is None or kept[seen.job, seen.planned, seen.outcome]:
            continue
        if world.begin - seen.planned > _FORGOTTEN:
            continue  # planned while the clock was behind
        ended = seen.began if seen.ended is None else seen.ended
        lost = (cause for cause in world.causes if cause.name in _TROUBLES)
        if not any(cause.begin - _UNSURE <= ended <= cause.end for cause in lost):
            yield f"the run of job {seen.job} planned at {seen.planned.isoformat()} is not in the schedule"
    for run in found.runs:
        if run.outcome is None and world.since(run.planned) < world.seconds - LAST:
            yield f"the run of job {run.job} planned at {run.planned.isoformat()} was left open"


def _strays(world: World, strays: Sequence[Seen]) -> Iterator[str]:
    """What nobody has planned is done only while the clock is wrong, and never at times that were already done."""
    for seen in strays:
        causes = (cause for cause in world.causes if cause.name in ("clock step", "clock not trusted"))
        is_last = world.since(seen.planned) >= world.seconds - LAST
        if not is_last and not any(cause.begin <= seen.began <= cause.end for cause in causes):
            yield (
                f"at {seen.began:.3f} s there was a run of job {seen.job} for {seen.planned.isoformat()}, "
                "which nobody has planned"
            )


def _in_quiet_time(world: World, verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        seen = verdict.seen
        if verdict.fate not in DONE or verdict.job.ignores_quiet_time or seen is None:
            continue
        if isinstance(verdict.job.when, BySun) or verdict.job.task in (TaskKind.POWER_ON, TaskKind.POWER_OFF):
            continue
        if is_quiet(QUIET, verdict.due.moment) and not world.preventing(verdict.due.moment):
            yield f"job {verdict.job.id} has recorded in the quiet time, at {seen.planned.isoformat()}"


def _power(world: World, watched: Watched) -> Iterator[str]:
    """In the middle of the power-off time all are off, shortly before the end of quiet time they are on."""
    night = (QUIET.end.hour * 60 + QUIET.end.minute - QUIET.start.hour * 60 - QUIET.start.minute) % 1440
    begin = world.begin.replace(hour=QUIET.start.hour, minute=QUIET.start.minute)
    while begin < world.end:
        for minutes, off in ((night // 2, world.spectrometers), (night - 5, 0)):
            moment = begin + timedelta(minutes=minutes)
            if moment >= world.end or world.preventing(begin - _SETTLED, minutes * 60.0 + 2 * _SETTLED.total_seconds()):
                continue
            place = bisect_right(watched.power, world.since(moment), key=lambda change: change[0])
            found = watched.power[place - 1][1] if place else frozenset()
            if len(found) != off:
                yield f"at {moment.isoformat()}, of the spectrometers {sorted(found)} were off, not {off}"
        begin += timedelta(days=1)
