"""Instruments that speak the Ocean Binary Protocol, as in the data sheets of QE Pro and STS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from struct import Struct, error
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from emulators.answers import Answer
from emulators.catalogue import Kind
from emulators.faults import Phase
from emulators.instrument import Instrument, Pack, Reaction
from emulators.light import Light
from emulators.obp import Flag, Message, Splitter, Trouble
from piccolo3.devices.simulated.timeline import Slot

__all__ = ["MessageType", "ObpInstrument", "get", "put"]

_BYTE, _WORD, _LONG, _FLOAT = Struct("<B"), Struct("<H"), Struct("<I"), Struct("<f")
_METADATA = Struct("<IQI16x")
_ROOM = 15_000
_SMALLEST = 1
_BOARD = 31.0
_IN = 0x80
_SETTLED = 0.5  # K


@dataclass(frozen=True, slots=True)
class MessageType:
    """What a message is about, and what is done about it: a request for data `answers`, any other one is acknowledged.

    The handler gets the data of the message and the time (ns). IndexError, ValueError and struct.error refuse it.
    """

    phase: Phase
    what: str
    handler: Callable[[Any, bytes, int], bytes | None]
    answers: bool = True


def get(phase: Phase, what: str, value: Callable[[Any], bytes]) -> MessageType:
    """A message that asks for something and has no data."""
    return MessageType(phase, what, lambda instrument, data, now: value(instrument))


def put(phase: Phase, what: str, handler: Callable[[Any, bytes, int], None] | None = None) -> MessageType:
    """A message that sets something, or has no effect on what is emulated."""
    return MessageType(phase, what, handler or _ignore, answers=False)


def _ignore(instrument: object, data: bytes, now: int) -> None:
    """Taken note of."""


def _number(value: Callable[[Any], tuple[float, ...]], phase: Phase, what: str) -> tuple[MessageType, MessageType]:
    """The two messages about a list of numbers: how many, and one of them."""

    def one(instrument: object, data: bytes, now: int) -> bytes:
        return _FLOAT.pack(value(instrument)[data[0]])

    return get(phase, f"{what}: count", lambda this: _BYTE.pack(len(value(this)))), MessageType(phase, what, one)


_UNKNOWN = MessageType(Phase.OTHER, "unknown", _ignore)
_WAVELENGTH = _number(
    lambda this: tuple(this.kind.model.wavelength_coefficients), Phase.INFORMATION, "wavelength coefficients"
)
_NONLINEARITY = _number(
    lambda this: tuple(this.kind.model.nonlinearity_coefficients), Phase.INFORMATION, "nonlinearity coefficients"
)
_STRAY_LIGHT = _number(lambda this: (), Phase.INFORMATION, "stray light coefficients")
_TEMPERATURES = _number(lambda this: tuple(this.temperatures()), Phase.TEMPERATURE, "temperatures")


class ObpInstrument(Instrument):
    """Every request has its answer: data, an acknowledgement if it was asked for, or a refusal."""

    version: ClassVar[int] = 0x1100

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
        return {0x00100928: self.with_metadata, 0x00101000: self._plain, 0x00101100: self._plain}

    def _reaction(self, message: Message, endpoint: int, now: int) -> Reaction:
        pack = self.spectra.get(message.type)
        if pack is not None:
            answer = self._message(message, pack)
            known = MessageType(Phase.SPECTRUM, "spectrum", _ignore)
        else:
            known = self.messages.get(message.type, _UNKNOWN)
        return Reaction(
            phase=known.phase,
            what=f"{known.what} {message.type:08x} {message.data.hex()}".rstrip(),
            endpoint=endpoint,
            answers=known.answers or Flag.WANTS_ACK in message.flags,
            act=lambda: (
                self._answer(message, known, now) if pack is None else self.exposure(now, answer, time.monotonic_ns)
            ),
            refusal=self._refused(message, Trouble.NOT_READY),
        )

    def _answer(self, message: Message, known: MessageType, now: int) -> Answer | None:
        if known is _UNKNOWN:
            return self._refused(message, Trouble.UNKNOWN_TYPE)
        try:
            data = known.handler(self, message.data, now)
        except (error, IndexError, ValueError):
            return self._refused(message, Trouble.PAYLOAD_INVALID)
        if data is not None:
            return self._said(message, Flag.RESPONSE, data)
        return self._said(message, Flag.RESPONSE | Flag.ACK) if Flag.WANTS_ACK in message.flags else None

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

    def with_metadata(self, counts: NDArray[np.int32], slot: Slot) -> bytes:
        """Number of the exposure, when it ended (µs since the power came), integration time (µs), and the counts."""
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

    def _settled(self) -> bytes:
        away = abs(self.sensor.temperature(time.monotonic_ns()) - self.cooler_target)
        return _BYTE.pack(self.cooler_enabled and away < _SETTLED)

    def _temperature(self, data: bytes, now: int) -> bytes:
        if self.kind.model.cooling is None:
            raise ValueError("there is no cooler")
        return _FLOAT.pack(self.sensor.temperature(now))

    def _all_temperatures(self) -> bytes:
        return b"".join(_FLOAT.pack(value) for value in self.temperatures())

    def _waiting(self, data: bytes, now: int) -> bytes:
        return _LONG.pack(self.sensor.waiting(now))

    def _integration_time(self) -> bytes:
        return _LONG.pack(self.sensor.integration_time // 1000)

    def _set_shutter(self, data: bytes, now: int) -> None:
        if not self.kind.has_shutter:
            raise ValueError("there is no shutter")
        self.light.own_shutter(self.serial_number, now, opened=bool(data[0]))

    def temperatures(self) -> tuple[float, ...]:
        """Of the board and, where there is a cooler, of the detector (degrees C)."""
        now = time.monotonic_ns()
        return (_BOARD,) if self.kind.model.cooling is None else (_BOARD, self.sensor.temperature(now))

    messages: ClassVar[Mapping[int, MessageType]] = MappingProxyType(
        {
            0x00000000: put(Phase.INITIALISE, "reset"),
            0x00000080: get(Phase.INFORMATION, "hardware revision", lambda this: _BYTE.pack(1)),
            0x00000090: get(Phase.INFORMATION, "firmware revision", lambda this: _WORD.pack(this.kind.firmware)),
            0x00000100: get(Phase.INFORMATION, "serial number", lambda this: this.serial_number.encode()),
            0x00000101: get(Phase.INFORMATION, "length of it", lambda this: _BYTE.pack(len(this.serial_number))),
            0x00000E00: get(Phase.INFORMATION, "vendor", lambda this: _WORD.pack(this.kind.vendor)),
            0x00000E01: get(Phase.INFORMATION, "product", lambda this: _WORD.pack(this.kind.product)),
            0x00000E11: get(Phase.INFORMATION, "name", lambda this: this.kind.name.encode()),
            0x00100000: put(Phase.OTHER, "abort"),
            0x00100820: get(Phase.BUFFER, "largest buffer", lambda this: _LONG.pack(_ROOM)),
            0x00100822: get(Phase.BUFFER, "size of the buffer", lambda this: _LONG.pack(this.sensor.depth)),
            0x00100823: get(Phase.BUFFER, "smallest buffer", lambda this: _LONG.pack(_SMALLEST)),
            0x00100830: put(Phase.BUFFER, "clear the buffer", _clear),
            0x00100831: put(Phase.BUFFER, "drop the oldest", _drop),
            0x00100832: put(Phase.BUFFER, "set the size of the buffer", _set_depth),
            0x00100900: MessageType(Phase.BUFFER, "spectra in the buffer", _waiting),
            0x00110000: get(Phase.INFORMATION, "the integration time", _integration_time),
            0x00110010: put(Phase.INTEGRATION_TIME, "integration time", _set_integration_time),
            0x00110110: put(Phase.OTHER, "trigger mode"),
            0x00110410: put(Phase.OTHER, "lamp"),
            0x00110510: put(Phase.OTHER, "trigger delay"),
            0x00110610: put(Phase.SHUTTER, "shutter", _set_shutter),
            0x00180100: _WAVELENGTH[0],
            0x00180101: _WAVELENGTH[1],
            0x00181100: _NONLINEARITY[0],
            0x00181101: _NONLINEARITY[1],
            0x00183100: _STRAY_LIGHT[0],
            0x00183101: _STRAY_LIGHT[1],
            0x00310010: put(Phase.OTHER, "strobe period"),
            0x00310011: put(Phase.OTHER, "strobe"),
            0x00400000: _TEMPERATURES[0],
            0x00400001: _TEMPERATURES[1],
            0x00400002: get(Phase.TEMPERATURE, "all temperatures", _all_temperatures),
            0x00420000: get(Phase.COOLER, "the cooler", lambda this: _BYTE.pack(this.cooler_enabled)),
            0x00420001: get(Phase.COOLER, "the set temperature", lambda this: _FLOAT.pack(this.cooler_target)),
            0x00420003: get(Phase.COOLER, "settled", _settled),
            0x00420004: MessageType(Phase.TEMPERATURE, "temperature", _temperature),
            0x00420010: put(Phase.COOLER, "cooler", _enable_cooler),
            0x00420011: put(Phase.COOLER, "set temperature", _set_temperature),
            0x00420012: put(Phase.COOLER, "fan"),
        }
    )
