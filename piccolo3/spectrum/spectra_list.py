"""The spectra of one sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace

from piccolo3.errors import NotFound
from piccolo3.spectrum.spectrum import Spectrum
from piccolo3.status import SpectrumKind

__all__ = ["SpectraList"]


@dataclass(frozen=True, slots=True)
class SpectraList:
    """Spectra that belong together, in the order of the file, and the place they have in a run."""

    spectra: tuple[Spectrum, ...]
    run: str | None = None
    batch: int = 0
    sequence: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "spectra", tuple(self.spectra))

    @property
    def kinds(self) -> tuple[SpectrumKind, ...]:
        """Which kinds there are, dark before light."""
        found = {spectrum.kind for spectrum in self.spectra}
        return tuple(kind for kind in SpectrumKind if kind in found)

    @property
    def directions(self) -> tuple[str, ...]:
        """Channels there are spectra of, sorted."""
        return tuple(sorted({spectrum.direction for spectrum in self.spectra}))

    @property
    def is_saturated(self) -> bool:
        """Whether any of the spectra is saturated."""
        return any(spectrum.is_saturated for spectrum in self.spectra)

    def of_kind(self, kind: SpectrumKind) -> SpectraList:
        """The dark or the light ones only."""
        return replace(self, spectra=tuple(spectrum for spectrum in self.spectra if spectrum.kind is kind))

    def get(self, direction: str, kind: SpectrumKind, serial_number: str | None = None) -> Spectrum:
        """The spectrum of that channel and kind (the first one unless a serial number is given), or NotFound."""
        for spectrum in self.spectra:
            wanted = spectrum.direction == direction and spectrum.kind is kind
            if wanted and serial_number in (None, spectrum.serial_number):
                return spectrum
        who = "" if serial_number is None else f" of spectrometer {serial_number}"
        raise NotFound(f"there is no {kind.value} {direction} spectrum{who}")
