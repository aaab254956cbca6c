"""How options are declared: once, with everything that checking, showing and documenting them needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from piccolo3.config.values import Given, Kind, Value

__all__ = ["Obsolete", "Option", "Section", "where"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option: `key = value`.

    `default` says what stands in place of the value in words where that depends on other options, on the device or
    on the host (`default_value` is None then). `legacy_placeholder`: old files may hold the pattern of the value,
    such as `boolean(default=None)`, in its place.
    """

    name: str
    kind: Kind
    text: str
    default_value: Value = None
    default: str | None = None
    required: bool = False
    legacy_placeholder: bool = False

    @property
    def default_text(self) -> str:
        """The default as the documentation has it."""
        if self.required:
            return "required"
        if self.default is not None:
            return self.default
        rendered: Given = self.kind.render(self.default_value)
        return f"`{rendered}`" if rendered else "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obsolete:
    """Names of options and sections that only old rigs have; they load with a warning and have no effect."""

    names: tuple[str, ...] = ()
    prefix: str | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.names or (self.prefix is not None and name.startswith(self.prefix))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section: `[name]` with options and sections of its own.

    With `names` there may be many of them, under any name of that kind; `name` stands for it in the documentation.
    `needed` is said where there is not even one of the many sections inside.
    """

    name: str
    text: str
    options: tuple[Option, ...] = ()
    sections: tuple[Section, ...] = ()
    names: Kind | None = None
    obsolete: Obsolete = Obsolete()
    needed: str | None = None

    def option(self, name: str) -> Option | None:
        """The option of that name."""
        return next((option for option in self.options if option.name == name), None)

    @property
    def many(self) -> Section | None:
        """What describes the sections that may have any name."""
        return next((section for section in self.sections if section.names is not None), None)

    @property
    def known(self) -> tuple[str, ...]:
        """The names of everything that may stand in it, apart from the sections of any name."""
        fixed = [section.name for section in self.sections if section.names is None]
        return (*(option.name for option in self.options), *fixed)

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Section]]:
        """Every section with its path, itself first (path ())."""
        yield path, self
        for section in self.sections:
            yield from section.walk((*path, section.name))


def where(path: tuple[str, ...]) -> str:
    """The path of a section as it stands in a file: `[channels] [[shutter_1]]`."""
    return " ".join("[" * depth + name + "]" * depth for depth, name in enumerate(path, start=1))
