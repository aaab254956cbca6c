"""Recipes and dry runs against a server with the rig of the demo, as the page about them tells."""

from __future__ import annotations

import asyncio
import json
import re
import shlex

import pytest

from piccolo3.cli.record import main as record
from piccolo3.client import Piccolo
from piccolo3.errors import InvalidValue
from tests.integration.client.test_documented import ROOT, blocks, idle, url

__all__ = ["url"]

PAGE = "docs/how-to/recipes.md"


def test_what_the_page_tells_to_type(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for line in "".join(blocks(PAGE, "sh")).splitlines():
        words = shlex.split(line)
        assert words[0] == "piccolo3-record"
        assert record(["-u", url, *words[1:]]) == 0, line
        captured = capsys.readouterr()
        assert not captured.err, line
        printed.append(captured.out)
        idle(url)
    listed, plain, repeated, recorded = printed
    assert re.search(r"^noon +\| run noon, sequences 10, autointegration 0, mode deled +\|", listed, re.MULTILINE)
    assert re.search(r"^autointegration +once, before the first sequence$", plain, re.MULTILINE)
    assert "found automatically" in plain
    assert "starts" not in plain
    assert len(re.findall(r"^  2\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$", repeated, re.MULTILINE)) == 10
    assert "brings 42 spectra" in repeated  # two sequences of 4 darks and 3 lights, three spectrometers
    assert re.search(r"^batch 0 of run noon complete, 1 sequence", recorded, re.MULTILINE)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / PAGE).read_text()):
        assert ((ROOT / PAGE).parent / target).exists(), target


def test_what_the_page_tells_programs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks(PAGE, "python")
    body = "".join(f"        {line}\n" for line in block.splitlines())
    program = f"async def run(url):\n    async with Piccolo(url) as rig:\n{body}"
    names: dict[str, object] = {"Piccolo": Piccolo}
    exec(program, names)
    asyncio.run(names["run"](url))  # type: ignore[operator]
    assert capsys.readouterr().out.startswith("42 spectra in about")
    idle(url)


def test_the_name_is_kept_with_the_data_and_nothing_else_changes(url: str) -> None:
    async def scenario() -> None:
        async with Piccolo(url) as rig:
            before = await rig.get("control/numSequences"), await rig.get("data_dir/current_run")
            with pytest.raises(InvalidValue, match="did you mean 'noon'"):
                await rig.control.plan(recipe="nono")
            with pytest.raises(InvalidValue, match="did you mean 'noon'"):
                await rig.control.record_sequence(recipe="nono")
            plan = await rig.control.plan(recipe="quick_look", auto=-1, interval=1.0)
            assert plan.recipe == "quick_look"
            assert plan.parameters["mode"] == "classic"
            assert {part.lights for part in plan.spectrometers} == {2}
            assert await rig.get("control/status") == "idle"
            batch = await rig.control.record_sequence("looked", recipe="quick_look", auto=-1)
            outcome = await batch.outcome(timeout=30)
            assert (outcome.result, outcome.run, outcome.sequences_done) == ("complete", "looked", 1)
            assert (await rig.get("control/numSequences"), await rig.get("data_dir/current_run")) == before
            latest = json.dumps(await rig.get("data_dir/latest/S_dummy_FLM/upwelling/light"))
            assert '"Recipe": "quick_look"' in latest

    asyncio.run(scenario())
