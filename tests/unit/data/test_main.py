"""The command line, in this process."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.data import main as module
from piccolo3.data.main import main
from piccolo3.store import CataloguedDirectory, DataDirectory, Sample

START = datetime(2026, 6, 21, 12, tzinfo=UTC)
CLOCK = ManualClock(START)


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


def test_a_data_directory_as_an_argument(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["list", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"run": "tower", "batches": 2, "files": 10, "size": 0} | {
        "size": sum(file.stat().st_size for file in (data / "tower").iterdir())
    }
    assert main(["list", str(data), "tower", "--json"]) == 0
    assert [json.loads(line)["batch"] for line in capsys.readouterr().out.splitlines()] == [0, 1]
    assert main(["list", str(data / "tower"), "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["export", str(data), "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "tower").is_dir()
    # a run of the directory we are in goes first
    monkeypatch.chdir(data)
    (data / "tower" / "deeper").mkdir()
    assert main(["list", "tower", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["batch"] == 0


def test_housekeeping(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["housekeeping", str(data)]) == 1
    assert "no catalogue" in capsys.readouterr().err
    with CataloguedDirectory(DataDirectory(data, CLOCK, clobber=False, split=True), CLOCK) as store:
        store.add_housekeeping(
            [Sample(time=START + timedelta(minutes=n), values={"load": n, "heat/A": 0.5}) for n in (0, 1)]
        )
        store.add_housekeeping([Sample(time=START + timedelta(minutes=2), values={"load": 2, "new": "µ"})])
        assert main(["housekeeping", str(data)]) == 0  # while somebody has the directory
    assert capsys.readouterr().out.splitlines() == [
        "time,load,heat/A,new",
        "2026-06-21T12:00:00+00:00,0,0.5,",
        "2026-06-21T12:01:00+00:00,1,0.5,",
        "2026-06-21T12:02:00+00:00,2,,µ",
    ]
    times = ["--since", "2026-06-21T12:01", "--until", "2026-06-21T14:02+02:00"]
    assert main(["housekeeping", str(data), *times, "-q", "heat", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"time": "2026-06-21T12:01:00+00:00", "values": {"heat/A": 0.5}}
    assert main(["housekeeping", str(data), "--since", "2027-01-01"]) == 0
    assert "no housekeeping" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["housekeeping", str(data), "--since", "yesterday"])
    assert main(["housekeeping", str(data), "-o", str(data / "h.csv"), "-q", "new"]) == 0
    assert (data / "h.csv").read_text(encoding="utf-8").splitlines()[-1] == "2026-06-21T12:02:00+00:00,µ"
    assert main(["housekeeping", str(data), "-o", str(data / "nowhere" / "h.csv")]) == 1
    assert "failed" in capsys.readouterr().err
