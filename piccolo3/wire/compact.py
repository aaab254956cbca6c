"""The compact form of a value, for thin links: JSON and the rows of numbers in it, compressed with xz.

docs/reference/compact.md describes it for other programs.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping, Sequence

from piccolo3.errors import InvalidValue, TooLarge
from piccolo3.jsonvalue import JsonValue, parse, plain
from piccolo3.wire.arrays import TypedArray
from piccolo3.wire.rows import Codes, Coding, coded, decoded, from_planes, planes

__all__ = ["MAX_UNPACKED", "pack", "unpack"]

MAX_UNPACKED = 4 << 20
"""Bytes that a payload may become when it is decompressed: some hundred times what a file of spectra does."""

_VERSION = 1
_SHORTEST = 16  # numbers, from which on a row is worth it
_LENGTH = 4  # bytes
_MEMORY = 8 << 20  # bytes that decompression may take
# lc, lp and pb are for data without structure of a multiple of bytes; the window is more than a file of spectra
_FILTER = {
    "id": lzma.FILTER_LZMA2,
    "lc": 3,
    "lp": 0,
    "pb": 0,
    "mode": lzma.MODE_NORMAL,
    "nice_len": 273,
    "mf": lzma.MF_BT4,
    "dict_size": 1 << 18,
}

_Path = tuple[str | int, ...]
_Row = tuple[_Path, Coding, Codes]


def pack(value: JsonValue) -> bytes:
    """The compact form. Raises InvalidValue for what is no value of JSON."""
    rows: list[_Row] = []
    rest = _without_rows(plain(value, special=_kept), (), rows)
    table = [
        {
            "path": list(path),
            "length": coding.length,
            "planes": coding.planes,
            "order": coding.order,
            "base": coding.base,
            "decimals": coding.decimals,
        }
        for path, coding, _ in rows
    ]
    head = {"version": _VERSION, "value": rest, "rows": table}
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    content = len(text).to_bytes(_LENGTH, "little") + text + planes([(coding, codes) for _, coding, codes in rows])
    return lzma.compress(content, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=[_FILTER])


def _kept(value: object) -> JsonValue:
    if not isinstance(value, TypedArray):
        raise InvalidValue(f"{type(value).__name__} is not a type of JSON")
    return value


def _without_rows(value: JsonValue, path: _Path, rows: list[_Row]) -> JsonValue:
    """The value with null in place of rows of numbers, which go to `rows`."""
    if isinstance(value, Mapping):
        return {key: _without_rows(item, (*path, key), rows) for key, item in value.items()}
    if isinstance(value, TypedArray):
        value = value.as_list()
    if not isinstance(value, list):
        return value
    found = coded(value) if len(value) >= _SHORTEST else None
    if found is None:
        return [_without_rows(item, (*path, index), rows) for index, item in enumerate(value)]
    rows.append((path, *found))
    return None


def unpack(data: bytes, limit: int = MAX_UNPACKED) -> JsonValue:
    """The value of a compact form. Raises InvalidValue, or TooLarge where it would become more than `limit` bytes."""
    content = memoryview(_decompressed(data, limit))
    end = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
    if len(content) < end or end <= _LENGTH:
        raise _wrong("its head is cut off")
    try:
        head = parse(str(content[_LENGTH:end], "utf-8"))
    except UnicodeDecodeError:
        raise _wrong("its head is not UTF-8") from None
    except InvalidValue as error:
        raise _wrong(error.message) from None
    if not isinstance(head, dict) or head.get("version") != _VERSION:
        raise _wrong(f"its version is not {_VERSION}")
    table = head.get("rows")
    if not isinstance(table, list) or "value" not in head:
        raise _wrong("it has no value or no rows")
    rows = [_row(entry, len(content)) for entry in table]
    try:
        codes = from_planes([coding for _, coding in rows], content[end:])
    except ValueError as error:
        raise _wrong(f"its rows are damaged, {error}") from None
    root: dict[str, JsonValue] = {"": head["value"]}
    for (path, coding), row in zip(rows, codes, strict=True):
        _put(root, ("", *path), decoded(coding, row))
    return root[""]


def _decompressed(data: bytes, limit: int) -> bytes:
    decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MEMORY)
    try:
        content = decompressor.decompress(data, max_length=limit + 1)
    except lzma.LZMAError as error:
        raise _wrong(str(error)) from None
    if len(content) > limit:
        raise TooLarge(f"the payload becomes more than {limit} bytes when it is decompressed", limit=limit)
    if not decompressor.eof:
        raise _wrong("it ends too early")
    if decompressor.unused_data:
        raise _wrong("there are bytes after the end")
    return content


def _row(entry: JsonValue, most: int) -> tuple[_Path, Coding]:
    """A line of the table of rows; `most` bytes are there for all of them."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), list):
        raise _wrong("a row has no path")
    path = entry["path"]
    if any(isinstance(step, bool) or not isinstance(step, str | int) for step in path):
        raise _wrong("a path of a row is none")
    decimals = entry.get("decimals")
    return tuple(path), Coding(
        length=_integer(entry, "length", 1, most),
        planes=_integer(entry, "planes", 1, 8),
        order=_integer(entry, "order", 0, 8),
        base=_integer(entry, "base", -(2**63), 2**63 - 1),
        decimals=None if decimals is None else _integer(entry, "decimals", 0, 15),
    )


def _integer(entry: Mapping[str, JsonValue], key: str, low: int, high: int) -> int:
    value = entry.get(key)
    if type(value) is not int or not low <= value <= high:
        raise _wrong(f"{key} of a row is not an integer from {low} to {high}")
    return value


def _put(root: dict[str, JsonValue], path: Sequence[str | int], numbers: list[int] | list[float]) -> None:
    """Put a row where null stands for it."""
    place: object = root
    for step in path[:-1]:
        place = _item(place, step)
    last = path[-1]
    if _item(place, last) is not None:
        raise _wrong(f"there is something else in place of the row {'/'.join(map(str, path[1:]))}")
    place[last] = numbers  # type: ignore[index]


def _item(place: object, step: str | int) -> object:
    if isinstance(place, dict) and isinstance(step, str) and step in place:
        return place[step]
    if isinstance(place, list) and isinstance(step, int) and 0 <= step < len(place):
        return place[step]
    raise _wrong("there is no place for a row")


def _wrong(what: str) -> InvalidValue:
    return InvalidValue(f"not a compact payload: {what}")
