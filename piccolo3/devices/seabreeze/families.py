"""The families of Ocean Optics spectrometers that seabreeze knows: their names, their backend, how fresh they answer.

None of what is said here was measured on a device: it is from the source of seabreeze 2.11 (cseabreeze's C++ library
and pyseabreeze's `devices.py`), from data sheets where that is said, and from what users of seabreeze report. Where
nothing is known, the most careful assumption is made. docs/reference/spectrometers.md is this as a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from piccolo3.devices.interface import Freshness

__all__ = ["BACKENDS", "CSEABREEZE", "FAMILIES", "PYSEABREEZE", "VENDORS", "Family", "family_of", "family_of_product"]

CSEABREEZE = "cseabreeze"
PYSEABREEZE = "pyseabreeze"
BACKENDS = (CSEABREEZE, PYSEABREEZE)
_BOTH = BACKENDS
_C_ONLY = (CSEABREEZE,)
_PY_ONLY = (PYSEABREEZE,)

_OCEAN_OPTICS = 0x2457
_OCEAN_INSIGHT = 0x0999
VENDORS = frozenset({_OCEAN_OPTICS, _OCEAN_INSIGHT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Spectrometers that behave alike.

    `model` is what we call them, `names` are what the backends call them, `products` their USB vendor and product
    numbers, `backends` those that know them, the better one first. `source` says where `freshness` is from. `step` (ms)
    is what integration times are multiples of. `saturation` is told where the device's own claim is too high, and
    `longest` (ms) where a backend claims a longer integration time than the data sheet.
    """

    model: str
    names: tuple[str, ...]
    products: tuple[tuple[int, int], ...]
    backends: tuple[str, ...]
    pixels: int
    bits: int
    freshness: Freshness
    source: str
    step: float = 0.0
    saturation: float | None = None
    longest: float | None = None


def _one_waits(read_out_time: float) -> Freshness:
    return Freshness(buffer_depth=1, least_depth=1, can_clear_buffer=False, read_out_time=read_out_time)


_OOI = (
    "Driver: an endless series of exposures in trigger mode 0; one request (0x09), one spectrum out of the FIFO; "
    "nothing can be asked or cleared. Users get old spectra after a change (python-seabreeze issues 110 and 177). "
    "That the FIFO has room for one is assumed."
)
_UNKNOWN_SOURCE = "Nothing is known: as the deepest buffer of any, that can't be cleared."
# deeper than any buffer that can't be cleared is known to be; costs time, not rightness
_DEEPEST = Freshness(buffer_depth=16, least_depth=1, can_clear_buffer=False, read_out_time=20.0)


def _ooi(
    model: str,
    names: tuple[str, ...],
    product: int,
    pixels: int,
    bits: int,
    *,
    backends: tuple[str, ...] = _BOTH,
    step: float = 0.0,
    read_out_time: float = 2.0,
) -> Family:
    """One that speaks the old protocol of Ocean Optics."""
    return Family(
        model=model,
        names=names,
        products=((_OCEAN_OPTICS, product),),
        backends=backends,
        pixels=pixels,
        bits=bits,
        freshness=_one_waits(read_out_time),
        source=_OOI,
        step=step,
    )


def _unknown(
    model: str, names: tuple[str, ...], product: tuple[int, int], pixels: int, bits: int, *backends: str
) -> Family:
    """One of which nobody says what it buffers."""
    return Family(
        model=model,
        names=names,
        products=(product,),
        backends=backends,
        pixels=pixels,
        bits=bits,
        freshness=_DEEPEST,
        source=_UNKNOWN_SOURCE,
        step=0.01 if model == "ST" else 0.0,
    )


_QE_PRO = Family(
    model="QE-PRO",
    names=("QE-PRO", "QEPRO"),
    products=((_OCEAN_OPTICS, 0x4004),),
    backends=_BOTH,
    pixels=1044,
    bits=18,
    # how many the buffer takes is asked, up to 15000 (data sheet); once it was cleared, the most recent ones count
    freshness=Freshness(buffer_depth=16, can_clear_buffer=True, read_out_time=3.0),
    source=(
        "Data sheet and driver: requests (0x00100928) are served from a buffer, oldest first, which can be cleared "
        "(0x00100830); nothing is sent to end the exposure under way, and if the device ended it, the acquisition "
        "would notice and repeat (it answers too early)."
    ),
    saturation=200_000.0,  # 18 bit, but limited internally (cseabreeze: QEProSpectrometerFeature.cpp)
)
_STS = Family(
    model="STS",
    names=("STS",),
    products=((_OCEAN_OPTICS, 0x4000),),
    backends=_BOTH,
    pixels=1024,
    bits=14,
    freshness=Freshness(buffer_depth=2, least_depth=1, can_clear_buffer=False, read_out_time=17.0),
    source=(
        "Data sheet: 17 ms to transfer 1024 pixels at full speed. Driver: one request (0x00101100), one spectrum; no "
        "buffer that could be asked or cleared. Users get old spectra after a change (python-seabreeze issue 38). That "
        "two may wait is assumed."
    ),
    longest=10_000.0,  # data sheet, and cseabreeze; pyseabreeze says 85 s
)

