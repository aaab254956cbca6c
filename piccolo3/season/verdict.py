"""What became of every time that was planned, and whether the world explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from piccolo3.season.faults import FaultKind
from piccolo3.season.reference import SUN_TOLERANCE, Due, is_quiet
from piccolo3.season.watched import Seen
from piccolo3.season.world import Cause, World
from piccolo3.store.schedule import BySun, Job, Quiet, RunOutcome

__all__ = ["BUSY", "Fate", "Judge", "Verdict"]

BUSY = "something else was running"
_LATE = 5.0  # s
_GRACE = 570.0  # s: what the scheduler waits, but for the time that it takes to look
_WAITS = (FaultKind.POWER_CUT.value, FaultKind.RESTART.value, "clock not trusted")
_EXACT = timedelta(seconds=1)
_NEAR = 3 * 86400.0  # s by which a run may be away from its time
_SETTLED = timedelta(minutes=15)


class Fate(Enum):
    """What became of a time that was planned."""

    RECORDED = "recorded"
    LATE = "late"
    UNTIMELY = "untimely"  # recorded, while the clock was wrong
    COALESCED = "coalesced"  # done with a later one
    MISSED = "missed"
    QUIET = "quiet"


DONE = (Fate.RECORDED, Fate.LATE, Fate.UNTIMELY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """On one planned time: `cause` is why it was not simply recorded, None where nobody knows."""

    job: Job
    due: Due
    fate: Fate
    cause: str | None
    explained: bool
    lateness: float = 0.0
    reason: str | None = None
    seen: Seen | None = None


class Judge:
    """Compares what was planned with what was seen."""

    def __init__(self, world: World, quiet: Quiet, busy: Sequence[tuple[float, float]]) -> None:
        self._world = world
        self._quiet = quiet
        self._busy = sorted(busy)

    def judge(self, job: Job, due: Sequence[Due], runs: Iterable[Seen]) -> tuple[list[Verdict], list[Seen]]:
        """The verdict on each time, and the runs that belong to none of them."""
        tolerance = SUN_TOLERANCE if isinstance(job.when, BySun) else _EXACT
        left = sorted(runs, key=lambda seen: (seen.planned, seen.began))
        candidates: Mapping[int, list[Seen]] = self._matched(due, left, tolerance)
        verdicts, claimed = [], set()
        for place, one in enumerate(due):
            verdict = self._on(job, one, candidates[place], left)
            if verdict is not None:
                verdicts.append(verdict)
                # others for the same time have failed, or were done once more
                claimed |= {id(seen) for seen in candidates[place] if seen.outcome is not RunOutcome.COMPLETE}
                claimed.add(id(verdict.seen))
        return verdicts, [seen for seen in left if id(seen) not in claimed]

    def _matched(self, due: Sequence[Due], runs: Sequence[Seen], tolerance: timedelta) -> dict[int, list[Seen]]:
        """The runs that have been planned for each time, by its place."""
        found: dict[int, list[Seen]] = defaultdict(list)
        place = 0
        for seen in runs:
            while place + 1 < len(due) and due[place + 1].moment - seen.planned <= seen.planned - due[place].moment:
                place += 1
            if due and abs(due[place].moment - seen.planned) <= tolerance:
                found[place].append(seen)
        return found

    def _on(self, job: Job, due: Due, candidates: Sequence[Seen], runs: Sequence[Seen]) -> Verdict | None:
        since = self._world.since(due.moment)
        done = [seen for seen in candidates if seen.outcome is RunOutcome.COMPLETE]
        if done:
            return self._on_done(job, due, min(done, key=lambda seen: abs(seen.began - since)))
        seen = candidates[-1] if candidates else None
        if seen is None and not due.sure:
            return None
        together = None if seen is not None else self._with_later(due, runs)
        shown = seen or together
        is_quiet_then = not job.ignores_quiet_time and is_quiet(self._quiet, due.moment)
        if is_quiet_then or (shown is not None and shown.outcome is RunOutcome.QUIET and self._near_quiet(due)):
            return Verdict(job=job, due=due, fate=Fate.QUIET, cause="quiet time", explained=True, seen=shown)
        # by when it was planned, for when the sun is there the reference does not know that well
        moment = seen.planned if seen is not None else due.moment
        causes = [cause for cause in self._world.preventing(moment) if cause.everybody]
        fate = Fate.COALESCED if together is not None and together.outcome is RunOutcome.COMPLETE else Fate.MISSED
        cause = causes[0].name if causes else None
        if fate is Fate.MISSED and self._was_time(moment, shown, causes):
            cause = None
        if cause is None and self._is_busy(since):
            cause = BUSY
        reason = None if shown is None else shown.reason
        return Verdict(job=job, due=due, fate=fate, cause=cause, explained=cause is not None, reason=reason, seen=shown)

    def _on_done(self, job: Job, due: Due, seen: Seen) -> Verdict:
        lateness = seen.began - self._world.since(seen.planned)
        if lateness < -_LATE or lateness > _NEAR:
            cause = self._cause_at(seen.began)
            return Verdict(
                job=job,
                due=due,
                fate=Fate.UNTIMELY,
                cause=cause,
                explained=cause is not None,
                lateness=lateness,
                seen=seen,
            )
        if lateness <= _LATE:
            return Verdict(
                job=job, due=due, fate=Fate.RECORDED, cause=None, explained=True, lateness=lateness, seen=seen
            )
        causes = [cause.name for cause in self._world.preventing(seen.planned, _LATE)]
        if not causes and self._is_busy(self._world.since(seen.planned)):
            causes = [BUSY]
        return Verdict(
            job=job,
            due=due,
            fate=Fate.LATE,
            cause=causes[0] if causes else None,
            explained=bool(causes),
            lateness=lateness,
            seen=seen,
        )

    def _with_later(self, due: Due, runs: Sequence[Seen]) -> Seen | None:
        """The run that a time without one of its own was done with."""
        return next((seen for seen in runs if seen.planned > due.moment and seen.coalesced), None)

    def _was_time(self, moment: datetime, seen: Seen | None, causes: Sequence[Cause]) -> bool:
        """Whether it could have been done late: what was begun, and failed, is not done again."""
        if seen is not None and seen.outcome is not RunOutcome.MISSED:
            return False
        # where the clock was wrong, it may have been too late by the clock
        return all(cause.name in _WAITS for cause in causes) and self._world.clear_after(moment) < _GRACE

    def _near_quiet(self, due: Due) -> bool:
        return any(is_quiet(self._quiet, due.moment + shift) for shift in (-_SETTLED, _SETTLED))

    def _is_busy(self, since: float) -> bool:
        """Whether something was running then, or began at that very moment."""
        return any(begin - 1.0 <= since <= end + 1.0 for begin, end in self._busy)

    def _cause_at(self, since: float) -> str | None:
        moment = self._world.begin + timedelta(seconds=since)
        return next((cause.name for cause in self._world.preventing(moment, 0.0)), None)
