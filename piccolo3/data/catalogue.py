"""What needs the catalogue of a data directory: checking, rebuilding, outcomes of batches, marks of exports."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from piccolo3.clock import SystemClock
from piccolo3.data.directory import Directory
from piccolo3.data.report.maps import BatchOutcome
from piccolo3.store import CATALOGUE_FILE, CataloguedDirectory, CheckReport, DataDirectory, Verification

__all__ = ["check", "mark_exported", "outcomes", "rebuild", "rows"]

Progress = Callable[[int, int], None]

_OUTCOMES = """SELECT batches.number, batches.outcome, batches.reason, batches.kind
    FROM batches JOIN runs ON runs.id = batches.run_id WHERE runs.name = ? AND batches.outcome IS NOT NULL"""


def _nobody(done: int, total: int) -> None:
    pass


@contextmanager
def _opened(directory: Path, url: str | None) -> Iterator[CataloguedDirectory]:
    # opening would make a directory that is not there; a mistyped name is an error here
    path = Directory(directory).path
    clock = SystemClock()
    with CataloguedDirectory(DataDirectory(path, clock, clobber=False, split=True), clock, url=url) as store:
        yield store


def check(directory: Path, *, url: str | None = None, deep: bool = False, progress: Progress = _nobody) -> CheckReport:
    """Compare a data directory with its catalogue; `deep` reads every file. What is new to the catalogue is added.

    Raises Conflict while the directory is in use, StoreError where the disk or the catalogue fails.
    """
    with _opened(directory, url) as store:
        return _run(store.verification(deep=deep), progress)


def rebuild(directory: Path, *, url: str | None = None, progress: Progress = _nobody) -> CheckReport:
    """Make the catalogue anew from the files. Raises what `check` raises."""
    with _opened(directory, url) as store:
        return _run(store.rebuild(), progress)


def mark_exported(directory: Path, files: Iterable[tuple[str, str]], *, url: str | None = None) -> None:
    """Tell the catalogue that files (run and name) were exported, for retention. Raises what `check` raises."""
    with _opened(directory, url) as store:
        store.mark_exported(files)


def _run(verification: Verification, progress: Progress) -> CheckReport:
    while verification.step():
        progress(verification.progress.done, verification.progress.total)
    return verification.report


def outcomes(directory: Path, run: str) -> dict[int, BatchOutcome]:
    """How the batches of a run ended, by number; nothing where there is no catalogue that can be understood."""
    found = rows(directory, _OUTCOMES, [run])
    return {number: BatchOutcome(result, reason, kind) for number, result, reason, kind in found or ()}


def rows(directory: Path, query: str, values: Sequence[str]) -> list[sqlite3.Row] | None:
    """What the catalogue in a data directory answers; None where there is none, or none that can be understood.

    It is only read, also while the directory is in use, or on a medium that can't be written.
    """
    path = directory / CATALOGUE_FILE
    if not path.is_file():
        return None
    where = "file:" + quote(os.fsencode(path.absolute()))
    for mode in ("mode=ro", "immutable=1"):  # a log of changes can't be looked at without writing
        try:
            with closing(sqlite3.connect(f"{where}?{mode}", uri=True, timeout=5.0)) as connection:
                connection.row_factory = sqlite3.Row
                return connection.execute(query, values).fetchall()
        except (sqlite3.Error, UnicodeEncodeError):
            continue
    return None
