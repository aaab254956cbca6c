"""How far a batch is and how long it will take."""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

from piccolo3.recording.measurement import Rig
from piccolo3.recording.plan import Action
from piccolo3.recording.settings import BatchSettings

__all__ = ["Estimate", "Times"]

_OVERHEAD = 0.02  # s for shutter and read-out, until it is known better
_SHARE = 0.2  # of the newest in the running mean


class Times(TypedDict):
    """The parts of `Progress` that change with time."""

    step: int
    seconds_done: float
    seconds_left: float


class Estimate:
    """Counts what was measured, and expects the rest to take the integration times and what came on top so far.

    Automatic integration, pauses and waiting for triggers are not foreseen.
    """

    def __init__(self, settings: BatchSettings, counts: Counter[Action], rig: Rig) -> None:
        self.measurements = counts[Action.AUTOINTEGRATE] + counts[Action.DARK] + counts[Action.LIGHT]
        self._settings = settings
        self._rig = rig
        self._left = Counter(counts)
        self._done = 0
        self._overhead = _OVERHEAD
        self._began = self._since = rig.clock.monotonic()

    def begin(self) -> None:
        """A channel is going to be measured."""
        self._since = self._rig.clock.monotonic()

    def did(self, action: Action, channel: str | None = None) -> None:
        """A channel was measured, or a delay is over."""
        self._left[action] = max(0, self._left[action] - 1)
        if channel is None:
            return
        self._done += 1
        if action is not Action.AUTOINTEGRATE:
            overhead = self._rig.clock.monotonic() - self._since - self._exposure(channel)
            self._overhead += _SHARE * (max(0.0, overhead) - self._overhead)

    def times(self) -> Times:
        """How many channels were measured, for how long the batch has been going on, and how long it will (s)."""
        channels = self._rig.shutters.channels
        each = self._overhead + sum(self._exposure(channel) for channel in channels) / max(1, len(channels))
        left = (self._left[Action.DARK] + self._left[Action.LIGHT]) * each
        return Times(
            step=self._done,
            seconds_done=round(self._rig.clock.monotonic() - self._began, 3),
            seconds_left=round(left + self._left[Action.DELAY] * self._settings.delay, 3),
        )

    def _exposure(self, channel: str) -> float:
        """How long all spectrometers together expose for a channel (s)."""
        times = self._rig.times
        longest = max((times.current_time(name, channel) for name in self._rig.spectrometers), default=0.0)
        return longest * self._settings.averages / 1000.0
