"""The files of an export by setup, named in the order in which they come up."""

from __future__ import annotations

from piccolo3.data.export.sink import unique_name
from piccolo3.data.setup import Setup, file_stem
from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue

__all__ = ["SeriesNames"]


class SeriesNames:
    """`<serial>_<direction>_<level>` and ending; where a spectrometer was calibrated again, `_2` and so on is added."""

    def __init__(self, ending: str, level: str, state: JsonValue = None, *, reserved: str = "") -> None:
        self._ending = ending
        self._level = level
        self._names: dict[Setup, str] = {}
        self._taken: dict[str, Setup | None] = {reserved: None}
        if state is not None:
            if not isinstance(state, dict):
                raise InvalidValue("not the state of an export")
            for name, setup in state.items():
                self._take(name, Setup.from_json(setup))

    def _take(self, name: str, setup: Setup) -> None:
        self._names[setup] = name
        self._taken[name] = setup

    def name(self, setup: Setup) -> str:
        """The name of the file for a setup."""
        name = self._names.get(setup)
        if name is None:
            name = unique_name(file_stem(setup.serial_number, setup.direction, self._level), self._ending, self._taken)
            self._take(name, setup)
        return name

    def items(self) -> list[tuple[str, Setup]]:
        """All names and their setups, in the order in which they came up."""
        return [(name, setup) for setup, name in self._names.items()]

    def as_json(self) -> dict[str, JsonValue]:
        """What is needed to go on."""
        return {name: setup.as_json() for name, setup in self.items()}
