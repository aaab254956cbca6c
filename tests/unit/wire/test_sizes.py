"""The compact form of a realistic sequence is as small as it is said to be."""

from __future__ import annotations

import asyncio

from benchmarks.links import bytes_of_a_sequence


def test_the_goals_of_the_benchmark_are_met() -> None:
    results = asyncio.run(bytes_of_a_sequence())
    assert len([result for result in results if result.goal]) == 3
    assert all(result.met for result in results), results
