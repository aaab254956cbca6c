"""Names of runs and files, which become a path in the data directory and one segment of a URI."""

from __future__ import annotations

import unicodedata

from piccolo3.errors import InvalidValue

__all__ = ["safe_name"]

_MAX_CHARACTERS = 64
# what file systems and CoAP (RFC 7252, 5.10.1) take as one segment
_MAX_BYTES = 255
_PUNCTUATION = frozenset(" ._-+")


def safe_name(text: str) -> str:
    """The name in Unicode's form NFC. Raises InvalidValue that says which rule was broken.

    Allowed are letters of any script (with their combining marks), digits, space and `. _ - +`; not a dot or a
    space at the start, no space at the end, at most 64 characters and 255 bytes.
    """
    # Far too long texts are refused first: normalising long rows of combining marks takes quadratic time.
    if len(text) > 4 * _MAX_CHARACTERS:
        raise _too_long()
    name = unicodedata.normalize("NFC", text)
    if not name:
        raise InvalidValue("a name must not be empty")
    _check_characters(name)
    if name[0] in " .":
        raise InvalidValue(f"a name must not start with a dot or a space: {name!r}")
    if name[-1] == " ":
        raise InvalidValue(f"a name must not end with a space: {name!r}")
    if len(name) > _MAX_CHARACTERS or len(name.encode()) > _MAX_BYTES:
        raise _too_long()
    return name


def _check_characters(name: str) -> None:
    after_letter = False
    for character in name:
        category = unicodedata.category(character)
        letter = category[0] == "L" or (category in {"Mn", "Mc"} and after_letter)
        if not (letter or category == "Nd" or character in _PUNCTUATION):
            raise InvalidValue(
                f"a name must not have the character {character!r}, only letters, digits, spaces and . _ - +"
            )
        after_letter = letter


def _too_long() -> InvalidValue:
    return InvalidValue(f"a name must not be longer than {_MAX_CHARACTERS} characters ({_MAX_BYTES} bytes)")
