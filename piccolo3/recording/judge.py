"""Quality flags of the spectra of a batch, at the moment they are made."""

from __future__ import annotations

from collections.abc import Sequence

from piccolo3.config import QualityConfig
from piccolo3.recording.sheet import Entry
from piccolo3.spectrum import Flag, Spectrum
from piccolo3.spectrum.quality import Thresholds, is_same_setup, judge

__all__ = ["Judge"]

_Place = tuple[str, str]  # serial number and channel


class Judge:
    """Knows the darks of a batch. It belongs to the thread in which spectra are made, in their order."""

    def __init__(self, config: QualityConfig) -> None:
        self._thresholds = Thresholds(
            weak=config.weak,
            dark_drift=config.dark_drift,
            illumination=config.illumination,
            temperature=config.temperature,
        )
        self._darks: dict[_Place, Spectrum] = {}

    def flagged(self, entries: Sequence[Entry], spectra: Sequence[Spectrum]) -> tuple[Spectrum, ...]:
        """The spectra of a sequence, one for each entry, with their flags.

        A light is judged with the dark before it and, where the channel was measured twice, with the other light; a
        dark is compared with the one before it.
        """
        lights: dict[_Place, list[tuple[int, Spectrum]]] = {}
        for number, spectrum in enumerate(spectra):
            if not spectrum.dark:
                lights.setdefault(_place(spectrum), []).append((number, spectrum))
        return tuple(
            self._one(number, entry, spectrum, lights)
            for number, (entry, spectrum) in enumerate(zip(entries, spectra, strict=True))
        )

    def _one(
        self, number: int, entry: Entry, spectrum: Spectrum, lights: dict[_Place, list[tuple[int, Spectrum]]]
    ) -> Spectrum:
        place = _place(spectrum)
        known = self._darks.get(place)
        dark = known if known is not None and is_same_setup(spectrum, known) else None
        others = [] if spectrum.dark else [light for other, light in lights[place] if other != number]
        flags: Flag = judge(
            spectrum,
            self._thresholds,
            dark=None if spectrum.dark else dark,
            other_dark=dark if spectrum.dark else None,
            other_light=others[0] if others else None,
            set_point=entry.taken.set_point,
            repeated=entry.taken.exposure.repeated,
        )
        if spectrum.dark:
            self._darks[place] = spectrum
        return spectrum.with_flags(flags)


def _place(spectrum: Spectrum) -> _Place:
    return spectrum.serial_number, spectrum.direction
