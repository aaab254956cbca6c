"""How patient the client is: what suits a network, and what suits a slow radio link (RFC 7252, section 4.8)."""

from __future__ import annotations

from dataclasses import dataclass

import aiocoap

from piccolo3.errors import InvalidValue

__all__ = ["PROFILES", "Profile", "Tuning", "profile"]

_CHANGING = 4  # retransmissions of what must not come late, as in the RFC
_READING = 6  # at most, of what may come twice and late
_SHARE = 23  # of the time for an answer: see Tuning


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Parameters for one kind of link.

    `timeout` is how long an answer is waited for, `reading` and `changing` the longest ACK_TIMEOUT of requests that
    read (GET, FETCH) and of others, all in s. Answers over UDP come in blocks of `block` bytes. Silence is tolerated
    `patience` times as long as usual before the server is asked for a sign of life.
    """

    timeout: float
    reading: float
    changing: float
    block: int
    patience: float

    @property
    def size_exponent(self) -> int:
        """The block size as RFC 7959 has it."""
        return self.block.bit_length() - 5


PROFILES = {
    "normal": Profile(timeout=5.0, reading=0.5, changing=2.0, block=1024, patience=1.0),
    "slow": Profile(timeout=30.0, reading=1.5, changing=3.0, block=512, patience=5.0),
}


def profile(link: str) -> Profile:
    """The parameters for a link of this name. InvalidValue where there is no such kind."""
    if link not in PROFILES:
        raise InvalidValue(f"a link is {' or '.join(PROFILES)}, not {link!r}")
    return PROFILES[link]


class Tuning(aiocoap.TransportTuning):  # type: ignore[misc]
    """Retransmit so that the last copy of a request leaves before its deadline.

    Waiting times are 1, 2, 4 and 8 times ACK_TIMEOUT, each up to 1.5 times that (RFC 7252, section 4.2): the last copy
    leaves after 15 to 22.5 times ACK_TIMEOUT. A request that was given up can't reach the server later by that. Where
    there is time for them, blocks that are read are asked for more often, and sooner.
    """

    def __init__(self, kind: Profile, seconds: float, *, reads: bool) -> None:
        self.ACK_TIMEOUT = min(kind.reading if reads else kind.changing, seconds / _SHARE)
        self.MAX_RETRANSMIT = _CHANGING
        while reads and self.MAX_RETRANSMIT < _READING and self._last(self.MAX_RETRANSMIT + 1) <= seconds:
            self.MAX_RETRANSMIT += 1

    def _last(self, retransmissions: int) -> float:
        """When the last copy leaves at the latest, s."""
        longest = float(self.ACK_TIMEOUT * self.ACK_RANDOM_FACTOR)
        return longest * float(2**retransmissions - 1)
