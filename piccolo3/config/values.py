"""Kinds of values that an option can have: what is allowed, reading the text of a file, writing it again.

ConfigObj gives a value as a text, or as a list of texts where the line has commas.
"""

from __future__ import annotations

import math
import re
import unicodedata
from abc import ABC, abstractmethod
from dataclasses import dataclass

from configobj.validate import VdtTypeError, is_boolean, is_float, is_integer

__all__ = [
    "PIN",
    "Boolean",
    "Choice",
    "Given",
    "Integer",
    "Kind",
    "Name",
    "Number",
    "Numbers",
    "Optional",
    "Text",
    "Texts",
    "Value",
    "Words",
    "identify",
]

Value = bool | int | float | str | tuple[float, ...] | tuple[str, ...] | None
Given = str | list[str]

_MAX_NAME = 64
_NAME = re.compile(r"[\w+-][\w.+-]*")


class Kind(ABC):
    """A kind of value."""

    @property
    @abstractmethod
    def allowed(self) -> str:
        """What is allowed, as it stands after 'must be'."""

    @abstractmethod
    def parse(self, given: Given) -> Value:
        """The value meant by `given`; raises ValueError for what is not allowed."""

    def render(self, value: Value) -> Given:
        """What `parse` reads as `value`."""
        return str(value)


def _one(given: Given) -> str:
    if isinstance(given, str):
        return given
    raise ValueError("a list where one value is wanted")


@dataclass(frozen=True, slots=True)
class Boolean(Kind):
    """True or False, in the words of ConfigObj."""

    @property
    def allowed(self) -> str:
        return "True or False (also yes/no, on/off, 1/0)"

    def parse(self, given: Given) -> bool:
        try:
            return bool(is_boolean(_one(given)))
        except VdtTypeError as error:
            raise ValueError(str(error)) from error


def _range(minimum: float | None, maximum: float | None, unit: str | None) -> str:
    suffix = f" {unit}" if unit else ""
    if minimum is not None and maximum is not None:
        return f" from {minimum:.15g} to {maximum:.15g}{suffix}"
    if minimum is not None:
        return f" of at least {minimum:.15g}{suffix}"
    return f" of at most {maximum:.15g}{suffix}" if maximum is not None else suffix


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Kind):
    """A whole number in a range, limits included."""

    minimum: int | None = None
    maximum: int | None = None

    @property
    def allowed(self) -> str:
        return "a whole number" + _range(self.minimum, self.maximum, None)

    def parse(self, given: Given) -> int:
        try:
            value = int(is_integer(_one(given)))
        except VdtTypeError as error:
            raise ValueError(str(error)) from error
        _check_range(value, self.minimum, self.maximum)
        return value


PIN = Integer(minimum=0, maximum=27)  # BCM numbers on the header of a Raspberry Pi


def _finite(text: str) -> float:
    try:
        value = float(is_float(text))
    except VdtTypeError as error:
        raise ValueError(str(error)) from error
    if not math.isfinite(value):
        raise ValueError("not a finite number")
    return value


def _check_range(value: float, minimum: float | None, maximum: float | None) -> None:
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        raise ValueError("out of range")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Kind):
    """A finite number in a range, limits included."""

    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None

    @property
    def allowed(self) -> str:
        return "a number" + _range(self.minimum, self.maximum, self.unit)

    def parse(self, given: Given) -> float:
        value = _finite(_one(given))
        _check_range(value, self.minimum, self.maximum)
        return value

    def render(self, value: Value) -> str:
        return f"{value:.0f}" if isinstance(value, float) and value == round(value) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers(Kind):
    """A list of at least `shortest` finite numbers, separated by commas."""

    shortest: int

    @property
    def allowed(self) -> str:
        return f"a list of at least {self.shortest} numbers, separated by commas"

    def parse(self, given: Given) -> tuple[float, ...]:
        texts = given if isinstance(given, list) else [given]
        if len(texts) < self.shortest:
            raise ValueError("too few numbers")
        return tuple(_finite(text) for text in texts)

    def render(self, value: Value) -> list[str]:
        return [repr(number) for number in value] if isinstance(value, tuple) else []


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return " or ".join(self.words)

    def parse(self, given: Given) -> str:
        if (text := _one(given)) not in self.words:
            raise ValueError("not one of the words")
        return text


def _check_printable(text: str) -> None:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("a control character")


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """Any text of at least one character on one line."""

    description: str
    pattern: str = ".+"

    @property
    def allowed(self) -> str:
        return self.description

    def parse(self, given: Given) -> str:
        text = _one(given)
        _check_printable(text)
        if not re.fullmatch(self.pattern, text):
            raise ValueError("not of that form")
        return text


@dataclass(frozen=True, slots=True)
class Words(Kind):
    """A text for people, in which a comma is a comma."""

    @property
    def allowed(self) -> str:
        return "a text on one line"

    def parse(self, given: Given) -> str:
        text = given if isinstance(given, str) else ", ".join(given)
        _check_printable(text)
        return text


@dataclass(frozen=True, slots=True)
class Texts(Kind):
    """A list of at least one text, separated by commas, each of the same kind."""

    item: Text

    @property
    def allowed(self) -> str:
        return f"a list, separated by commas, of {self.item.allowed}"

    def parse(self, given: Given) -> tuple[str, ...]:
        texts = given if isinstance(given, list) else [given]
        if not texts:
            raise ValueError("nothing in the list")
        return tuple(self.item.parse(text) for text in texts)

    def render(self, value: Value) -> list[str]:
        return [str(text) for text in value] if isinstance(value, tuple) else []


def identify(text: str) -> str:
    """The name `text` in the normal form (NFC) of Unicode; ValueError if it can't be one segment of a path."""
    name = unicodedata.normalize("NFC", text)
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        raise ValueError("not a name")
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Kind):
    """A name that can be one segment of a path, but not one of the `reserved` ones."""

    reserved: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        taken = f"; not {' or '.join(self.reserved)}" if self.reserved else ""
        return f"a name of letters, digits and _ - . + (at most {_MAX_NAME}, not starting with a dot{taken})"

    def parse(self, given: Given) -> str:
        if (name := identify(_one(given))) in self.reserved:
            raise ValueError("a reserved name")
        return name


@dataclass(frozen=True, slots=True)
class Optional(Kind):
    """A value of another kind, or one word that stands for none."""

    kind: Kind
    word: str

    @property
    def allowed(self) -> str:
        return f"{self.kind.allowed}, or {self.word or 'empty'}"

    def parse(self, given: Given) -> Value:
        return None if given == self.word else self.kind.parse(given)

    def render(self, value: Value) -> Given:
        return self.word if value is None else self.kind.render(value)
