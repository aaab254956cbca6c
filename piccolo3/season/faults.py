"""What goes wrong in a season: seeded, so that a season can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["DAY", "Fault", "FaultKind", "draw"]

DAY = 86400.0  # s
_HOUR = 3600.0
_MINUTE = 60.0
_GUARD = _HOUR  # s at the beginning and the end in which nothing goes wrong
_WHEN_IT_HURTS = 0.7  # of the faults come just after something was begun
_YEARS = 6.0 * 365.0 * DAY  # s by which the clock of a computer without battery may be behind


class FaultKind(Enum):
    """What can go wrong."""

    POWER_CUT = "power cut"
    CLOCK_STEP = "clock step"
    SPECTROMETER_GONE = "spectrometer gone"
    DISK_FULL = "disk full"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """From `start` for `duration` (s since the season began). What the others mean depends on the kind.

    POWER_CUT: the power fails at `start`, with `writes` at the first write but so many after that, or a minute later
    where nothing is written. When it comes back the clock is wrong by `amount` s, until the time is known after
    `untrusted` s. CLOCK_STEP: the clock steps by `amount` s, and is set right at the end. SPECTROMETER_GONE: those
    at `places` of the list are unplugged. DISK_FULL: every write fails. RESTART: the daemon is stopped properly.
    """

    kind: FaultKind
    start: float
    duration: float
    amount: float = 0.0
    untrusted: float = 0.0
    writes: int | None = None
    places: tuple[int, ...] = ()

    @property
    def end(self) -> float:
        """When it is over, s since the season began."""
        return self.start + self.duration


# how many days there are on average from one to the next; each comes once also in a short season, if there is room
_EVERY = {
    FaultKind.POWER_CUT: 6.0,
    FaultKind.CLOCK_STEP: 8.0,
    FaultKind.SPECTROMETER_GONE: 20.0,
    FaultKind.DISK_FULL: 10.0,
    FaultKind.RESTART: 15.0,
}


def draw(
    seed: int,
    days: float,
    starts: Sequence[float],
    spectrometers: int,
    kinds: Sequence[FaultKind] = tuple(FaultKind),
    rate: float = 1.0,
) -> tuple[Fault, ...]:
    """The faults of a season, by their start; most of them come just after one of the planned `starts` (s).

    Those of one kind do not overlap, others may. `rate` times as many as usual.
    """
    dice = random.Random(seed)  # noqa: S311 - a simulation
    faults: list[Fault] = []
    for kind in FaultKind:
        if kind not in kinds or rate <= 0:
            continue
        number = max(1, round(rate * days / _EVERY[kind]))
        busy_until = _GUARD
        for place in range(number):
            begin = max(busy_until, days * DAY * place / number)
            fault = _fault(kind, dice, begin, days * DAY * (place + 1) / number, starts, spectrometers)
            if fault.end + fault.untrusted < days * DAY - _GUARD:
                faults.append(fault)
                busy_until = fault.end + fault.untrusted + _GUARD
    return tuple(sorted(faults, key=lambda fault: fault.start))


def _fault(
    kind: FaultKind, dice: random.Random, begin: float, end: float, starts: Sequence[float], spectrometers: int
) -> Fault:
    start = begin + dice.random() * max(0.0, 0.6 * (end - begin))
    writes = dice.choice((None, None, 0, 1, 2, 3, 5, 8))
    if dice.random() < _WHEN_IT_HURTS:
        start = next((planned for planned in starts if planned >= start), start)
        if kind is not FaultKind.POWER_CUT or writes is None:
            start += dice.choice((0.01, 0.1, 0.5, 2.0, 10.0)) * dice.random()
    if kind is FaultKind.POWER_CUT:
        return Fault(
            kind=kind,
            start=start,
            duration=dice.choice((2 * _MINUTE, 20 * _MINUTE, 2 * _HOUR, 7 * _HOUR)) * (0.5 + dice.random()),
            amount=dice.choice((0.0, -_YEARS, _HOUR, -30 * DAY, 400 * DAY)) * dice.random(),
            untrusted=dice.choice((20.0, 5 * _MINUTE, 2 * _HOUR)) * (0.5 + dice.random()),
            writes=writes,
        )
    if kind is FaultKind.CLOCK_STEP:
        amount = dice.choice((1.5, 40.0, 20 * _MINUTE, 3 * _HOUR, 3 * DAY, _YEARS)) * (0.5 + dice.random() / 2)
        duration = dice.choice((10.0, 10 * _MINUTE, 2 * _HOUR)) * (0.5 + dice.random())
        return Fault(kind=kind, start=start, duration=duration, amount=amount * dice.choice((-1, 1)))
    if kind is FaultKind.SPECTROMETER_GONE:
        everybody = tuple(range(spectrometers))
        gone = everybody if dice.random() < 0.3 else (dice.randrange(spectrometers),)
        length = min(DAY, 0.4 * (end - begin))
        return Fault(kind=kind, start=start, duration=length, places=gone)
    if kind is FaultKind.RESTART:
        return Fault(kind=kind, start=start, duration=dice.choice((5.0, _MINUTE, 20 * _MINUTE)))
    return Fault(kind=kind, start=start, duration=min(_HOUR, 0.4 * (end - begin)))
