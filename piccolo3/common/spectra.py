"""The spectra of a sequence as old programs see them: a list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from piccolo3.common.spectrum import PiccoloSpectrum, content_of
from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import file_name
from piccolo3.status import SpectrumKind

__all__ = ["PiccoloSpectraList"]

_KINDS = {"Dark": True, "Light": False}


class PiccoloSpectraList(list[PiccoloSpectrum]):
    """Spectra, and their place in a run; `data` is the text of a `.pico` file or the dict that it stands for."""

    def __init__(
        self,
        run: str | None = None,
        batch: int = 0,
        seqNr: int = 0,
        data: str | bytes | Mapping[str, JsonValue] | None = None,
    ) -> None:
        super().__init__()
        self._run = run
        self._batch = batch
        self._seqNr = seqNr
        if data is not None:
            self._read(content_of(data))

    def _read(self, content: Mapping[str, JsonValue]) -> None:
        entries = content.get("Spectra")
        if not isinstance(entries, list | tuple):
            raise InvalidValue("not the text of a .pico file: an object with a list of Spectra expected")
        for entry in entries:
            if not isinstance(entry, Mapping):
                raise InvalidValue("Spectra: objects expected")
            self.append(PiccoloSpectrum(entry))
        first = self[0] if self else {}
        run, batch, sequence = first.get("Run"), first.get("Batch"), first.get("SequenceNumber")
        self._run = run if isinstance(run, str) and self._run is None else self._run
        self._batch = batch if isinstance(batch, int) else self._batch
        self._seqNr = sequence if isinstance(sequence, int) else self._seqNr

    @property
    def run(self) -> str | None:
        """The run, None if not known."""
        return self._run

    @property
    def batch(self) -> int:
        """Number of the batch."""
        return self._batch

    @property
    def seqNr(self) -> int:
        """Number of the sequence."""
        return self._seqNr

    @property
    def outName(self) -> str:
        """Path of the file of dark and light spectra, in the directory of the run if that is known."""
        return self._name(None)

    def _name(self, kind: SpectrumKind | None) -> str:
        name = file_name(self._batch, self._seqNr, kind)
        return name if self._run is None else str(Path(self._run) / name)

    @property
    def directions(self) -> list[str]:
        """Names of the channels, sorted."""
        return sorted({str(spectrum["Direction"]) for spectrum in self})

    @property
    def haveDark(self) -> bool:
        """Whether there are dark spectra."""
        return self.haveSpectrum("Dark")

    @property
    def haveLight(self) -> bool:
        """Whether there are light spectra."""
        return self.haveSpectrum("Light")

    @property
    def isSaturated(self) -> bool:
        """Whether any of the spectra is saturated."""
        return any(spectrum.isSaturated for spectrum in self)

    def haveSpectrum(self, spectrum: str) -> bool:
        """Whether there are spectra of this kind, `Dark` or `Light`."""
        return bool(self._of_kind(spectrum))

    def getSpectra(self, direction: str, spectrum: str) -> list[PiccoloSpectrum]:
        """Spectra of a channel and kind, `Dark` or `Light`: one of each spectrometer."""
        return [found for found in self._of_kind(spectrum) if found["Direction"] == direction]

    def _of_kind(self, name: str | None) -> list[PiccoloSpectrum]:
        if name is None:
            return list(self)
        if name not in _KINDS:
            raise ValueError(f"a spectrum is Dark or Light, not {name}")
        return [found for found in self if found["Dark"] is _KINDS[name]]

    def serialize(self, pretty: bool = True, pixelType: str = "list", spectrum: str | None = None) -> str:
        """The text of a `.pico` file with these spectra, or only the `Dark` or `Light` ones."""
        if pixelType not in ("array", "list"):
            raise ValueError(f"pixelType is array or list, not {pixelType}")
        content = {"Spectra": [found.as_dict("list") for found in self._of_kind(spectrum)]}
        return json.dumps(content, sort_keys=pretty, indent=1 if pretty else None)

    def write(self, prefix: str | Path = "", clobber: bool = True, split: bool = True) -> None:
        """Write below `prefix`: a file for dark and one for light spectra, or one for all unless `split`.

        RuntimeError if one is there and is not to be overwritten.
        """
        kinds = [("Dark", SpectrumKind.DARK), ("Light", SpectrumKind.LIGHT)]
        parts = [part for part in kinds if self.haveSpectrum(part[0])] if split else [(None, None)]
        for name, kind in parts:
            path = Path(prefix) / self._name(kind)
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with path.open("w" if clobber else "x", encoding="utf-8") as file:
                    file.write(self.serialize(spectrum=name))
            except FileExistsError:
                raise RuntimeError(f"{path} exists") from None
