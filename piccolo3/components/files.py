"""What clients see of a data file: its text, or its spectra in formats that have arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial

from piccolo3.components.datatypes import JsonValue, Text
from piccolo3.errors import InvalidValue
from piccolo3.spectrum import loads
from piccolo3.wire import Document, TypedArray

__all__ = ["FileText", "file_document"]


@dataclass(frozen=True, kw_only=True)
class FileText(Text):
    """The text of a file, in JSON; in other formats its spectra."""

    def dump(self, value: str) -> JsonValue:
        return value if isinstance(value, Document) else super().dump(value)


def file_document(text: str) -> Document:
    """The file with this text."""
    return Document(text, partial(_structure, text))


def _structure(text: str) -> JsonValue:
    """The spectra, or the text of a file that can't be read; and the SHA-256 of the text."""
    data = text.encode(errors="surrogatepass")
    digest = hashlib.sha256(data).hexdigest()
    try:
        spectra = loads(text).spectra
    except InvalidValue:
        return {"text": text, "sha256": digest}
    return {
        "spectra": [
            {"metadata": spectrum.metadata, "pixels": TypedArray(spectrum.pixels.tolist())} for spectrum in spectra
        ],
        "sha256": digest,
    }
