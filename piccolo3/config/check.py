"""Comparing a file with the declaration: the value of every option, its origin, and all the mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from piccolo3.config.declaration import Option, Section, where
from piccolo3.config.document import Content, Document
from piccolo3.config.findings import COMMAND_LINE, DEFAULT, Findings, Origin
from piccolo3.config.nearest import nearest
from piccolo3.config.scan import plain
from piccolo3.config.values import Given, Value

__all__ = ["Checked", "Node", "Overrides", "check"]

Path = tuple[str, ...]
Overrides = Mapping[Path, str]
T = TypeVar("T")
_PLACEHOLDERS = ("boolean(", "float(", "integer(", "string(")


@dataclass(frozen=True, slots=True)
class Checked:
    """A value and where it was said; `broken` if a mistake was found, so that no other follows from it."""

    value: Value
    origin: Origin
    broken: bool = False


@dataclass(slots=True)
class Node:
    """One section as it is in force."""

    section: Section
    path: Path
    origin: Origin
    values: dict[str, Checked] = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)

    def get(self, name: str, kind: type[T]) -> T | None:
        """The value of an option if it is a sound one of that type."""
        checked = self.values[name]
        return checked.value if isinstance(checked.value, kind) and not checked.broken else None

    def walk(self) -> Iterator[Node]:
        """It and every section inside, itself first."""
        yield self
        for child in self.children.values():
            yield from child.walk()

    def take(self, name: str, kind: type[T]) -> T:
        """The value of an option, which has that type since it passed the checks."""
        value = self.values[name].value
        if not isinstance(value, kind):
            raise TypeError(f"{name} is {value!r}")
        return value

    def resolve(self, name: str, value: Value) -> None:
        """Fill in a default that depends on others, unless something was said."""
        if self.values[name].value is None and not self.values[name].broken:
            self.values[name] = Checked(value, self.values[name].origin)


def check(root: Section, document: Document | None, overrides: Overrides, findings: Findings) -> Node:
    """What is in force after the file (None: an empty one) and `overrides`, with mistakes going to `findings`."""
    document = document or Document("default", {}, {}, frozenset())
    return _Checker(root, document, overrides, findings).section(root, (), document.content)


@dataclass(slots=True)
class _Checker:
    root: Section
    document: Document
    overrides: Overrides
    findings: Findings

    def section(self, section: Section, path: Path, content: Content) -> Node:
        node = Node(section, tuple(map(plain, path)), self.document.origin(path))
        given = {plain(name): (name, item) for name, item in reversed(tuple(content.items()))}  # the first one counts
        for option in section.options:
            name, item = given.get(option.name, (option.name, None))
            node.values[option.name] = self.option(option, node, (*path, name), item)
        for name, item in content.items():
            self.item(section, node, (*path, name), item)
        for inner in section.sections:
            if inner.names is None and inner.name not in node.children:
                node.children[inner.name] = self.section(inner, (*path, inner.name), {})
        if section.needed and not node.children and not self.has_wrong_sections(section, content):
            self.findings.problem(node.origin, section.needed)
        return node

    def has_wrong_sections(self, section: Section, content: Content) -> bool:
        return any(isinstance(item, Mapping) and plain(name) not in section.obsolete for name, item in content.items())

    def item(self, section: Section, node: Node, path: Path, item: Given | Content) -> None:
        """One thing that stands in the file: a section, an option that is there again, or a mistake."""
        name, origin = plain(path[-1]), self.document.origin(path)
        if name in section.obsolete:
            kind = "section" if isinstance(item, Mapping) else "option"
            self.findings.warn(origin, f"{_at(node.path)}the {kind} '{name}' of old rigs has no effect any more")
        elif isinstance(item, Mapping):
            self.inner(section, node, path, item)
        elif (option := section.option(name)) is None:
            self.stranger(section, node, path, "option")
        elif path[-1] != name:
            self.value(option, node, item, origin, path)

    def inner(self, section: Section, node: Node, path: Path, content: Content) -> None:
        name = plain(path[-1])
        inner = next((inner for inner in section.sections if inner.name == name and inner.names is None), None)
        inner = inner or section.many
        if inner is None or not _is_name(inner, name):
            self.stranger(section, node, path, "section")
            return
        child = self.section(inner, path, content)
        node.children.setdefault(name, child)

    def stranger(self, section: Section, node: Node, path: Path, kind: str) -> None:
        """Complain of a name that is not known here, with what may have been meant."""
        if self.document.is_bad(path):
            return
        name = plain(path[-1])
        known = section.known if section.many is None or kind == "option" else ()
        text = f"{_at(node.path)}there is no {kind} '{name}'"
        if name in known:
            other = "a section" if kind == "option" else "an option"
            text = f"{_at(node.path)}'{name}' is {other}, not {'an' if kind == 'option' else 'a'} {kind}"
        elif meant := nearest(name, known):
            text += f"; did you mean '{meant}'?"
        elif elsewhere := self.elsewhere(name, kind):
            text += f"; it belongs into {elsewhere}"
        self.findings.problem(self.document.origin(path), f"{text}{_allowed(section, kind, known)}")

    def elsewhere(self, name: str, kind: str) -> str | None:
        for path, section in self.root.walk():
            if kind == "option" and section.option(name) and path:
                return where(path)
            if kind == "section" and any(inner.name == name for inner in section.sections) and path:
                return where(path)
        return None

    def option(self, option: Option, node: Node, path: Path, given: Given | Content | None) -> Checked:
        result = Checked(option.default_value, DEFAULT)
        origin = self.document.origin(path)
        if given is not None and not isinstance(given, Mapping):
            result = self.value(option, node, given, origin, path)
        said = self.overrides.get((*node.path, option.name))
        if said is not None:
            return self.value(option, node, said, COMMAND_LINE, None)
        if isinstance(given, Mapping):
            return Checked(option.default_value, origin, broken=True)
        if option.required and given is None:
            text = f"{_at(node.path)}'{option.name}' is missing; it must be {option.kind.allowed}"
            self.findings.problem(node.origin, text)
            return Checked(None, origin, broken=True)
        return result

    def value(self, option: Option, node: Node, given: Given, origin: Origin, path: Path | None) -> Checked:
        if path is not None and self.document.is_bad(path):
            return Checked(option.default_value, origin, broken=True)
        try:
            return Checked(option.kind.parse(given), origin)
        except ValueError:
            pass
        shown = given if isinstance(given, str) else ", ".join(given)
        said = f"{_at(node.path)}{option.name} = {_short(shown)}"
        if option.legacy_placeholder and shown.startswith(_PLACEHOLDERS):
            self.findings.warn(origin, f"{said} is the pattern of a value, not a value; the default counts")
            return Checked(option.default_value, DEFAULT)
        self.findings.problem(origin, f"{said}: it must be {option.kind.allowed}")
        return Checked(option.default_value, origin, broken=True)


def _is_name(section: Section, name: str) -> bool:
    if section.names is None:
        return True
    try:
        return section.names.parse(name) == name
    except ValueError:
        return False


def _at(path: Path) -> str:
    return f"{where(path)}: " if path else ""


def _short(text: str) -> str:
    text = text if len(text) <= 60 else text[:60] + "..."
    return text if text.isprintable() and text else repr(text)


def _allowed(section: Section, kind: str, known: tuple[str, ...]) -> str:
    if kind == "section" and section.many is not None and section.many.names is not None:
        return f"; it must be {section.many.names.allowed}"
    if not known:
        return "; nothing but sections may stand here" if kind == "option" else "; no section may stand here"
    return f" (known: {', '.join(known)})"
