"""Rows of numbers as bytes that compress well: differences, as numbers without sign, byte by byte.

What neighbours have in common goes away by taking differences, or by taking away the middle where the row is nothing
but noise. The lowest bytes of all rows then come first, the next ones after them, and so on: the lowest are mostly
noise, the others mostly zero, and a compressor that meets them apart from each other does better on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Coding", "coded", "decoded", "from_planes", "planes"]

_ORDERS = (0, 1, 2)
_MOST_DECIMALS = 6
_EXACT = 2**53  # integers up to here are floating point numbers, too
_MASK = 2**64 - 1

Codes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Coding:
    """How a row is coded: differences are taken `order` times after `base` was taken away.

    `planes` is how many bytes each number needs, 1 to 8. `decimals` is None for integers; floating point numbers are
    integers divided by 10 to that power.
    """

    length: int
    planes: int
    order: int
    base: int
    decimals: int | None = None


def coded(values: Sequence[int] | Sequence[float]) -> tuple[Coding, Codes] | None:
    """A row, not empty, of integers that fit into 64 bits, or of decimal fractions. None for what is neither."""
    kinds = set(map(type, values))
    if kinds == {int}:
        try:
            return _best(np.array(values, dtype=np.int64), None)
        except OverflowError:
            return None
    return _fractions(np.array(values, dtype=np.float64)) if kinds == {float} else None


def _fractions(values: NDArray[np.float64]) -> tuple[Coding, Codes] | None:
    if not np.isfinite(values).all() or (np.signbit(values) & (values == 0)).any():  # there is no integer -0
        return None
    for decimals in range(_MOST_DECIMALS + 1):
        scaled = np.rint(values * 10**decimals)
        if np.abs(scaled).max() >= _EXACT:
            return None
        if (scaled / 10**decimals == values).all():
            return _best(scaled.astype(np.int64), decimals)
    return None


def _best(values: NDArray[np.int64], decimals: int | None) -> tuple[Coding, Codes]:
    middle = int(np.partition(values, values.size // 2)[values.size // 2])
    candidates = []
    for order in _ORDERS:
        base = int(values[0]) if order else middle
        codes = _differences(values, base, order)
        candidates.append((_cost(codes), order, base, codes))
    _, order, base, codes = min(candidates, key=lambda candidate: candidate[:2])
    size = max(1, (int(codes.max()).bit_length() + 7) // 8)
    return Coding(values.size, size, order, base, decimals), codes


def _differences(values: NDArray[np.int64], base: int, order: int) -> Codes:
    """Numbers without sign: 0, -1, 1, -2, ... become 0, 1, 2, 3, ... All arithmetic is modulo 2**64."""
    residuals = values.view(np.uint64) - np.uint64(base & _MASK)
    for _ in range(order):
        residuals = np.diff(residuals, prepend=np.uint64(0))
    signed = residuals.view(np.int64)
    return ((signed << 1) ^ (signed >> 63)).view(np.uint64)


def _cost(codes: Codes) -> float:
    """Bits that a good compressor needs for the bytes of the codes, about."""
    total = 0.0
    for plane in range((int(codes.max()).bit_length() + 7) // 8):
        counts = np.bincount(((codes >> np.uint64(8 * plane)) & np.uint64(255)).astype(np.intp))
        counts = counts[counts > 0]
        total -= float((counts * np.log2(counts / codes.size)).sum())
    return total


def decoded(coding: Coding, codes: Codes) -> list[int] | list[float]:
    """The numbers again."""
    residuals = (codes >> np.uint64(1)) ^ (np.uint64(0) - (codes & np.uint64(1)))
    for _ in range(coding.order):
        residuals = np.cumsum(residuals, dtype=np.uint64)
    numbers = (residuals + np.uint64(coding.base & _MASK)).view(np.int64)
    found: list[int] | list[float] = (numbers if coding.decimals is None else numbers / 10**coding.decimals).tolist()
    return found


def planes(rows: Sequence[tuple[Coding, Codes]]) -> bytes:
    """The lowest bytes of all rows, then the next ones of those that have them, and so on."""
    highest = max((coding.planes for coding, _ in rows), default=0)
    return b"".join(
        (codes >> np.uint64(8 * plane)).astype(np.uint8).tobytes()
        for plane in range(highest)
        for coding, codes in rows
        if plane < coding.planes
    )


def from_planes(codings: Sequence[Coding], data: memoryview) -> list[Codes]:
    """The codes of all rows. ValueError if there are more or fewer bytes."""
    expected = sum(coding.length * coding.planes for coding in codings)
    if expected != len(data):  # said before there is room made for them
        raise ValueError(f"{expected} bytes expected, not {len(data)}")
    rows = [np.zeros(coding.length, np.uint64) for coding in codings]
    at = 0
    for plane in range(max((coding.planes for coding in codings), default=0)):
        for coding, codes in zip(codings, rows, strict=True):
            if plane < coding.planes:
                part = np.frombuffer(data[at : at + coding.length], np.uint8)
                codes |= part.astype(np.uint64) << np.uint64(8 * plane)
                at += coding.length
    return rows
