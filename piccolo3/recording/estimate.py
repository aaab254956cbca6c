"""How far a batch is and how long it will take."""

from __future__ import annotations

from collections import Counter
from typing import TypedDict

from piccolo3.devices import SpectrometerInfo
from piccolo3.devices.interface import TimeChange
from piccolo3.recording.measurement import Rig
from piccolo3.recording.order import Order
from piccolo3.recording.outcome import Outcome
from piccolo3.recording.plan import DOWNWELLING, Action
from piccolo3.recording.settings import BatchSettings

__all__ = ["AUTOMATIC_EXPOSURES", "Estimate", "Lesson", "Times", "device_seconds", "expected_seconds", "measurements"]

AUTOMATIC_EXPOSURES = 1  # that an automatic integration takes where the light is what it was
_WAIT = 0.5  # of an exposure that is under way, which has to end first, in the mean
_LATE = (0.003, 0.01, 0.02)  # s that a detector is left waiting for the host: least, for 100 ms and more, most
_OVERHEAD = 0.02  # s for shutter and read-out, until it is known better
_SHARE = 0.2  # of the newest in the running mean


def expected_seconds(order: Order, rig: Rig) -> float:
    """How long a batch will take (s), from the present integration times and what is known of the devices.

    Automatic integration is foreseen as if the light were what it was when the times were found; pauses, waiting for
    triggers, for coolers and for the disk are not foreseen.
    """
    return device_seconds(order, rig) + measurements(order, rig) * rig.experience.host


def measurements(order: Order, rig: Rig) -> int:
    """How many times a channel is measured."""
    counts = order.counts(rig.shutters.channels)
    return counts[Action.AUTOINTEGRATE] + counts[Action.DARK] + counts[Action.LIGHT]


def device_seconds(order: Order, rig: Rig) -> float:
    """What devices and delays alone account for (s)."""
    channels, settings = rig.shutters.channels, order.settings
    if not channels:
        return 0.0
    counts = order.counts(channels)
    moving = {channel: rig.shutters.moving_time(channel) for channel in channels}
    moves, closing = _moves(order, counts[Action.LIGHT], len(channels))
    hidden = moves / max(1, counts[Action.LIGHT])  # read-outs during which shutters move
    seconds = counts[Action.DELAY] * settings.delay + (moves + closing) * sum(moving.values()) / len(channels)
    staying = _staying(order, rig)
    for number, channel in enumerate(channels):
        darks, automatic = (counts[action] // len(channels) for action in (Action.DARK, Action.AUTOINTEGRATE))
        lights = settings.sequences if order.kind == "record" else 0
        if order.mode == "deled" and channel == DOWNWELLING:
            lights *= 2
        seconds += lights * _measuring(order, rig, channel, settings.averages, hidden=hidden)
        seconds += darks * _measuring(order, rig, channel, settings.averages, going_on=staying and number > 0)
        seconds += automatic * (AUTOMATIC_EXPOSURES * _measuring(order, rig, channel, 1) + 2 * moving[channel])
    return seconds


def _moves(order: Order, lights: int, channels: int) -> tuple[int, int]:
    """How many times a light, and a dark or the end, has to wait for shutters."""
    if not lights:
        return 0, 0
    settings = order.settings
    if settings.delay > 0 and not order.burst:
        closing = settings.sequences if settings.mode == "deled" else 0
    else:
        closing = 1 if settings.mode == "classic" else settings.sequences
    if order.burst and settings.mode == "classic":
        return settings.sequences * (channels - 1) + 1, closing
    return lights, closing


def _staying(order: Order, rig: Rig) -> bool:
    """Whether the detectors just go on from one dark to the next: all channels have the same times."""
    return all(
        len({order.integration_time(rig.times, serial, channel) for channel in rig.shutters.channels}) == 1
        for serial in rig.spectrometers
    )


def _measuring(
    order: Order, rig: Rig, channel: str, averages: int, *, hidden: float = 0.0, going_on: bool = False
) -> float:
    """How long a channel takes (s) once the shutters are at rest: as long as with the slowest spectrometer.

    `hidden` is the share of measurements after which shutters move, while the spectrum is read out; with `going_on`
    the exposure follows one of the same time.
    """
    each = []
    for serial, worker in rig.spectrometers.items():
        milliseconds = order.integration_time(rig.times, serial, channel)
        info = worker.info
        if info is None:
            each.append(milliseconds * averages / 1000)
            continue
        seconds = info.possible_integration_time(milliseconds) * averages / 1000
        if not going_on:
            seconds += _besides(info, milliseconds / 1000, hidden if averages == 1 else 0.0)
        each.append(seconds)
    return max(each, default=0.0)


def _besides(info: SpectrometerInfo, seconds: float, hidden: float) -> float:
    """What an exposure of so many seconds takes more: what is under way has to end first, and it is read out (s)."""
    freshness = info.freshness
    read_out = freshness.read_out_time / 1000
    if freshness.on_change is not TimeChange.NEXT_EXPOSURE:
        return read_out
    idle = info.min_integration_time / 1000
    least, usual, most = _LATE
    late = min(most, max(least, min(usual, 0.1 * seconds), 0.01 * seconds))
    guard = max(idle, (read_out + late) / max(1, freshness.surely_kept))  # of what follows, which nobody wants
    return hidden * _WAIT * idle + (1 - hidden) * (read_out + _WAIT * guard)


class Lesson:
    """What a batch that begins now teaches on how long they take, if nothing but the computer has held it up."""

    def __init__(self, order: Order, rig: Rig) -> None:
        self._order = order
        self._rig = rig
        self._expected = device_seconds(order, rig)
        self._began = rig.clock.monotonic()

    def learn(self, outcome: Outcome) -> None:
        """It has ended."""
        order, rig = self._order, self._rig
        took = rig.clock.monotonic() - self._began
        if outcome.result != "complete" or outcome.lost or order.kind != "record" or order.triggered:
            return
        if order.settings.autointegration < 0 and device_seconds(order, rig) == self._expected:
            rig.experience.learn(took - self._expected, measurements(order, rig))


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
