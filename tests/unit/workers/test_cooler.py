from __future__ import annotations

import pytest

from piccolo3.clock import ManualClock
from piccolo3.workers.cooler import SETTLED_FOR, Cooler, CoolerReading


def visited(cooler: Cooler, temperature: float | None, *, has_cooler: bool = True) -> None:
    cooler.report(CoolerReading(cooler.wanted, cooler.target, temperature), has_cooler)


def settled(cooler: Cooler) -> bool | None:
    """A function, for type checkers believe that properties don't change."""
    return cooler.settled


def age(cooler: Cooler) -> float | None:
    return cooler.age


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cooler(clock: ManualClock) -> Cooler:
    return Cooler(clock, enabled=True, target=-10.0)


def test_it_has_settled_when_it_has_stayed_near_its_set_point(cooler: Cooler, clock: ManualClock) -> None:
    assert settled(cooler) is None
    for temperature in (20.0, 0.0, -9.6):
        visited(cooler, temperature)
        assert settled(cooler) is False
        clock.advance(1.0)
    clock.advance(SETTLED_FOR)
    assert settled(cooler) is False, "nobody has looked since"
    visited(cooler, -10.4)
    assert settled(cooler) is True
    visited(cooler, -10.6)
    assert settled(cooler) is False


def test_another_set_point_begins_anew(cooler: Cooler, clock: ManualClock) -> None:
    visited(cooler, -10.0)
    clock.advance(SETTLED_FOR)
    visited(cooler, -10.0)
    assert settled(cooler) is True
    cooler.target = -10.2
    visited(cooler, -10.0)
    assert settled(cooler) is False


@pytest.mark.parametrize("wanted", [True, False])
def test_where_nothing_cools_nothing_settles(cooler: Cooler, clock: ManualClock, wanted: bool) -> None:
    cooler.wanted = wanted
    visited(cooler, -10.0, has_cooler=not wanted)
    clock.advance(SETTLED_FOR)
    visited(cooler, -10.0, has_cooler=not wanted)
    assert settled(cooler) is None


def test_the_temperature_has_an_age(cooler: Cooler, clock: ManualClock) -> None:
    assert age(cooler) is None
    visited(cooler, None)
    assert settled(cooler) is False
    clock.advance(3.0)
    assert age(cooler) == 3.0
    cooler.closed()
    assert age(cooler) is None
    assert settled(cooler) is None
