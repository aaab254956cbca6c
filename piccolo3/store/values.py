"""What a store is told and what it answers: frozen values.

InvalidValue for dates without offset, for what is no JSON where that is wanted, and for what nothing can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, plain
from piccolo3.spectrum import Flag

__all__ = [
    "INTERRUPTED",
    "MOST_ENTRIES",
    "UNKNOWN_BATCH",
    "BatchEnd",
    "BatchInfo",
    "BatchRecord",
    "EventRecord",
    "FileEntry",
    "FileState",
    "Order",
    "Page",
    "RunInfo",
    "Sample",
    "SpectrumEntry",
    "SpectrumQuery",
]

T_co = TypeVar("T_co", covariant=True)

UNKNOWN_BATCH = "unknown"  # the kind of a batch that nobody announced: of old files, say
INTERRUPTED = "interrupted"  # why a batch failed that nobody ended
MOST_ENTRIES = 1000  # on one page


def _nothing() -> Mapping[str, JsonValue]:
    return MappingProxyType({})


class FileState(StrEnum):
    """What is known of a data file. Of a `STALE` one what the catalogue says has to be read again."""

    SOUND = "sound"
    CHANGED = "changed"
    DAMAGED = "damaged"
    MISSING = "missing"
    REMOVED = "removed"
    STALE = "stale"


class Order(StrEnum):
    """What newest means: by the time of the exposure, or by when it came into the store (clocks can be wrong)."""

    TIME = "time"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run and when (UTC) something was last added to it or removed.

    `rank` grows with each change in any run, whatever the clock says; 0 where it is not known.
    """

    name: str
    modified: datetime
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRecord:
    """What is known of a batch when it begins.

    `kind` is record, dark or such; `command` has all parameters, those that were not given included;
    `configuration` is the version in force.
    """

    kind: str
    started: datetime
    requested_by: str = ""
    command: Mapping[str, JsonValue] = field(default_factory=_nothing)
    configuration: int | None = None

    def __post_init__(self) -> None:
        check_aware("started", self.started)
        object.__setattr__(self, "command", plain(self.command))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnd:
    """How a batch ended: `outcome` is complete, aborted or failed; `lost` has a sentence for each kind of loss."""

    outcome: str
    ended: datetime
    reason: str | None = None
    lost: tuple[str, ...] = ()
    lost_spectra: int = 0
    sequences_done: int = 0

    def __post_init__(self) -> None:
        check_aware("ended", self.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchInfo:
    """A batch; `end` is None while it is running, and where nobody knows (kind `unknown`)."""

    id: int
    run: str
    number: int
    record: BatchRecord
    end: BatchEnd | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumEntry:
    """What a list of spectra shows of one. Times of the exposure, integration time in ms, temperature in degrees C.

    `id` never changes its meaning, `dark_id` is that of the dark that belongs to it.
    """

    id: int
    run: str
    batch: int
    sequence: int
    file: str
    serial_number: str
    model: str | None
    direction: str
    dark: bool
    dark_id: int | None
    start: datetime
    end: datetime | None
    integration_time: float
    peak: int
    saturated_pixels: int
    flags: Flag
    temperature: float | None
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumQuery:
    """Which spectra are wanted, newest first; what is None does not matter. InvalidValue where it makes no sense.

    Exposures started from `since` to before `until`. With `any_flags` a spectrum has at least one of those flags, with
    `no_flags` none of those. `cursor` is that of the page before; the rest of the query has to be the same.
    """

    since: datetime | None = None
    until: datetime | None = None
    run: str | None = None
    batch: int | None = None
    serial_number: str | None = None
    direction: str | None = None
    dark: bool | None = None
    any_flags: Flag | None = None
    no_flags: Flag | None = None
    order: Order = Order.TIME
    limit: int = 50
    cursor: str | None = None

    def __post_init__(self) -> None:
        check_limit(self.limit)
        for name, when in (("since", self.since), ("until", self.until)):
            if when is not None:
                check_aware(name, when)
        if self.batch is not None and self.run is None:
            raise InvalidValue("batches are numbered within a run: a batch needs a run")
        for name, number in (("batch", self.batch), ("any_flags", self.any_flags), ("no_flags", self.no_flags)):
            if number is not None and not 0 <= number < 2**63:
                raise InvalidValue(f"{name} can't be {int(number)}")


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Some entries, and the cursor that leads to those after them; None where there are no more.

    There may be fewer than were asked for (even none) although there are more: a page has a bounded cost.
    """

    entries: tuple[T_co, ...]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A data file as it was when it was written or found; `problem` says what is wrong with it."""

    id: int
    run: str
    name: str
    size: int
    sha256: str
    state: FileState
    problem: str | None = None
    exported: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Something that happened. `level` is info, warning or alarm; `kind` says what it is for programs."""

    time: datetime
    kind: str
    message: str
    level: str = "info"
    source: str = ""
    details: Mapping[str, JsonValue] = field(default_factory=_nothing)

    def __post_init__(self) -> None:
        check_aware("time", self.time)
        object.__setattr__(self, "details", plain(self.details))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Housekeeping: values by the name of the quantity."""

    time: datetime
    values: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        check_aware("time", self.time)
        object.__setattr__(self, "values", plain(self.values))


def check_aware(name: str, when: datetime) -> None:
    """Raise InvalidValue for a date that does not say which time it is."""
    if when.tzinfo is None:
        raise InvalidValue(f"{name} has no offset from UTC")


def check_limit(limit: int) -> None:
    """Raise InvalidValue for a number of entries that no page can have."""
    if not 1 <= limit <= MOST_ENTRIES:
        raise InvalidValue(f"a page has from 1 to {MOST_ENTRIES} entries, not {limit}")
