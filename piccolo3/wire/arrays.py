"""Rows of integers that are typed arrays (RFC 8746) in CBOR, and lists in JSON."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import overload

import cbor2

__all__ = ["ARRAY_TAGS", "TypedArray", "from_tag"]

_TAGS = {("H", 2): 69, ("I", 4): 70, ("i", 4): 78}  # little endian
_CODES = {tag: code for (code, _), tag in _TAGS.items()}
ARRAY_TAGS = {tag: size for (_, size), tag in _TAGS.items()}
"""The tags of RFC 8746 that are known here, and the bytes of one element of each."""


class TypedArray(Sequence[int]):
    """Integers of 16 or 32 bits without sign, or of 32 bits with one: the smallest that holds all of `values`.

    OverflowError where there is none.
    """

    def __init__(self, values: Sequence[int]) -> None:
        low, high = (min(values), max(values)) if len(values) else (0, 0)
        code = "i" if low < 0 else "H" if high < 1 << 16 else "I"
        self._values = array(code, values)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice) -> int | Sequence[int]:
        return self._values[index]

    def __len__(self) -> int:
        return len(self._values)

    def as_list(self) -> list[int]:
        """The integers for JSON."""
        return self._values.tolist()

    def as_tag(self) -> cbor2.CBORTag:
        """The same for CBOR."""
        values = self._values
        if sys.byteorder == "big":
            values = array(values.typecode, values)
            values.byteswap()
        return cbor2.CBORTag(_TAGS[values.typecode, values.itemsize], values.tobytes())


def from_tag(*given: object) -> list[int]:
    """The integers of a typed array, for `tag_hook`, which gets the tag first or last, depending on cbor2's version.

    ValueError for what is none that is known here.
    """
    (tag,) = (one for one in given if isinstance(one, cbor2.CBORTag))
    code = _CODES.get(tag.tag)
    if code is None or not isinstance(tag.value, bytes):
        raise ValueError(f"tag {tag.tag} is not known")
    values = array(code)
    values.frombytes(tag.value)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()
