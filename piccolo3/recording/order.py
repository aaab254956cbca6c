"""What a batch is to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from piccolo3.recording.plan import Action, Step, count_measurements, plan
from piccolo3.recording.settings import BatchSettings

__all__ = ["Kind", "Order"]

Kind = Literal["record", "dark", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done. `run` and `number` are those of the batch; there are none for `auto`.

    Where it is `lasting`, its settings and its run become the current ones. `recipe` is the name of the one that it
    comes from, and `integration_times` (ms, by serial number and channel) count for this batch only.
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

    @property
    def _only(self) -> Action:
        return Action.DARK if self.kind == "dark" else Action.AUTOINTEGRATE
