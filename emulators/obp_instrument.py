"""Instruments that speak the Ocean Binary Protocol, as in the data sheets of QE Pro and STS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from struct import Struct, error
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from emulators.answers import Answer
from emulators.catalogue import Kind
from emulators.faults import Phase
from emulators.instrument import Instrument, Pack, Reaction
from emulators.light import Light
from emulators.obp import Flag, Message, Splitter, Trouble
from piccolo3.devices.simulated.timeline import Slot

__all__ = ["ObpInstrument"]

_BYTE, _WORD, _LONG, _FLOAT = Struct("<B"), Struct("<H"), Struct("<I"), Struct("<f")
_METADATA = Struct("<IQI16x")  # exposures since the power came, µs since then at the end of it, integration time (µs)
_ROOM = 15_000
_SMALLEST = 1
_BOARD = 31.0
_IN = 0x80

Handler = Callable[["ObpInstrument", bytes, int], bytes | None]


class ObpInstrument(Instrument):
    """Every request has its answer: data, an acknowledgement if it was asked for, or a refusal."""

    version = 0x1100

    def __init__(self, kind: Kind, serial_number: str, light: Light, depth: int | None = None) -> None:
        super().__init__(kind, serial_number, light, depth)
        self._splitters = {endpoint.address: Splitter() for endpoint in kind.endpoints if not endpoint.address & _IN}
        self._switched_on = 0
        if kind.has_shutter:
            light.add_own_shutter(serial_number)

    def switch_on(self, now: int) -> None:
        super().switch_on(now)
        self._switched_on = now
        if self.kind.has_shutter:
            self.light.own_shutter(self.serial_number, now, opened=True)

    def forget(self) -> None:
        for splitter in self._splitters.values():
            splitter.clear()

    def receive(self, endpoint: int, data: bytes, now: int) -> Iterator[Reaction]:
        for message in self._splitters[endpoint].feed(data):
            yield self._reaction(message, endpoint | _IN, now)

    @property
    def spectra(self) -> Mapping[int, Pack]:
        """How the counts are packed for the messages that ask for a spectrum."""
        return {0x00100928: self._with_metadata, 0x00101000: self._plain, 0x00101100: self._plain}

    @property
    def handlers(self) -> Mapping[int, tuple[Phase, str, Handler]]:
        """What is done about all other messages."""
        return _HANDLERS

    def _reaction(self, message: Message, endpoint: int, now: int) -> Reaction:
        pack = self.spectra.get(message.type)
        if pack is not None:
            answer: Answer | None = self.exposure(now, self._message(message, pack), time.monotonic_ns)
            phase, what = Phase.SPECTRUM, "spectrum"
        else:
            phase, what, handler = self.handlers.get(message.type, (Phase.OTHER, "unknown", None))
            answer = self._answer(message, handler, now)
        what = f"{what} {message.type:08x} {message.data.hex()}".rstrip()
        refusal = self._refused(message, Trouble.NOT_READY)
        return Reaction(phase=phase, what=what, endpoint=endpoint, answer=answer, refusal=refusal)

    def _answer(self, message: Message, handler: Handler | None, now: int) -> Answer | None:
        if handler is None:
            return self._refused(message, Trouble.UNKNOWN_TYPE)
        try:
            data = handler(self, message.data, now)
        except (error, IndexError):
            return self._refused(message, Trouble.PAYLOAD_LENGTH)
        if data is not None:
            return self._said(message, Flag.RESPONSE, data)
        return self._said(message, Flag.RESPONSE | Flag.ACK) if message.flags & Flag.WANTS_ACK else None

    def _said(self, message: Message, flags: Flag, data: bytes = b"", trouble: Trouble = Trouble.NONE) -> Answer:
        said = self._packed(message, flags, data, trouble)
        return Answer(render=lambda: said)

    def _refused(self, message: Message, trouble: Trouble) -> Answer:
        return self._said(message, Flag.RESPONSE | Flag.NACK, trouble=trouble)

    def _packed(self, message: Message, flags: Flag, data: bytes = b"", trouble: Trouble = Trouble.NONE) -> bytes:
        return Message(
            type=message.type,
            data=data,
            version=self.version,
            flags=flags,
            error=trouble,
            regarding=message.regarding,
        ).packed()

    def _message(self, message: Message, pack: Pack) -> Pack:
        return lambda counts, slot: self._packed(message, Flag.RESPONSE, pack(counts, slot))

    def _plain(self, counts: NDArray[np.int32], slot: Slot) -> bytes:
        return counts.astype("<u4" if self.kind.wide_pixels else "<u2").tobytes()

    def _with_metadata(self, counts: NDArray[np.int32], slot: Slot) -> bytes:
        ticks = max(0, slot.end - self._switched_on) // 1000
        metadata = _METADATA.pack(slot.number & 0xFFFFFFFF, ticks, (slot.end - slot.start) // 1000)
        return metadata + self._plain(counts, slot)

    # ---- the messages ----

    def _set_integration_time(self, data: bytes, now: int) -> None:
        self.sensor.set_integration_time(now, _LONG.unpack(data)[0] * 1000)

    def _set_depth(self, data: bytes, now: int) -> None:
        self.sensor.depth = min(max(_LONG.unpack(data)[0], _SMALLEST), _ROOM)

    def _clear(self, data: bytes, now: int) -> None:
        self.sensor.clear(now)

    def _drop(self, data: bytes, now: int) -> None:
        self.sensor.drop(now, _LONG.unpack(data)[0])

    def _enable_cooler(self, data: bytes, now: int) -> None:
        self.set_cooler(now, enabled=bool(data[0]))

    def _set_temperature(self, data: bytes, now: int) -> None:
        self.set_cooler(now, target=_FLOAT.unpack(data)[0])

    def _settled(self) -> bool:
        return self.cooler_enabled and abs(self.sensor.temperature(time.monotonic_ns()) - self.cooler_target) < 0.5  # noqa: PLR2004

    def _set_shutter(self, data: bytes, now: int) -> None:
        if not self.kind.has_shutter:
            raise IndexError(0x00110610)
        self.light.own_shutter(self.serial_number, now, opened=bool(data[0]))

    def _temperatures(self) -> tuple[float, ...]:
        now = time.monotonic_ns()
        return (_BOARD,) if self.kind.model.cooling is None else (_BOARD, self.sensor.temperature(now))


def _get(phase: Phase, what: str, value: Callable[[ObpInstrument], bytes]) -> tuple[Phase, str, Handler]:
    return phase, what, lambda instrument, data, now: value(instrument)


def _table(
    what: str, values: Callable[[ObpInstrument], tuple[float, ...]]
) -> tuple[tuple[Phase, str, Handler], tuple[Phase, str, Handler]]:
    """The two messages about a list of numbers: how many, and one of them."""

    def one(instrument: ObpInstrument, data: bytes, now: int) -> bytes:
        return _FLOAT.pack(values(instrument)[data[0]])

    count = _get(Phase.INFORMATION, f"{what}: count", lambda instrument: _BYTE.pack(len(values(instrument))))
    return count, (Phase.INFORMATION, what, one)


def _nothing(instrument: ObpInstrument, data: bytes, now: int) -> None:
    """Taken note of, without effect on what is emulated."""


_WAVELENGTH = _table("wavelength coefficients", lambda this: this.kind.model.wavelength_coefficients)
_NONLINEARITY = _table("nonlinearity coefficients", lambda this: this.kind.model.nonlinearity_coefficients)
_STRAY_LIGHT = _table("stray light coefficients", lambda this: ())
_TEMPERATURES = _table("temperatures", lambda this: this._temperatures())
_SELF = ObpInstrument
_HANDLERS: Mapping[int, tuple[Phase, str, Handler]] = MappingProxyType(
    {
        0x00000000: (Phase.INITIALISE, "reset", _nothing),
        0x00000080: _get(Phase.INFORMATION, "hardware revision", lambda this: _BYTE.pack(1)),
        0x00000090: _get(Phase.INFORMATION, "firmware revision", lambda this: _WORD.pack(this.kind.firmware)),
        0x00000100: _get(Phase.INFORMATION, "serial number", lambda this: this.serial_number.encode()),
        0x00000101: _get(Phase.INFORMATION, "length of it", lambda this: _BYTE.pack(len(this.serial_number))),
        0x00000E00: _get(Phase.INFORMATION, "vendor", lambda this: _WORD.pack(this.kind.vendor)),
        0x00000E01: _get(Phase.INFORMATION, "product", lambda this: _WORD.pack(this.kind.product)),
        0x00000E11: _get(Phase.INFORMATION, "name", lambda this: this.kind.name.encode()),
        0x00100000: (Phase.OTHER, "abort", _nothing),
        0x00100820: _get(Phase.BUFFER, "largest buffer", lambda this: _LONG.pack(_ROOM)),
        0x00100822: _get(Phase.BUFFER, "size of the buffer", lambda this: _LONG.pack(this.sensor.depth)),
        0x00100823: _get(Phase.BUFFER, "smallest buffer", lambda this: _LONG.pack(_SMALLEST)),
        0x00100830: (Phase.BUFFER, "clear the buffer", _SELF._clear),
        0x00100831: (Phase.BUFFER, "drop the oldest", _SELF._drop),
        0x00100832: (Phase.BUFFER, "set the size of the buffer", _SELF._set_depth),
        0x00100900: (Phase.BUFFER, "spectra in the buffer", lambda this, _, now: _LONG.pack(this.sensor.waiting(now))),
        0x00110000: _get(
            Phase.INFORMATION, "get integration time", lambda this: _LONG.pack(this.sensor.integration_time // 1000)
        ),
        0x00110010: (Phase.INTEGRATION_TIME, "integration time", _SELF._set_integration_time),
        0x00110110: (Phase.OTHER, "trigger mode", _nothing),
        0x00110410: (Phase.OTHER, "lamp", _nothing),
        0x00110510: (Phase.OTHER, "trigger delay", _nothing),
        0x00110610: (Phase.SHUTTER, "shutter", _SELF._set_shutter),
        0x00180100: _WAVELENGTH[0],
        0x00180101: _WAVELENGTH[1],
        0x00181100: _NONLINEARITY[0],
        0x00181101: _NONLINEARITY[1],
        0x00183100: _STRAY_LIGHT[0],
        0x00183101: _STRAY_LIGHT[1],
        0x00310010: (Phase.OTHER, "strobe period", _nothing),
        0x00310011: (Phase.OTHER, "strobe", _nothing),
        0x00400000: _TEMPERATURES[0],
        0x00400001: _TEMPERATURES[1],
        0x00400002: _get(
            Phase.TEMPERATURE,
            "all temperatures",
            lambda this: b"".join(_FLOAT.pack(value) for value in this._temperatures()),
        ),
        0x00420000: _get(Phase.COOLER, "cooler state", lambda this: _BYTE.pack(this.cooler_enabled)),
        0x00420001: _get(Phase.COOLER, "set temperature", lambda this: _FLOAT.pack(this.cooler_target)),
        0x00420003: _get(Phase.COOLER, "settled", lambda this: _BYTE.pack(this._settled())),
        0x00420004: (Phase.TEMPERATURE, "temperature", lambda this, _, now: _FLOAT.pack(this.sensor.temperature(now))),
        0x00420010: (Phase.COOLER, "cooler", _SELF._enable_cooler),
        0x00420011: (Phase.COOLER, "set temperature", _SELF._set_temperature),
        0x00420012: (Phase.COOLER, "fan", _nothing),
    }
)
