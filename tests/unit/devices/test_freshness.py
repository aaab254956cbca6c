"""The documented policies are those of the models, and follow from themselves what the acquirer needs."""

from __future__ import annotations

from pathlib import Path

import pytest

import piccolo3
from piccolo3.clock import ManualClock
from piccolo3.config import SimulationConfig
from piccolo3.devices import SpectrometerInfo, TimeChange
from piccolo3.devices.simulated import MODELS, SimulatedSpectrometer, World

PAGE = Path(piccolo3.__file__).parent.parent / "docs" / "explanations" / "freshness.md"
CHANGES = {
    TimeChange.NEXT_EXPOSURE: "next exposure",
    TimeChange.RESTART: "restart",
    TimeChange.ON_DEMAND: "on demand",
}


def opened(model: str) -> SpectrometerInfo:
    return SimulatedSpectrometer(MODELS[model], "dummy", World(SimulationConfig(), ManualClock())).open()


def row(info: SpectrometerInfo) -> str:
    freshness = info.freshness
    cells = [
        info.model,
        CHANGES[freshness.on_change],
        f"{freshness.buffer_depth}",
        "yes" if freshness.can_clear_buffer else "no",
        "yes" if freshness.counts_exposures else "no",
        f"{info.min_integration_time:g}",
        f"{freshness.read_out_time:g}",
        "unknown" if freshness.opens_at is None else f"{freshness.opens_at:g}",
    ]
    return f"| {' | '.join(cells)} |"


def test_the_table_of_models_is_up_to_date() -> None:
    table = PAGE.read_text(encoding="utf-8").split("<!-- models begin -->\n")[1].split("<!-- models end -->")[0]
    assert table.splitlines()[2:] == [row(opened(model)) for model in MODELS]


@pytest.mark.parametrize("model", MODELS)
def test_only_what_exposes_on_demand_does_not_run_freely(model: str) -> None:
    info = opened(model)
    assert info.free_running == (model != "ON-DEMAND")
    assert info.freshness is MODELS[model].freshness
