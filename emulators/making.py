"""Making instruments of their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from emulators.catalogue import KINDS, Protocol
from emulators.instrument import Instrument
from emulators.light import Light
from emulators.obp2_instrument import Obp2Instrument
from emulators.obp_instrument import ObpInstrument
from emulators.ooi import OoiInstrument
from emulators.specification import InstrumentSpecification

__all__ = ["make_instrument"]

_CLASSES: Mapping[str, type[Instrument]] = MappingProxyType(
    {Protocol.OOI: OoiInstrument, Protocol.OBP: ObpInstrument, Protocol.OBP2: Obp2Instrument}
)


def make_instrument(specification: InstrumentSpecification, light: Light) -> Instrument:
    """What is specified."""
    kind = KINDS[specification.kind]
    return _CLASSES[kind.protocol](kind, specification.serial_number, light, specification.depth)
