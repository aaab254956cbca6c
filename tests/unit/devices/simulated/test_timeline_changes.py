"""Detectors that restart their exposure, and those that expose on demand."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from piccolo3.devices.simulated.timeline import OnDemand, Timeline


class Stepped:
    """One that restarts, exposure by exposure."""

    def __init__(self, integration_time: int, depth: int) -> None:
        self._time = integration_time
        self._start = self._number = 0
        self._buffer: deque[tuple[int, int, int]] = deque(maxlen=depth)

    def _finish(self) -> tuple[int, int, int]:
        exposure = (self._number, self._start, self._start + self._time)
        self._start, self._number = exposure[2], self._number + 1
        return exposure

    def _run(self, now: int) -> None:
        while self._start + self._time <= now:
            self._buffer.append(self._finish())

    def set_integration_time(self, now: int, integration_time: int) -> None:
        self._run(now)
        self._start, self._time = now, integration_time

    def take(self, now: int) -> tuple[int, int, int]:
        self._run(now)
        return self._buffer.popleft() if self._buffer else self._finish()

    def clear(self, now: int) -> None:
        self._run(now)
        self._buffer.clear()


ACTIONS = st.tuples(st.integers(0, 40), st.sampled_from(("take", "take", "set", "clear")), st.integers(1, 12))


@given(st.integers(1, 12), st.integers(1, 4), st.lists(ACTIONS, max_size=40))
def test_restarting_is_what_stepping_gives(
    integration_time: int, depth: int, actions: list[tuple[int, str, int]]
) -> None:
    timeline, stepped = Timeline(0, integration_time, depth, restarts=True), Stepped(integration_time, depth)
    now = 0
    for pause, action, value in actions:
        now += pause
        if action == "set":
            timeline.set_integration_time(now, value)
            stepped.set_integration_time(now, value)
        elif action == "clear":
            timeline.clear(now)
            stepped.clear(now)
        else:
            slot, expected = timeline.take(now), stepped.take(now)
            assert (slot.number, slot.start, slot.end) == expected
            now = max(now, slot.end)
    assert len(timeline._stretches) <= depth + 2


def test_on_demand_an_exposure_begins_when_it_is_asked_for() -> None:
    timeline = OnDemand(100)
    first = timeline.take(17)
    timeline.set_integration_time(200, 30)
    timeline.clear(210)
    second = timeline.take(1000)
    assert (first.number, first.start, first.end) == (0, 17, 117)
    assert (second.number, second.start, second.end) == (1, 1000, 1030)
