"""What can be asked of a simulation, and what can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from piccolo3.season.main import main


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--days", "0"), "half a day to ten years"),
        (("--days", "soon"), "invalid"),
        (("--rate", "-1"), "from 0 to 20"),
        (("--fault", "earthquake"), "invalid choice"),
        (("--begin", "yesterday"), "invalid"),
        (("--keep", str(Path(__file__).parent)), "is not empty"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err


def test_help_tells_of_everything(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert not caught.value.code
    told = capsys.readouterr().out
    assert "piccolo3-schedule simulate" in told
    assert all(option in told for option in ("--days", "--seed", "--fault", "--rate", "--keep", "--json", "--timeline"))
