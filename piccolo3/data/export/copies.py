"""`.pico`: the readable files of a run again, in today's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from piccolo3.data.export.sink import Place, Sink
from piccolo3.data.reader import RunReader
from piccolo3.jsonvalue import JsonValue
from piccolo3.spectrum import SpectraList, dumps
from piccolo3.store.atomic import write_files
from piccolo3.store.failures import store_errors

__all__ = ["PicoSink"]

_BLOCK = 100  # files that are synced together at the latest

Named = tuple[str, SpectraList]


class PicoSink(Sink[Named]):
    """A file for each file, with all metadata, also those that nobody knows; written in blocks."""

    def __init__(self, place: Place, state: Mapping[str, JsonValue]) -> None:
        super().__init__(place)
        self._waiting: dict[Path, bytes] = {}
        with store_errors("preparing", place.work):
            place.work.mkdir(parents=True, exist_ok=True)
            if not state:
                for path in place.work.iterdir():
                    path.unlink()

    def items(self, reader: RunReader, name: str, spectra: SpectraList) -> Iterator[Named]:
        yield name, spectra

    def add(self, item: Named) -> None:
        name, spectra = item
        self._waiting[self.place.work / name] = dumps(spectra).encode()
        if len(self._waiting) >= _BLOCK:
            self._write()

    def checkpoint(self) -> Mapping[str, JsonValue]:
        self._write()
        return {"begun": True}  # what comes after this is just written again

    def finish(self) -> Mapping[str, Path]:
        self._write()
        return {path.name: path for path in sorted(self.place.work.glob("*.pico"))}

    def close(self) -> None:
        self._waiting.clear()

    def _write(self) -> None:
        if self._waiting:
            write_files(self._waiting, clobber=True)
            self._waiting = {}
