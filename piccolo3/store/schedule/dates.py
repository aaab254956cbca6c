"""Dates of values, all in UTC."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from piccolo3.errors import InvalidValue
from piccolo3.store.schedule.values import Job

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["in_utc", "job_in_utc"]

V = TypeVar("V", bound="DataclassInstance")


def in_utc(value: V) -> V:
    """The same with its dates in UTC; InvalidValue for one without offset."""
    moved: dict[str, Any] = {}
    for field in fields(value):
        date = getattr(value, field.name)
        if isinstance(date, datetime):
            if date.tzinfo is None:
                raise InvalidValue(f"the date {date.isoformat()} has no offset from UTC")
            moved[field.name] = date.astimezone(UTC)
    return replace(value, **moved)


def job_in_utc(job: Job) -> Job:
    """The same of a job and of when it is due."""
    return replace(in_utc(job), when=in_utc(job.when))
