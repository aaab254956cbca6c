from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.clock import ManualClock
from piccolo3.config import ChannelConfig
from piccolo3.devices.simulated import SimulatedShutter
from piccolo3.devices.simulated.blade import Blade
from piccolo3.status import ShutterStatus


def test_is_closed_to_begin_with() -> None:
    assert Blade().open_share(0, 100) == 0.0


def test_exposures_get_the_light_of_the_time_it_was_open() -> None:
    blade = Blade()
    blade.move(1000, 1100, opened=True)
    blade.move(2000, 2200, opened=False)
    assert blade.open_share(0, 1000) == 0.0
    assert blade.open_share(1100, 2000) == 1.0
    assert blade.open_share(2200, 9000) == 0.0
    assert blade.open_share(1000, 1100) == 0.5
    assert blade.open_share(1000, 1050) == 0.25
    assert blade.open_share(0, 4000) == pytest.approx((50 + 900 + 100) / 4000)


def test_turns_back_from_where_it_is() -> None:
    blade = Blade()
    blade.move(0, 100, opened=True)
    blade.move(50, 150, opened=False)
    assert blade.open_share(50, 150) == 0.25
    assert blade.open_share(0, 50) == 0.25


MOVES = st.lists(st.tuples(st.integers(1, 500), st.integers(0, 300), st.booleans()), max_size=8)


@given(MOVES, st.integers(0, 3000), st.integers(1, 3000), st.integers(1, 3000))
def test_shares_of_parts_add_up(moves: list[tuple[int, int, bool]], start: int, first: int, second: int) -> None:
    blade, now = Blade(), 0
    for pause, duration, opened in moves:
        now += pause
        blade.move(now, now + duration, opened=opened)
    parts = blade.open_share(start, start + first) * first
    parts += blade.open_share(start + first, start + first + second) * second
    whole = blade.open_share(start, start + first + second)
    assert 0.0 <= whole <= 1.0 + 1e-12
    assert whole * (first + second) == pytest.approx(parts, abs=1e-6)


def test_remembers_enough_but_not_all() -> None:
    blade = Blade()
    for i in range(10_000):
        blade.move(i * 10, i * 10, opened=i % 2 == 0)
    assert blade.open_share(99_900, 99_910) == 1.0
    assert len(blade._movements) < 5000


def test_a_stuck_shutter_says_that_it_moved_and_does_not() -> None:
    blade, clock = Blade(), ManualClock()
    config = ChannelConfig(shutter="shutter_1", direction="up", driver="simulated", open_pin=1, close_pin=2)
    shutter = SimulatedShutter(config, blade, clock)
    shutter.faults.stuck = True
    shutter.open()
    assert shutter.status is ShutterStatus.OPEN
    assert [pulse.pin for pulse in shutter.pulses] == [2, 1]
    assert blade.open_share(10**9, 2 * 10**9) == 0.0


def test_the_blade_is_where_it_belongs_when_the_call_returns() -> None:
    blade, clock = Blade(), ManualClock()
    clock.advance(0.1)
    config = ChannelConfig(
        shutter="shutter_1",
        direction="up",
        driver="simulated",
        open_pin=1,
        close_pin=2,
        pulse_time=0.3,
        settling_time=0.7,
    )
    shutter = SimulatedShutter(config, blade, clock)
    for opened in [True, False] * 50:
        if opened:
            shutter.open()
        else:
            shutter.close()
        now = round(clock.monotonic() * 1e9)
        assert blade.open_share(now, now + 1000) == float(opened)
        assert blade.open_share(now - 1000, now) != float(opened)
