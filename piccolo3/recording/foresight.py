"""What a batch would do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from piccolo3.errors import StoreError
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording.estimate import AUTOMATIC_EXPOSURES, expected_seconds
from piccolo3.recording.measurement import Rig
from piccolo3.recording.order import Order
from piccolo3.recording.plan import Action
from piccolo3.recording.room import Room, expected_bytes
from piccolo3.recording.times import as_number
from piccolo3.status import SpectrometerStatus
from piccolo3.workers import SpectrometerWorker

__all__ = ["Foresight", "Part", "foresee"]

_BUSY = (SpectrometerStatus.RECORDING, SpectrometerStatus.AUTOINTEGRATING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one spectrometer has to do. `integration_times` (ms) are by channel, and `exposures` those that are kept.

    Automatic integration takes about `automatic` exposures beside them.
    """

    serial_number: str
    status: str
    integration_times: Mapping[str, float]
    darks: int
    lights: int
    exposures: int
    automatic: int

    def as_dict(self) -> dict[str, JsonValue]:
        """The same as JSON."""
        return {
            "status": self.status,
            "integration_times": {channel: as_number(time) for channel, time in self.integration_times.items()},
            "darks": self.darks,
            "lights": self.lights,
            "exposures": self.exposures,
            "automatic": self.automatic,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """What an order comes to: how long it takes (s) and how much room (bytes), and what there is to say against it.

    `steps` count what is done with one channel after the other, and the delays.
    """

    order: Order
    run: str
    channels: tuple[str, ...]
    steps: Mapping[str, int]
    parts: tuple[Part, ...]
    seconds: float
    bytes: int
    warnings: tuple[str, ...]

    @property
    def spectra(self) -> int:
        """How many spectra it brings."""
        return sum(part.darks + part.lights for part in self.parts)

    def as_dict(self) -> dict[str, JsonValue]:
        """The same as JSON."""
        return {
            **self.order.parameters(),
            "run": self.run,
            "channels": list(self.channels),
            "steps": dict(self.steps),
            "spectrometers": {f"S_{part.serial_number}": part.as_dict() for part in self.parts},
            "spectra": self.spectra,
            "seconds": round(self.seconds, 3),
            "bytes": self.bytes,
            "warnings": list(self.warnings),
        }


async def foresee(
    order: Order, rig: Rig, *, run: str, room: Room | None, busy: bool, gap: float | None = None
) -> Foresight:
    """What becomes of an order if it begins now. `run` is the current one; `gap` (s) is from one start to the next."""
    seconds, size = expected_seconds(order, rig), expected_bytes(order, rig)
    warnings = [*_about_now(rig, busy=busy), *_about_time(order, seconds, gap)]
    if room is not None:
        try:
            await room.check(size)
        except StoreError as error:
            warnings.append(error.message)
    counts = order.counts(rig.shutters.channels)
    return Foresight(
        order=order,
        run=run if order.run is None else order.run,
        channels=rig.shutters.channels,
        steps={action.value: counts[action] for action in Action if counts[action]},
        parts=tuple(_part(order, rig, serial) for serial in sorted(rig.spectrometers)),
        seconds=seconds,
        bytes=size,
        warnings=tuple(warnings),
    )


def _part(order: Order, rig: Rig, serial_number: str) -> Part:
    channels = rig.shutters.channels
    counts = order.counts(channels)
    spectra = counts[Action.DARK] + counts[Action.LIGHT]
    return Part(
        serial_number=serial_number,
        status=rig.spectrometers[serial_number].status.name,
        integration_times={channel: order.integration_time(rig.times, serial_number, channel) for channel in channels},
        darks=counts[Action.DARK],
        lights=counts[Action.LIGHT],
        exposures=spectra * order.settings.averages,
        automatic=counts[Action.AUTOINTEGRATE] * AUTOMATIC_EXPOSURES,
    )


def _about_now(rig: Rig, *, busy: bool) -> list[str]:
    """What would be in the way now, and need not be later."""
    warnings = ["something is being recorded: it would be refused now"] if busy else []
    if not rig.shutters.channels:
        warnings.append("there is no channel")
    for serial, worker in sorted(rig.spectrometers.items()):
        if worker.status is not SpectrometerStatus.IDLE and not (busy and worker.status in _BUSY):
            because = "" if worker.reason is None else f": {worker.reason}"
            warnings.append(f"spectrometer {serial} is {worker.status.name}, and would not take part{because}")
        elif _is_warm(worker):
            waited = " (the batch waits for that)" if rig.longest_settling is not None else ""
            warnings.append(f"the detector of spectrometer {serial} has not come to its set point{waited}")
    return warnings


def _is_warm(worker: SpectrometerWorker) -> bool:
    return worker.status is SpectrometerStatus.IDLE and worker.cooler.settled is False


def _about_time(order: Order, seconds: float, gap: float | None) -> list[str]:
    warnings = []
    if gap is not None and gap < seconds:
        warnings.append(f"the batch takes about {seconds:.1f} s, longer than the {gap:g} s from one start to the next")
    if order.settings.autointegration >= 0:
        warnings.append(
            "integration times are going to be found automatically: the duration is for those that are set now"
        )
    if order.triggered:
        warnings.append("each sequence waits for a trigger: that comes on top of the duration")
    return warnings
