"""The fault matrix: what can go wrong, when, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["BACKENDS", "Cell", "Fault", "Finding", "Phase"]

BACKENDS = ("cseabreeze", "pyseabreeze")


class Fault(Enum):
    """What happens; the value is the kind of the emulated fault. A host is killed while it waits for a late answer."""

    TIMEOUT = "silence"
    SHORT = "short"
    NACK = "nack"
    UNPLUGGED = "unplug"
    HANG = "hang"
    LATE = "late"
    GARBAGE = "garbage"
    CRASH = "crash"
    KILLED = "late, and the host is killed"

    @property
    def kind(self) -> str:
        """That of the emulators."""
        return self.value.partition(",")[0]

    @property
    def title(self) -> str:
        """In the table."""
        return _TITLES[self]


_TITLES = {
    Fault.TIMEOUT: "no answer",
    Fault.SHORT: "short transfer",
    Fault.NACK: "NACK",
    Fault.UNPLUGGED: "unplugged, and replugged",
    Fault.HANG: "hangs in mid transfer",
    Fault.LATE: "answers 0.4 s late",
    Fault.GARBAGE: "garbage",
    Fault.CRASH: "the driver crashes",
    Fault.KILLED: "the host is killed",
}


class Phase(Enum):
    """What is being done then; `request` is what fails, in the words of the emulators."""

    CONNECTING = "connecting"
    IDLE = "idle"
    SETTING = "setting the integration time"
    DARK = "exposing a dark"
    LIGHT = "exposing light"
    AUTO = "integrating automatically"

    @property
    def request(self) -> str:
        """The request that fails."""
        return _REQUESTS.get(self, "spectrum")


_REQUESTS = {Phase.CONNECTING: "information", Phase.IDLE: "temperature", Phase.SETTING: "integration_time"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One of the matrix."""

    backend: str
    phase: Phase
    fault: Fault

    @property
    def is_direct(self) -> bool:
        """Whether it happens without a request: nothing is under way."""
        return self.phase is Phase.IDLE and self.fault in {Fault.UNPLUGGED, Fault.KILLED}

    @property
    def is_possible(self) -> bool:
        """Whether there is such a thing: through pyseabreeze, nothing is asked of an idle QE Pro."""
        return self.phase is not Phase.IDLE or self.backend == "cseabreeze" or self.is_direct


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of it.

    `reported` is the reason that the daemon gave for the state DROPPED (None: it stayed connected), `lost` what the
    outcome of the batch says of it, `back` the time from the fault (a plug that was pulled: from when it was put in
    again) to IDLE in s, `struck` whether the fault came to pass. `wrong` are spectra that are not what they say, and
    what was missing in the batch after it all.
    """

    struck: bool
    reported: str | None
    lost: tuple[str, ...]
    back: float | None
    wrong: tuple[str, ...]

    @property
    def over(self) -> bool:
        """Whether it came to pass, was got over, and nothing was recorded that is not true."""
        return self.struck and not self.wrong and (self.reported is None or self.back is not None)
