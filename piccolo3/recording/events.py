"""What the engine tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from piccolo3.events import Event
from piccolo3.recording.outcome import Outcome, Progress
from piccolo3.status import SpectrumKind

__all__ = [
    "BatchEnded",
    "IntegrationTimeChanged",
    "ProgressChanged",
    "RunChanged",
    "SequenceChanged",
    "SettingsChanged",
    "SpectraStored",
    "SpectrumSummary",
    "StatusChanged",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(Event):
    """The engine does something else."""

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Event):
    """A setting has a new value; `name` is the one in `BatchSettings`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceChanged(Event):
    """Another sequence is recorded."""

    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChanged(Event):
    """There is another current run."""

    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationTimeChanged(Event):
    """A limit (`channel` is None), an integration time or the result of an automatic integration has changed.

    `achieved` is the peak in percent of saturation that was seen at that time.
    """

    serial_number: str
    what: Literal["min_time", "max_time", "current_time", "autointegration", "achieved"]
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumSummary:
    """What a list of recorded spectra shows of one: integration time in ms, peak in percent of saturation.

    `flags` are the names of its quality flags, `peak` is the peak in counts, `start` when the exposure began.
    """

    serial_number: str
    direction: str
    kind: SpectrumKind
    integration_time: float
    peak_percent: float
    saturated: bool
    flags: tuple[str, ...] = ()
    peak: int = 0
    start: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectraStored(Event):
    """Spectra are on the disk, in files of these names."""

    run: str
    batch: int
    sequence: int
    files: tuple[str, ...]
    spectra: tuple[SpectrumSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressChanged(Event):
    """The batch has come further."""

    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnded(Event):
    """A batch, a dark or an automatic integration has ended, one way or the other."""

    outcome: Outcome