FAMILIES: tuple[Family, ...] = (
    _ooi("USB2000+", ("USB2000PLUS", "USB2000Plus"), 0x101E, 2048, 16),
    _ooi("FLAME-S", ("FLAMES",), 0x101E, 2048, 16),
    _ooi("USB2000", ("USB2000",), 0x1002, 2048, 12, step=1.0, read_out_time=13.0),
    _ooi("USB4000", ("USB4000",), 0x1022, 3840, 16, read_out_time=5.0),
    _ooi("USB650", ("USB650",), 0x1014, 2048, 12, backends=_PY_ONLY, step=1.0, read_out_time=13.0),
    _ooi("ADC1000-USB", ("ADC1000-USB",), 0x1004, 2048, 12, backends=_PY_ONLY, step=1.0, read_out_time=13.0),
    _ooi("HR2000", ("HR2000",), 0x100A, 2048, 12, step=1.0, read_out_time=13.0),
    _ooi("HR2000+", ("HR2000PLUS", "HR2000Plus"), 0x1016, 2048, 14),
    _ooi("HR4000", ("HR4000",), 0x1012, 3840, 14, read_out_time=5.0),
    _ooi("JAZ", ("JAZ", "Jaz"), 0x2000, 2048, 16, read_out_time=5.0),
    _ooi("MAYA2000", ("MAYA2000", "Maya2000"), 0x102C, 2304, 16),
    _ooi("MAYA2000PRO", ("MAYA2000PRO", "Maya2000Pro"), 0x102A, 2304, 16),
    _ooi("MAYALSL", ("MAYALSL", "MayaLSL"), 0x1046, 2304, 16),
    _ooi("TORUS", ("TORUS", "Torus"), 0x1040, 2048, 16),
    _ooi("APEX", ("APEX", "Apex"), 0x1044, 2304, 16),
    _ooi("QE65000", ("QE65000",), 0x1018, 1044, 16, step=1.0),
    _ooi("NIRQUEST256", ("NIRQUEST256", "NIRQuest256"), 0x1028, 256, 16, step=1.0),
    _ooi("NIRQUEST512", ("NIRQUEST512", "NIRQuest512"), 0x1026, 512, 16, step=1.0),
    _ooi("FLAME-NIR", ("FlameNIR",), 0x104B, 128, 16, backends=_C_ONLY, step=1.0),
    _QE_PRO,
    _STS,
    _unknown("SPARK", ("SPARK", "Spark"), (_OCEAN_OPTICS, 0x4200), 1024, 14, *_BOTH),
    _unknown("VENTANA", ("VENTANA", "Ventana"), (_OCEAN_OPTICS, 0x5000), 1024, 16, *_BOTH),
    _unknown("FLAME-X", ("FlameX", "FLAMEX", "FX"), (_OCEAN_OPTICS, 0x2001), 2136, 16, CSEABREEZE),
    _unknown("HDX", ("HDX",), (_OCEAN_OPTICS, 0x2003), 2068, 16, PYSEABREEZE),
    _unknown("ST", ("ST",), (_OCEAN_INSIGHT, 0x1000), 1516, 14, PYSEABREEZE),
    _unknown("SR2", ("SR2",), (_OCEAN_INSIGHT, 0x1001), 2110, 16, PYSEABREEZE),
    _unknown("SR4", ("SR4",), (_OCEAN_INSIGHT, 0x1002), 3648, 16, PYSEABREEZE),
    _unknown("SR6", ("SR6",), (_OCEAN_INSIGHT, 0x1005), 2048, 16, PYSEABREEZE),
    _unknown("HR2", ("HR2",), (_OCEAN_INSIGHT, 0x1003), 2110, 16, PYSEABREEZE),
    _unknown("HR4", ("HR4",), (_OCEAN_INSIGHT, 0x1004), 3648, 16, PYSEABREEZE),
    _unknown("HR6", ("HR6",), (_OCEAN_INSIGHT, 0x1006), 2048, 16, PYSEABREEZE),
)

_BY_NAME: Mapping[str, Family] = MappingProxyType({name.upper(): f for f in FAMILIES for name in f.names})


def family_of(name: str) -> Family:
    """The family of what a backend calls `name`; of one that is not known, a most careful one."""
    return _BY_NAME.get(name.upper()) or Family(
        model=name,
        names=(name,),
        products=(),
        backends=_BOTH,
        pixels=0,
        bits=0,
        freshness=_DEEPEST,
        source=_UNKNOWN_SOURCE,
    )


def family_of_product(vendor: int, product: int, serial_number: str | None = None) -> Family | None:
    """The family with these USB numbers. The Flame-S has those of the USB2000+, but other serial numbers."""
    found = [family for family in FAMILIES if (vendor, product) in family.products]
    return found[-1 if serial_number is not None and serial_number.startswith("FLM") else 0] if found else None
