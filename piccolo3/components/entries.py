"""What clients see of the entries of the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from piccolo3.components.datatypes import JsonValue
from piccolo3.jsonvalue import plain
from piccolo3.spectrum import Spectrum, flag_names
from piccolo3.store import BatchInfo, EventRecord, FileEntry, Page, Sample, SpectrumEntry
from piccolo3.wire import TypedArray

__all__ = ["batch_item", "event_item", "file_item", "full_spectrum", "page_of", "sample_item", "spectrum_item"]

T = TypeVar("T")


def page_of(name: str, page: Page[T], item: Callable[[T], dict[str, JsonValue]]) -> dict[str, JsonValue]:
    """The entries of a page under `name`, and its cursor."""
    return {name: [item(entry) for entry in page.entries], "cursor": page.cursor}


def spectrum_item(entry: SpectrumEntry) -> dict[str, JsonValue]:
    """A spectrum without its pixels."""
    return {
        "id": entry.id,
        "run": entry.run,
        "batch": entry.batch,
        "sequence": entry.sequence,
        "file": entry.file,
        "serial": entry.serial_number,
        "model": entry.model,
        "direction": entry.direction,
        "dark": entry.dark,
        "dark_id": entry.dark_id,
        "start": entry.start.isoformat(),
        "end": _time(entry.end),
        "integration_time": entry.integration_time,
        "peak": entry.peak,
        "saturated_pixels": entry.saturated_pixels,
        "flags": flag_names(entry.flags),
        "temperature": entry.temperature,
        "simulated": entry.simulated,
    }


def full_spectrum(number: int, spectrum: Spectrum) -> dict[str, JsonValue]:
    """A spectrum with everything, its pixels as they come from the detector."""
    return {"id": number, "metadata": plain(spectrum.metadata), "pixels": TypedArray(spectrum.pixels.tolist())}


def batch_item(batch: BatchInfo) -> dict[str, JsonValue]:
    """A batch; what says how it ended is null while it is under way."""
    record, end = batch.record, batch.end
    return {
        "run": batch.run,
        "batch": batch.number,
        "kind": record.kind,
        "started": record.started.isoformat(),
        "requested_by": record.requested_by,
        "command": record.command,
        "configuration": record.configuration,
        "result": None if end is None else end.outcome,
        "reason": None if end is None else end.reason,
        "ended": None if end is None else end.ended.isoformat(),
        "lost": [] if end is None else list(end.lost),
        "lost_spectra": 0 if end is None else end.lost_spectra,
        "sequences_done": 0 if end is None else end.sequences_done,
    }


def file_item(file: FileEntry) -> dict[str, JsonValue]:
    """A data file."""
    return {
        "run": file.run,
        "name": file.name,
        "size": file.size,
        "state": file.state.value,
        "problem": file.problem,
        "exported": _time(file.exported),
    }


def sample_item(sample: Sample, names: Sequence[str] | None) -> dict[str, JsonValue]:
    """A sample of housekeeping, with the values of these names: whole ones, or what is before their slash."""
    wanted = {
        name: value
        for name, value in sample.values.items()
        if names is None or name in names or name.partition("/")[0] in names
    }
    return {"time": sample.time.isoformat(), "values": wanted}


def event_item(event: EventRecord) -> dict[str, JsonValue]:
    """Something that has happened."""
    return {
        "time": event.time.isoformat(),
        "level": event.level,
        "kind": event.kind,
        "source": event.source,
        "message": event.message,
        "details": event.details,
    }


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()
