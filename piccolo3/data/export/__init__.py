"""Spectra for other programs: CSV, NetCDF, FloX-style CSV and `.pico`."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from piccolo3.data.directory import Directory
from piccolo3.data.export.formats import Format, check_level
from piccolo3.data.export.job import HIDDEN, Job, Progress, RunResult, export_run
from piccolo3.data.levels import Level
from piccolo3.data.source import Source
from piccolo3.errors import Conflict, InvalidValue, NotFound
from piccolo3.store.failures import store_errors

__all__ = ["ExportResult", "Format", "Progress", "RunResult", "export"]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What an export made, run by run, below `directory`."""

    directory: Path
    runs: tuple[RunResult, ...]

    @property
    def files(self) -> tuple[Path, ...]:
        """All files, also those that had been there before."""
        return tuple(self.directory / name for run in self.runs for name in run.files)

    @property
    def unreadable(self) -> dict[str, str]:
        """Files of the source that could not be read, as `run/name`, and why."""
        return {f"{run.run}/{name}": why for run in self.runs for name, why in run.findings.unreadable.items()}


def _nobody(progress: Progress) -> None:
    pass


def export(
    source: Source | Path | str,
    directory: Path | str,
    *,
    format: str = "csv",  # noqa: A002
    level: str = "raw",
    runs: Sequence[str] | None = None,
    force: bool = False,
    progress: Callable[[Progress], None] = _nobody,
) -> ExportResult:
    """Export runs (all, unless some are named) into `directory`, a folder for each run.

    `format` is csv, netcdf, flox or pico; `level` raw, corrected or reflectance. An export that was interrupted goes on
    where it was, one that is complete already is left as it is unless the run has changed, and the same input gives the
    same bytes. Files that can't be read are left out and told in the result.

    Raises InvalidValue for what is asked for wrongly, NotFound where there is no such run, Conflict where a file is in
    the way or another export into the same directory is running, StoreError where a disk fails.
    """
    try:
        form, wanted = Format(format), Level(level)
    except ValueError as error:
        raise InvalidValue(str(error)) from error
    check_level(form, wanted)
    if isinstance(source, Path | str):
        source = Directory(source)
    known = source.runs()
    if not known:
        raise NotFound("there is nothing to export: no run has any data files")
    for run in runs or ():
        if run not in known:
            raise NotFound(f"there is no run {run!r} (there are: {', '.join(known)})")
    out = Path(directory).absolute()
    with store_errors("making", out):
        (out / HIDDEN).mkdir(parents=True, exist_ok=True)
    chosen = list(dict.fromkeys(known if runs is None else runs))
    with _alone(out / HIDDEN):
        results = [export_run(Job(source, run, form, wanted, out, force), progress) for run in chosen]
    return ExportResult(out, tuple(results))


@contextmanager
def _alone(hidden: Path) -> Iterator[None]:
    with store_errors("locking", hidden):
        descriptor = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(f"another export into {hidden.parent} is running") from error
        yield
    finally:
        os.close(descriptor)
