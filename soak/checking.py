"""Compare what was recorded with what the instruments handed out."""

from __future__ import annotations

import statistics
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from emulators import Control, HandedOut
from piccolo3.spectrum import Spectrum, loads

__all__ = ["Checker"]

_SAME = 1e-3  # ms: integration times
_FAR = 0.25  # s: exposures that are said to have been so much earlier or later than they were are wrong
_BEFORE = 1.0  # s


class Checker:
    """Checks one batch after the other; `wrong` has a sentence for each spectrum that should not be what it is."""

    def __init__(self, control: Control, serials: Sequence[str]) -> None:
        self.wrong: list[str] = []
        self.spectra: Counter[str] = Counter()
        self.distances: list[float] = []  # s, from the end of the exposure to what the file says
        self._control = control
        self._serials = serials
        self._used: set[tuple[str, int, int]] = set()

    def check(self, files: Iterable[Path], since: float) -> int:
        """Check the files of a batch that was started at a moment (monotonic, s); how many spectra there are."""
        truth = {serial: _by_checksum(self._control.truth(serial, since - _BEFORE)) for serial in self._serials}
        offset = time.time() - time.monotonic()
        number = 0
        for path in files:
            for spectrum in loads(path.read_bytes()).spectra:
                number += 1
                self.spectra[spectrum.serial_number] += 1
                problem = self._problem(spectrum, truth[spectrum.serial_number], offset)
                if problem is not None:
                    self.wrong.append(f"{path.name}, {spectrum.serial_number} {spectrum.direction}: {problem}")
        return number

    @property
    def timing(self) -> tuple[float, float]:
        """Median and worst distance of the end of an exposure from what the file says (s)."""
        return (statistics.median(self.distances), max(self.distances)) if self.distances else (0.0, 0.0)

    def _problem(self, spectrum: Spectrum, truth: Mapping[int, HandedOut], offset: float) -> str | None:
        found = truth.get(zlib.crc32(spectrum.pixels.astype("<i4").tobytes()))
        if found is None:
            return "these counts were never handed out"
        identity = spectrum.serial_number, found.start, found.end
        if identity in self._used:
            return "the same exposure for the second time"
        self._used.add(identity)
        if abs(found.integration_time / 1e6 - spectrum.integration_time) > _SAME:
            return f"it says {spectrum.integration_time} ms and was exposed {found.integration_time / 1e6} ms"
        wanted = dict.fromkeys(found.open_share, 0.0)
        if not spectrum.dark:
            wanted[spectrum.direction] = 1.0
        if found.open_share != wanted:
            return f"{'dark' if spectrum.dark else 'light'}, and the shutters were open {found.open_share}"
        if spectrum.exposure_end is None:
            return "it does not say when it was exposed"
        distance = abs(spectrum.exposure_end.timestamp() - offset - found.end / 1e9)
        self.distances.append(distance)
        return f"it says that it was exposed {distance:.3f} s off" if distance > _FAR else None


def _by_checksum(exposures: Iterable[HandedOut]) -> dict[int, HandedOut]:
    return {exposure.checksum: exposure for exposure in exposures}
