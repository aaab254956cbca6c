"""`piccolo3-data`: the program itself, killed and wrongly used, and the examples of its documentation."""

from __future__ import annotations

import io
import json
import logging
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from piccolo3.data.main import main
from tests.unit.data import samples
from tests.unit.data.samples import make_run

PROGRAM = str(Path(sys.executable).with_name("piccolo3-data"))
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "export.md"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_run(tmp_path / "data" / "tower")
    make_run(tmp_path / "data" / "mast", batches=1)
    return tmp_path / "data"


def run(*arguments: str | Path, folder: Path | None = None, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, cwd=folder, timeout=60
    )
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def call(*arguments: str | Path, folder: Path | None = None, status: int = 0) -> subprocess.CompletedProcess[str]:
    """As `run`, but in this process, which has loaded everything already."""
    out, err, words = io.StringIO(), io.StringIO(), list(map(str, arguments))
    with chdir(folder or Path.cwd()), redirect_stdout(out), redirect_stderr(err):
        try:
            ended: object = main(words)
        except SystemExit as end:
            ended = end.code
    assert ended == status, out.getvalue() + err.getvalue()
    return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def loggers() -> Iterator[None]:
    """Leave logging as it was."""
    levels = {name: logging.getLogger(name).level for name in ("piccolo3", "piccolo3.store.comparison")}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".piccolo3-export" not in path.parts
    }


def test_lists(data: Path) -> None:
    lines = run("list", "-d", data).stdout.splitlines()
    assert [line.split()[:3] for line in lines] == [
        ["run", "batches", "files"],
        ["mast", "1", "5"],
        ["tower", "2", "10"],
    ]
    batches = [json.loads(line) for line in run("list", "-d", data, "tower", "--json").stdout.splitlines()]
    assert [batch["batch"] for batch in batches] == [0, 1]
    assert run("list", folder=data / "tower").stdout.splitlines()[1].split()[0] == "tower"


@pytest.mark.parametrize("form", ["csv", "netcdf", "flox", "pico"])
def test_exports(data: Path, tmp_path: Path, form: str) -> None:
    done = call("export", "-d", data, "-o", tmp_path / "out", "-f", form)
    assert {line.split(":")[1] for line in done.stderr.splitlines()} == {" mast", " tower"} or form == "flox"
    assert {Path(name).parts[0] for name in content(tmp_path / "out")} == {"mast", "tower"}
    assert "up to date" in call("export", "-d", data, "-o", tmp_path / "out", "-f", form).stderr


@pytest.mark.parametrize("form", ["csv", "netcdf"])
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(tmp_path: Path, form: str) -> None:
    make_run(tmp_path / "data" / "tower", batches=6, sequences=40, serials=("A",))
    begin = time.monotonic()
    run("export", "-d", tmp_path / "data", "-o", tmp_path / "whole", "-f", form)
    whole = time.monotonic() - begin
    expected = content(tmp_path / "whole")
    dice = random.Random(form)
    command = [PROGRAM, "export", "-d", str(tmp_path / "data"), "-o", str(tmp_path / "out"), "-f", form]
    for _ in range(6):
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        time.sleep(whole * dice.uniform(0.2, 1.0))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        there = content(tmp_path / "out") if (tmp_path / "out").exists() else {}
        # what has its final name is whole
        assert there.items() <= expected.items()
    run(*command[1:])
    assert content(tmp_path / "out") == expected


def test_a_damaged_file_is_told_and_the_rest_exported(data: Path, tmp_path: Path) -> None:
    path = data / "tower" / "b000001_s000001_light.pico"
    path.write_bytes(path.read_bytes()[:500])
    done = call("export", "-d", data, "-o", tmp_path / "out", status=1)
    assert f"tower/{path.name} is left out: not JSON" in done.stderr
    assert len(content(tmp_path / "out")) == 10
    done = call("report", "-d", data, "tower", "-o", tmp_path / "r.html", status=1)
    assert path.name in done.stderr
    assert path.name in (tmp_path / "r.html").read_text()


def test_interrupted_from_the_keyboard(tmp_path: Path) -> None:
    make_run(tmp_path / "data" / "tower", batches=20, sequences=40, serials=("A",))
    process = subprocess.Popen(
        [PROGRAM, "export", "-d", str(tmp_path / "data"), "-o", str(tmp_path / "out")], stderr=subprocess.PIPE
    )
    while not list(tmp_path.glob("out/.piccolo3-export/*/*")) and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert b"goes on where it was" in said
    assert b"Traceback" not in said


def test_wrong_usage(data: Path, tmp_path: Path) -> None:
    run(status=2)
    call("export", "-d", data, status=2)
    call("export", "-d", data, "-o", tmp_path / "out", "-f", "xml", status=2)
    assert "there is no run 'towr'" in call("plot", "-d", data, "towr", status=1).stderr
    assert "no directory" in run("list", "-d", tmp_path / "nowhere", status=1).stderr
    impossible = ("export", "-d", data, "-o", tmp_path / "out", "-f", "pico", "-l", "corrected")
    assert "raw counts only" in call(*impossible, status=1).stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tower").symlink_to(data / "tower")
    twice = ("export", "-d", data, "tower", tmp_path / "other" / "tower", "-o", tmp_path / "out")
    assert "same name" in call(*twice, status=1).stderr
    assert "there is no directory" in call("check", tmp_path / "nowhere", status=1).stderr
    assert not (tmp_path / "nowhere").exists()
    read_only = tmp_path / "file"
    read_only.touch()
    assert "failed" in call("export", "-d", data, "-o", read_only, status=1).stderr


@pytest.mark.parametrize("command", ["list", "export", "plot", "report", "check", "rebuild"])
def test_help_has_examples(command: str) -> None:
    text = call(command, "--help").stdout
    assert f"piccolo3-data {command}" in text.split("examples:")[1]
    assert "Exit status" in text


def test_the_catalogue_is_checked_rebuilt_and_asked(data: Path, tmp_path: Path) -> None:
    assert "15 of them new" in call("check", data).stderr
    assert "0 of them new" in call("check", data).stderr
    (data / "mast" / "b000000_s000000_dark.pico").unlink()
    assert "missing: mast/b000000_s000000_dark.pico" in call("check", "--deep", data, status=1).stderr
    assert "14 files" in call("rebuild", data, status=1).stderr
    call("export", "-d", data, "-o", tmp_path / "out", "--mark")
    done = call("export", data / "tower", "-o", tmp_path / "other", "--mark", status=1)
    assert "needs a data directory" in done.stderr


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)


def test_the_commands_of_the_how_to_run(data: Path, tmp_path: Path) -> None:
    samples.write(data / "tower", [samples.spectrum(samples.DARK, "upwelling", batch=12)], 12, 0, samples.DARK)
    lines = [line for block in examples("sh") for line in block.splitlines() if line.startswith("piccolo3-data")]
    assert len(lines) >= 8
    for line in lines:
        run(*(word.replace("/media/stick", str(data)) for word in shlex.split(line)[1:]), folder=tmp_path)
    assert {"tables", "cubes", "flox", "tower.png", "tower.html"} <= {path.name for path in tmp_path.iterdir()}


def test_the_python_of_the_how_to_runs(data: Path, tmp_path: Path) -> None:
    code = "\n".join(examples("python")).replace("/media/stick", str(data))
    code += "\nassert oxygen.shape == (6,) and abs(float(sound[0]) - 1000 / 250.5) < 1e-6 and len(joined) == 10\n"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
