"""Going through a run file by file, with the darks that belong to its spectra."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from piccolo3.data.source import Source, order_key
from piccolo3.errors import PiccoloError
from piccolo3.spectrum import SpectraList, Spectrum, is_same_setup, parse_file_name
from piccolo3.status import SpectrumKind

__all__ = ["Findings", "RunReader"]

_KEPT = 12  # files: darks that are needed again and again, and the neighbours
_BEFORE, _AFTER = 3, 1  # darks of a batch that are tried where none is named


@dataclass(slots=True)
class Findings:
    """What went wrong on the way: files that can't be read and why, and remarks with how often they applied."""

    unreadable: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, int] = field(default_factory=dict)

    def remark(self, text: str) -> None:
        """Count one more of these."""
        self.remarks[text] = self.remarks.get(text, 0) + 1


class RunReader:
    """One run. Unreadable files are findings, not errors; only a few files are kept in memory."""

    def __init__(self, source: Source, run: str, findings: Findings | None = None) -> None:
        self.run = run
        self.names = source.names(run)
        self.findings = Findings() if findings is None else findings
        self._source = source
        self._kept: OrderedDict[str, SpectraList | None] = OrderedDict()
        self._darks: tuple[int, list[str]] = (-1, [])

    def load(self, name: str) -> SpectraList | None:
        """The spectra of a name, None where it can't be read (which is a finding then)."""
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        spectra: SpectraList | None = None
        try:
            spectra = self._source.load(self.run, name)
        except PiccoloError as error:
            self.findings.unreadable[name] = error.message
        self._kept[name] = spectra
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return spectra

    def files(self, start: int = 0) -> Iterator[tuple[int, str, SpectraList | None]]:
        """Number, name and spectra of all files from number `start` on."""
        for number in range(start, len(self.names)):
            name = self.names[number]
            yield number, name, self.load(name)

    def next_light(self, name: str) -> SpectraList | None:
        """The next file of the same batch that may have light spectra."""
        parsed = parse_file_name(name)
        if parsed is None:
            return None
        position = bisect_left(self.names, order_key(name), key=order_key) + 1
        for other in self.names[position : position + 3]:
            found = parse_file_name(other)
            if found is None or found.batch != parsed.batch:
                return None
            if found.kind is not SpectrumKind.DARK:
                return self.load(other)
        return None

    def dark_of(self, name: str, light: Spectrum) -> tuple[str, Spectrum] | None:
        """The dark that belongs to a light spectrum of the file `name`, and the name of the file it is in.

        It is the one that the spectrum names. Where it names none (old files don't): of the same spectrometer, channel
        and integration time in the same file, else in the files of the same batch, the nearest before, then after.
        """
        if light.dark_file is not None:
            return self._dark_in(light.dark_file, light) if self._has(light.dark_file) else None
        for candidate in self._candidates(name):
            found = self._dark_in(candidate, light)
            if found is not None:
                return found
        return None

    def _has(self, name: str) -> bool:
        key = order_key(name)
        position = bisect_left(self.names, key, key=order_key)
        return position < len(self.names) and self.names[position] == name

    def _dark_in(self, name: str, light: Spectrum) -> tuple[str, Spectrum] | None:
        spectra = self.load(name)
        if spectra is None:
            return None
        fitting = [
            one
            for one in spectra.spectra
            if one.dark and is_same_setup(one, light) and len(one.pixels) == len(light.pixels)
        ]
        before = [one for one in fitting if one.datetime <= light.datetime]
        return (name, (before[-1:] + fitting)[0]) if fitting else None

    def _candidates(self, name: str) -> Iterator[str]:
        yield name
        parsed = parse_file_name(name)
        if parsed is None:
            return
        darks = self._darks_of(parsed.batch)
        # the dark of a sequence is taken before its light
        position = bisect_left(darks, (parsed.batch, parsed.sequence + 1), key=lambda dark: order_key(dark)[:2])
        yield from (dark for dark in reversed(darks[max(0, position - _BEFORE) : position]) if dark != name)
        yield from darks[position : position + _AFTER]

    def _darks_of(self, batch: int) -> list[str]:
        if self._darks[0] != batch:
            start = bisect_left(self.names, (batch, 0, 0, ""), key=order_key)
            end = bisect_left(self.names, (batch + 1, 0, 0, ""), key=order_key)
            named = ((name, parse_file_name(name)) for name in self.names[start:end])
            self._darks = batch, [name for name, parsed in named if parsed and parsed.kind is not SpectrumKind.LIGHT]
        return self._darks[1]
