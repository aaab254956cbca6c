"""A text that other formats than JSON say by its parts."""

from __future__ import annotations

from collections.abc import Callable

from piccolo3.jsonvalue import JsonValue

__all__ = ["Document"]


class Document(str):
    """A text, as old clients know it in JSON; in CBOR and in the compact form it is what `structure` returns.

    `structure` is called from any thread, when it is needed.
    """

    __slots__ = ("structure",)

    structure: Callable[[], JsonValue]

    def __new__(cls, text: str, structure: Callable[[], JsonValue]) -> Document:
        document = super().__new__(cls, text)
        document.structure = structure
        return document
