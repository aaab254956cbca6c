"""Types of numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from piccolo3.components.datatype import DataType, JsonValue, Schema, listed, without_none

__all__ = ["Integer", "Number"]

_NUMERIC = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NUMBER_SIZE = 32  # bytes that the JSON text of a number has at most; floats need up to 24


def _range(minimum: float | None, maximum: float | None, unit: str | None) -> str:
    suffix = f" {unit}" if unit else ""
    if minimum is not None and maximum is not None:
        return f" from {minimum} to {maximum}{suffix}"
    if minimum is not None:
        return f" of at least {minimum}{suffix}"
    if maximum is not None:
        return f" of at most {maximum}{suffix}"
    return f" in {unit}" if unit else ""


def _number(value: JsonValue, *, lenient: bool) -> int | float | None:
    """Return the finite number that `value` is or, if lenient, says; None if it's none."""
    if isinstance(value, str) and lenient and len(value) < _NUMBER_SIZE and _NUMERIC.fullmatch(value.strip()):
        text = value.strip()
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


@dataclass(frozen=True, kw_only=True)
class Integer(DataType[int]):
    """A whole number; `5.0` is one, too.

    `lenient` also takes numeric strings, `truncate` cuts off fractions, and with `clamp` a number below the minimum
    becomes the minimum.
    """

    minimum: int | None = None
    maximum: int | None = None
    unit: str | None = None
    enum: tuple[int, ...] | None = None
    lenient: bool = False
    truncate: bool = False
    clamp: bool = False

    def validate(self, value: JsonValue) -> int:
        number = _number(value, lenient=self.lenient)
        if number is None or (number != int(number) and not self.truncate):
            raise self.refuse(value)
        whole = int(number)
        if self.clamp and self.minimum is not None:
            whole = max(whole, self.minimum)
        too_small = self.minimum is not None and whole < self.minimum
        too_large = self.maximum is not None and whole > self.maximum
        if too_small or too_large or (self.enum is not None and whole not in self.enum):
            raise self.refuse(value)
        return whole

    def dump(self, value: int) -> JsonValue:
        return value if type(value) is int else int(value)

    def schema(self) -> Schema:
        return without_none(
            type="integer", minimum=self.minimum, maximum=self.maximum, enum=listed(self.enum), unit=self.unit
        )

    def expected(self) -> str:
        if self.enum is not None:
            return "one of " + ", ".join(map(str, self.enum))
        return "an integer" + _range(self.minimum, self.maximum, self.unit)

    def max_size(self) -> int:
        return _NUMBER_SIZE


@dataclass(frozen=True, kw_only=True)
class Number(DataType[float]):
    """A finite number. `lenient` also takes numeric strings; `whole_as_integer` gives `5` to clients for 5.0."""

    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    lenient: bool = False
    whole_as_integer: bool = False

    def validate(self, value: JsonValue) -> float:
        number = _number(value, lenient=self.lenient)
        if number is None:
            raise self.refuse(value)
        # compared before it's made a float, as an integer can be too large for that
        if (self.minimum is not None and number < self.minimum) or (self.maximum is not None and number > self.maximum):
            raise self.refuse(value)
        try:
            return float(number)
        except OverflowError:
            raise self.refuse(value) from None

    def dump(self, value: float) -> JsonValue:
        number = float(value)
        return int(number) if self.whole_as_integer and number.is_integer() else number

    def schema(self) -> Schema:
        return without_none(type="number", minimum=self.minimum, maximum=self.maximum, unit=self.unit)

    def expected(self) -> str:
        return "a number" + _range(self.minimum, self.maximum, self.unit)

    def max_size(self) -> int:
        return _NUMBER_SIZE
