"""What the tests of exports, plots and reports start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.data.samples import make_run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the run `tower`: 2 batches of 3 sequences, 2 channels, 2 spectrometers."""
    make_run(tmp_path / "data" / "tower")
    return tmp_path / "data"
