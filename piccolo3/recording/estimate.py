"""How far a batch is and how long it will take."""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

from piccolo3.recording.measurement import Rig
from piccolo3.recording.order import Order
from piccolo3.recording.plan import DOWNWELLING, Action
from piccolo3.recording.settings import BatchSettings
from piccolo3.workers import SpectrometerWorker

__all__ = ["AUTOMATIC_EXPOSURES", "HOST", "Estimate", "Times", "expected_seconds"]

AUTOMATIC_EXPOSURES = 3  # that an automatic integration takes where the light is about what it was
HOST = 0.001  # s for each measurement, for whatever the computer has to do

_OVERHEAD = 0.02  # s for shutter and read-out, until it is known better
_SHARE = 0.2  # of the newest in the running mean


def expected_seconds(order: Order, rig: Rig) -> float:
    """How long a batch will take (s), from the present integration times and what is known of the devices.

    Automatic integration is foreseen as if the light were about what it was when the times were found; pauses, waiting
    for triggers, for coolers and for the disk are not foreseen.
    """
    channels, settings = rig.shutters.channels, order.settings
    if not channels:
        return 0.0
    counts = order.counts(channels)
    moving = {channel: rig.shutters.moving_time(channel) for channel in channels}
    move = sum(moving.values()) / len(channels)
    seconds = counts[Action.DELAY] * settings.delay
    for channel in channels:
        darks, automatic = (counts[action] // len(channels) for action in (Action.DARK, Action.AUTOINTEGRATE))
        lights = settings.sequences if order.kind == "record" else 0
        if settings.mode == "deled" and channel == DOWNWELLING:
            lights *= 2
        seconds += (darks + lights) * _measuring(order, rig, channel, settings.averages)
        seconds += automatic * (AUTOMATIC_EXPOSURES * _measuring(order, rig, channel, 1) + 2 * moving[channel])
    return seconds + _moves(order, counts[Action.LIGHT], len(channels)) * move


def _moves(order: Order, lights: int, channels: int) -> int:
    """How many times a measurement has to wait for shutters."""
    if not lights:
        return 0
    settings = order.settings
    if settings.delay > 0 and not order.burst:
        closing = settings.sequences if settings.mode == "deled" else 0
    else:
        closing = 1 if settings.mode == "classic" else settings.sequences
    if order.burst and settings.mode == "classic":
        return settings.sequences * (channels - 1) + 1 + closing
    return lights + closing


def _measuring(order: Order, rig: Rig, channel: str, averages: int) -> float:
    """How long a channel takes (s), from the moment that the shutters are at rest: that of the slowest spectrometer."""
    each = (
        _acquiring(worker, order.integration_time(rig.times, serial, channel), averages)
        for serial, worker in rig.spectrometers.items()
    )
    return max(each, default=0.0) + HOST


def _acquiring(worker: SpectrometerWorker, milliseconds: float, averages: int) -> float:
    """What is under way has to end first; then come the exposures, and the last one is read out."""
    info = worker.info
    if info is None:
        return milliseconds * averages / 1000
    idle = info.min_integration_time / 2 if info.free_running else 0.0
    return (idle + info.possible_integration_time(milliseconds) * averages + info.freshness.read_out_time) / 1000


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
