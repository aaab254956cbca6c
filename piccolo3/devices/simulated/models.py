"""The spectrometers that can be simulated. The numbers are like those of real ones, not measured on one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from piccolo3.devices.interface import Freshness, TimeChange

__all__ = ["FLAME_S", "MODELS", "ON_DEMAND", "QE_PRO", "RESTARTING", "STS_VIS", "Model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model of spectrometer: optics, detector, electronics.

    Wavelengths and `resolution` (full width at half maximum) are in nm, integration and read-out times in ms.
    The efficiency of grating and detector is a Gaussian around `blaze`. `downwelling_time` and `upwelling_time` are the
    integration times at which the brightest pixel reaches 80 % of `saturation` under a clear sky with the sun at 45
    degrees. Dark rate in counts/s at 25 degrees C, gain in electrons per count, noise in counts.
    `cooling` is how far below its surroundings the detector can be cooled (K), None without a cooler.
    """

    name: str
    firmware: str
    pixels: int
    wavelength_coefficients: tuple[float, float, float, float]
    resolution: float
    blaze: float
    blaze_width: float
    dark_pixels: tuple[int, ...]
    optical_pixel_range: tuple[int, int]
    downwelling_time: float
    upwelling_time: float
    saturation: int
    offset: float
    dark_rate: float
    gain: float
    read_noise: float
    nonlinearity_coefficients: tuple[float, ...]
    min_integration_time: float
    max_integration_time: float
    default_integration_time: float
    freshness: Freshness
    cooling: float | None


QE_PRO = Model(
    name="QE-PRO",
    firmware="1.2.0-simulated",
    pixels=1044,
    wavelength_coefficients=(639.4, 0.16225, -7.4e-6, 1.6e-10),
    resolution=0.3,
    blaze=700.0,
    blaze_width=110.0,
    dark_pixels=(0, 1, 2, 3, 1040, 1041, 1042, 1043),
    optical_pixel_range=(4, 1040),
    downwelling_time=250.0,
    upwelling_time=400.0,
    saturation=200_000,
    offset=1600.0,
    dark_rate=9600.0,
    gain=1.5,
    read_noise=6.0,
    nonlinearity_coefficients=(0.985, 3.1e-7, -2.6e-12, 6.0e-19, 0.0, 0.0, 0.0, 0.0),
    min_integration_time=8.0,
    max_integration_time=3_600_000.0,
    default_integration_time=8.0,
    freshness=Freshness(buffer_depth=16, can_clear_buffer=True, read_out_time=2.0, opens_at=8.0),
    cooling=40.0,
)

FLAME_S = Model(
    name="FLAME-S",
    firmware="3.01.1-simulated",
    pixels=2048,
    wavelength_coefficients=(339.88843, 0.37405726, -1.6419715e-05, -1.9436905e-09),
    resolution=1.5,
    blaze=570.0,
    blaze_width=160.0,
    dark_pixels=tuple(range(6, 21)),
    optical_pixel_range=(21, 2048),
    downwelling_time=40.0,
    upwelling_time=90.0,
    saturation=65_535,
    offset=1450.0,
    dark_rate=420.0,
    gain=1.2,
    read_noise=25.0,
    nonlinearity_coefficients=(0.915, 6.4e-6, -1.35e-10, 8.0e-16, 0.0, 0.0, 0.0, 0.0),
    min_integration_time=1.0,
    max_integration_time=65_000.0,
    default_integration_time=100.0,
    freshness=Freshness(buffer_depth=1, can_clear_buffer=False, read_out_time=1.5, opens_at=100.0),
    cooling=None,
)

STS_VIS = Model(
    name="STS-VIS",
    firmware="1.0.5-simulated",
    pixels=1024,
    wavelength_coefficients=(337.4, 0.4637, -1.3e-5, 1.2e-9),
    resolution=1.5,
    blaze=590.0,
    blaze_width=120.0,
    dark_pixels=(),
    optical_pixel_range=(0, 1024),
    downwelling_time=25.0,
    upwelling_time=70.0,
    saturation=16_383,
    offset=1500.0,
    dark_rate=55.0,
    gain=8.0,
    read_noise=3.0,
    nonlinearity_coefficients=(),
    min_integration_time=0.1,
    max_integration_time=10_000.0,
    default_integration_time=100.0,
    freshness=Freshness(buffer_depth=2, can_clear_buffer=False, read_out_time=3.0, opens_at=100.0),
    cooling=None,
)

# no device in particular, but the other two ways that detectors of field spectrometers have
ON_DEMAND = replace(
    FLAME_S,
    name="ON-DEMAND",
    firmware="1.0-simulated",
    freshness=Freshness(
        on_change=TimeChange.ON_DEMAND, buffer_depth=0, can_clear_buffer=False, read_out_time=1.5, opens_at=100.0
    ),
)

RESTARTING = replace(
    STS_VIS,
    name="RESTARTING",
    firmware="1.0-simulated",
    min_integration_time=1.0,
    freshness=Freshness(
        on_change=TimeChange.RESTART,
        buffer_depth=2,
        can_clear_buffer=False,
        read_out_time=3.0,
        counts_exposures=True,
        opens_at=100.0,
    ),
)

MODELS = MappingProxyType({model.name: model for model in (QE_PRO, FLAME_S, STS_VIS, ON_DEMAND, RESTARTING)})
