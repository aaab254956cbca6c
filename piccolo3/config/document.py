"""Reading one file: bytes, text, ConfigObj, and the lines of everything in it."""

from __future__ import annotations

import codecs
import os
import re
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from configobj import ConfigObj, ConfigObjError

from piccolo3.config.findings import Findings, Origin
from piccolo3.config.scan import scan
from piccolo3.config.values import Given

__all__ = ["Content", "Document", "read", "read_text"]

MAX_SIZE = 1 << 20
Content = Mapping[str, "Given | Content"]


@dataclass(frozen=True, slots=True)
class Document:
    """What stands in a file: sections as mappings, values as texts or lists of texts.

    `lines` has the lines of sections and options by path; what is on the lines `bad` has been complained about.
    """

    source: str
    content: Content
    lines: Mapping[tuple[str, ...], int]
    bad: frozenset[int]

    def origin(self, path: tuple[str, ...]) -> Origin:
        """Where the section or option stands."""
        return Origin(self.source, self.lines.get(path))

    def is_bad(self, path: tuple[str, ...]) -> bool:
        """Whether the line of the section or option can't be trusted."""
        return self.lines.get(path, 0) - 1 in self.bad


def read(path: Path, findings: Findings, missing: str) -> Document | None:
    """The file `path`, or None if it can't be read; `missing` is added to the complaint if there is no such file."""
    origin = Origin(str(path))
    try:
        data = _bytes(path)
    except FileNotFoundError:
        findings.problem(origin, f"there is no such file; {missing}")
    except IsADirectoryError:
        findings.problem(origin, "this is a directory, not a file")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        findings.problem(origin, f"the file can't be read: {reason}")
    else:
        return read_text(str(path), data, findings)
    return None


def _bytes(path: Path) -> bytes:
    # not blocking: the name may be that of a pipe that nobody writes to
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError
        if not stat.S_ISREG(kind):
            raise ValueError("it is not a plain file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_SIZE + 1)
    finally:
        os.close(descriptor)
    if len(data) > MAX_SIZE:
        raise ValueError(f"it is larger than {MAX_SIZE} bytes")
    return data


def read_text(source: str, data: bytes, findings: Findings) -> Document:
    """The file with this name and these bytes."""
    lines = _decode(data)
    bad: set[int] = set()
    for index, line in enumerate(lines):
        if wrong := _wrong_character(line):
            findings.problem(Origin(source, index + 1), wrong)
            bad.add(index)
            lines[index] = "".join("\ufffd" if _is_control(character) else character for character in line)
    result = scan(source, lines, frozenset(bad), findings)
    try:
        content = ConfigObj(result.lines, interpolation=False, list_values=True)
    except ConfigObjError as error:
        for mistake in getattr(error, "errors", [error]):
            findings.problem(Origin(source, mistake.line_number), str(mistake))
        content = getattr(error, "config", {})
    return Document(source, content, result.where, frozenset(bad))


def _decode(data: bytes) -> list[str]:
    """The lines; bytes that are not UTF-8 become lone surrogates."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", errors="replace")
    else:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="surrogateescape")
    return re.split(r"\r\n|\n|\r", text)


def _is_control(character: str) -> bool:
    return character != "\t" and unicodedata.category(character) in {"Cc", "Cs"}


def _wrong_character(line: str) -> str | None:
    for column, character in enumerate(line, start=1):
        if "\udc80" <= character <= "\udcff":
            return f"the byte 0x{ord(character) - 0xDC00:02x} after {column - 1} characters is not UTF-8"
        if _is_control(character):
            return f"there is a control character (U+{ord(character):04X}) after {column - 1} characters"
    return None
