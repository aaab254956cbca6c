"""What a batch is to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from piccolo3.errors import InvalidValue
from piccolo3.jsonvalue import JsonValue
from piccolo3.recording.plan import Action, Step, count_measurements, plan
from piccolo3.recording.settings import BatchSettings
from piccolo3.recording.times import IntegrationTimes

__all__ = ["Kind", "Order"]

Kind = Literal["record", "dark", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done.

    `run` is where it is recorded, None for the current one and for `auto`, which is not recorded; `number` is that of
    the batch, None until it begins. Where it is `lasting`, its settings and its run become the current ones. `recipe`
    is the name of the one that it comes from, and `integration_times` (ms, by serial number and channel) count for
    this batch only.
    """

    kind: Kind
    settings: BatchSettings
    run: str | None = None
    number: int | None = None
    burst: bool = False
    triggered: bool = False
    lasting: bool = True
    recipe: str | None = None
    integration_times: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """The mode of its sequences; a dark alone is classic."""
        return self.settings.mode if self.kind == "record" else "classic"

    def steps(self, channels: tuple[str, ...], *, clobber: bool) -> Iterator[Step]:
        """What is done, in order. InvalidValue where the mode needs channels that there are not."""
        if self.kind == "record":
            return plan(self.settings, channels, clobber=clobber, burst=self.burst, triggered=self.triggered)
        return iter((Step(self._only, 0, channels),))

    def counts(self, channels: tuple[str, ...]) -> Counter[Action]:
        """How many times each action is done, with each channel."""
        if self.kind == "record":
            return count_measurements(self.settings, channels, burst=self.burst)
        return Counter({self._only: len(channels)})

    def parameters(self) -> dict[str, JsonValue]:
        """All that decides what is done, as JSON; `of_parameters` makes the same order of it."""
        return {
            "run": self.run,
            **self.settings.as_dict(),
            "burst": self.burst,
            "triggered": self.triggered,
            "recipe": self.recipe,
            "integration_times": {serial: dict(times) for serial, times in self.integration_times.items()},
        }

    @classmethod
    def of_parameters(cls, kind: Kind, parameters: Mapping[str, JsonValue]) -> Order:
        """What was resolved before; it is not lasting. InvalidValue where it is not what `parameters` gave."""
        settings: dict[str, Any] = {f.name: parameters[f.name] for f in fields(BatchSettings) if f.name in parameters}
        return cls(
            kind=kind,
            settings=BatchSettings(**settings),  # which looks at every one of them
            run=_text("run", parameters),
            burst=parameters.get("burst") is True,
            triggered=parameters.get("triggered") is True,
            recipe=_text("recipe", parameters),
            lasting=False,
            integration_times=_times(parameters.get("integration_times")),
        )

    def integration_time(self, times: IntegrationTimes, serial_number: str, channel: str) -> float:
        """The integration time (ms) that it begins with. NotFound."""
        present = times.current_time(serial_number, channel)
        return self.integration_times.get(serial_number, {}).get(channel, present)

    @property
    def _only(self) -> Action:
        return Action.DARK if self.kind == "dark" else Action.AUTOINTEGRATE


def _text(name: str, parameters: Mapping[str, JsonValue]) -> str | None:
    value = parameters.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InvalidValue(f"{name} must be a text, not {value!r}")


def _times(value: JsonValue) -> dict[str, dict[str, float]]:
    wrong = InvalidValue(f"integration_times must be ms by serial number and channel, not {value!r}")
    found: dict[str, dict[str, float]] = {}
    if value is not None and not isinstance(value, Mapping):
        raise wrong
    for serial, times in (value or {}).items():
        if not isinstance(times, Mapping):
            raise wrong
        found[serial] = {}
        for channel, time in times.items():
            if isinstance(time, bool) or not isinstance(time, int | float):
                raise wrong
            found[serial][channel] = float(time)
    return found
