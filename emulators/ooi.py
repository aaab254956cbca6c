"""The OOI protocol: a byte of command and its arguments per transfer, as in the data sheets of USB2000+ and QE65000."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from struct import Struct
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from emulators.answers import Answer
from emulators.catalogue import Kind
from emulators.faults import Phase
from emulators.instrument import Instrument, Reaction
from emulators.light import Light
from piccolo3.devices.simulated.timeline import Slot

__all__ = ["OoiInstrument"]

_LOW_SPEED, _HIGH_SPEED = 0x81, 0x82
_SYNCHRONISED = b"\x69"  # ends every spectrum
_SLOT = 15  # bytes
_FIRMWARE_REGISTER = 0x04
_SHORTEST = 4  # what is left out of the arguments is 0
_STATUS = Struct("<HI8B2B")
_USB_2 = 0x80
_WORD, _SIGNED, _LONG = Struct("<H"), Struct("<h"), Struct("<I")
_BOARD_STEP = 0.003906  # degrees C
_BOARD = 31.0


@dataclass(frozen=True, slots=True)
class _Command:
    """What a command is about, and what is done about it."""

    phase: Phase
    what: str
    handler: Callable[[OoiInstrument, bytes, int], Answer | None]
    answers: bool = False


class OoiInstrument(Instrument):
    """Spectra come from one endpoint, all else from another. What it does not know it ignores."""

    def __init__(self, kind: Kind, serial_number: str, light: Light, depth: int | None = None) -> None:
        super().__init__(kind, serial_number, light, depth)
        self._slots = _eeprom(kind, serial_number)
        self._registers = {_FIRMWARE_REGISTER: kind.firmware}

    def receive(self, endpoint: int, data: bytes, now: int) -> Iterator[Reaction]:
        known = self.commands.get(data[0]) if data else None
        if known is None:
            what = f"unknown {data[:8].hex()}"
            yield Reaction(phase=Phase.OTHER, what=what, endpoint=_LOW_SPEED, answers=False, act=_nothing)
            return
        command, arguments = known, data[1:]
        yield Reaction(
            phase=command.phase,
            what=f"{command.what} {arguments.hex()}".rstrip(),
            endpoint=_HIGH_SPEED if command.phase is Phase.SPECTRUM else _LOW_SPEED,
            answers=command.answers,
            act=lambda: command.handler(self, arguments.ljust(_SHORTEST, b"\0"), now),
        )

    def forget(self) -> None:
        """There is nothing that takes more than one transfer to say."""

    def _set_integration_time(self, arguments: bytes, now: int) -> None:
        (units,) = _LONG.unpack_from(arguments)
        self.sensor.set_integration_time(now, units * self.kind.time_unit * 1000)

    def _slot(self, arguments: bytes, now: int) -> Answer:
        number = arguments[0]
        return _said(bytes((0x05, number)) + self._slots.get(number, b"").ljust(_SLOT, b"\0"))

    def _write_slot(self, arguments: bytes, now: int) -> None:
        self._slots[arguments[0]] = arguments[1 : _SLOT + 1]

    def _spectrum(self, arguments: bytes, now: int) -> Answer:
        return self.exposure(now, self._packed, time.monotonic_ns)

    def _packed(self, counts: NDArray[np.int32], slot: Slot) -> bytes:
        values = np.zeros(self.kind.transmitted, dtype="<u2")
        values[: counts.size] = counts
        return (values ^ self.kind.flipped).tobytes() + _SYNCHRONISED

    def _write_register(self, arguments: bytes, now: int) -> None:
        self._registers[arguments[0]] = _WORD.unpack_from(arguments, 1)[0]

    def _read_register(self, arguments: bytes, now: int) -> Answer:
        return _said(arguments[:1] + _WORD.pack(self._registers.get(arguments[0], 0)))

    def _board_temperature(self, arguments: bytes, now: int) -> Answer:
        return _said(b"\x08" + _SIGNED.pack(round(_BOARD / _BOARD_STEP)))

    def _enable_cooler(self, arguments: bytes, now: int) -> None:
        self.set_cooler(now, enabled=bool(arguments[0]))

    def _temperature(self, arguments: bytes, now: int) -> Answer | None:
        if self.kind.model.cooling is None:
            return None
        return _said(_SIGNED.pack(round(10 * self.sensor.temperature(now))))

    def _set_temperature(self, arguments: bytes, now: int) -> None:
        self.set_cooler(now, target=_SIGNED.unpack_from(arguments)[0] / 10)

    def _status(self, arguments: bytes, now: int) -> Answer:
        units = self.sensor.integration_time // 1000 // self.kind.time_unit
        return _said(_STATUS.pack(self.kind.model.pixels, min(units, 2**32 - 1), *(0,) * 8, _USB_2, 0))

    def _ignore(self, arguments: bytes, now: int) -> None:
        """Taken note of, without effect on what is emulated."""

    commands: ClassVar[Mapping[int, _Command]] = MappingProxyType(
        {
            0x01: _Command(Phase.INITIALISE, "initialise", _ignore),
            0x02: _Command(Phase.INTEGRATION_TIME, "integration time", _set_integration_time),
            0x03: _Command(Phase.OTHER, "lamp", _ignore),
            0x05: _Command(Phase.INFORMATION, "slot", _slot, answers=True),
            0x06: _Command(Phase.INFORMATION, "write slot", _write_slot),
            0x09: _Command(Phase.SPECTRUM, "spectrum", _spectrum, answers=True),
            0x0A: _Command(Phase.OTHER, "trigger mode", _ignore),
            0x6A: _Command(Phase.OTHER, "write register", _write_register),
            0x6B: _Command(Phase.INFORMATION, "register", _read_register, answers=True),
            0x6C: _Command(Phase.TEMPERATURE, "board temperature", _board_temperature, answers=True),
            0x70: _Command(Phase.COOLER, "fan", _ignore),
            0x71: _Command(Phase.COOLER, "cooler", _enable_cooler),
            0x72: _Command(Phase.TEMPERATURE, "temperature", _temperature, answers=True),
            0x73: _Command(Phase.COOLER, "set temperature", _set_temperature),
            0xFE: _Command(Phase.INFORMATION, "status", _status, answers=True),
        }
    )


def _nothing() -> None:
    """There is no answer."""


def _said(data: bytes) -> Answer:
    return Answer(render=lambda: data)


def _eeprom(kind: Kind, serial_number: str) -> dict[int, bytes]:
    """The slots: serial number, polynomials as text, and what the counts are at saturation."""
    model = kind.model
    texts = {0: serial_number, 5: "0", 14: "7", 15: "", 16: ""}
    texts |= {1 + order: f"{value:.8g}" for order, value in enumerate(_wavelengths(kind))}
    texts |= {6 + order: f"{value:.8g}" for order, value in enumerate(model.nonlinearity_coefficients)}
    saturation = _LONG.pack(model.saturation) if kind.wide_saturation else _WORD.pack(model.saturation)
    return {number: text.encode() for number, text in texts.items()} | {17: bytes(4) + saturation}


def _wavelengths(kind: Kind) -> list[float]:
    """The coefficients of the wavelengths, counting the pixels from where the instrument does."""
    polynomial = np.polynomial.Polynomial(kind.model.wavelength_coefficients)
    return [float(value) for value in polynomial(np.polynomial.Polynomial([kind.first_pixel, 1])).coef]
