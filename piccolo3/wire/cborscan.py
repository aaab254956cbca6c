"""Checks that CBOR (RFC 8949) is well-formed and of JSON's types, before a decoder makes objects of it.

A general decoder acts on tags (references that grow without bound, regular expressions, dates, huge integers);
here they are refused before anything is built. The check reads each head once and does not recurse.
"""

from __future__ import annotations

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import MAX_DEPTH

__all__ = ["check_cbor"]

_BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
_INDEFINITE = 31
_UNKNOWN = -1
_FALSE, _TRUE, _NULL, _HALF, _DOUBLE = 20, 21, 22, 25, 27


def check_cbor(data: bytes) -> None:
    """Raise InvalidValue unless `data` is one CBOR item of JSON's types: numbers, texts, lists, maps with text keys."""
    _Scan(data).run()


class _Scan:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        # for each open container: whether it is a map, how many items it still needs, how many it has got
        self._open: list[list[int]] = []

    def run(self) -> None:
        self._item()
        while self._open:
            is_map, missing, got = self._open[-1]
            if missing == 0 or (missing == _UNKNOWN and self._peek() == 0xFF):
                self._close(is_map, missing, got)
                continue
            self._open[-1][2] += 1
            if missing != _UNKNOWN:
                self._open[-1][1] -= 1
            self._item(key=bool(is_map) and got % 2 == 0)
        if self._at != len(self._data):
            raise self._wrong("there are bytes after the end")

    def _close(self, is_map: int, missing: int, got: int) -> None:
        if missing == _UNKNOWN:
            self._at += 1
            if is_map and got % 2:
                raise self._wrong("a key has no value")
        self._open.pop()

    def _item(self, *, key: bool = False) -> None:
        major, info = self._peek() >> 5, self._peek() & 31
        if key and major != _TEXT:
            raise self._wrong("a key is not a text")
        if major == _BYTES:
            raise self._wrong("byte strings are not taken")
        if major == _TAG:
            raise self._wrong("tags are not taken")
        if major == _SIMPLE and info not in (_FALSE, _TRUE, _NULL) and not _HALF <= info <= _DOUBLE:
            raise self._wrong("a simple value other than false, true and null")
        argument = self._head(major, info)
        if major == _TEXT:
            self._text(argument)
        elif major in (_LIST, _MAP):
            if len(self._open) >= MAX_DEPTH:
                raise InvalidValue(f"not usable: nested deeper than {MAX_DEPTH} levels")
            is_map = major == _MAP
            self._open.append([is_map, argument if argument == _UNKNOWN else argument * (2 if is_map else 1), 0])

    def _head(self, major: int, info: int) -> int:
        """Step over the head of an item; its argument, `_UNKNOWN` for an indefinite length."""
        self._at += 1
        if info < 24:
            return info
        if info == _INDEFINITE and major in (_TEXT, _LIST, _MAP):
            return _UNKNOWN
        if info > 27:
            raise self._wrong("a head is not well-formed")
        size = 1 << (info - 24)
        self._need(size)
        self._at += size
        return int.from_bytes(self._data[self._at - size : self._at], "big")

    def _text(self, length: int) -> None:
        if length != _UNKNOWN:
            self._need(length)
            self._at += length
            return
        while self._peek() != 0xFF:
            byte = self._peek()
            if byte >> 5 != _TEXT or byte & 31 == _INDEFINITE:
                raise self._wrong("a part of a text is not a text")
            self._text(self._head(_TEXT, byte & 31))
        self._at += 1

    def _peek(self) -> int:
        self._need(1)
        return self._data[self._at]

    def _need(self, size: int) -> None:
        if self._at + size > len(self._data):
            raise self._wrong("it ends too early")

    def _wrong(self, what: str) -> InvalidValue:
        return InvalidValue(f"not CBOR as it is understood here: {what} (byte {self._at})")
