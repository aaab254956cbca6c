"""Instruments that speak the second version of the Ocean Binary Protocol, as pyseabreeze speaks it.

The first four bytes of coefficients are skipped there; they are taken to be their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import ClassVar

from emulators.faults import Phase
from emulators.instrument import Pack
from emulators.obp_instrument import MessageType, ObpInstrument, get, put

__all__ = ["Obp2Instrument"]

_LONG = Struct("<I")


class Obp2Instrument(ObpInstrument):
    """All numbers at once instead of one by one, and other types of messages."""

    version: ClassVar[int] = 0x2000

    @property
    def spectra(self) -> Mapping[int, Pack]:
        return {0x00001C00: self.with_metadata}

    def _set_integration_time(self, data: bytes, now: int) -> None:
        (units,) = _LONG.unpack(data)
        self.sensor.set_integration_time(now, units * self.kind.time_unit * 1000)

    messages: ClassVar[Mapping[int, MessageType]] = MappingProxyType(
        {
            0x00000100: get(Phase.INFORMATION, "serial number", lambda this: this.serial_number.encode()),
            0x00000101: get(Phase.INFORMATION, "length of it", lambda this: bytes((len(this.serial_number),))),
            0x00000C01: put(Phase.INTEGRATION_TIME, "integration time", _set_integration_time),
            0x00000D01: put(Phase.OTHER, "trigger mode"),
            0x00001100: get(
                Phase.INFORMATION,
                "wavelength coefficients",
                lambda this: _all(this.kind.model.wavelength_coefficients),
            ),
            0x00001200: get(
                Phase.INFORMATION,
                "nonlinearity coefficients",
                lambda this: _all(this.kind.model.nonlinearity_coefficients),
            ),
            0x00001D00: get(Phase.INFORMATION, "largest count", lambda this: _LONG.pack(this.kind.model.saturation)),
            0x00011D00: get(Phase.INFORMATION, "saturation", lambda this: _LONG.pack(this.kind.model.saturation)),
            0x00031D00: get(Phase.INFORMATION, "baseline", lambda this: _LONG.pack(round(this.kind.model.offset))),
        }
    )


def _all(values: tuple[float, ...]) -> bytes:
    return Struct(f"<I{len(values)}f").pack(len(values), *values)
