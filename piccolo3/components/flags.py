"""`control/flags`: what there is to say against the spectra that were stored last."""

from __future__ import annotations

import json
from collections.abc import Sequence

from piccolo3.components.component import Component
from piccolo3.components.datatypes import Json, JsonValue
from piccolo3.components.declaration import value
from piccolo3.events import Broker
from piccolo3.recording import SpectraStored
from piccolo3.status import SpectrumKind
from piccolo3.wire import MAX_OBSERVABLE

__all__ = ["Flags"]

_MOST_BYTES = 1000


class Flags(Component):
    """The quality flags of the last light and dark spectra of a batch."""

    def __init__(self, broker: Broker) -> None:
        super().__init__("flags", title="quality of the last spectra")
        self._place: tuple[str, int] | None = None
        self._sequence: int | None = None
        self._last: dict[tuple[str, str, SpectrumKind], Sequence[str]] = {}
        broker.subscribe(SpectraStored, self._stored)

    @value(
        Json("run, batch, sequence, flags (of spectrometer and channel), omitted", size=MAX_OBSERVABLE),
        name="",
        title="quality flags of the last spectra",
        text="by spectrometer and channel, of light and dark together; see docs/reference/quality.md",
        observable=True,
    )
    def flags(self) -> JsonValue:
        """Return names of flags; spectrometers that don't fit into one datagram are only counted, as omitted."""
        flags: dict[str, dict[str, list[str]]] = {}
        for (serial_number, channel, _), names in sorted(self._last.items()):
            known = flags.setdefault(f"S_{serial_number}", {}).setdefault(channel, [])
            known += [name for name in names if name not in known]
        run, batch = self._place or (None, None)
        body: dict[str, JsonValue] = {"run": run, "batch": batch, "sequence": self._sequence, "omitted": 0}
        while len(json.dumps(body | {"flags": flags})) > _MOST_BYTES and flags:
            flags.popitem()
            body["omitted"] = len({serial_number for serial_number, *_ in self._last}) - len(flags)
        return body | {"flags": flags}

    def _stored(self, event: SpectraStored) -> None:
        if self._place != (event.run, event.batch):
            self._place = event.run, event.batch
            self._last.clear()
        self._sequence = event.sequence
        for spectrum in event.spectra:
            self._last[spectrum.serial_number, spectrum.direction, spectrum.kind] = spectrum.flags
        self.announce("")
