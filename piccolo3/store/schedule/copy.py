"""A copy of what is alive in the schedule, beside its database, from which that is restored.

It is a text of lines, each a JSON object: {"job": {...}}, {"setting": key, "value": ...}, {"last": number}. A later
line replaces an earlier one of the same job or key; `last` is the highest number that was given to a job. A line that
can't be read, the last one after a power cut, say, is passed over.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from piccolo3.errors import InvalidValue, StoreError
from piccolo3.jsonvalue import JsonValue, parse
from piccolo3.store.atomic import write_files
from piccolo3.store.failures import store_errors
from piccolo3.store.schedule.coding import job_as_dict, job_from_dict
from piccolo3.store.schedule.interface import ALIVE
from piccolo3.store.schedule.values import Job

__all__ = ["Copied", "ScheduleCopy"]

_SPARE = 1000  # lines more than needed, before it is written anew
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Copied:
    """What is in a copy."""

    jobs: dict[int, Job] = field(default_factory=dict)
    settings: dict[str, JsonValue] = field(default_factory=dict)
    last: int = 0
    unreadable: int = 0  # lines


class ScheduleCopy:
    """The copy in one file. A disk that refuses is logged; the next change writes everything once more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = 0
        self._complete = False  # whether all that was to be written is there

    @property
    def complete(self) -> bool:
        """Whether `add` is enough; else `replace` has to be called."""
        return self._complete

    def read(self) -> Copied | None:
        """What is in it; None if there is none. StoreError where the disk does not say."""
        with store_errors("reading", self._path):
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return None
        copied = Copied()
        for line in data.split(b"\n"):
            if line.strip():
                _take(line, copied)
        copied.jobs = {number: job for number, job in copied.jobs.items() if job.status in ALIVE}
        return copied

    def replace(self, jobs: Collection[Job], settings: Mapping[str, JsonValue], last: int) -> None:
        """Write all of it."""
        lines: list[JsonValue] = [{"last": last}]
        lines += [{"setting": key, "value": value} for key, value in settings.items()]
        lines += [{"job": job_as_dict(job)} for job in jobs]
        try:
            write_files({self._path: b"".join(map(_line, lines))}, clobber=True)
        except StoreError as error:
            self._complete = False
            _logger.warning("the copy of the schedule is not up to date: %s", error.message)
        else:
            self._lines, self._complete = len(lines), True

    def add_job(self, job: Job, alive: int) -> None:
        """A job is new or has changed; `alive` of them there are."""
        self._append({"job": job_as_dict(job)}, alive)

    def add_setting(self, key: str, value: JsonValue, alive: int) -> None:
        """A setting has changed."""
        self._append({"setting": key, "value": value}, alive)

    def _append(self, value: JsonValue, alive: int) -> None:
        try:
            with store_errors("writing", self._path):
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    rest = memoryview(_line(value))
                    while rest:
                        rest = rest[os.write(descriptor, rest) :]
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except StoreError as error:
            self._complete = False
            _logger.warning("the copy of the schedule is not up to date: %s", error.message)
            return
        self._lines += 1
        if self._lines > 2 * alive + _SPARE:
            self._complete = False  # the next change writes it without what has been replaced


def _line(value: JsonValue) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _take(line: bytes, copied: Copied) -> None:
    try:
        value = parse(line.decode())
        if not isinstance(value, dict):
            raise InvalidValue("not an object")
        if "job" in value:
            job = job_from_dict(value["job"])
            copied.jobs[job.id] = job
            copied.last = max(copied.last, job.id)
        elif isinstance(key := value.get("setting"), str):
            copied.settings[key] = value.get("value")
        elif isinstance(last := value.get("last"), int):
            copied.last = max(copied.last, last)
        else:
            raise InvalidValue("nothing that is known")
    except (InvalidValue, UnicodeDecodeError) as error:
        copied.unreadable += 1
        _logger.warning("a line of the copy of the schedule is passed over: %s", error)
