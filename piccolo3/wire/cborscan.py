"""Checks that CBOR (RFC 8949) is well-formed and of JSON's types, before a decoder makes objects of it.

A general decoder acts on tags (references that grow without bound, regular expressions, dates, huge integers);
here they are refused before anything is built, except for those of arrays of integers. The check reads each head once
and does not recurse.
"""

from __future__ import annotations

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import MAX_DEPTH
from piccolo3.wire.arrays import ARRAY_TAGS

__all__ = ["check_cbor"]

_BYTES, _TEXT, _LIST, _MAP, _TAG = 2, 3, 4, 5, 6
_UNKNOWN = -1
_BREAK = 0xFF


def _simple_size(byte: int) -> int:
    """The length of an item that is complete with its head, which starts with `byte`; 0 where it is none of them."""
    major, info = byte >> 5, byte & 31
    if major <= 1 and info <= 27:  # integers
        return 1 if info < 24 else 1 + (1 << (info - 24))
    if byte in (0x60, 0x80, 0xA0, 0xF4, 0xF5, 0xF6):  # empty text, list and map, false, true and null
        return 1
    return {0xF9: 3, 0xFA: 5, 0xFB: 9}.get(byte, 0)  # floating point


_SIMPLE_SIZES = tuple(_simple_size(byte) for byte in range(256))


def check_cbor(data: bytes) -> None:
    """Raise InvalidValue unless `data` is one CBOR item of JSON's types: numbers, texts, lists, maps with text keys.

    Typed arrays of integers (RFC 8746) are taken for lists.
    """
    scan = _Scan(data)
    try:
        scan.run()
    except IndexError:
        raise scan.wrong("it ends too early") from None


class _Container:
    """A list or map that is being read, or the whole; `missing` items come still, of a map both keys and values."""

    __slots__ = ("is_key", "is_map", "missing")

    def __init__(self, is_map: bool, missing: int) -> None:
        self.is_map = is_map
        self.missing = missing
        self.is_key = is_map


class _Scan:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._open = [_Container(is_map=False, missing=1)]

    def run(self) -> None:
        while self._open:
            self._fill(self._open[-1])
        if self._at > len(self._data):
            raise self.wrong("it ends too early")
        if self._at < len(self._data):
            raise self.wrong("there are bytes after the end")

    def _fill(self, container: _Container) -> None:
        """Read items of a container until it is complete or another one opens in it."""
        data, sizes = self._data, _SIMPLE_SIZES
        while container.missing:
            byte = data[self._at]
            if container.is_key:
                if byte >> 5 != _TEXT and byte != _BREAK:
                    raise self.wrong("a key is not a text")
            elif sizes[byte]:
                self._at += sizes[byte]
                container.missing -= 1
                container.is_key = container.is_map
                continue
            if byte == _BREAK:
                self._break(container)
                break
            container.missing -= 1
            container.is_key = container.is_map and not container.is_key
            if self._item(byte):
                return
        self._open.pop()

    def _break(self, container: _Container) -> None:
        if container.missing > 0:
            raise self.wrong("a break where nothing can end")
        if container.is_map and not container.is_key:
            raise self.wrong("a key has no value")
        self._at += 1

    def _item(self, byte: int) -> bool:
        """Read a text or the head of a list or map. Whether a container opened."""
        major = byte >> 5
        if major == _TAG and byte & 31 == 24 and self._data[self._at + 1] in ARRAY_TAGS:
            self._array()
            return False
        if major not in (_TEXT, _LIST, _MAP):
            names = {_BYTES: "byte strings are not taken", _TAG: "tags are not taken"}
            raise self.wrong(names.get(major, "a head that is not well-formed, or no value of JSON"))
        length = self._length(byte & 31)
        if major == _TEXT:
            self._text(length)
            return False
        if len(self._open) > MAX_DEPTH:
            raise InvalidValue(f"not usable: nested deeper than {MAX_DEPTH} levels")
        is_map = major == _MAP
        self._open.append(_Container(is_map, length * 2 if is_map and length != _UNKNOWN else length))
        return True

    def _array(self) -> None:
        """Step over a typed array."""
        size = ARRAY_TAGS[self._data[self._at + 1]]
        self._at += 2
        byte = self._data[self._at]
        if byte >> 5 != _BYTES or byte & 31 == 31:
            raise self.wrong("a typed array is not a byte string")
        length = self._length(byte & 31)
        if length % size:
            raise self.wrong("a typed array ends within an element")
        self._at += length

    def _length(self, info: int) -> int:
        """Step over the head of a text, list or map; its length, `_UNKNOWN` where a break will end it."""
        self._at += 1
        if info < 24:
            return info
        if info == 31:
            return _UNKNOWN
        if info > 27:
            raise self.wrong("a head that is not well-formed")
        size = 1 << (info - 24)
        head = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(head, "big")

    def _text(self, length: int) -> None:
        if length != _UNKNOWN:
            self._at += length
            return
        while (byte := self._data[self._at]) != _BREAK:
            if byte >> 5 != _TEXT or byte & 31 == 31:
                raise self.wrong("a part of a text is not a text")
            part = self._length(byte & 31)
            self._at += part
        self._at += 1

    def wrong(self, what: str) -> InvalidValue:
        """The error that says what is wrong and where."""
        return InvalidValue(f"not CBOR as it is understood here: {what} (byte {min(self._at, len(self._data))})")
