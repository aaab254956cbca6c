"""A season on the clock that jumps: how many times faster than real time, with and without what goes wrong."""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.result import Result

__all__ = ["season"]

GOAL = 1000.0  # times real time
_CASES = {
    "season of 2 days, nothing goes wrong": ("--days", "2", "--fault", "none"),
    "season of 4 days, everything goes wrong": ("--days", "4", "--rate", "2"),
}


async def season() -> list[Result]:
    """Speed against real time; a season whose yield is not full is no result."""
    results = []
    for name, arguments in _CASES.items():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "piccolo3.season", *arguments, "--json", "--quiet", stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        told = json.loads(output)
        speed, full = float(told["speed"]), told["yield_percent"] == 100.0 and process.returncode == 0
        results.append(
            Result(
                name,
                f"{told['batches']} batches in {told['seconds']:.1f} s",
                speed,
                f"real time, yield {told['yield_percent']} %",
                f">= {GOAL:g}",
                met=full and speed >= GOAL,
            )
        )
    return results
