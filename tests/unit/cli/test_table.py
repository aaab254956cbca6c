from __future__ import annotations

import pytest

from piccolo3.cli.table import milliseconds, rows


@pytest.mark.parametrize(
    ("time", "text"), [(10, "10"), (10000.0, "10000"), (2.5, "2.5"), (0, "0"), (0.0625, "0.062"), (100, "100")]
)
def test_milliseconds(time: float, text: str) -> None:
    assert milliseconds(time) == text


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    text = rows(["", "n", "status"], [["a", "1000", "CONNECTING"], ["abc", "1", "IDLE"]], left=(0, 2))
    assert text == ("    |    n | status    \n" + "a   | 1000 | CONNECTING\n" + "abc |    1 | IDLE      \n")
