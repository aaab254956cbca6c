"""One spectrum: counts and what is known about them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue, plain
from piccolo3.spectrum import fields
from piccolo3.spectrum.calibration import correct_counts, pixel_wavelengths
from piccolo3.spectrum.flags import Flag
from piccolo3.spectrum.metadata import dark_metadata, quality_metadata
from piccolo3.status import SpectrumKind

__all__ = ["Spectrum"]

_INT32 = np.iinfo(np.int32)
_MOST_DEVIATIONS = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Counts, shape (pixels,), and metadata with the keys of a `.pico` file, of which unknown ones are kept.

    Both are made read-only (and copied where somebody else could write to them). The properties read the metadata
    and raise InvalidValue where a value is of the wrong type, or where one that has no sensible default is missing.
    """

    pixels: NDArray[np.int32]
    metadata: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pixels", _frozen_counts(self.pixels))
        metadata = plain(self.metadata)
        if not isinstance(metadata, dict):
            raise InvalidValue("metadata must be an object")
        object.__setattr__(self, "metadata", MappingProxyType(metadata))

    @property
    def serial_number(self) -> str:
        """Serial number of the spectrometer, empty if not known."""
        return fields.text(self.metadata, "SerialNumber") or ""

    @property
    def model(self) -> str | None:
        """Model of the spectrometer."""
        return fields.text(self.metadata, "SpectrometerModel")

    @property
    def direction(self) -> str:
        """Name of the channel as it is in the file (old software capitalised it), empty if not known."""
        return fields.text(self.metadata, "Direction") or ""

    @property
    def dark(self) -> bool:
        """Whether the shutter was closed."""
        dark = fields.boolean(self.metadata, "Dark")
        if dark is None:
            kind = fields.text(self.metadata, "Type")
            if kind not in tuple(SpectrumKind):
                raise InvalidValue("neither Dark nor Type says whether it is a dark or a light spectrum")
            dark = kind == SpectrumKind.DARK
        return dark

    @property
    def kind(self) -> SpectrumKind:
        """Dark or light."""
        return SpectrumKind.DARK if self.dark else SpectrumKind.LIGHT

    @property
    def integration_time(self) -> float:
        """Integration time in ms."""
        milliseconds = fields.number(self.metadata, "IntegrationTime")
        if milliseconds is None:
            raise InvalidValue("IntegrationTime is missing")
        return milliseconds

    @property
    def actual_integration_time(self) -> float:
        """Integration time in ms as the device took it, the requested one if not known."""
        milliseconds = fields.number(self.metadata, "IntegrationTimeActual")
        return self.integration_time if milliseconds is None else milliseconds

    @property
    def datetime(self) -> dt.datetime:
        """When the exposure started (aware, UTC)."""
        when = fields.moment(self.metadata, "Datetime")
        if when is None:
            raise InvalidValue("Datetime is missing")
        return when

    @property
    def exposure_start(self) -> dt.datetime | None:
        """When the exposure that was kept started (aware, UTC); None in old files."""
        return fields.moment(self.metadata, "ExposureStart")

    @property
    def exposure_end(self) -> dt.datetime | None:
        """When the exposure that was kept ended (aware, UTC); None in old files."""
        return fields.moment(self.metadata, "ExposureEnd")

    @property
    def exposure_middle(self) -> dt.datetime | None:
        """The middle of the exposures that were kept (aware, UTC); None where start or end are not known."""
        middle = fields.moment(self.metadata, "ExposureMiddle")
        start, end = self.exposure_start, self.exposure_end
        if middle is None and start is not None and end is not None:
            return start + (end - start) / 2
        return middle

    @property
    def averages(self) -> int:
        """How many exposures the counts are the mean of, 1 if not known."""
        return fields.integer(self.metadata, "Averages") or 1

    @property
    def standard_deviation(self) -> NDArray[np.float64] | None:
        """Standard deviation of the averaged exposures, shape (pixels,), counts; None for a single exposure."""
        if self.metadata.get("StandardDeviation") is None:
            return None
        deviation = np.array(fields.numbers(self.metadata, "StandardDeviation"))
        if deviation.shape != self.pixels.shape or deviation.min() < 0:
            raise InvalidValue("StandardDeviation: a number not below 0 for each pixel expected")
        return deviation

    @property
    def dark_file(self) -> str | None:
        """Name of the file with the dark that belongs to it, None if there is none or not known."""
        return fields.text(self.metadata, "DarkFile")

    @property
    def dark_sequence(self) -> int | None:
        """Sequence number of the dark that belongs to it, None if there is none or not known."""
        return fields.integer(self.metadata, "DarkSequence")

    @property
    def flags(self) -> Flag:
        """What is doubtful about it; nothing where it was not judged, see `is_judged`."""
        return Flag(fields.integer(self.metadata, "QualityFlags") or 0)

    @property
    def quality_text(self) -> tuple[str, ...]:
        """The flags by name, as the software wrote them that judged it."""
        return fields.texts(self.metadata, "QualityText")

    @property
    def is_judged(self) -> bool:
        """Whether it has quality flags, be it none of them; old files have not."""
        return fields.integer(self.metadata, "QualityFlags") is not None

    @property
    def temperature(self) -> float | None:
        """Temperature of the detector in degrees C."""
        return fields.number(self.metadata, "Temperature")

    @property
    def run(self) -> str | None:
        """Run it was recorded in."""
        return fields.text(self.metadata, "Run")

    @property
    def batch(self) -> int | None:
        """Batch it was recorded in."""
        return fields.integer(self.metadata, "Batch")

    @property
    def sequence(self) -> int:
        """Sequence in its batch, 0 if not known."""
        return fields.integer(self.metadata, "SequenceNumber") or 0

    @property
    def simulated(self) -> bool:
        """Whether no real spectrometer was involved. Old files say it by the serial number."""
        simulated = fields.boolean(self.metadata, "Simulated")
        if simulated is None:
            serial_number = self.serial_number
            return serial_number == "SIMULATED" or serial_number.startswith("spectrometer_worker.")
        return simulated

    @property
    def saturation_level(self) -> float | None:
        """Counts at which a pixel is saturated."""
        return fields.number(self.metadata, "SaturationLevel")

    @property
    def dark_pixels(self) -> tuple[int, ...]:
        """Numbers of the pixels that never see light, empty if not known."""
        return fields.pixel_numbers(self.metadata, "DarkPixels", len(self.pixels) - 1)

    @property
    def optical_pixel_range(self) -> tuple[int, int]:
        """First pixel that sees light and one past the last; all pixels if not known."""
        found = fields.pixel_numbers(self.metadata, "OpticalPixelRange", len(self.pixels))
        if not found:
            return 0, len(self.pixels)
        if len(found) != 2 or found[0] >= found[1]:
            raise InvalidValue(f"OpticalPixelRange: the first pixel and one past the last expected, not {list(found)}")
        return found[0], found[1]

    @property
    def nonlinearity_coefficients(self) -> tuple[float, ...]:
        """Coefficients of the nonlinearity correction, lowest order first; empty if there are none."""
        return fields.numbers(self.metadata, "NonlinearityCorrectionCoefficients")

    def wavelength_coefficients(self, *, piccolo: bool = True) -> tuple[float, ...]:
        """Coefficients of the wavelengths, lowest order first: those of the channel if wanted and known."""
        own = fields.numbers(self.metadata, "WavelengthCalibrationCoefficientsPiccolo") if piccolo else ()
        return own or fields.numbers(self.metadata, "WavelengthCalibrationCoefficients")

    def wavelengths(self, piccolo: bool = True) -> NDArray[np.float64]:
        """Wavelengths in nm, shape (pixels,). InvalidValue where there is no calibration."""
        return pixel_wavelengths(self.wavelength_coefficients(piccolo=piccolo), len(self.pixels))

    def corrected(self) -> NDArray[np.float64]:
        """Counts, shape (pixels,), less the mean of the dark pixels and corrected for nonlinearity, as far as known.

        See `piccolo3.spectrum.correct_counts`.
        """
        return correct_counts(self.pixels, self.dark_pixels, self.nonlinearity_coefficients)

    @property
    def peak(self) -> int:
        """Highest count of the pixels that see light."""
        return int(self._optical_pixels().max())

    @property
    def peak_percent(self) -> float:
        """The peak in percent of saturation, NaN where the saturation level is not known."""
        level = self.saturation_level
        return 100.0 * self.peak / level if level else float("nan")

    @property
    def saturated_pixels(self) -> int:
        """How many pixels that see light are saturated; 0 where the saturation level is not known.

        Of averaged exposures also those pixels that may have been saturated in some of them: where the mean and
        sqrt(n - 1) standard deviations reach saturation (no value is further from the mean of n: P. A. Samuelson, "How
        deviant can you be?", J. Am. Stat. Assoc. 63, 1968), or three of them, as that is rare and counts little.
        """
        level = self.saturation_level
        if level is None:
            return 0
        first, end = self.optical_pixel_range
        deviation = self.standard_deviation
        if deviation is None or self.averages < 2:
            return int(np.count_nonzero(self.pixels[first:end] >= level))
        reach = min(math.sqrt(self.averages - 1), _MOST_DEVIATIONS) * deviation[first:end]
        # the mean was rounded, by half a count at most
        return int(np.count_nonzero(self.pixels[first:end] + np.where(reach > 0, reach + 0.5, 0.0) >= level))

    @property
    def is_saturated(self) -> bool:
        """Whether any pixel that sees light is saturated."""
        return self.saturated_pixels > 0

    def with_flags(self, flags: Flag) -> Spectrum:
        """The same spectrum with these flags in addition to those it has, and with the number of saturated pixels."""
        return Spectrum(self.pixels, {**self.metadata, **quality_metadata(self.flags | flags, self.saturated_pixels)})

    def with_dark(self, dark_file: str, dark_sequence: int) -> Spectrum:
        """The same spectrum with the name of the file and the sequence number of the dark that belongs to it."""
        return Spectrum(self.pixels, {**self.metadata, **dark_metadata(dark_file, dark_sequence)})

    def _optical_pixels(self) -> NDArray[np.int32]:
        first, end = self.optical_pixel_range
        return self.pixels[first:end]


def _frozen_counts(pixels: NDArray[np.int32]) -> NDArray[np.int32]:
    counts = np.asarray(pixels)
    if counts.ndim != 1 or not counts.size or counts.dtype.kind not in "iu":
        raise InvalidValue("pixels must be a row of integers")
    if counts.dtype != np.int32 and (counts.min() < _INT32.min or counts.max() > _INT32.max):
        raise InvalidValue("a pixel is beyond 32 bits")
    # a view that can't be written may still show memory that somebody else writes to
    if counts.dtype == np.int32 and not counts.flags.writeable and counts.base is None:
        return counts
    frozen = counts.astype(np.int32)
    frozen.flags.writeable = False
    return frozen
