"""The tables. Each has a text of its own, and so has each column: the reference documentation is written from them.

Whoever changes them writes a migration, too, and gives `HEAD` its number; a test compares.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from piccolo3.store.database.types import NAMES, TYPES, JsonText

__all__ = [
    "HEAD",
    "Base",
    "BatchRow",
    "ConfigurationRow",
    "ContentRow",
    "EventRow",
    "FileRow",
    "HousekeepingRow",
    "LatestRow",
    "RunRow",
    "SpectrumRow",
]

HEAD = "0001"

JsonObject = dict[str, object]  # SQLAlchemy can't read the type of JSON values


class Base(DeclarativeBase):
    """What all tables have in common."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = TYPES


class RunRow(Base):
    """Runs: a directory each."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True, doc="name of the directory")
    created: Mapped[datetime] = mapped_column(doc="when the catalogue first heard of it")
    rank: Mapped[int] = mapped_column(index=True, doc="grows with each change in any run, whatever clocks say")


class ConfigurationRow(Base):
    """Configurations: each text that was ever in force, once."""

    __tablename__ = "configurations"

    id: Mapped[int] = mapped_column(primary_key=True, doc="the version")
    sha256: Mapped[str] = mapped_column(unique=True, doc="of the text in UTF-8, hexadecimal")
    text: Mapped[str] = mapped_column(doc="both files as `piccolo3-server --show-config` prints them")
    first_seen: Mapped[datetime] = mapped_column(doc="when it was first in force")


class BatchRow(Base):
    """Batches: what was asked for by whom, and how it ended."""

    __tablename__ = "batches"
    __table_args__ = (UniqueConstraint("run_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), doc="the run")
    number: Mapped[int] = mapped_column(doc="number within the run, from 0")
    kind: Mapped[str] = mapped_column(doc="`record`, `dark`, ...; `unknown` where nobody announced it: old files")
    requested_by: Mapped[str] = mapped_column(doc="who asked for it")
    command: Mapped[JsonObject] = mapped_column(JsonText(), doc="all parameters (JSON)")
    configuration_id: Mapped[int | None] = mapped_column(
        ForeignKey("configurations.id"), doc="the configuration in force"
    )
    started: Mapped[datetime] = mapped_column(doc="when it began")
    ended: Mapped[datetime | None] = mapped_column(doc="when it ended; none while it is running, or not known")
    outcome: Mapped[str | None] = mapped_column(
        index=True, doc="`complete`, `aborted` or `failed`; none while it is running, or not known"
    )
    reason: Mapped[str | None] = mapped_column(doc="why it did not complete")
    lost: Mapped[list[str] | None] = mapped_column(JsonText(), doc="what was lost, a sentence for each kind (JSON)")
    lost_spectra: Mapped[int] = mapped_column(default=0, doc="how many spectra were lost")
    sequences_done: Mapped[int] = mapped_column(default=0, doc="how many sequences were recorded")


class FileRow(Base):
    """Data files, as they were when they were written or found."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("run_id", "name"), Index(None, "run_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), doc="the run")
    name: Mapped[str] = mapped_column(doc="name in the directory of the run")
    size: Mapped[int] = mapped_column(doc="bytes")
    modified_ns: Mapped[int] = mapped_column(doc="time of change as the file system has it, ns since 1970")
    sha256: Mapped[str] = mapped_column(doc="of the content, hexadecimal")
    state: Mapped[str] = mapped_column(
        index=True,
        doc="`sound`, `changed` (not what was written), `damaged`, `missing`, `removed` (by retention) or `stale` "
        "(to be read again)",
    )
    problem: Mapped[str | None] = mapped_column(doc="what is wrong with it")
    recorded: Mapped[datetime] = mapped_column(doc="when its last exposure started")
    exported: Mapped[datetime | None] = mapped_column(doc="when it was exported; only such files may be removed")


class SpectrumRow(Base):
    """Spectra: what can be searched for."""

    __tablename__ = "spectra"
    __table_args__ = (
        Index(None, "start", "id"),
        Index(None, "run_id", "start", "id"),
        Index(None, "run_id", "id"),
        Index(None, "batch_id", "start", "id"),
        Index(None, "batch_id", "id"),
        Index(None, "serial_number", "start", "id"),
        Index(None, "file_id", "position"),
        {"sqlite_autoincrement": True},  # a number never stands for another spectrum
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), doc="the file it is in")
    position: Mapped[int] = mapped_column(doc="place in the file, from 0")
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), doc="the run")
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id"), doc="the batch")
    sequence: Mapped[int] = mapped_column(doc="sequence within the batch, from 0")
    serial_number: Mapped[str] = mapped_column(doc="of the spectrometer")
    model: Mapped[str | None] = mapped_column(doc="of the spectrometer")
    direction: Mapped[str] = mapped_column(doc="name of the channel")
    dark: Mapped[bool] = mapped_column(doc="whether the shutter was closed")
    dark_id: Mapped[int | None] = mapped_column(doc="the spectrum that is its dark")
    start: Mapped[datetime] = mapped_column(doc="start of the exposure")
    end: Mapped[datetime | None] = mapped_column(doc="end of the exposure; not known of old files")
    integration_time: Mapped[float] = mapped_column(doc="ms")
    peak: Mapped[int] = mapped_column(doc="highest count of the pixels that see light")
    saturated_pixels: Mapped[int] = mapped_column(doc="how many pixels that see light are saturated")
    flags: Mapped[int] = mapped_column(doc="quality flags, see [quality flags](quality.md)")
    temperature: Mapped[float | None] = mapped_column(doc="of the detector, degrees C")
    simulated: Mapped[bool] = mapped_column(doc="whether no real spectrometer was involved")


class ContentRow(Base):
    """What is in spectra. It is apart from `spectra` so that searching has little to read."""

    __tablename__ = "contents"

    spectrum_id: Mapped[int] = mapped_column(ForeignKey("spectra.id"), primary_key=True, autoincrement=False)
    pixels: Mapped[bytes] = mapped_column(
        LargeBinary(), doc="the counts; the coding is described in piccolo3/store/catalogue/blob.py"
    )
    details: Mapped[JsonObject] = mapped_column(JsonText(), doc="all metadata, as in the file (JSON)")


class LatestRow(Base):
    """The last spectrum of each spectrometer, channel and kind."""

    __tablename__ = "latest"

    serial_number: Mapped[str] = mapped_column(primary_key=True, doc="of the spectrometer")
    direction: Mapped[str] = mapped_column(primary_key=True, doc="name of the channel")
    dark: Mapped[bool] = mapped_column(primary_key=True, doc="whether the shutter was closed")
    spectrum_id: Mapped[int] = mapped_column(doc="the spectrum")


class EventRow(Base):
    """Events: what happened to the instrument."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "time", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime] = mapped_column(doc="when")
    level: Mapped[str] = mapped_column(doc="`info`, `warning` or `alarm`")
    kind: Mapped[str] = mapped_column(doc="what it is, for programs")
    source: Mapped[str] = mapped_column(doc="the part of the instrument")
    message: Mapped[str] = mapped_column(doc="what it is, for people")
    details: Mapped[JsonObject] = mapped_column(JsonText(), doc="more of it (JSON)")


class HousekeepingRow(Base):
    """Housekeeping: what was measured of the instrument itself."""

    __tablename__ = "housekeeping"
    __table_args__ = (Index(None, "time", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    time: Mapped[datetime] = mapped_column(doc="when")
    quantities: Mapped[JsonObject] = mapped_column(JsonText(), doc="values by the name of the quantity (JSON)")
