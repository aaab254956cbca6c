"""Exposures and the buffer of finished ones, by arithmetic: what nobody reads costs nothing.

All times are whole nanoseconds on the monotonic scale.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OnDemand", "Slot", "Timeline", "nanoseconds"]


def nanoseconds(seconds: float) -> int:
    """Seconds on the monotonic scale as whole nanoseconds."""
    return round(seconds * 1e9)


@dataclass(frozen=True, slots=True)
class Slot:
    """One exposure: its number since the device was switched on, and when it was made (ns)."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Exposures of the same integration time, until the next stretch starts."""

    number: int
    start: int
    integration_time: int

    def slot(self, number: int) -> Slot:
        start = self.start + (number - self.number) * self.integration_time
        return Slot(number, start, start + self.integration_time)


class Timeline:
    """A detector that integrates all the time from `start` on, and a buffer for `depth` finished exposures.

    The buffer hands out its oldest exposure first, and drops the oldest when it is full and another one is finished.
    With `restarts` a change of the integration time gives the exposure under way up: it is never finished.
    """

    def __init__(self, start: int, integration_time: int, depth: int, *, restarts: bool = False) -> None:
        self._stretches = [_Stretch(0, start, integration_time)]
        self._depth = depth
        self._restarts = restarts
        self._next = 0  # the first one neither read nor forgotten, unless it has been dropped

    def set_integration_time(self, now: int, integration_time: int) -> None:
        """Let the exposures that begin after `now` have this integration time; with `restarts` one begins now."""
        if self._restarts:
            number = max(self._next, self._under_way(now))  # in the place of the one that is given up
            self._next = max(self._next, number - self._depth)
            # without those of which nothing was finished
            self._stretches = [one for one in self._stretches if one.start < now and one.number < number]
            self._stretches.append(_Stretch(number, now, integration_time))
            self._forget_before(self._next)
            return
        last = self._stretches[-1]
        if now < last.start:  # set again before the last one came to count
            self._stretches[-1] = _Stretch(last.number, last.start, integration_time)
            return
        under_way = last.slot(last.number + (now - last.start) // last.integration_time)
        self._stretches.append(_Stretch(under_way.number + 1, under_way.end, integration_time))
        self._forget_before(max(self._next, under_way.number - self._depth))

    def take(self, now: int) -> Slot:
        """Hand out what a request at `now` gets: the oldest finished exposure, else the one under way."""
        under_way = self._under_way(now)
        number = max(self._next, under_way - self._depth)
        self._next = number + 1
        self._forget_before(number)
        return self._stretch_of(number).slot(number)

    def clear(self, now: int) -> None:
        """Forget the exposures finished by `now`."""
        self._next = max(self._next, self._under_way(now))

    def _under_way(self, now: int) -> int:
        for stretch in reversed(self._stretches):
            if stretch.start <= now:
                return stretch.number + (now - stretch.start) // stretch.integration_time
        return self._stretches[0].number

    def _stretch_of(self, number: int) -> _Stretch:
        return next(stretch for stretch in reversed(self._stretches) if stretch.number <= number)

    def _forget_before(self, number: int) -> None:
        while len(self._stretches) > 1 and self._stretches[1].number <= number:
            del self._stretches[0]


class OnDemand:
    """A detector that exposes when it is asked to, and keeps nothing."""

    def __init__(self, integration_time: int) -> None:
        self._integration_time = integration_time
        self._number = -1

    def set_integration_time(self, now: int, integration_time: int) -> None:
        """Let the exposures that are asked for after `now` have this integration time."""
        self._integration_time = integration_time

    def take(self, now: int) -> Slot:
        """Hand out the exposure that begins `now`."""
        self._number += 1
        return Slot(self._number, now, now + self._integration_time)

    def clear(self, now: int) -> None:
        """There is nothing to forget."""
