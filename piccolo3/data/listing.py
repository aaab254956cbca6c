"""What is in a data directory, told by the names of its files, without reading them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby

from piccolo3.data.source import Source
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import parse_file_name
from piccolo3.status import SpectrumKind

__all__ = ["BatchEntry", "RunEntry", "list_batches", "list_runs"]


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run: how many batches and files, and their size in bytes."""

    run: str
    batches: int
    files: int
    size: int

    def as_json(self) -> dict[str, JsonValue]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """A batch (None: names that tell none): its files of either kind, the last sequence, and the size in bytes."""

    run: str
    batch: int | None
    dark: int
    light: int
    last_sequence: int | None
    size: int

    def as_json(self) -> dict[str, JsonValue]:
        return asdict(self)


def list_runs(source: Source) -> Iterator[RunEntry]:
    """The runs, sorted by name."""
    for run in source.runs():
        names = source.names(run)
        batches = {parsed.batch for parsed in map(parse_file_name, names) if parsed is not None}
        yield RunEntry(run, len(batches), len(names), sum(source.size(run, name) for name in names))


def list_batches(source: Source, run: str) -> Iterator[BatchEntry]:
    """The batches of a run, in order; a file with both kinds counts as both."""
    for batch, group in groupby(source.names(run), key=_batch):
        names = list(group)
        parsed = [found for found in map(parse_file_name, names) if found is not None]
        yield BatchEntry(
            run,
            batch,
            dark=sum(one.kind is not SpectrumKind.LIGHT for one in parsed),
            light=sum(one.kind is not SpectrumKind.DARK for one in parsed),
            last_sequence=max((one.sequence for one in parsed), default=None),
            size=sum(source.size(run, name) for name in names),
        )


def _batch(name: str) -> int | None:
    parsed = parse_file_name(name)
    return None if parsed is None else parsed.batch
