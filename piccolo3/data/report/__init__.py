"""One page about a run: when, how it ended, what was seen, what is doubtful and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from piccolo3.data.reader import Findings, RunReader
from piccolo3.data.report.gather import gather
from piccolo3.data.report.maps import BatchOutcome
from piccolo3.data.report.page import page
from piccolo3.data.source import Source
from piccolo3.errors import NotFound
from piccolo3.store.atomic import write_files

__all__ = ["BatchOutcome", "report"]

_NOTHING: Mapping[int, BatchOutcome] = MappingProxyType({})


def _nobody(done: int, total: int) -> None:
    pass


def report(
    source: Source,
    run: str,
    path: Path | str,
    *,
    outcomes: Mapping[int, BatchOutcome] = _NOTHING,
    progress: Callable[[int, int], None] = _nobody,
) -> Findings:
    """Write the report of a run as one HTML file; return what was found on the way.

    Without `outcomes` (of a catalogue, by batch number) the outcome of a batch is what its files tell. Raises NotFound
    where there is no such run or nothing in it, StoreError where the file can't be written.
    """
    reader = RunReader(source, run)
    if not reader.names:
        raise NotFound(f"the run {run!r} has no data files")
    text = page(gather(reader, progress), outcomes)
    write_files({Path(path).absolute(): text.encode()}, clobber=True)
    return reader.findings
