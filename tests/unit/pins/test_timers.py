from __future__ import annotations

import pytest

from piccolo3.pins.timers import Timers


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1e-6
        return self.now


def test_actions_come_in_the_order_of_their_times() -> None:
    time, done = Time(), list[str]()
    timers = Timers(time)
    assert timers.wait() is None
    timers.at(2.0, lambda: done.append("second"))
    timers.at(1.0, lambda: done.append("first"))
    timers.run()
    assert done == []
    assert timers.wait() == pytest.approx(1.0, abs=1e-3)
    time.now = 5.0
    assert timers.wait() == 0.0
    timers.run()
    assert done == ["first", "second"]


def test_an_action_may_ask_for_another_one() -> None:
    time, done = Time(), list[str]()
    timers = Timers(time)
    timers.at(1.0, lambda: timers.at(1.5, lambda: done.append("later")))
    time.now = 2.0
    timers.run()
    assert done == ["later"]


def test_sharp_ones_are_waited_for_awake() -> None:
    time, done = Time(), list[float]()
    timers = Timers(time, lead=0.5)
    timers.at(1.0, lambda: done.append(time.now), sharp=True)
    timers.at(0.9, lambda: done.append(time.now))
    assert timers.wait() == pytest.approx(0.5, abs=1e-3)
    time.now = 0.5
    timers.run()
    assert done[0] == pytest.approx(1.0, abs=1e-5)
    assert done[0] >= 1.0
    assert len(done) == 2
