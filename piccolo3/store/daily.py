"""Tables of housekeeping values that every program can read: a CSV file for each day (UTC)."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from piccolo3.jsonvalue import JsonValue
from piccolo3.store.atomic import sync_directory
from piccolo3.store.failures import store_errors
from piccolo3.store.values import Sample

__all__ = ["HOUSEKEEPING_FOLDER", "DailyTables"]

HOUSEKEEPING_FOLDER = ".housekeeping"  # the dot keeps it from being taken for a run
_TIME = "time"
_MOST_TABLES = 100  # of a day, each with other columns


class DailyTables:
    """Appends rows to `<folder>/YYYY-MM-DD.csv`; `YYYY-MM-DD_2.csv` where that has other columns.

    A row that a power cut has torn is removed by the next one. Calls block and raise StoreError.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def append(self, columns: Sequence[str], samples: Iterable[Sample]) -> None:
        """Add a row for each sample; durable on return."""
        with store_errors("writing housekeeping to", self._folder):
            if not self._folder.is_dir():
                self._folder.mkdir()
                sync_directory(self._folder.parent)
        for day, rows in groupby(samples, key=lambda sample: sample.time.date().isoformat()):
            self._append(day, columns, rows)

    def _append(self, day: str, columns: Sequence[str], samples: Iterable[Sample]) -> None:
        header = _line([_TIME, *columns])
        text = "".join(
            _line([sample.time.isoformat(timespec="seconds"), *(_cell(sample.values.get(name)) for name in columns)])
            for sample in samples
        )
        for number in range(1, _MOST_TABLES + 1):
            path = self._folder / (f"{day}.csv" if number == 1 else f"{day}_{number}.csv")
            with store_errors("writing", path):
                if _appended(path, header.encode(), text.encode()):
                    return
        with store_errors("writing", path):
            raise FileExistsError


def _appended(path: Path, header: bytes, rows: bytes) -> bool:
    """Append; False where the file has another header."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        end = _end_of_rows(file, size)
        file.seek(0)
        if end and file.read(len(header)) != header:
            return False
        if end < size:  # cut off
            file.truncate(end)
        file.seek(end)
        try:
            file.write(rows if end else header + rows)
            file.flush()
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)  # all of them are written again
            raise
    if not end:
        sync_directory(path.parent)
    return True


def _end_of_rows(file: io.BufferedRandom, size: int) -> int:
    """Where the last complete line ends."""
    begin = max(0, size - 65536)
    file.seek(begin)
    found = file.read().rfind(b"\n")
    return begin + found + 1 if found >= 0 else 0


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cell(value: JsonValue) -> str:
    return "" if value is None else str(value)
