"""How far a batch is, how it ended, and what was lost on the way."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

from piccolo3.spectrum import JsonValue

__all__ = ["Losses", "Outcome", "Progress", "ProgressChanges", "log"]

_logger = logging.getLogger(__name__)
MOST_BYTES = 1000  # what is observed has to fit into one datagram


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the batch is; `step` of `steps` measurements of a channel are done. Between batches: the last one.

    `phase` is autointegrate, dark, light, waiting (the delay), trigger (waiting for one), writing (waiting for the
    disk), cooling (waiting for the detectors). `seconds_left` is an estimate, `queue` counts the sequences on their
    way to the disk, and `triggers_missed` those that came while no sequence waited for one.
    """

    run: str | None = None
    batch: int | None = None
    sequence: int = -1
    sequences: int = 0
    channel: str | None = None
    phase: str = "idle"
    step: int = 0
    steps: int = 0
    seconds_done: float = 0.0
    seconds_left: float = 0.0
    queue: int = 0
    triggers_missed: int = 0
    last_error: str | None = None

    def as_dict(self) -> dict[str, JsonValue]:
        """JSON of less than 1 kB; a long message is cut."""
        values: dict[str, JsonValue] = {name: getattr(self, name) for name in self.__slots__}
        return _shortened(values, "last_error")


class ProgressChanges(TypedDict, total=False):
    """What may change in a `Progress`."""

    sequence: int
    channel: str | None
    phase: str
    step: int
    seconds_done: float
    seconds_left: float
    queue: int
    triggers_missed: int
    last_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a batch ended. `lost` has one sentence for each kind of loss, `lost_spectra` counts all of them."""

    run: str | None
    batch: int | None
    kind: Literal["record", "dark", "auto"]
    result: Literal["complete", "aborted", "failed"]
    reason: str | None
    lost: tuple[str, ...]
    lost_spectra: int
    sequences_done: int
    started: datetime
    ended: datetime

    def as_dict(self) -> dict[str, JsonValue]:
        """JSON of less than 1 kB; sentences that don't fit are left out, a long reason is cut."""
        values: dict[str, JsonValue] = {name: getattr(self, name) for name in self.__slots__}
        values["started"] = self.started.isoformat()
        values["ended"] = self.ended.isoformat()
        lost = list(self.lost)
        values["lost"] = lost
        while lost and _size(values) > MOST_BYTES:
            lost.pop()
        return _shortened(values, "reason")


def log(outcome: Outcome) -> None:
    """Say in the log how it ended."""
    _logger.info(
        "%s %s: %s%s, %d sequences, %d spectra lost",
        outcome.kind,
        "" if outcome.batch is None else f"{outcome.run} {outcome.batch}",
        outcome.result,
        "" if outcome.reason is None else f" ({outcome.reason})",
        outcome.sequences_done,
        outcome.lost_spectra,
    )
    for sentence in outcome.lost:
        _logger.warning("lost: %s", sentence)


class Losses:
    """Sentences about what was lost, in bounded memory: equal causes are counted, surplus ones only in number."""

    def __init__(self, most: int = 20) -> None:
        self._most = most
        self._causes: dict[str, tuple[str, int]] = {}
        self._further = 0
        self.spectra = 0

    def add(self, cause: str, where: str, spectra: int = 1) -> bool:
        """Note that `spectra` were lost because of `cause`; whether it is a new cause. `where` is kept of the first."""
        self.spectra += spectra
        known = cause in self._causes
        if known:
            first, count = self._causes[cause]
            self._causes[cause] = (first, count + 1)
        elif len(self._causes) < self._most:
            self._causes[cause] = (where, 1)
        else:
            self._further += 1
        return not known

    def sentences(self) -> tuple[str, ...]:
        """One sentence for each cause."""
        sentences = [
            f"{cause} ({where})" if count == 1 else f"{cause} ({count} times, first {where})"
            for cause, (where, count) in self._causes.items()
        ]
        if self._further:
            sentences.append(f"and {self._further} more")
        return tuple(sentences)


def _size(values: dict[str, JsonValue]) -> int:
    return len(json.dumps(values))


def _shortened(values: dict[str, JsonValue], key: str) -> dict[str, JsonValue]:
    """Cut the text at `key` so that all of it fits; texts are ASCII in JSON, a character is up to 12 bytes."""
    text = values[key]
    while isinstance(text, str) and text and (surplus := _size(values) - MOST_BYTES) > 0:
        text = text[: max(0, len(text) - 1 - surplus // 12)]
        values[key] = text
    return values
