"""A soak would find a leak."""

from __future__ import annotations

import os

import pytest

from soak.resources import Resources, Sample


def sample(moment: float, **changes: float) -> Sample:
    values = {
        "daemon": 50.0,
        "pins": 20.0,
        "together": 100.0,
        "threads": 12,
        "descriptors": 28,
        "pin_descriptors": 11,
        "fork_descriptors": 10,
        "processes": 6,
        "zombies": 0,
    }
    return Sample(moment=moment, **{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def resources() -> Resources:
    return Resources(os.getpid())


def test_growth_is_found(resources: Resources) -> None:
    resources.samples = [sample(36.0 * n, daemon=50 + 0.1 * n) for n in range(100)]
    assert resources.slope("daemon") == pytest.approx(10.0)
    assert resources.slope("pins") == pytest.approx(0.0)


def test_what_grows_in_the_beginning_only_is_no_leak(resources: Resources) -> None:
    resources.samples = [sample(36.0 * n, daemon=min(60, 50 + n)) for n in range(100)]
    assert resources.slope("daemon") == pytest.approx(0.0)


def test_descriptors_that_stay_are_found(resources: Resources) -> None:
    resources.samples = [sample(36.0 * n, descriptors=28 + n // 50) for n in range(100)]
    assert resources.end("descriptors") > resources.beginning("descriptors")


def test_one_more_now_and_then_is_no_leak(resources: Resources) -> None:
    resources.samples = [sample(36.0 * n, threads=12 + n % 2) for n in range(100)]
    assert resources.end("threads") <= resources.beginning("threads")
