"""What came of each time that was planned: rows, counts, events, and how often a job has failed in a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from piccolo3.clock import Clock
from piccolo3.events import Broker
from piccolo3.scheduling.agenda import Agenda
from piccolo3.scheduling.events import JobRunChanged, JobsChanged
from piccolo3.scheduling.keeper import Keeper, Row
from piccolo3.scheduling.needs import Notes, RunResult
from piccolo3.store.schedule import Job, JobRun, JobStatus, RunOutcome

__all__ = ["LATE", "Book", "Statistics"]

LATE = 1.0  # s after its time from which on a start is late
_SHOWN = 500


@dataclass(slots=True, kw_only=True)
class Statistics:
    """Since the daemon was started. `coalesced` are times that were done with a later one, or missed together."""

    wake_ups: int = 0
    restarts: int = 0
    clock_steps: int = 0
    started: int = 0
    late: int = 0
    failed: int = 0
    missed: int = 0
    quiet: int = 0
    coalesced: int = 0


class Book:
    """Writes down; `most_failures` is after how many of them in a row the operator is told."""

    def __init__(
        self, agenda: Agenda, keeper: Keeper, clock: Clock, broker: Broker, notes: Notes, most_failures: int
    ) -> None:
        self._agenda = agenda
        self._keeper = keeper
        self._clock = clock
        self._broker = broker
        self._notes = notes
        self._most_failures = most_failures
        self.statistics = Statistics()

    def open(self, job: Job, planned: datetime, times: int, now: datetime) -> Row:
        """A run that is going to begin."""
        late = (now - planned).total_seconds() > LATE
        return Row(JobRun(job=job.id, planned=planned, started=now, late=late, coalesced=times - 1))

    def begin(self, row: Row) -> None:
        """It has begun."""
        self.statistics.started += 1
        self.statistics.late += row.run.late
        self.statistics.coalesced += row.run.coalesced
        self._tell(row)

    def end(self, row: Row, result: RunResult) -> None:
        """It has ended."""
        row.change(
            ended=self._clock.utcnow(),
            outcome=result.outcome,
            reason=None if result.reason is None else result.reason[:_SHOWN],
            run=row.run.run if result.run is None else result.run,
            batch=row.run.batch if result.batch is None else result.batch,
        )
        self._judge(row.run.job, result)
        self._tell(row)

    def skip(self, job: Job, planned: datetime, times: int, outcome: RunOutcome, reason: str) -> None:
        """There was none at these times, `planned` is the last of them."""
        if outcome is RunOutcome.QUIET:
            self.statistics.quiet += times
        else:
            self.statistics.missed += times
            message = f"{_named(job)} was not started at {planned.isoformat()}: {reason}"
            if times > 1:
                message += f" ({times} times, this is the last)"
            self._notes("job", message, level="warning", source="scheduler", details={"job": job.id, "times": times})
        self._tell(Row(JobRun(job=job.id, planned=planned, outcome=outcome, reason=reason, coalesced=times - 1)))

    def interrupted(self, run: JobRun, reason: str) -> None:
        """A run of which nobody noted how it ended."""
        row = Row(run)
        row.change(outcome=RunOutcome.FAILED, reason=reason)
        self._keeper.keep_row(row)

    def fault(self, job: Job, now: datetime, reason: str) -> None:
        """What a job is due for could not be told."""
        row = self.open(job, now, 1, now)
        self.end(row, RunResult(outcome=RunOutcome.FAILED, reason=reason))

    def finish(self, number: int) -> None:
        """There is nothing left to do of it."""
        self._keeper.keep_job(self._agenda.change(number, status=JobStatus.DONE))
        self._agenda.drop(number)
        self._broker.publish(JobsChanged(job=number))

    def _judge(self, number: int, result: RunResult) -> None:
        job = self._agenda.get(number)
        failed = result.outcome is RunOutcome.FAILED
        self.statistics.failed += failed
        if job is None or not (failed or result.outcome is RunOutcome.COMPLETE):
            return
        before, failures = job.failures, job.failures + 1 if failed else 0
        if failures != before:
            job = self._agenda.change(number, failures=failures)
        if failures == self._most_failures:
            message = f"{_named(job)} has failed {failures} times in a row: {result.reason}"
            self._notes("job", message, level="alarm", source="scheduler", details={"job": number})
        elif not failed and before >= self._most_failures:
            message = f"{_named(job)} works again, after {before} failures"
            self._notes("job", message, source="scheduler", details={"job": number})

    def _tell(self, row: Row) -> None:
        self._keeper.keep_row(row)
        self._broker.publish(JobRunChanged(run=row.run))


def _named(job: Job) -> str:
    return f"job {job.id} ({job.name})" if job.name else f"job {job.id}"
