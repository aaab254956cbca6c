"""Killed at any moment, the daemon loses nothing that it had said to be stored. `make kill` does it 500 times."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from soak.kills import kills


@pytest.mark.timeout(300)
def test_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    found = asyncio.run(kills(10, 1, tmp_path))
    assert not found.problems
    assert found.kills == 10
    assert found.files
    assert found.interrupted
