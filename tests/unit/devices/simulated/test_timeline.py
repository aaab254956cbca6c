from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.devices.simulated.timeline import OnDemand, Timeline, nanoseconds


class Stepped:
    """The same, exposure by exposure."""

    def __init__(self, integration_time: int, depth: int, *, restarts: bool) -> None:
        self._restarts = restarts
        self._next_time = self._time = integration_time
        self._start = self._number = 0
        self._depth = depth
        self._buffer: deque[tuple[int, int, int]] = deque(maxlen=depth)

    def _finish(self) -> tuple[int, int, int]:
        exposure = (self._number, self._start, self._start + self._time)
        self._start, self._number, self._time = exposure[2], self._number + 1, self._next_time
        return exposure

    def _run(self, now: int) -> None:
        while self._start + self._time <= now:
            self._buffer.append(self._finish())

    def set_integration_time(self, now: int, integration_time: int) -> None:
        self._run(now)
        self._next_time = integration_time
        if self._restarts:
            self._start, self._time = now, integration_time

    def take(self, now: int) -> tuple[int, int, int]:
        self._run(now)
        return self._buffer.popleft() if self._buffer else self._finish()

    def clear(self, now: int) -> None:
        self._run(now)
        self._buffer.clear()


ACTIONS = st.tuples(st.integers(0, 40), st.sampled_from(("take", "take", "set", "clear")), st.integers(1, 12))


@pytest.mark.parametrize("restarts", [False, True])
@given(st.integers(1, 12), st.integers(1, 4), st.lists(ACTIONS, max_size=40))
def test_is_what_stepping_gives(
    restarts: bool, integration_time: int, depth: int, actions: list[tuple[int, str, int]]
) -> None:
    timeline = Timeline(0, integration_time, depth, restarts=restarts)
    stepped = Stepped(integration_time, depth, restarts=restarts)
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
            now = max(now, slot.end)  # a read returns when its exposure is over
    assert not restarts or len(timeline._stretches) <= depth + 2


def test_a_year_of_idling_takes_no_time() -> None:
    timeline = Timeline(0, 100_000, 2)
    year = 365 * 24 * 3600 * 10**9
    slot = timeline.take(year + 50_000)
    assert (slot.start, slot.end) == (year - 200_000, year - 100_000)


def test_keeps_only_what_can_still_be_read() -> None:
    timeline = Timeline(0, 10, 2)
    for now in range(0, 100_000, 7):
        timeline.set_integration_time(now, 5 + now % 11)
    assert len(timeline._stretches) < 10


def test_what_timed_out_is_lost() -> None:
    timeline = Timeline(0, 100, 1)
    assert timeline.take(10).number == 0
    assert timeline.take(20).number == 1


def test_whole_nanoseconds() -> None:
    assert nanoseconds(1.2345678906) == 1_234_567_891


def test_on_demand_an_exposure_begins_when_it_is_asked_for() -> None:
    timeline = OnDemand(100)
    first = timeline.take(17)
    timeline.set_integration_time(200, 30)
    timeline.clear(210)
    second = timeline.take(1000)
    assert (first.number, first.start, first.end) == (0, 17, 117)
    assert (second.number, second.start, second.end) == (1, 1000, 1030)
