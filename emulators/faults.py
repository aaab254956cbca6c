"""What can be wrong with an emulated instrument, and when it shows."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from emulators.answers import Answer, Ending

__all__ = ["ANY", "Fault", "FaultKind", "Faults", "Phase", "damaged"]


class FaultKind(Enum):
    """What goes wrong. Where a request has no answer it is the request whose transfer fails, as far as that can be."""

    SILENCE = "there is no answer"
    SHORT = "the answer ends after half of it"
    NACK = "the request is refused"
    HANG = "half of the answer comes, then nothing more, until the device is reset or has no power for a moment"
    LATE = "the answer comes later, by `seconds`"
    GARBAGE = "as many bytes as there should be, but anything"
    IO = "half of the answer comes, then the transfer ends with an error"
    UNPLUG = "half of the answer comes, then the plug is pulled"
    CRASH = "half of the answer comes, then the process that waits for it dies of SIGSEGV"


class Phase(Enum):
    """What an instrument is asked to do. CONNECT is opening, configuring and claiming it, which it does not notice."""

    CONNECT = "connect"
    INITIALISE = "initialise"
    INFORMATION = "information"
    INTEGRATION_TIME = "integration_time"
    SPECTRUM = "spectrum"
    BUFFER = "buffer"
    TEMPERATURE = "temperature"
    COOLER = "cooler"
    SHUTTER = "shutter"
    OTHER = "other"


ANY = frozenset(Phase) - {Phase.CONNECT}


@dataclass(slots=True, kw_only=True)
class Fault:
    """The next `count` requests of these phases go wrong, after `after` ones that do not.

    With `stubborn` only the power switch ends a hang. `seconds` is for what is late.
    """

    kind: FaultKind
    phases: frozenset[Phase] = frozenset({Phase.SPECTRUM})
    count: int = 1
    after: int = 0
    seconds: float = 0.5
    stubborn: bool = False


@dataclass(slots=True)
class Faults:
    """Those of one instrument that are still to come."""

    waiting: list[Fault] = field(default_factory=list)

    def next(self, phase: Phase) -> Fault | None:
        """What is wrong with this request."""
        for fault in self.waiting:
            if phase not in fault.phases:
                continue
            if fault.after:
                fault.after -= 1
                continue
            fault.count -= 1
            if fault.count <= 0:
                self.waiting.remove(fault)
            return fault
        return None


def damaged(answer: Answer, fault: Fault) -> Answer | None:
    """What becomes of an answer."""
    kind, render = fault.kind, answer.render
    if kind is FaultKind.SILENCE:
        return None
    if kind is FaultKind.LATE:
        answer.ready += round(fault.seconds * 1e9)
        if not answer.complete:
            answer.ready += time.monotonic_ns()
        return answer
    answer.fault = fault
    answer.delivered = _nothing
    if kind is FaultKind.GARBAGE:
        answer.render = _garbage(render)
    else:
        answer.render = lambda: _half(render())
        answer.ending = _ENDINGS.get(kind, Ending.DONE)
    return answer


def _nothing() -> None:
    """Nobody got it."""


_ENDINGS = {
    FaultKind.HANG: Ending.HANG,
    FaultKind.IO: Ending.IO,
    FaultKind.UNPLUG: Ending.UNPLUG,
    FaultKind.CRASH: Ending.CRASH,
}


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _garbage(render: Callable[[], bytes]) -> Callable[[], bytes]:
    def anything() -> bytes:
        data = render()
        return random.randbytes(len(data) - 1) + bytes([data[-1] ^ random.randrange(1, 256)])  # nor that by chance

    return anything
