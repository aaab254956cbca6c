"""What the page about a season tells people to type is typed here, against a server with the rig of the demo."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from piccolo3.cli import schedule
from piccolo3.client import Piccolo
from tests.integration.schedule.support import Rig, run

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/how-to/unattended.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_what_the_page_tells_to_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(blocks("sh")).splitlines()
    assert len(lines) > 15
    (program,) = blocks("python")
    body = "".join(f"    {line}\n" for line in program.splitlines())
    names: dict[str, object] = {}
    exec(f"async def program(rig):\n{body}", names)

    async def scenario(rig: Rig) -> None:
        printed = {}
        for line in lines:
            words = shlex.split(line)
            assert words[0] == "piccolo3-schedule"
            if words[1] == "simulate":
                continue  # that is typed by other tests, and takes a while
            assert await asyncio.to_thread(schedule.main, ["-u", rig.url, *words[1:]]) == 0, line
            captured = capsys.readouterr()
            assert not captured.err, line
            printed[line] = captured.out
            await rig.client.control.status.wait_for("idle", 20)
        assert len(printed["piccolo3-schedule list"].splitlines()) == 6
        assert len(printed["piccolo3-schedule next -n 10"].splitlines()) == 11
        assert "quiet time from 21:30 to 03:00 UTC is on" in printed[lines[5]]
        await cast("Callable[[Piccolo], Awaitable[None]]", names["program"])(rig.client)
        assert capsys.readouterr().out.startswith("6 ")

    instrument = (ROOT / "pdata/piccolo.config").read_text()
    run(tmp_path, scenario, instrument=instrument)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
