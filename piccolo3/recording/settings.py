"""How a batch is recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypedDict, Unpack

from piccolo3.errors import InvalidValue
from piccolo3.spectrum import JsonValue

__all__ = ["MODES", "BatchSettings", "Changes"]

MODES = ("classic", "dark_each", "deled")

_MOST = 1_000_000
_LONGEST = 86_400.0
_MOST_AVERAGES = 1000


class Changes(TypedDict, total=False):
    """Settings that are to change; None is the same as leaving one out."""

    sequences: int | None
    autointegration: int | None
    delay: float | None
    target: float | None
    mode: str | None
    averages: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSettings:
    """Settings of a batch; InvalidValue for those out of range.

    `autointegration` is -1 for never, 0 for once before the first sequence, n for before every n-th; `delay` is
    seconds after each sequence, `target` the peak in percent of saturation. `mode` says which darks and lights make a
    sequence (see `plan`), and `averages` exposures make one spectrum.
    """

    sequences: int = 1
    autointegration: int = -1
    delay: float = 0.0
    target: float = 80.0
    mode: str = "classic"
    averages: int = 1

    def __post_init__(self) -> None:
        _whole("number of sequences", self.sequences)
        _whole("autointegration", self.autointegration)
        if self.sequences < 1:
            raise InvalidValue("number of sequences must be greater than 0")
        if self.sequences > _MOST:
            raise InvalidValue(f"number of sequences must not be greater than {_MOST}")
        if self.autointegration > _MOST:
            raise InvalidValue(f"autointegration must not be greater than {_MOST}")
        if not 0.0 <= _number("delay", self.delay) <= _LONGEST:
            raise InvalidValue(f"delay must be >=0 and <={_LONGEST:.0f}")
        if not 10.0 <= _number("target", self.target) <= 90.0:
            raise InvalidValue("target must be >=10 and <=90")
        if self.mode not in MODES:
            raise InvalidValue(f"mode must be one of {', '.join(MODES)}, not {self.mode!r}")
        _whole("averages", self.averages)
        if not 1 <= self.averages <= _MOST_AVERAGES:
            raise InvalidValue(f"averages must be >=1 and <={_MOST_AVERAGES}")
        object.__setattr__(self, "autointegration", max(-1, self.autointegration))
        object.__setattr__(self, "delay", float(self.delay))
        object.__setattr__(self, "target", float(self.target))

    def changed(self, **changes: Unpack[Changes]) -> BatchSettings:
        """These settings with what is not None replaced; InvalidValue for those out of range."""
        given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
        return replace(self, **given)

    def differences(self, other: BatchSettings) -> tuple[str, ...]:
        """Names of the settings that differ."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))

    def as_dict(self) -> dict[str, JsonValue]:
        """The settings as JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_dict(cls, values: JsonValue, default: BatchSettings | None = None) -> BatchSettings:
        """The settings of `as_dict`; those of `default` for whatever is missing or makes no sense."""
        settings = default or cls()
        if isinstance(values, Mapping):
            for f in fields(cls):
                try:
                    settings = replace(settings, **{f.name: values.get(f.name, getattr(settings, f.name))})
                except InvalidValue:
                    continue
        return settings


def _whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(f"{name} must be a whole number, not {value!r}")


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValue(f"{name} must be a finite number, not {value!r}")
    return value
