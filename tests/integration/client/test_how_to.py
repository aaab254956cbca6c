"""What the page about batches tells people to type is typed here, against a server with the rig of the demo."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import subprocess

import pytest

from piccolo3.cli.record import main as record
from piccolo3.client import Piccolo
from tests.integration.client.test_documented import ROOT, blocks, idle, url

__all__ = ["url"]

PAGE = "docs/how-to/choose-a-batch.md"


def waits(url: str) -> None:
    """Until a sequence waits for a trigger."""

    async def wait() -> None:
        async with asyncio.timeout(30), Piccolo(url) as rig:
            async for status in rig.observe("control/status"):
                if status in ("waiting", "idle"):
                    return

    asyncio.run(wait())


def test_what_the_page_tells_to_type(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(blocks(PAGE, "sh")).splitlines()
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line.replace("-n 20", "-n 4"))
        if words[0] == "piccolo3-record":
            assert record(["-u", url, *words[1:]]) == 0, line
            assert not capsys.readouterr().err, line
            idle(url)
            continue
        assert words[0] == "coap-client"
        program = shutil.which(words[0])
        if program is None:
            continue
        words = [program, *(word.replace("coap://localhost", url) for word in words[1:])]
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
        assert "4." not in done.stderr, line
        waits(url)


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (ROOT / PAGE).read_text()):
        assert ((ROOT / PAGE).parent / target).exists(), target
