"""Emulated rigs, and programs that use them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from emulators import EmulatedRig

Program = Callable[..., Any]


@pytest.fixture(scope="session")
def program() -> Program:
    """Run Python code in a process of its own that sees the rig; what it prints last is JSON, and returned."""

    def run(rig: EmulatedRig, code: str, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=rig.environment,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run
