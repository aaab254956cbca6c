"""Quality flags of the spectra of a batch, at the moment they are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from piccolo3.config import QualityConfig
from piccolo3.recording.sheet import Entry
from piccolo3.spectrum import Spectrum
from piccolo3.spectrum.quality import Thresholds, is_same_setup, judge

__all__ = ["Judge", "Synchronised", "warm_up"]

# whether the clock is synchronised, None where that can't be known; asked in the thread in which spectra are made
Synchronised = Callable[[], bool | None]

_Place = tuple[str, str]  # serial number and channel


class Judge:
    """Knows the darks of a batch. It belongs to the thread in which spectra are made, in their order."""

    def __init__(self, config: QualityConfig, clock_synchronised: Synchronised = lambda: None) -> None:
        self._thresholds = Thresholds(
            weak=config.weak,
            dark_drift=config.dark_drift,
            illumination=config.illumination,
            temperature=config.temperature,
        )
        self._clock_synchronised = clock_synchronised
        self._darks: dict[_Place, Spectrum] = {}

    def flagged(self, entries: Sequence[Entry], spectra: Sequence[Spectrum]) -> tuple[Spectrum, ...]:
        """The spectra of a sequence, one for each entry, with their flags.

        A dark is compared with the one before it and, where the sequence has another one after it, with that. A light
        is judged with the dark before it; it is between two if there is one after it in the same sequence. Where the
        channel was measured twice, it is compared with the other light.
        """
        synchronised = self._clock_synchronised()
        result = []
        for number, (entry, spectrum) in enumerate(zip(entries, spectra, strict=True)):
            place = _place(spectrum)
            alike = [(other, one) for other, one in enumerate(spectra) if other != number and _place(one) == place]
            before = _same_setup(spectrum, self._darks.get(place))
            after = next((one for other, one in alike if other > number and one.dark), None)
            others = [one for _, one in alike if not one.dark]
            judge_with = partial(
                judge,
                spectrum,
                self._thresholds,
                set_point=entry.taken.set_point,
                clock_synchronised=synchronised,
                repeated=entry.taken.exposure.repeated,
            )
            if spectrum.dark:
                flags = judge_with(other_dark=before) | judge_with(other_dark=after)
                self._darks[place] = spectrum
            else:
                flags = judge_with(dark=before, other_dark=after, other_light=others[0] if others else None)
            result.append(spectrum.with_flags(flags))
        return tuple(result)


def warm_up() -> None:
    """Have done at the start what else takes its time with the first dark that is compared."""
    np.median(np.zeros(1))  # imports numpy.ma


def _same_setup(spectrum: Spectrum, dark: Spectrum | None) -> Spectrum | None:
    return dark if dark is not None and is_same_setup(spectrum, dark) else None


def _place(spectrum: Spectrum) -> _Place:
    return spectrum.serial_number, spectrum.direction
