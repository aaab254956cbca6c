"""A soak of some seconds; `make soak` takes an hour."""

from __future__ import annotations

import re

import pytest

from soak.__main__ import main

SEED = 314  # soon a host is killed, and nothing else happens


def test_it_records_spoils_and_compares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--minutes", "0.05", "--seed", str(SEED)]) == 0
    text = capsys.readouterr().out
    assert text.endswith("all is well\n")
    assert re.search(r"\| host killed \| 1 \| 0 \| \d", text)
    (recorded,) = re.findall(r"\| wrong spectra \| 0 of (\d+) \|", text)
    assert int(recorded) > 20
