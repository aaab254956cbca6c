"""The instruments that can be emulated, by the names that seabreeze has for them.

What they say over USB is as in the sources of seabreeze (cseabreeze: vendors/OceanOptics; pyseabreeze: devices.py) and
in the data sheets of Ocean Optics; optics and detectors are those of the twins in `piccolo3.devices.simulated`, or like
them, and not measured on any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from piccolo3.devices.simulated.models import FLAME_S, QE_PRO, STS_VIS, Model

__all__ = ["KINDS", "Endpoint", "Kind", "Protocol"]

OCEAN_OPTICS = 0x2457
OCEAN_INSIGHT = 0x0999


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A bulk endpoint."""

    address: int
    size: int


_OOI_ENDPOINTS = (Endpoint(0x01, 512), Endpoint(0x81, 512), Endpoint(0x82, 512), Endpoint(0x86, 512))
_OBP_ENDPOINTS = (Endpoint(0x01, 64), Endpoint(0x81, 64), Endpoint(0x02, 64), Endpoint(0x82, 64))


class Protocol:
    """The languages of the instruments."""

    OOI = "OOI"
    OBP = "OBP"
    OBP2 = "OBP2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of instrument. `firmware` and `time_unit` (µs, of the integration time) are as the protocol has them.

    `flipped` are the bits of the counts that come inverted, `blank` how many values come before the first pixel and
    how many in all, `maximum` what the EEPROM has for saturation. With `bus_powered` the plug is the power as well.
    """

    name: str
    protocol: str
    vendor: int = OCEAN_OPTICS
    product: int
    model: Model
    endpoints: tuple[Endpoint, ...]
    firmware: int = 0
    time_unit: int = 1
    flipped: int = 0
    lead: int = 0
    transmitted: int
    bus_powered: bool = True
    cooler_target: float = -10.0
    wide_saturation: bool = False
    wide_pixels: bool = False
    has_shutter: bool = False


_KINDS = (
    Kind(
        name="USB2000PLUS",
        protocol=Protocol.OOI,
        product=0x101E,
        model=replace(FLAME_S, name="USB2000PLUS"),
        endpoints=_OOI_ENDPOINTS,
        firmware=0x2000,
        transmitted=2048,
    ),
    Kind(
        name="FLAMES",
        protocol=Protocol.OOI,
        product=0x101E,
        model=replace(FLAME_S, name="FLAMES"),
        endpoints=_OOI_ENDPOINTS,
        firmware=0x3000,
        transmitted=2048,
    ),
    Kind(
        name="QEPRO",
        protocol=Protocol.OBP,
        product=0x4004,
        model=replace(QE_PRO, name="QEPRO", freshness=replace(QE_PRO.freshness, opens_at=None)),
        endpoints=_OBP_ENDPOINTS,
        firmware=0x0120,
        transmitted=1044,
        bus_powered=False,
        wide_pixels=True,
    ),
    Kind(
        name="STS",
        protocol=Protocol.OBP,
        product=0x4000,
        model=replace(STS_VIS, name="STS", nonlinearity_coefficients=(0.99, 1.2e-6, -4.0e-11, 0.0, 0.0, 0.0, 0.0, 0.0)),
        endpoints=_OBP_ENDPOINTS,
        firmware=0x0105,
        transmitted=1024,
        has_shutter=True,
    ),
)

KINDS = MappingProxyType({kind.name: kind for kind in _KINDS})
