"""What a report tells, collected in one pass through a run; it stays small however long the run is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from piccolo3.data.columns import exposure_end
from piccolo3.data.levels import corrected
from piccolo3.data.reader import RunReader
from piccolo3.data.setup import Setup
from piccolo3.spectrum import SpectraList, Spectrum, flag_names, parse_file_name

__all__ = ["BatchFacts", "Channel", "Gathered", "Thinned", "gather"]

_POINTS = 1500

Channel = tuple[str, str]  # serial number, direction


class Thinned:
    """Points of a curve: all of them as long as there are few, then every second, fourth, ... of them."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self._step = 1
        self._seen = 0

    def add(self, x: float, y: float) -> None:
        """Take one more point."""
        if self._seen % self._step == 0:
            self.points.append((x, y))
            if len(self.points) >= _POINTS:
                del self.points[1::2]
                self._step *= 2
        self._seen += 1


@dataclass(slots=True)
class BatchFacts:
    """What the files of a batch tell. Times in seconds since 1970, NaN where no file could be read."""

    number: int
    start: float = float("nan")
    end: float = float("nan")
    files: int = 0
    unreadable: int = 0
    last_sequence: int = -1
    lights: Counter[Channel] = field(default_factory=Counter)  # sequences with a light spectrum
    darks: Counter[Channel] = field(default_factory=Counter)
    flagged: int = 0
    spectra: int = 0

    @property
    def sequences(self) -> int:
        """How many light sequences there should be, as far as the numbers tell; 0 for a batch of darks."""
        return self.last_sequence + 1


@dataclass(slots=True)
class Latest:
    """The latest light spectrum of a channel: wavelengths or None, and values."""

    name: str
    spectrum: Spectrum
    wavelengths: NDArray[np.float64] | None
    values: NDArray[np.float64]
    has_dark: bool


@dataclass(slots=True)
class Gathered:
    """All that a report needs of a run."""

    run: str
    batches: list[BatchFacts] = field(default_factory=list)
    channels: set[Channel] = field(default_factory=set)
    temperatures: dict[str, Thinned] = field(default_factory=dict)
    peaks: dict[Channel, Thinned] = field(default_factory=dict)
    flags: dict[Channel, Counter[str]] = field(default_factory=dict)
    lights: Counter[Channel] = field(default_factory=Counter)
    darks: Counter[Channel] = field(default_factory=Counter)
    latest: dict[Channel, Latest] = field(default_factory=dict)
    models: dict[str, str] = field(default_factory=dict)
    simulated: bool = False
    unreadable: dict[str, str] = field(default_factory=dict)


def gather(reader: RunReader, progress: Callable[[int, int], None]) -> Gathered:
    """Go through a run; `progress` is told how many files of how many are done."""
    found = Gathered(reader.run)
    newest: dict[Channel, tuple[str, Spectrum]] = {}
    for number, name, spectra in reader.files():
        progress(number, len(reader.names))
        batch = _batch(found, name, spectra)
        batch.files += 1
        if spectra is None:
            batch.unreadable += 1
            continue
        for channel, kind in {(_channel(one), one.kind) for one in spectra.spectra}:
            counter = batch.darks if kind == "dark" else batch.lights
            counter[channel] += 1
        for one in spectra.spectra:
            _take(found, batch, one)
            if not one.dark:
                newest[_channel(one)] = (name, one)
        if any(not one.dark for one in spectra.spectra):
            batch.last_sequence = max(batch.last_sequence, spectra.sequence)
    progress(len(reader.names), len(reader.names))
    for channel, (name, light) in sorted(newest.items()):
        found.latest[channel] = _latest(reader, name, light)
    found.unreadable = dict(reader.findings.unreadable)
    return found


def _channel(spectrum: Spectrum) -> Channel:
    return spectrum.serial_number, spectrum.direction


def _batch(found: Gathered, name: str, spectra: SpectraList | None) -> BatchFacts:
    parsed = parse_file_name(name)
    number = parsed.batch if parsed else spectra.batch if spectra else -1
    if not found.batches or found.batches[-1].number != number:
        found.batches.append(BatchFacts(number))
    batch = found.batches[-1]
    if parsed is not None and parsed.kind != "dark":
        batch.last_sequence = max(batch.last_sequence, parsed.sequence)
    return batch


def _take(found: Gathered, batch: BatchFacts, one: Spectrum) -> None:
    channel = _channel(one)
    found.channels.add(channel)
    found.simulated |= one.simulated
    if one.model is not None:
        found.models[one.serial_number] = one.model
    start, end = one.datetime.timestamp(), exposure_end(one).timestamp()
    batch.start = float(np.fmin(batch.start, start))
    batch.end = float(np.fmax(batch.end, end))
    batch.spectra += 1
    (found.darks if one.dark else found.lights)[channel] += 1
    if one.temperature is not None:
        found.temperatures.setdefault(one.serial_number, Thinned()).add(start, one.temperature)
    if not one.dark and one.saturation_level:
        found.peaks.setdefault(channel, Thinned()).add(start, one.peak_percent)
    if one.flags:
        batch.flagged += 1
        found.flags.setdefault(channel, Counter()).update(flag_names(one.flags))


def _latest(reader: RunReader, name: str, light: Spectrum) -> Latest:
    dark = reader.dark_of(name, light)
    values = None if dark is None else corrected(light, dark[1])
    wavelengths = Setup.of(light).wavelengths()
    if values is None:
        return Latest(name, light, wavelengths, light.pixels.astype(np.float64), has_dark=False)
    return Latest(name, light, wavelengths, values, has_dark=True)
