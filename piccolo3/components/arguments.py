"""Arguments of settable values and of commands, and how those of a request are matched with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from piccolo3.components.datatypes import DataType, JsonValue, Schema
from piccolo3.errors import InvalidValue

__all__ = ["REQUIRED", "Argument", "bind_arguments"]


class _Required(Enum):
    REQUIRED = "required"


REQUIRED: Final = _Required.REQUIRED
"""The default of an argument that has to be given."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: its name in requests, its type, what it is if left out, and a text for people."""

    name: str
    type: DataType[object]
    default: object = REQUIRED
    text: str = ""

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is REQUIRED

    def validate(self, value: JsonValue) -> object:
        """Return the canonical value. Raises InvalidValue that names the argument."""
        try:
            return self.type.validate(value)
        except InvalidValue as error:
            raise InvalidValue(f"{self.name}: {error.message}", **{"argument": self.name, **error.details}) from None

    def schema(self) -> Schema:
        """Describe the argument as JSON Schema, with its default if it has one."""
        schema: Schema = {"name": self.name, **self.type.schema()}
        if self.text:
            schema["text"] = self.text
        if self.default is not REQUIRED:
            schema["default"] = None if self.default is None else self.type.dump(self.default)
        return schema

    def signature(self) -> str:
        """Say it for people: `name` or `name = default`."""
        return self.name if self.required else f"{self.name} (optional)"


def bind_arguments(
    what: str,
    arguments: Sequence[Argument],
    positional: Sequence[JsonValue],
    named: Mapping[str, JsonValue],
) -> list[object]:
    """Match the arguments of a request with the declared ones and validate them all.

    Returns one canonical value for each declared argument, in their order. Raises InvalidValue if there are too many,
    or an unknown, missing or doubly given one; its message says what `what` expects.
    """
    if len(positional) > len(arguments):
        raise InvalidValue(f"{_expects(what, arguments)}, not {len(positional)} arguments")
    given: dict[str, JsonValue] = {argument.name: value for argument, value in zip(arguments, positional, strict=False)}
    known = {argument.name for argument in arguments}
    for name, value in named.items():
        if name not in known:
            raise InvalidValue(f"unknown argument {name[:40]!r}: {_expects(what, arguments)}")
        if name in given:
            raise InvalidValue(f"argument {name} is given twice: {_expects(what, arguments)}", argument=name)
        given[name] = value
    missing = [argument.name for argument in arguments if argument.required and argument.name not in given]
    if missing:
        raise InvalidValue(f"missing argument {', '.join(missing)}: {_expects(what, arguments)}", argument=missing[0])
    return [
        argument.validate(given[argument.name]) if argument.name in given else argument.default
        for argument in arguments
    ]


def _expects(what: str, arguments: Sequence[Argument]) -> str:
    if not arguments:
        return f"{what} takes no arguments"
    return f"{what} takes {', '.join(argument.signature() for argument in arguments)}"
