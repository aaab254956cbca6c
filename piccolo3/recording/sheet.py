"""What was measured in a sequence and belongs into its files, before and after it has become spectra."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from piccolo3.jsonvalue import JsonValue
from piccolo3.recording.darks import DarkReference
from piccolo3.recording.events import SpectrumSummary
from piccolo3.recording.measurement import Taken
from piccolo3.recording.order import Order
from piccolo3.spectrum import SpectraList, Spectrum, make_metadata
from piccolo3.status import SpectrumKind

__all__ = ["Entry", "Place", "Sheet", "Trigger", "summarise"]

_FILE, _SEQUENCE = "PreviousDarkFile", "PreviousDarkSequence"  # what a dark was compared with


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What has started a sequence: its number and its time (aware, UTC)."""

    number: int
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where spectra belong."""

    run: str
    batch: int
    sequence: int
    mode: str
    recipe: str | None = None
    trigger: Trigger | None = None

    @classmethod
    def of(cls, order: Order, sequence: int, trigger: Trigger | None) -> Place:
        """A sequence of a batch that has begun."""
        assert order.run is not None
        assert order.number is not None
        return cls(
            run=order.run,
            batch=order.number,
            sequence=sequence,
            mode=order.mode,
            recipe=order.recipe,
            trigger=trigger,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One exposure, and the dark of the same setup before it: the one that belongs to a light."""

    taken: Taken
    dark: DarkReference | None = None


class Sheet:
    """The exposures of one sequence that are written together, in the order they were taken."""

    def __init__(self, place: Place, software_version: str) -> None:
        self.place = place
        self.entries: list[Entry] = []
        self.complete = False
        self._software_version = software_version
        self._expected: list[tuple[SpectrumKind, str]] = []

    @property
    def kinds(self) -> list[SpectrumKind]:
        """What it has, or should have; in the order it began."""
        return list(
            dict.fromkeys([*(entry.taken.kind for entry in self.entries), *(kind for kind, _ in self._expected)])
        )

    @property
    def name(self) -> str:
        """What it is, in words."""
        return f"{' and '.join(self.kinds)} of sequence {self.place.sequence}"

    def expect(self, kind: SpectrumKind, channels: Iterable[str]) -> None:
        """These are going to be measured."""
        self._expected += [(kind, channel) for channel in channels]

    def add(self, kind: SpectrumKind, channel: str, entries: Iterable[Entry]) -> None:
        """A channel was measured, as far as it could be."""
        self._expected.remove((kind, channel))
        self.entries += entries

    def missing(self, kind: SpectrumKind) -> list[str]:
        """Channels that were expected and are not measured yet."""
        return [channel for expected, channel in self._expected if expected is kind]

    def spectra(self) -> SpectraList:
        """The spectra, in the order they were measured. It takes a while: not for the event loop."""
        place = self.place
        return SpectraList(
            tuple(self._spectrum(entry) for entry in self.entries),
            run=place.run,
            batch=place.batch,
            sequence=place.sequence,
        )

    def _spectrum(self, entry: Entry) -> Spectrum:
        taken, dark, place = entry.taken, entry.dark, self.place
        info, exposure = taken.info, taken.exposure
        own = dark if taken.kind is SpectrumKind.LIGHT else None
        several = exposure.averages > 1
        metadata = make_metadata(
            kind=taken.kind,
            direction=taken.channel,
            serial_number=info.serial_number,
            model=info.model,
            firmware=info.firmware,
            integration_time=exposure.integration_time,
            exposure_start=taken.started,
            exposure_end=taken.ended,
            sequence=place.sequence,
            batch=place.batch,
            run=place.run,
            saturation=info.saturation,
            dark_pixels=info.dark_pixels,
            optical_pixel_range=info.optical_pixel_range,
            nonlinearity_coefficients=info.nonlinearity_coefficients,
            wavelength_coefficients=info.wavelength_coefficients,
            piccolo_wavelength_coefficients=taken.calibration,
            temperature=taken.temperature,
            temperature_enabled=taken.cooler_enabled,
            simulated=info.simulated,
            software_version=self._software_version,
            integration_time_requested=exposure.integration_time,
            integration_time_actual=exposure.actual_integration_time,
            exposures_discarded=exposure.discarded,
            averages=exposure.averages,
            standard_deviation=exposure.deviation if several else None,
            dark_file=None if own is None else own.file,
            dark_sequence=None if own is None else own.sequence,
            trigger_time=None if place.trigger is None else place.trigger.time,
            trigger_number=None if place.trigger is None else place.trigger.number,
            batch_mode=place.mode,
            recipe=place.recipe,
            extra={**taken.surroundings, **_compared(own, dark)},
        )
        return Spectrum(pixels=exposure.counts, metadata=metadata)


def _compared(own: DarkReference | None, dark: DarkReference | None) -> dict[str, JsonValue]:
    return {} if own is dark or dark is None else {_FILE: dark.file, _SEQUENCE: dark.sequence}


def summarise(spectra: SpectraList) -> tuple[SpectrumSummary, ...]:
    """What is told of each when it is stored."""
    return tuple(
        SpectrumSummary(
            serial_number=spectrum.serial_number,
            direction=spectrum.direction,
            kind=spectrum.kind,
            integration_time=spectrum.integration_time,
            peak_percent=spectrum.peak_percent,
            saturated=spectrum.is_saturated,
            flags=spectrum.quality_text,
            peak=spectrum.peak,
            start=spectrum.exposure_start,
        )
        for spectrum in spectra.spectra
    )
