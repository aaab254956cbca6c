"""The tables of the schedule.

Whoever changes them writes a migration, too, and gives `HEAD` its number; a test compares.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from piccolo3.store.database.types import NAMES, TYPES, JsonText

__all__ = ["HEAD", "Base", "JobRow", "RunRow", "SettingRow"]

HEAD = "0001"

JsonObject = dict[str, object]  # SQLAlchemy can't read the type of JSON values


class Base(DeclarativeBase):
    """What all tables have in common."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = TYPES


class JobRow(Base):
    """Jobs, also those that are done or deleted."""

    __tablename__ = "jobs"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a number never stands for another job

    id: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(doc="`record`, `dark`, `auto`, `power_on` or `power_off`")
    parameters: Mapped[JsonObject] = mapped_column(JsonText(), doc="all of them, as they were when it was made (JSON)")
    timing: Mapped[JsonObject] = mapped_column(JsonText(), doc="when it is due (JSON)")
    name: Mapped[str] = mapped_column(doc="for people")
    description: Mapped[str] = mapped_column(doc="for people")
    status: Mapped[str] = mapped_column(index=True, doc="`active`, `suspended`, `done` or `deleted`")
    grace: Mapped[float | None] = mapped_column(doc="what was due longer ago (s) is skipped; none: as configured")
    ignores_quiet_time: Mapped[bool] = mapped_column(doc="whether it is also started in the quiet time")
    made: Mapped[datetime] = mapped_column(doc="when it was made")
    made_by: Mapped[str] = mapped_column(doc="who has made it")
    failures: Mapped[int] = mapped_column(doc="how often it has failed since it succeeded last")
    reached: Mapped[datetime | None] = mapped_column(doc="times up to this one are dealt with")


class RunRow(Base):
    """Times at which a job was due, and what came of them."""

    __tablename__ = "runs"
    __table_args__ = (Index(None, "job_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id"), doc="the job")
    planned: Mapped[datetime] = mapped_column(index=True, doc="when it was due")
    started: Mapped[datetime | None] = mapped_column(doc="when it was started")
    ended: Mapped[datetime | None] = mapped_column(doc="when it ended")
    outcome: Mapped[str | None] = mapped_column(
        index=True, doc="`complete`, `aborted`, `failed`, `missed` or `quiet`; none while it is running"
    )
    reason: Mapped[str | None] = mapped_column(doc="why it did not complete")
    run: Mapped[str | None] = mapped_column(doc="run of the batch")
    batch: Mapped[int | None] = mapped_column(doc="number of the batch")
    late: Mapped[bool] = mapped_column(doc="whether it was started late")
    coalesced: Mapped[int] = mapped_column(doc="how many other times before were done with this one")


class SettingRow(Base):
    """Quiet time, and what else there is once."""

    __tablename__ = "settings"

    key: Mapped[str] = mapped_column(primary_key=True, doc="`quiet`, `halt` or `imported`")
    value: Mapped[object] = mapped_column(JsonText(), doc="(JSON)")
