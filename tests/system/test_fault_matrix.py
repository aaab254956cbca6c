"""Faults of emulated instruments while the engine works with them; `make faults` tries still more of them."""

from __future__ import annotations

import asyncio

import pytest

from soak.cells import BACKENDS, Cell, Fault, Finding, Phase
from soak.matrix import matrix

PHASES = (Phase.IDLE, Phase.SETTING, Phase.LIGHT)
OPENING = (Fault.CRASH,)  # one after the other, and some take long
CELLS = [
    cell
    for backend in BACKENDS
    for phase in (*PHASES, Phase.CONNECTING)
    for fault in (OPENING if phase is Phase.CONNECTING else Fault)
    if (cell := Cell(backend, phase, fault)).is_possible
]
HARMLESS = {Fault.LATE}
FATAL = {Fault.TIMEOUT, Fault.UNPLUGGED, Fault.HANG, Fault.CRASH, Fault.KILLED}


@pytest.fixture(scope="module")
def findings() -> dict[Cell, Finding]:
    async def run() -> dict[Cell, Finding]:
        found: dict[Cell, Finding] = {}
        async with matrix(BACKENDS) as running:
            for phase in PHASES:
                found |= await running.run(phase)
                assert running.untouched, "a spectrometer suffers from what others have"
            found |= await running.run(Phase.CONNECTING, OPENING)
            assert running.untouched, "a spectrometer suffers from what others have"
        return found

    return asyncio.run(run())


def _name(cell: Cell) -> str:
    return f"{cell.backend}-{cell.phase.name}-{cell.fault.name}"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("cell", CELLS, ids=_name)
def test_it_is_told_and_got_over_and_nothing_untrue_is_recorded(cell: Cell, findings: dict[Cell, Finding]) -> None:
    finding = findings[cell]
    assert finding.struck
    assert finding.wrong == ()
    if cell.fault in HARMLESS:
        assert finding.reported is None
    if cell.fault in FATAL:
        assert finding.reported is not None
    if finding.reported is not None:
        assert finding.back is not None
        assert finding.back < 15
        assert finding.lost or cell.phase not in (Phase.SETTING, Phase.LIGHT)
