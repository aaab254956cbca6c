"""A first look at the lines of a file, which finds what ConfigObj can't tell: the line of every name.

It also keeps ConfigObj from trouble: ConfigObj stops to make sense at the first wrong header, and its expression for
lists takes exponential time on an unbalanced quote. So every line is looked at here in linear time; wrong lines
are noted and blanked, comments taken off, and a name that is there twice gets a suffix that keeps it apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from piccolo3.config.declaration import where
from piccolo3.config.findings import Findings, Origin

__all__ = ["MAX_LINE", "Scan", "plain", "scan"]

MAX_LINE = 4096  # characters; some of ConfigObj's expressions take time that grows with the square
_REPEATED = "\0"  # separates a name from its suffix; can't come from a file, where it counts as a mistake
_ITEM = re.compile(r"\"[^\"]*\"|'[^']*'|[^'\",#][^,#]*")
_NAME = re.compile(r"\s*(\"[^\"]+\"|'[^']+'|[^'\"\]\s][^\]]*)\s*")
_KEY = re.compile(r"(\"[^\"]*\"\s*|'[^']*'\s*|[^'\"=][^=]*)=")
_MARKS = re.compile(r"[\[\s]+")
_END_MARKS = re.compile(r"[\]\s]+")
_TRIPLE = ("'''", '"""')


def plain(name: str) -> str:
    """The name as it stands in the file."""
    return name.partition(_REPEATED)[0]


@dataclass(slots=True)
class Scan:
    """The cleaned lines, and the line (from 1) of every section and option by its path; () has none."""

    lines: list[str]
    where: dict[tuple[str, ...], int] = field(default_factory=dict)


@dataclass(slots=True)
class _Scanner:
    source: str
    lines: list[str]
    findings: Findings
    result: Scan
    bad: frozenset[int]
    path: tuple[str, ...] = ()
    skipping: int | None = None  # depth of a header that was wrong, until the next right one

    def problem(self, index: int, text: str) -> None:
        if index not in self.bad:
            self.findings.problem(Origin(self.source, index + 1), text)

    def run(self) -> None:
        index = 0
        while index < len(self.lines):
            cleaned = self.line(index, self.lines[index].strip())
            self.result.lines[index : index + len(cleaned)] = cleaned
            index += len(cleaned)

    def line(self, index: int, line: str) -> list[str]:
        if not line or line.startswith("#"):
            return [""]
        if len(line) > MAX_LINE:
            self.problem(index, f"the line is longer than {MAX_LINE} characters")
            return [""]
        return [self.header(index, line)] if line.startswith("[") else self.option(index, line)

    def header(self, index: int, line: str) -> str:
        parts = _header(line)
        if isinstance(parts, str):
            self.problem(index, parts)
            self.skipping = line.count("[")
            return ""
        depth, name = parts
        if depth > len(self.path) + 1:
            if self.skipping is None or depth <= self.skipping:
                above = "[" * (depth - 1) + "..." + "]" * (depth - 1)
                self.problem(index, f"{line[:80]} is nested too deeply: it has to stand below a section {above}")
                self.skipping = depth
            return ""
        self.skipping = None
        name = self.known(index, self.path[: depth - 1], name)
        self.path = (*self.path[: depth - 1], name)
        mark = "'" if '"' in name else '"'
        return "[" * depth + mark + name + mark + "]" * depth

    def known(self, index: int, parent: tuple[str, ...], name: str) -> str:
        first = self.result.where.get((*parent, name))
        if first is not None:
            place = f"{where(tuple(map(plain, parent)))}: " if parent else ""
            self.problem(index, f"{place}'{name}' is there twice, first in line {first}")
            name = f"{name}{_REPEATED}{index}"
        self.result.where[(*parent, name)] = index + 1
        return name

    def option(self, index: int, line: str) -> list[str]:
        match = _KEY.match(line)
        if match is None:
            self.problem(index, f"{_shown(line)} is neither [section] nor option = value")
            return [""]
        key, text = match.group(1).strip(), line[match.end() :].strip()
        values = self.value(index, text)
        if values is None or self.skipping is not None:
            return [""] * len(values or [""])
        mark = key[0] if key[0] in "'\"" else ""
        name = key[1:-1] if mark else key
        name = self.known(index, self.path, name)
        return [f"{mark}{name}{mark} = {values[0]}", *values[1:]]

    def value(self, index: int, text: str) -> list[str] | None:
        """The lines of a value without its comment, None for a wrong one."""
        if text.startswith(_TRIPLE):
            lines = _multiline(text, self.lines[index + 1 :])
            if lines is None:
                self.problem(index, f"{_shown(text)}: the quote is not closed")
            return lines
        end = _value_end(text)
        if isinstance(end, str):
            self.problem(index, f"{_shown(text)}: {end}")
            return None
        return [text[:end].rstrip()]


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "...")


def _header(line: str) -> tuple[int, str] | str:
    """Depth and name of a section, or what is wrong with its header."""
    opening = _MARKS.match(line)
    start = opening.end() if opening else 0
    match = _NAME.match(line, start)
    if match is None:
        return f"{_shown(line)}: the name of the section is missing"
    closing = _END_MARKS.match(line, match.end())
    if closing is None or ((rest := line[closing.end() :]) and not rest.startswith("#")):
        return f"{_shown(line)}: a section is written as [name]"
    depth = line.count("[", 0, start)
    if closing.group().count("]") != depth:
        return f"{_shown(line)}: there are not as many ] as ["
    name = match.group(1).rstrip()
    name = name[1:-1].strip() if name[0] in "'\"" else name
    return (depth, name) if name else f"{_shown(line)}: the name of the section is missing"


def _value_end(text: str) -> int | str:
    """Where the value ends and a comment may begin, or what is wrong with the value."""
    if text.startswith(","):  # alone, it is the way to write an empty list
        return 1 if text[1:].lstrip()[:1] in {"", "#"} else "there is nothing before the comma"
    position = 0
    while position < len(text) and text[position] != "#":
        item = _ITEM.match(text, position)
        if item is None:
            return "there is nothing between two commas" if text[position] == "," else "the quote is not closed"
        position = _skip_space(text, item.end())
        if position < len(text) and text[position] not in "#,":
            return "there is something after the closing quote"
        if text[position : position + 1] == ",":
            position = _skip_space(text, position + 1)
    return position


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _multiline(text: str, following: list[str]) -> list[str] | None:
    """The lines of a value in triple quotes without its comment; None if the quote is not closed."""
    quote, lines = text[:3], [text, *following]
    for count, line in enumerate(lines):
        end = line.find(quote, 3 if count == 0 else 0)
        if end < 0:
            continue
        rest = line[end + 3 :].strip()
        if rest and not rest.startswith("#"):
            return None
        return [*lines[:count], line[: end + 3]]
    return None


def scan(source: str, lines: list[str], bad: frozenset[int], findings: Findings) -> Scan:
    """Look at the lines of `source`; what is wrong goes to `findings`, except for the lines `bad` (from 0)."""
    scanner = _Scanner(source, lines, findings, Scan(list(lines)), bad)
    scanner.run()
    return scanner.result
