"""What is wrong with the rig: limits that are breached, and what others have noted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from piccolo3.clock import Clock
from piccolo3.events import Broker, Event
from piccolo3.jsonvalue import JsonValue
from piccolo3.quantities import Limits, Quantity, quantity_of

__all__ = ["Health", "HealthChanged", "Level", "judge"]

_MOST_BYTES = 1000  # what is observed has to fit into one datagram
_MOST_SENTENCE = 300


class Level(IntEnum):
    """How bad it is."""

    OK = 0
    WARN = 1
    ALARM = 2

    @property
    def word(self) -> str:
        """As it is shown."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged(Event):
    """Something has become worse or better; `what` is the name of a value, or of what was noted."""

    what: str
    level: Level
    sentence: str
    time: datetime
    value: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    level: Level
    sentence: str


def judge(quantity: Quantity, limits: Limits, value: float, before: Level) -> Level:
    """How bad a value is; where it was bad `before`, it has to be better by the hysteresis."""
    sign = 1.0 if quantity.side == "above" else -1.0

    def breached(limit: float | None, level: Level) -> bool:
        if limit is None or quantity.side is None:
            return False
        surplus = sign * (value - limit)
        return surplus >= 0 or (before >= level and surplus > -quantity.hysteresis)

    if breached(limits.alarm, Level.ALARM):
        return Level.ALARM
    return Level.WARN if breached(limits.warn, Level.WARN) else Level.OK


class Health:
    """All that is wrong now; events are published for what changes. Belongs to the event loop's thread.

    `limits` are those of each quantity by its name, and `alarms` sentences for alarms that are other ones than those
    for warnings.
    """

    def __init__(
        self, limits: Mapping[str, Limits], clock: Clock, broker: Broker, *, alarms: Mapping[str, str] | None = None
    ) -> None:
        self._limits = limits
        self._alarms = alarms or {}
        self._clock = clock
        self._broker = broker
        self._troubles: dict[str, _Trouble] = {}

    @property
    def level(self) -> Level:
        """The worst of all."""
        return max((trouble.level for trouble in self._troubles.values()), default=Level.OK)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong, the worst first."""
        troubles = sorted(self._troubles.values(), key=lambda trouble: -trouble.level)
        return tuple(trouble.sentence for trouble in troubles)

    def level_of(self, what: str) -> Level:
        """How bad one thing is."""
        return self._troubles[what].level if what in self._troubles else Level.OK

    def as_dict(self) -> dict[str, JsonValue]:
        """JSON of less than 1 kB; sentences that don't fit are only counted."""
        sentences = list(self.sentences)
        body: dict[str, JsonValue] = {"status": self.level.word, "sentences": sentences, "omitted": 0}
        while sentences and len(json.dumps(body)) > _MOST_BYTES:
            sentences.pop()
            body["omitted"] = len(self._troubles) - len(sentences)
        return body

    def check(self, values: Mapping[str, JsonValue]) -> None:
        """Compare with the limits; what is not known now stays as bad as it was."""
        for name, value in values.items():
            quantity = quantity_of(name)
            if isinstance(value, bool | int | float):
                limits = self._limits.get(quantity.name, quantity.limits)
                level = judge(quantity, limits, float(value), self.level_of(name))
                pattern = self._alarms.get(quantity.name) if level is Level.ALARM else None
                self._set(name, level, _sentence(quantity, name, value, pattern), value)

    def note(self, what: str, level: Level, sentence: str) -> None:
        """Say what is wrong, or with OK that it is no more."""
        self._set(what, level, sentence, None)

    def _set(self, what: str, level: Level, sentence: str, value: JsonValue) -> None:
        before = self._troubles.get(what)
        if level is (Level.OK if before is None else before.level) and (
            before is None or value is not None or before.sentence == sentence
        ):
            return  # the sentence of a value stays that of the change: one that wanders is no news
        if level is not Level.OK:
            self._troubles[what] = _Trouble(level=level, sentence=sentence[:_MOST_SENTENCE])
        elif before is not None:
            del self._troubles[what]
            if value is not None:
                sentence = f"no longer: {before.sentence}"
        self._broker.publish(
            HealthChanged(what=what, level=level, sentence=sentence, time=self._clock.utcnow(), value=value)
        )


def _sentence(quantity: Quantity, name: str, value: float, pattern: str | None) -> str:
    shown = f"{value:.{min(quantity.digits, 2)}f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return (pattern or quantity.sentence).format(value=shown, of=name.partition("/")[2])
