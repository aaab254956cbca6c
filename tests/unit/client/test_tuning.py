from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from piccolo3.client.tuning import PROFILES, Tuning, profile
from piccolo3.errors import InvalidValue


def last_copy(tuning: Tuning) -> float:
    return float(tuning.MAX_TRANSMIT_SPAN)


@given(st.sampled_from(sorted(PROFILES)), st.floats(0.1, 3600), st.booleans())
def test_the_last_copy_leaves_in_time(link: str, seconds: float, reads: bool) -> None:
    tuning = Tuning(profile(link), seconds, reads=reads)
    assert last_copy(tuning) <= seconds
    assert 4 <= tuning.MAX_RETRANSMIT <= (6 if reads else 4)


def test_blocks_are_asked_for_soon_and_often() -> None:
    blocks = Tuning(profile("normal"), 120, reads=True)
    assert (blocks.ACK_TIMEOUT, blocks.MAX_RETRANSMIT) == (0.5, 6)
    assert Tuning(profile("normal"), 120, reads=False).ACK_TIMEOUT == 2.0
    slow = Tuning(profile("slow"), 120, reads=True)
    assert (slow.ACK_TIMEOUT, slow.MAX_RETRANSMIT) == (1.5, 5)
    assert [PROFILES[name].size_exponent for name in ("normal", "slow")] == [6, 5]


def test_there_are_two_kinds_of_links() -> None:
    with pytest.raises(InvalidValue, match="normal or slow, not 'fast'"):
        profile("fast")
