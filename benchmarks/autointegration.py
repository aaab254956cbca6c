"""Automatic integration over the grid of models, starts, lights and targets that its tests use, too."""

from __future__ import annotations

import statistics

from benchmarks.result import Result, line
from piccolo3.recording.autointegration import TOLERANCE
from piccolo3.status import AutointegrationState
from tests.unit.recording.autogrid import Search, whole_grid

__all__ = ["measure"]

_MOST = 8
_MOST_AFTER_THE_FIRST = 3


def measure() -> list[Result]:
    """Exposures, exposure time spent, and accuracy: median and worst."""
    searches = whole_grid()
    found = [search for search in searches if search.verdict.state is AutointegrationState.SUCCESS]
    begun_well = [search for search in searches if search.begins_well]
    errors = [abs(s.scene.truth(s.verdict.integration_time) - s.goal.target) for s in found]
    return [
        _bounded("auto: exposures", [len(s.samples) for s in searches], _MOST, "exposures"),
        _bounded(
            "auto: exposures after a good first",
            [len(s.samples) - 1 for s in begun_well],
            _MOST_AFTER_THE_FIRST,
            "exposures",
        ),
        _bounded("auto: distance from target", errors, TOLERANCE, "points of saturation"),
        _spent("auto: exposure time, good first", [s.spent for s in found if s.begins_well]),
        _spent("auto: exposure time after the first", [s.spent_after_the_first for s in found if len(s.samples) > 1]),
        _failed(searches),
    ]


def _bounded(name: str, values: list[int] | list[float], most: float, unit: str) -> Result:
    worst = max(values)
    value = f"median {statistics.median(values):.3g}, worst {worst:.3g}"
    return Result(name, value, worst / most, f"{most:g} {unit}", "<= 1", met=worst <= most)


def _spent(name: str, ratios: list[float]) -> Result:
    median = statistics.median(ratios)
    return Result(name, f"median {median:.2f}, worst {max(ratios):.2f}", median, "the final integration time")


def _failed(searches: list[Search]) -> Result:
    failed = sum(s.verdict.state is AutointegrationState.FAILED for s in searches)
    return Result("auto: beyond the limits", f"{failed} of {len(searches)}", failed / len(searches), "all searches")


if __name__ == "__main__":
    print("\n".join(line(result) for result in measure()))
