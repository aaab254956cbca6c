"""The instruments that can be emulated, by the names that seabreeze has for them.

What they say over USB is as in the sources of seabreeze (cseabreeze: vendors/OceanOptics; pyseabreeze: devices.py) and
in the data sheets of Ocean Optics; optics and detectors are those of the twins in `piccolo3.devices.simulated`, or like
them, and not measured on any.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from piccolo3.devices.interface import Freshness
from piccolo3.devices.simulated.models import FLAME_S, QE_PRO, STS_VIS, Model

__all__ = ["KINDS", "Endpoint", "Kind", "Protocol", "kind_of"]

OCEAN_OPTICS = 0x2457
OCEAN_INSIGHT = 0x0999


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A bulk endpoint."""

    address: int
    size: int


_OOI_ENDPOINTS = (Endpoint(0x01, 512), Endpoint(0x81, 512), Endpoint(0x82, 512), Endpoint(0x86, 512))
_OBP_ENDPOINTS = (Endpoint(0x01, 64), Endpoint(0x81, 64), Endpoint(0x02, 64), Endpoint(0x82, 64))


_OBP2_ENDPOINTS = (Endpoint(0x01, 512), Endpoint(0x81, 512), Endpoint(0x82, 512))


class Protocol:
    """The languages of the instruments."""

    OOI = "OOI"
    OBP = "OBP"
    OBP2 = "OBP2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of instrument. Its serial numbers start with `prefix`.

    `firmware` and `time_unit` (µs, of the integration time) are as the protocol has them. `flipped` are the bits of the
    counts that come inverted, `transmitted` how many values come in all, `first_pixel` where the polynomial of the
    wavelengths starts counting. With `bus_powered` the plug is the power as well. `wide_saturation` and `wide_pixels`
    tell that these have 32 instead of 16 bits.
    """

    name: str
    prefix: str
    protocol: str
    vendor: int = OCEAN_OPTICS
    product: int
    model: Model
    endpoints: tuple[Endpoint, ...]
    firmware: int = 0
    time_unit: int = 1
    flipped: int = 0
    first_pixel: int = 0
    transmitted: int
    bus_powered: bool = True
    cooler_target: float = -10.0
    wide_saturation: bool = False
    wide_pixels: bool = False
    has_shutter: bool = False


_QE65000 = replace(
    QE_PRO,
    name="QE65000",
    firmware="3.00.0",
    wavelength_coefficients=(345.0, 0.775, -1.6e-5, -3.4e-9),
    resolution=1.5,
    blaze=600.0,
    blaze_width=170.0,
    downwelling_time=60.0,
    upwelling_time=110.0,
    saturation=65_535,
    offset=2600.0,
    dark_rate=3100.0,
    gain=4.0,
    read_noise=4.0,
    nonlinearity_coefficients=(0.93, 4.1e-6, -6.0e-11, 2.1e-16, 0.0, 0.0, 0.0, 0.0),
    max_integration_time=900_000.0,
    default_integration_time=100.0,
    freshness=Freshness(buffer_depth=1, can_clear_buffer=False, read_out_time=2.0),
)

_NIRQUEST512 = replace(
    _QE65000,
    name="NIRQUEST512",
    pixels=512,
    wavelength_coefficients=(894.0, 1.68, -9.0e-5, -1.1e-8),
    resolution=3.1,
    blaze=1150.0,
    blaze_width=250.0,
    dark_pixels=(),
    optical_pixel_range=(0, 512),
    offset=1900.0,
    dark_rate=9000.0,
    gain=300.0,
    read_noise=20.0,
    min_integration_time=1.0,
    freshness=Freshness(buffer_depth=1, can_clear_buffer=False, read_out_time=1.5),
    cooling=45.0,
)

# nothing is known about when these expose; they do what is worst to find out
_SR4 = replace(
    FLAME_S,
    name="SR4",
    pixels=3648,
    wavelength_coefficients=(187.0, 0.2635, -8.0e-6, -7.0e-11),
    dark_pixels=(),
    optical_pixel_range=(0, 3648),
    nonlinearity_coefficients=(),
    min_integration_time=3.8,
    max_integration_time=10_000.0,
    freshness=Freshness(buffer_depth=1, can_clear_buffer=False, read_out_time=2.0),
)

_SR2 = replace(
    _SR4,
    name="SR2",
    pixels=2110,
    wavelength_coefficients=(340.0, 0.366, -1.5e-5, -2.0e-9),
    dark_pixels=tuple(range(24)),
    optical_pixel_range=(24, 2110),
    min_integration_time=0.001,
    max_integration_time=2_000.0,
)

_ST = replace(
    STS_VIS,
    name="ST",
    pixels=1516,
    wavelength_coefficients=(345.0, 0.315, -9.0e-6, 5.0e-10),
    dark_pixels=tuple(range(1503, 1516)),
    optical_pixel_range=(0, 1503),
    nonlinearity_coefficients=(0.98, 2.1e-6, -6.0e-11, 0.0, 0.0, 0.0, 0.0, 0.0),
    min_integration_time=1.56,
    max_integration_time=6_000.0,
)

_KINDS = (
    Kind(
        name="USB2000PLUS",
        prefix="USB2+",
        protocol=Protocol.OOI,
        product=0x101E,
        model=replace(FLAME_S, name="USB2000PLUS"),
        endpoints=_OOI_ENDPOINTS,
        firmware=0x2000,
        transmitted=2048,
    ),
    Kind(
        name="FLAMES",
        prefix="FLMS",
        protocol=Protocol.OOI,
        product=0x101E,
        model=replace(FLAME_S, name="FLAMES"),
        endpoints=_OOI_ENDPOINTS,
        firmware=0x3000,
        transmitted=2048,
    ),
    Kind(
        name="QEPRO",
        prefix="QEP",
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
        prefix="S",
        protocol=Protocol.OBP,
        product=0x4000,
        model=replace(
            STS_VIS,
            name="STS",
            min_integration_time=0.01,
            nonlinearity_coefficients=(0.99, 1.2e-6, -4.0e-11, 0.0, 0.0, 0.0, 0.0, 0.0),
        ),
        endpoints=_OBP_ENDPOINTS,
        firmware=0x0105,
        transmitted=1024,
        has_shutter=True,
    ),
    Kind(
        name="QE65000",
        prefix="QEB",
        protocol=Protocol.OOI,
        product=0x1018,
        model=_QE65000,
        endpoints=_OOI_ENDPOINTS,
        firmware=0x3000,
        time_unit=1000,
        flipped=0x8000,
        first_pixel=10,
        transmitted=1280,
        bus_powered=False,
    ),
    Kind(
        name="NIRQUEST512",
        prefix="NQ5",
        protocol=Protocol.OOI,
        product=0x1026,
        model=_NIRQUEST512,
        endpoints=_OOI_ENDPOINTS,
        firmware=0x3000,
        time_unit=1000,
        flipped=0x8000,
        transmitted=512,
        bus_powered=False,
        wide_saturation=True,
    ),
    Kind(
        name="SR2",
        prefix="SR2",
        protocol=Protocol.OBP2,
        vendor=OCEAN_INSIGHT,
        product=0x1001,
        model=_SR2,
        endpoints=_OBP2_ENDPOINTS,
        transmitted=2110,
    ),
    Kind(
        name="SR4",
        prefix="SR4",
        protocol=Protocol.OBP2,
        vendor=OCEAN_INSIGHT,
        product=0x1002,
        model=_SR4,
        endpoints=_OBP2_ENDPOINTS,
        transmitted=3648,
    ),
    Kind(
        name="ST",
        prefix="ST",
        protocol=Protocol.OBP2,
        vendor=OCEAN_INSIGHT,
        product=0x1000,
        model=_ST,
        endpoints=_OBP2_ENDPOINTS,
        time_unit=10,
        transmitted=1516,
    ),
)

KINDS = MappingProxyType({kind.name: kind for kind in _KINDS})


def kind_of(serial_number: str) -> str | None:
    """The kind of instrument that has serial numbers like this one."""
    fitting = [kind for kind in _KINDS if serial_number.upper().startswith(kind.prefix)]
    return max(fitting, key=lambda kind: len(kind.prefix)).name if fitting else None
