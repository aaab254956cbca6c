"""The last batch number of every run, remembered apart from the files so that no number is ever used twice."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from piccolo3.clock import Clock
from piccolo3.jsonvalue import JsonValue
from piccolo3.store.atomic import write_files
from piccolo3.store.failures import shown
from piccolo3.store.jsonfile import encoded, move_aside, read_object

__all__ = ["Ledger"]

_logger = logging.getLogger(__name__)
_NAME, _BACKUP = ".piccolo3-batches.json", ".piccolo3-batches.backup.json"


class Ledger:
    """Last batch numbers by run, in a file and a backup of the same content, which is written first.

    A number that was recorded is found again as long as one of the two is sound.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._paths = (directory / _BACKUP, directory / _NAME)
        self._clock = clock
        self._last: dict[str, int] = {}

    def load(self) -> None:
        """Read what is there; a damaged file is moved aside with a warning. Never goes back behind what is known."""
        found = [path.exists() for path in self._paths]
        numbers = [self._read(path) for path in self._paths]
        if any(found) and all(content is None for content in numbers):
            _logger.warning(
                "the batch numbers in %s are lost; those of deleted files may be used again",
                shown(self._paths[0].parent),
            )
        elif any(found) and None in numbers:
            _logger.warning("the batch numbers in %s are restored", shown(self._paths[0].parent))
        for content in numbers:
            for run, number in (content or {}).items():
                self._last[run] = max(number, self.last(run))

    def _read(self, path: Path) -> dict[str, int] | None:
        content = read_object(path, self._clock)
        if content is None:
            return None
        numbers = _numbers(content)
        if numbers is None:
            move_aside(path, "not a list of batch numbers", self._clock)
        return numbers

    def last(self, run: str) -> int:
        """The last number that was recorded for `run`, -1 if there is none."""
        return self._last.get(run, -1)

    def record(self, run: str, number: int) -> None:
        """Remember that `number` is used; it is durable on return. Raises StoreError and remembers nothing."""
        content = {**self._last, run: max(number, self.last(run))}
        data = encoded({"runs": content})
        write_files(dict.fromkeys(self._paths, data), clobber=True)
        self._last = content


def _numbers(content: Mapping[str, JsonValue]) -> dict[str, int] | None:
    runs = content.get("runs")
    if not isinstance(runs, dict):
        return None
    numbers: dict[str, int] = {}
    for run, number in runs.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            return None
        numbers[run] = number
    return numbers
