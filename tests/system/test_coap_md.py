"""The examples of coap.md, run with libcoap's client against the demo rig."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.support import Daemon

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"(<!-- wait until idle -->\n)?```sh\n(.*?)```\n(?:```\n(.*?)```\n)?", re.DOTALL)


@pytest.fixture
def coap_client() -> str:
    for name in ("coap-client", "coap-client-notls", "coap-client-openssl", "coap-client-gnutls"):
        if found := shutil.which(name):
            return found
    message = "libcoap's coap-client is missing: apt-get install libcoap3-bin"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def demo(start: Callable[..., Daemon], tmp_path: Path) -> Daemon:
    folder = tmp_path / "demo"
    folder.mkdir()
    shutil.copy(ROOT / "pdata" / "piccolo.config", folder)
    daemon = start(folder=folder)
    daemon.wait_until_ready()
    return daemon


def fits(expected: str, printed: str) -> bool:
    """Whether the text is as expected, `...` standing for anything."""
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def test_examples(demo: Daemon, coap_client: str, tmp_path: Path) -> None:
    blocks = BLOCK.findall((ROOT / "coap.md").read_text(encoding="utf-8"))
    assert len(blocks) > 10
    for wait, commands, expected in blocks:
        if wait:
            demo.wait_for("control/status", lambda status: status == "idle")
        printed = []
        for line in commands.splitlines():
            words = shlex.split(line.replace("coap://localhost", demo.url))
            assert words[0] == "coap-client"
            done = subprocess.run(
                [coap_client, *words[1:]], capture_output=True, text=True, timeout=20, cwd=tmp_path, check=False
            )
            if text := (done.stdout + done.stderr).strip():
                printed.append(text)
        if expected:
            assert fits(expected.strip(), "\n".join(printed)), f"{commands}\nprinted {printed}"
        else:
            assert not [text for text in printed if text.startswith(("4.", "5."))], f"{commands}\nprinted {printed}"
    assert (tmp_path / "light.json").read_text().startswith('"{')
