"""The command line, in this process."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from piccolo3.data import main as module
from piccolo3.data.main import main


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """Leave logging as it was."""
    names = ("", "piccolo3", "piccolo3.store.comparison")
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_all_commands(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = str(data), tmp_path
    assert main(["list", "-d", source]) == 0
    assert main(["list", "-d", source, "tower"]) == 0
    assert main(["list", "-d", source, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["run"] == "tower"
    assert main(["export", "-d", source, "-o", str(out / "tables"), "-f", "flox", "tower"]) == 0
    said = capsys.readouterr().err
    assert "tower: 4 files" in said
    assert "cycles have no WR2" in said
    assert main(["report", "-d", source, "tower", "-o", str(out / "r.html")]) == 0
    assert main(["check", source]) == 0
    assert main(["rebuild", source]) == 0
    assert main(["export", "-d", source, "-o", str(out / "tables"), "--mark"]) == 0
    assert "10 files" in capsys.readouterr().err


def test_failures(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "tower" / "b000000_s000000_light.pico").write_bytes(b"")
    out = str(tmp_path / "out")
    assert main(["export", "-d", str(data), "-o", out]) == 1
    assert "is left out: the file is empty" in capsys.readouterr().err
    assert main(["plot", "-d", str(data), "tower", "-b", "7"]) == 1
    assert main(["check", str(data)]) == 1
    assert "damaged: tower/b000000_s000000_light.pico" in capsys.readouterr().err
    assert main(["--debug", "list", "-d", str(data / "nowhere")]) == 1
    assert main(["export", str(data / "tower"), "-o", out, "--mark"]) == 1
    (tmp_path / "empty").mkdir()
    assert main(["list", "-d", str(tmp_path / "empty")]) == 0
    assert "no runs" in capsys.readouterr().err

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "export", interrupted)
    assert main(["export", "-d", str(data), "-o", out]) == 130
    assert "goes on where it was" in capsys.readouterr().err
