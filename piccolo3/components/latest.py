"""`data_dir/latest`: what was stored last, in short, and below it the spectra themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from piccolo3.components.component import Component
from piccolo3.components.datatypes import Json, JsonValue
from piccolo3.components.declaration import value
from piccolo3.components.entries import full_spectrum
from piccolo3.errors import NotFound
from piccolo3.events import Broker
from piccolo3.recording import SpectraStored
from piccolo3.spectrum import Flag
from piccolo3.status import SpectrumKind
from piccolo3.store import SpectrumEntry, Store
from piccolo3.wire import MAX_OBSERVABLE
from piccolo3.workers import CatalogueOpened, Writer

__all__ = ["Latest"]

_MOST_BYTES = 1000
_SPECTRUM = Json("id, metadata, pixels (in CBOR a typed array)")
_Key = tuple[str, str, SpectrumKind]
_Place = tuple[str, int, int]  # run, batch, sequence


class Latest(Component):
    """The spectra of the last sequence, and the last of each spectrometer and channel at full resolution."""

    def __init__(self, writer: Writer, broker: Broker) -> None:
        super().__init__("latest", title="the last spectra")
        self._writer = writer
        self._place: _Place | None = None
        self._files: Sequence[str] = ()
        self._rows: dict[_Key, list[JsonValue]] = {}
        self._known: dict[str, set[str]] = {}
        broker.subscribe(SpectraStored, self._stored)
        broker.subscribe(CatalogueOpened, self._opened)

    @value(
        Json("run, batch, sequence, files, spectra, omitted", size=MAX_OBSERVABLE),
        name="",
        title="what was stored last",
        text="spectra are rows of serial number, channel, dark or light, start, peak (counts), quality flags (bits)",
        observable=True,
    )
    def latest(self) -> JsonValue:
        """Return what was stored last; rows that don't fit into one datagram are only counted, as omitted."""
        run, batch, sequence = self._place or (None, None, None)
        rows = [self._rows[key] for key in sorted(self._rows, key=lambda key: (key[2] is SpectrumKind.DARK, key))]
        files = list(self._files)
        body: dict[str, JsonValue] = {"run": run, "batch": batch, "sequence": sequence, "files": files}
        body["omitted"] = 0
        while len(json.dumps(body | {"spectra": rows})) > _MOST_BYTES and rows:
            rows.pop()
            body["omitted"] = len(self._rows) - len(rows)
        return body | {"spectra": rows}

    def children(self) -> Mapping[str, Component]:
        return {f"S_{serial}": _OfSpectrometer(serial, self._known[serial], self._writer) for serial in self._known}

    def find(self, name: str) -> Component | None:
        return _OfSpectrometer(name[2:], (), self._writer) if name.startswith("S_") else None

    def prototype(self) -> Component:
        return _OfSpectrometer("", (), self._writer, name="spectrometer")

    def _stored(self, event: SpectraStored) -> None:
        self._begin((event.run, event.batch, event.sequence), event.files)
        for spectrum in event.spectra:
            key = spectrum.serial_number, spectrum.direction, spectrum.kind
            flags = sum(Flag[name] for name in spectrum.flags if name in Flag.__members__)
            self._set(key, spectrum.start, spectrum.peak, flags)
        self.announce("")

    def _opened(self, event: CatalogueOpened) -> None:
        entries = event.latest
        for entry in entries:
            self._known.setdefault(entry.serial_number, set()).add(entry.direction)
        if self._place is not None or not entries:
            return
        newest = max(entries, key=lambda entry: entry.id)
        place = newest.run, newest.batch, newest.sequence
        of_it = [entry for entry in entries if (entry.run, entry.batch, entry.sequence) == place]
        self._begin(place, sorted({entry.file for entry in of_it}))
        for entry in of_it:
            self._set(_key(entry), entry.start, entry.peak, int(entry.flags))
        self.announce("")

    def _begin(self, place: _Place, files: Sequence[str]) -> None:
        if self._place is None or self._place[:2] != place[:2]:
            self._rows.clear()
        self._place, self._files = place, files

    def _set(self, key: _Key, start: datetime | None, peak: int, flags: int) -> None:
        serial, direction, kind = key
        self._known.setdefault(serial, set()).add(direction)
        when = (
            None
            if start is None
            else f"{start.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
        )
        self._rows[key] = [serial, direction, kind.value, when, peak, int(flags)]


class _OfSpectrometer(Component):
    def __init__(self, serial: str, channels: Iterable[str], writer: Writer, *, name: str | None = None) -> None:
        super().__init__(name or f"S_{serial}", title=f"last spectra of {serial}")
        self._serial = serial
        self._channels = channels
        self._writer = writer

    def children(self) -> Mapping[str, Component]:
        return {name: _OfChannel(self._serial, name, self._writer) for name in sorted(self._channels)}

    def find(self, name: str) -> Component | None:
        return _OfChannel(self._serial, name, self._writer) if name else None

    def prototype(self) -> Component:
        return _OfChannel(self._serial, "channel", self._writer)


class _OfChannel(Component):
    """Raises NotFound where there is none yet."""

    def __init__(self, serial: str, channel: str, writer: Writer) -> None:
        super().__init__(channel, title=f"last spectra of {serial}, {channel}")
        self._serial = serial
        self._writer = writer

    @value(_SPECTRUM, title="the last light spectrum at full resolution")
    async def light(self) -> JsonValue:
        """Return it."""
        return await self._last(dark=False)

    @value(_SPECTRUM, title="the last dark spectrum at full resolution")
    async def dark(self) -> JsonValue:
        """Return it."""
        return await self._last(dark=True)

    async def _last(self, *, dark: bool) -> JsonValue:
        wanted = self._serial, self.name, dark

        def look_up(store: Store) -> JsonValue:
            for entry in store.latest():
                if (entry.serial_number, entry.direction, entry.dark) == wanted:
                    return full_spectrum(entry.id, store.spectrum(entry.id))
            raise NotFound(f"there is no {'dark' if dark else 'light'} {self.name} spectrum of {self._serial}")

        return await self._writer.ask(look_up)


def _key(entry: SpectrumEntry) -> _Key:
    return entry.serial_number, entry.direction, SpectrumKind.DARK if entry.dark else SpectrumKind.LIGHT
