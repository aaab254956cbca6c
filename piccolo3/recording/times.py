"""Integration times (ms) of all spectrometers and channels, and the limits they stay in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from piccolo3.errors import Busy, InvalidValue, NotFound, Unavailable
from piccolo3.events import Broker
from piccolo3.recording.events import IntegrationTimeChanged
from piccolo3.spectrum import JsonValue
from piccolo3.status import AutointegrationState, SpectrometerStatus
from piccolo3.workers import SpectrometerChanged, SpectrometerWorker

__all__ = ["DEFAULT_MAXIMUM", "IntegrationTimes", "Keeps", "as_number"]

DEFAULT_MAXIMUM = 10_000.0
_KEY = "integration_times"
_DIGITS = 1  # of the achieved percentage


class Keeps(Protocol):
    """What keeps settings over a restart (`piccolo3.workers.State`)."""

    def get(self, key: str, default: JsonValue = None) -> JsonValue:
        """The value put last."""

    def put(self, key: str, value: JsonValue) -> None:
        """Keep a value."""


@dataclass(slots=True)
class _Times:
    minimum: float
    maximum: float
    wanted_minimum: float | None = None
    wanted_maximum: float | None = None
    current: dict[str, float] = field(default_factory=dict)
    auto: dict[str, AutointegrationState] = field(default_factory=dict)
    achieved: dict[str, float] = field(default_factory=dict)


class IntegrationTimes:
    """What is set, persistent. A refused change changes nothing; all is refused while `locked`, by a batch.

    Limits start as configured, or as the device's own (0 until it was open for the first time) with at most
    10000 ms. Whatever they are set to, they stay within what the device can do, and current times within them.
    """

    def __init__(
        self, spectrometers: Mapping[str, SpectrometerWorker], channels: Iterable[str], state: Keeps, broker: Broker
    ) -> None:
        self.locked = False
        self._own: dict[tuple[str, str], tuple[float, AutointegrationState, float | None]] = {}
        self._spectrometers = spectrometers
        self._channels = tuple(sorted(channels))
        self._state = state
        self._broker = broker
        saved = state.get(_KEY)
        self._times = {
            serial_number: _restored(saved, serial_number, self._channels) for serial_number in spectrometers
        }
        for serial_number in spectrometers:
            self._apply_limits(serial_number)
        broker.subscribe(SpectrometerChanged, self._spectrometer_changed)

    # ---- what is ----

    def min_time(self, serial_number: str) -> float:
        """Smallest integration time (ms). NotFound."""
        return self._of(serial_number).minimum

    def max_time(self, serial_number: str) -> float:
        """Largest integration time (ms). NotFound."""
        return self._of(serial_number).maximum

    def current_time(self, serial_number: str, channel: str) -> float:
        """Integration time (ms) of the next exposure. NotFound."""
        return self._of(serial_number, channel).current[channel]

    def auto_state(self, serial_number: str, channel: str) -> AutointegrationState:
        """Whether that time was found automatically. NotFound."""
        return self._of(serial_number, channel).auto[channel]

    def achieved(self, serial_number: str, channel: str) -> float | None:
        """Peak in percent of saturation that was seen at that time, None where it was not; not kept over a restart.

        NotFound.
        """
        return self._of(serial_number, channel).achieved.get(channel)

    # ---- what is asked ----

    def set_min_time(self, serial_number: str, milliseconds: float) -> None:
        """Set the lower limit. NotFound, Busy, Unavailable unless connected, InvalidValue beyond device or maximum."""
        times = self._writable(serial_number)
        _check(milliseconds, self._device_limits(serial_number)[0], times.maximum)
        times.wanted_minimum = float(milliseconds)
        self._limits_changed(serial_number)

    def set_max_time(self, serial_number: str, milliseconds: float) -> None:
        """Set the upper limit. NotFound, Busy, Unavailable unless connected, InvalidValue beyond device or minimum."""
        times = self._writable(serial_number)
        _check(milliseconds, times.minimum, self._device_limits(serial_number)[1])
        times.wanted_maximum = float(milliseconds)
        self._limits_changed(serial_number)

    def set_current_time(self, serial_number: str, channel: str, milliseconds: float) -> None:
        """Set the integration time; it is not an automatic one any more.

        Raises NotFound, Busy, Unavailable unless connected, InvalidValue beyond the limits.
        """
        self._of(serial_number, channel)
        times = self._writable(serial_number)
        _check(milliseconds, times.minimum, times.maximum)
        self._set(serial_number, channel, float(milliseconds), AutointegrationState.NOT_DONE, None)
        self._save()

    def set_automatic(
        self,
        serial_number: str,
        channel: str,
        milliseconds: float | None,
        state: AutointegrationState,
        achieved: float | None = None,
    ) -> None:
        """Note the result of an automatic integration; None keeps the time. For the engine, also while locked.

        `achieved` is the peak in percent of saturation that was seen at this time, if it was.
        """
        times = self._of(serial_number, channel)
        before = times.current[channel], times.auto[channel]
        current = before[0] if milliseconds is None else milliseconds
        self._set(serial_number, channel, min(max(current, times.minimum), times.maximum), state, achieved)
        if (times.current[channel], times.auto[channel]) != before:
            self._save()

    # ---- what a batch may bring with it ----

    def check(self, wanted: Mapping[str, Mapping[str, float]]) -> None:
        """Whether a batch can have these (ms, by serial number and channel). NotFound, InvalidValue beyond limits."""
        for serial_number, channels in wanted.items():
            for channel, milliseconds in channels.items():
                times = self._of(serial_number, channel)
                try:
                    _check(milliseconds, times.minimum, times.maximum)
                except InvalidValue as error:
                    raise InvalidValue(f"spectrometer {serial_number}, {channel}: {error.message}") from None

    def lend(self, wanted: Mapping[str, Mapping[str, float]]) -> None:
        """Use these until `give_back`; they are not kept over a restart. As `check`."""
        self.check(wanted)
        for serial_number, channels in wanted.items():
            times = self._times[serial_number]
            for channel, milliseconds in channels.items():
                own = times.current[channel], times.auto[channel], times.achieved.get(channel)
                self._own.setdefault((serial_number, channel), own)
                self._set(serial_number, channel, milliseconds, AutointegrationState.NOT_DONE, None)

    def give_back(self) -> None:
        """What was lent is again as it was before, whatever was found meanwhile."""
        own, self._own = self._own, {}
        for (serial_number, channel), (milliseconds, auto, achieved) in own.items():
            times = self._times[serial_number]
            within = min(max(milliseconds, times.minimum), times.maximum)
            self._set(serial_number, channel, within, auto, achieved)

    # ---- how it is done ----

    def _of(self, serial_number: str, channel: str | None = None) -> _Times:
        if serial_number not in self._times:
            raise NotFound(f"unknown spectrometer {serial_number}")
        if channel is not None and channel not in self._channels:
            raise NotFound(f"unknown channel {channel}")
        return self._times[serial_number]

    def _writable(self, serial_number: str) -> _Times:
        times = self._of(serial_number)
        if self.locked:
            raise Busy("piccolo system is busy")
        status = self._spectrometers[serial_number].status
        if status in (SpectrometerStatus.RECORDING, SpectrometerStatus.AUTOINTEGRATING):
            raise Busy(f"status of spectrometer {serial_number} is {status.name}")
        if status is not SpectrometerStatus.IDLE:
            raise Unavailable(f"status of spectrometer {serial_number} is {status.name}")
        return times

    def _device_limits(self, serial_number: str) -> tuple[float, float]:
        info = self._spectrometers[serial_number].info
        return (0.0, math.inf) if info is None else (info.min_integration_time, info.max_integration_time)

    def _spectrometer_changed(self, event: SpectrometerChanged) -> None:
        if event.what == "info" and event.serial_number in self._times:
            self._apply_limits(event.serial_number)

    def _limits_changed(self, serial_number: str) -> None:
        self._apply_limits(serial_number)
        self._save()

    def _apply_limits(self, serial_number: str) -> None:
        times, config = self._times[serial_number], self._spectrometers[serial_number].config
        shortest, longest = self._device_limits(serial_number)
        lowest = _first(times.wanted_minimum, config.min_integration_time, shortest)
        highest = _first(times.wanted_maximum, config.max_integration_time, max(DEFAULT_MAXIMUM, shortest))
        minimum = min(max(lowest, shortest), longest)
        maximum = max(min(highest, longest), minimum)
        before = times.minimum, times.maximum
        times.minimum, times.maximum = minimum, maximum
        if before[0] != minimum:
            self._publish(serial_number, "min_time")
        if before[1] != maximum:
            self._publish(serial_number, "max_time")
        for channel, current in times.current.items():
            within = min(max(current, minimum), maximum)
            if within != current:
                self._set(serial_number, channel, within, AutointegrationState.NOT_DONE, None)

    def _set(
        self,
        serial_number: str,
        channel: str,
        milliseconds: float,
        auto: AutointegrationState,
        achieved: float | None,
    ) -> None:
        times = self._times[serial_number]
        before = times.current[channel], times.auto[channel], times.achieved.get(channel)
        times.current[channel], times.auto[channel] = milliseconds, auto
        if achieved is None:
            times.achieved.pop(channel, None)
        else:
            times.achieved[channel] = round(achieved, _DIGITS)
        if before[0] != milliseconds:
            self._publish(serial_number, "current_time", channel)
        if before[1] is not auto:
            self._publish(serial_number, "autointegration", channel)
        if before[2] != times.achieved.get(channel):
            self._publish(serial_number, "achieved", channel)

    def _save(self) -> None:
        self._state.put(_KEY, {serial_number: self._kept(serial_number) for serial_number in self._times})

    def _kept(self, serial_number: str) -> JsonValue:
        times = self._times[serial_number]
        own = {channel: own for (serial, channel), own in self._own.items() if serial == serial_number}
        return {
            "min": times.wanted_minimum,
            "max": times.wanted_maximum,
            "current": times.current | {channel: milliseconds for channel, (milliseconds, _, _) in own.items()},
            "auto": {
                channel: (own[channel][1] if channel in own else auto).value for channel, auto in times.auto.items()
            },
        }

    def _publish(
        self,
        serial_number: str,
        what: Literal["min_time", "max_time", "current_time", "autointegration", "achieved"],
        channel: str | None = None,
    ) -> None:
        self._broker.publish(IntegrationTimeChanged(serial_number=serial_number, what=what, channel=channel))


def as_number(milliseconds: float) -> int | float:
    """The time as it is served: a whole number as an integer."""
    return int(milliseconds) if float(milliseconds).is_integer() else float(milliseconds)


def _check(milliseconds: float, minimum: float, maximum: float) -> None:
    if not math.isfinite(milliseconds):
        raise InvalidValue(f"integration time must be a finite number, not {milliseconds}")
    time = as_number(milliseconds)
    if milliseconds < minimum:
        raise InvalidValue(f"integration time {time} is smaller than minimum {as_number(minimum)}")
    if milliseconds > maximum:
        raise InvalidValue(f"integration time {time} is larger than maximum {as_number(maximum)}")


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)


def _restored(saved: JsonValue, serial_number: str, channels: Iterable[str]) -> _Times:
    """The times as they were saved; whatever is missing or makes no sense is as at the very first start."""
    own = _mapping(saved, serial_number)
    current, auto = _mapping(own, "current"), _mapping(own, "auto")
    states = {state.value: state for state in AutointegrationState}
    return _Times(
        minimum=0.0,
        maximum=DEFAULT_MAXIMUM,
        wanted_minimum=_time(own.get("min")),
        wanted_maximum=_time(own.get("max")),
        current={channel: _time(current.get(channel)) or 0.0 for channel in channels},
        auto={channel: states.get(str(auto.get(channel)), AutointegrationState.NOT_DONE) for channel in channels},
    )


def _mapping(value: JsonValue, key: str) -> Mapping[str, JsonValue]:
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _time(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None
