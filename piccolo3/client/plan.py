"""What a server says that would become of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, cast

from piccolo3.client import answers
from piccolo3.wire import JsonValue

__all__ = ["BatchOptions", "Plan", "PlanOptions", "PlanPart", "batch_arguments"]

_WHAT = "control/plan"
_NAMES = {"sequences": "nsequence"}  # that are others at the server


class BatchOptions(TypedDict, total=False):
    """What can be said of a batch, see `Control.record_sequence`; None is as if it were not said."""

    run: str | None
    sequences: int | None
    auto: int | None
    delay: float | None
    target: float | None
    mode: str | None
    averages: int | None
    burst: bool | None
    triggered: bool | None
    recipe: str | None


class PlanOptions(BatchOptions, total=False):
    """The same, and when it would be."""

    at_time: str | None
    interval: float | None
    end_time: str | None


def batch_arguments(wanted: Mapping[str, object]) -> dict[str, JsonValue]:
    """The arguments of a batch as the server has them; what is None is left out."""
    given = {_NAMES.get(name, name): item for name, item in wanted.items() if item is not None}
    return cast("dict[str, JsonValue]", given)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPart:
    """What one spectrometer has to do: integration times (ms) by channel, spectra, exposures that are kept.

    `automatic` is about how many exposures it takes beside them to find integration times.
    """

    name: str
    status: str
    integration_times: Mapping[str, float]
    darks: int
    lights: int
    exposures: int
    automatic: int

    @classmethod
    def of(cls, name: str, value: JsonValue) -> PlanPart:
        """Read one of the `spectrometers`."""
        body = answers.mapping(value, _WHAT)
        times = answers.mapping(body.get("integration_times"), _WHAT)
        return cls(
            name=name,
            status=answers.text(body.get("status"), _WHAT),
            integration_times={channel: answers.number(time, _WHAT) for channel, time in times.items()},
            darks=answers.integer(body.get("darks"), _WHAT),
            lights=answers.integer(body.get("lights"), _WHAT),
            exposures=answers.integer(body.get("exposures"), _WHAT),
            automatic=answers.integer(body.get("automatic"), _WHAT),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would become of a batch; `seconds` and `bytes` are estimates.

    `parameters` are those that would count: sequences, autointegration, delay (s), target (%), mode, averages, burst,
    triggered. `steps` counts what is done with one channel after the other. `starts` are the first ones where it would
    be a job.
    """

    run: str
    recipe: str | None
    parameters: Mapping[str, JsonValue]
    channels: tuple[str, ...]
    steps: Mapping[str, int]
    spectrometers: tuple[PlanPart, ...]
    spectra: int
    seconds: float
    bytes: int
    starts: tuple[datetime, ...]
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, value: JsonValue) -> Plan:
        """Read the answer of control/plan."""
        body = answers.mapping(value, _WHAT)
        names = ("sequences", "autointegration", "delay", "target", "mode", "averages", "burst", "triggered")
        parts = answers.mapping(body.get("spectrometers"), _WHAT)
        steps = answers.mapping(body.get("steps"), _WHAT)
        return cls(
            run=answers.text(body.get("run"), _WHAT),
            recipe=answers.optional_text(body.get("recipe"), _WHAT),
            parameters={name: body[name] for name in names if name in body},
            channels=answers.texts(body.get("channels"), _WHAT),
            steps={name: answers.integer(number, _WHAT) for name, number in steps.items()},
            spectrometers=tuple(PlanPart.of(name, part) for name, part in parts.items()),
            spectra=answers.integer(body.get("spectra"), _WHAT),
            seconds=answers.number(body.get("seconds"), _WHAT),
            bytes=answers.integer(body.get("bytes"), _WHAT),
            starts=tuple(answers.moment(start, _WHAT) for start in answers.texts(body.get("starts") or [], _WHAT)),
            warnings=answers.texts(body.get("warnings") or [], _WHAT),
        )
