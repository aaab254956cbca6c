"""The fault matrix as a page of the documentation, docs/reference/fault-matrix.md: `make faults` runs all of it.

Exits with 1, and says where, if something was not got over.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from soak.cells import BACKENDS, Cell, Fault, Finding, Phase
from soak.matrix import matrix

__all__ = ["main", "page"]

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "fault-matrix.md"

_HEAD = """\
# What happens when a spectrometer fails

Written by `make faults`, which lets everything happen that is listed here, to emulated QE Pros behind both backends of
seabreeze, while one more QE Pro beside them has to go on without a loss (it did). The test suite does a part of it each
time. For each fault: what the state `DROPPED` says of it, which spectra of the batch are lost, and how many seconds it
takes from the fault until the spectrometer is `IDLE` again (after its plug was pulled: from when it was put in again).
Of what could be recorded, every spectrum is the one that the instrument exposed for it, and the batch after that has
all its spectra. What is lost is told by the outcome of the batch, too.

A second of each time is the pause before the first attempt to connect again. A call that does not end is given up two
seconds after it should have, and while connecting after ten seconds, unless the driver itself gives up before.
"""
_REMARKS = {
    Phase.IDLE: """\
Through pyseabreeze, nothing is asked of an idle QE Pro; whether it is still there is seen on the bus.""",
    Phase.SETTING: """\
A QE Pro does not answer when an integration time is set, so there is nothing that could be short or garbage, and
neither backend notices when it refuses one. It is asked afterwards which one it has taken.""",
}
_VARYING = (
    (r" at bus \d+ address \d+", ""),
    (r"(\d+\.\d)\d+ s\b", r"\1 s"),
    (r'"\d+"', '"..."'),
    (r"^it was not found: ", ""),
    (r"opening the QE-PRO failed", "opening it failed"),
    (r"the QE-PRO is not connected", "it is not connected"),
)


def page(findings: Mapping[Cell, Finding]) -> str:
    """All of it, in Markdown."""
    return "\n".join([_HEAD, *(line for phase in Phase for line in _section(phase, findings))])


def _section(phase: Phase, findings: Mapping[Cell, Finding]) -> Iterator[str]:
    yield f"## While {phase.value}\n"
    columns = [f"{backend}: {what}" for backend in BACKENDS for what in ("reported", "lost", "back after")]
    yield f"| fault | {' | '.join(columns)} |\n|---{'|---' * len(columns)}|"
    for fault in Fault:
        cells = [_cells(findings.get(Cell(backend, phase, fault)), phase) for backend in BACKENDS]
        yield f"| {fault.title} | {' | '.join(cells)} |"
    yield f"\n{_REMARKS[phase]}\n" if phase in _REMARKS else ""


def _cells(finding: Finding | None, phase: Phase) -> str:
    if finding is None:
        return "- | - | -"
    reported = "nothing" if finding.reported is None else _constant(finding.reported)
    back = "" if finding.back is None or finding.reported is None else f"{finding.back:.1f} s"
    return f"{reported} | {_lost(finding, phase)} | {back}".replace("\n", " ")


def _lost(finding: Finding, phase: Phase) -> str:
    """Which spectra, in a word."""
    if phase is Phase.AUTO:
        return "the integration time" if finding.lost else "nothing"
    kinds = [kind for kind in ("dark", "light") if any(f" {kind} of sequence" in text for text in finding.lost)]
    return " and ".join(kinds) or "nothing"


def _constant(text: str) -> str:
    for pattern, instead in _VARYING:
        text = re.sub(pattern, instead, text)
    return text.replace("|", "\\|")


async def _all(backends: Sequence[str]) -> dict[Cell, Finding]:
    findings: dict[Cell, Finding] = {}
    for backend in backends:  # one after the other: they are not to wait for each other
        async with matrix([backend]) as running:
            for phase in Phase:
                findings |= await running.run(phase)
                if not running.untouched:
                    raise RuntimeError(f"the spectrometer that was well was not while {phase.value}")
    return findings


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python -m soak.table", description=__doc__)
    parser.add_argument("--page", type=Path, default=PAGE, help="where it is written")
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    findings = asyncio.run(_all(BACKENDS))
    options.page.write_text(page(findings), encoding="utf-8")
    failed = [(cell, finding) for cell, finding in findings.items() if not finding.over]
    for cell, finding in failed:
        print(f"{cell.backend}, {cell.phase.value}, {cell.fault.title}: {finding}")
    print(f"{len(findings)} faults, {len(failed)} not got over; see {options.page}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
