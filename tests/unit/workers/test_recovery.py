from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from piccolo3.workers.recovery import Attempt, Ladder, RecoveryTiming, Rung

TIMING = RecoveryTiming()


def attempts(ladder: Ladder, count: int, *, is_absent: bool = False, now: float = 0.0) -> list[Attempt]:
    made = []
    for _ in range(count):
        attempt = ladder.failed(now, is_absent=is_absent)
        now += attempt.pause
        ladder.tried(attempt.rung, now)
        made.append(attempt)
    return made


def test_it_is_climbed_from_the_gentlest_rung_with_growing_pauses() -> None:
    made = attempts(Ladder(TIMING, has_power_switch=True), 8)
    assert [one.pause for one in made] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert [one.rung for one in made[:4]] == [Rung.REOPEN, Rung.RESET, Rung.POWER_CYCLE, Rung.RESET]
    assert all(one.rung is Rung.RESET for one in made[3:])  # less than five minutes after the power cycle


def test_without_a_switch_it_is_reset_again_and_again() -> None:
    made = attempts(Ladder(TIMING, has_power_switch=False), 30)
    assert {one.rung for one in made[1:]} == {Rung.RESET}


def test_what_is_not_there_is_looked_for_often_and_can_only_be_switched() -> None:
    made = attempts(Ladder(TIMING, has_power_switch=True), 6, is_absent=True)
    assert [one.pause for one in made] == [1, 2, 4, 5, 5, 5]
    assert [one.rung for one in made].count(Rung.POWER_CYCLE) == 1
    assert Rung.RESET not in {one.rung for one in made}


def test_a_spectrum_makes_it_as_good_as_new_talk_only_after_a_while() -> None:
    ladder = Ladder(TIMING, has_power_switch=True)
    attempts(ladder, 2)
    ladder.worked(59.0, fully=False)
    assert ladder.failures == 2
    ladder.worked(60.0 + TIMING.first_retry, fully=False)
    assert ladder.failures == 0
    attempts(ladder, 2, now=100.0)
    ladder.worked(101.0, fully=True)
    assert attempts(ladder, 1, now=102.0) == [Attempt(1.0, Rung.REOPEN)]


@given(
    moments=st.lists(st.floats(0, 500), max_size=40),
    absent=st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_it_never_gives_up_and_spares_the_power(moments: list[float], absent: list[bool]) -> None:
    ladder = Ladder(TIMING, has_power_switch=True)
    now = 0.0
    cycles = []
    for wait, is_absent in zip(moments, absent, strict=False):
        now += wait
        attempt = ladder.failed(now, is_absent=is_absent)
        assert 0 < attempt.pause <= TIMING.longest_retry
        now += attempt.pause
        ladder.tried(attempt.rung, now)
        if attempt.rung is Rung.POWER_CYCLE:
            cycles.append(now)
    assert all(later - earlier >= TIMING.power_cycle_interval for earlier, later in pairwise(cycles))
    assert ladder.done[Rung.POWER_CYCLE] == len(cycles)
    assert sum(ladder.done.values()) == len(moments)
