"""What is on the disk when a season is over: the schedule, the catalogue and the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from piccolo3.clock import Clock
from piccolo3.store import BatchInfo, CataloguedDirectory, DataDirectory, FileEntry, FileState, Page
from piccolo3.store.schedule import Job, JobRun, JobStatus, ScheduleStore

__all__ = ["Found", "look"]

T = TypeVar("T")
_MANY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All there is; `trouble` are sentences on what must never be."""

    jobs: tuple[Job, ...]
    runs: tuple[JobRun, ...]
    batches: tuple[BatchInfo, ...]
    files: frozenset[tuple[str, str]]
    trouble: tuple[str, ...]


def look(directory: Path, schedule: ScheduleStore, clock: Clock) -> Found:
    """Look at everything. Nothing else may use the directory."""
    trouble: list[str] = list(schedule.open())
    jobs = schedule.jobs(frozenset(JobStatus))
    runs = tuple(_all(lambda cursor: schedule.runs(limit=_MANY, cursor=cursor)))
    schedule.close()
    store = CataloguedDirectory(DataDirectory(directory, clock, clobber=False, split=True), clock)
    store.open()
    try:
        store.prepare()
        batches = tuple(_all(lambda cursor: store.batches(limit=_MANY, cursor=cursor)))
        known = tuple(_all(lambda cursor: store.files(limit=_MANY, cursor=cursor)))
        on_disk = frozenset((run.name, name) for run in store.runs() for name in store.spectra_files(run.name))
        trouble += _differences(known, on_disk)
    finally:
        store.close()
    return Found(jobs=jobs, runs=runs, batches=batches, files=on_disk, trouble=tuple(trouble))


def _all(page: Callable[[str | None], Page[T]]) -> Iterator[T]:
    cursor: str | None = None
    while True:
        found = page(cursor)
        yield from found.entries
        cursor = found.cursor
        if cursor is None:
            return


def _differences(known: tuple[FileEntry, ...], on_disk: frozenset[tuple[str, str]]) -> Iterator[str]:
    listed = set()
    for entry in known:
        listed.add((entry.run, entry.name))
        if entry.state is not FileState.SOUND:
            yield f"{entry.run}/{entry.name} is {entry.state} in the catalogue"
    for run, name in sorted(listed - on_disk):
        yield f"{run}/{name} is in the catalogue, and not on the disk"
    for run, name in sorted(on_disk - listed):
        yield f"{run}/{name} is on the disk, and not in the catalogue"
