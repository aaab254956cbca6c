"""What really happens in a season, as nobody on the rig knows it: power, true time, and who was prevented by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from piccolo3.season.faults import Fault, FaultKind

__all__ = ["LAST", "Cause", "Life", "World"]

LAST = 300.0  # s before the end of a season in which nothing is looked at: it might not come to its end

_AFTER = {  # s until everything is as before
    FaultKind.POWER_CUT: 90.0,
    FaultKind.CLOCK_STEP: 30.0,
    FaultKind.SPECTROMETER_GONE: 180.0,
    FaultKind.DISK_FULL: 60.0,
    FaultKind.RESTART: 60.0,
}
_BEFORE = 180.0  # s that what is prevented may take


@dataclass(frozen=True, slots=True)
class Cause:
    """Something in the world that keeps jobs from being done, from `begin` to `end` (s since the season began)."""

    name: str
    begin: float
    end: float
    everybody: bool = True


@dataclass(frozen=True, slots=True)
class Life:
    """From one power cut to the next: of the computer, all its memory included.

    `boot` is when it begins (s since the season began). Then the clock is wrong by `error` s, and known to be right
    after `untrusted` s. It ends with `cut`, if there is one.
    """

    boot: float
    error: float
    untrusted: float
    cut: Fault | None


class World:
    """A season from `begin` for `days`, with its faults. The end of each power cut is told as it happens."""

    def __init__(self, begin: datetime, seconds: float, faults: Sequence[Fault], spectrometers: int) -> None:
        self.begin = begin
        self.seconds = seconds
        self.faults = tuple(faults)
        self.spectrometers = spectrometers
        self.causes: list[Cause] = []
        for fault in faults:
            if fault.kind is FaultKind.POWER_CUT:
                continue
            everybody = fault.kind is not FaultKind.SPECTROMETER_GONE or len(fault.places) == spectrometers
            end = fault.end + _AFTER[fault.kind]
            self.causes.append(Cause(fault.kind.value, fault.start, end, everybody))
        self._cuts = [fault for fault in faults if fault.kind is FaultKind.POWER_CUT]

    @property
    def end(self) -> datetime:
        """When the season is over."""
        return self.begin + timedelta(seconds=self.seconds)

    def first_life(self) -> Life:
        """The first one: its clock is right."""
        return Life(0.0, 0.0, 0.0, self._next_cut(0.0))

    def next_life(self, ended: float, cut: Fault) -> Life | None:
        """The one after a cut at `ended` (s since the season began), None where the season is over."""
        boot = ended + cut.duration
        trusted = boot + cut.untrusted
        self.causes.append(Cause(FaultKind.POWER_CUT.value, ended, boot + _AFTER[FaultKind.POWER_CUT]))
        if cut.untrusted:
            self.causes.append(Cause("clock not trusted", boot, trusted + _AFTER[FaultKind.CLOCK_STEP]))
        if boot >= self.seconds:
            return None
        return Life(boot, cut.amount, cut.untrusted, self._next_cut(boot))

    def _next_cut(self, boot: float) -> Fault | None:
        return next((cut for cut in self._cuts if cut.start > boot), None)

    def since(self, moment: datetime) -> float:
        """Seconds since the season began."""
        return (moment - self.begin).total_seconds()

    def preventing(self, moment: datetime, lasting: float = _BEFORE) -> list[Cause]:
        """What is in the way of something that begins then and takes `lasting` s at most."""
        begin = self.since(moment)
        return [cause for cause in self.causes if cause.begin <= begin + lasting and begin <= cause.end]

    def clear_after(self, moment: datetime) -> float:
        """Seconds from then on until nothing is in the way any more."""
        begin = clear = self.since(moment)
        for cause in sorted(self.causes, key=lambda cause: cause.begin):
            if cause.everybody and cause.begin <= clear + _BEFORE and cause.end > clear:
                clear = cause.end
        return clear - begin
