"""The real web server in front of the real daemon with a simulated rig, on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rigs import serving


@pytest.fixture(scope="module")
def rig_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("rig") / "data") as url:
        yield url
