"""What all programs have in common that talk to a server."""

from __future__ import annotations

import importlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from piccolo3 import __version__
from piccolo3.client.connection import Connection
from tests.rigs import instrument, serving

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Odd = tuple[tuple[str, ...], tuple[str, ...]]  # names of spectrometers and channels
Fake = Callable[..., "FakeRig"]
SHOWING = [
    ("piccolo3.cli.record", ["-l"]),
    ("piccolo3.cli.integration_times", []),
    ("piccolo3.panel.triggered", ["-l"]),
    ("piccolo3.cli.schedule", ["quiet"]),
    ("piccolo3.cli.front.main", ["schedule", "quiet"]),
    ("piccolo3.cli.front.main", ["spectrometer", "list"]),
]
QUICK = [
    *("piccolo3.cli.record", "piccolo3.cli.integration_times", "piccolo3.cli.schedule", "piccolo3.panel.triggered"),
    *("piccolo3.cli.front.main", "piccolo3.cli.stubs", "piccolo3.panel.shutter", "piccolo3.server.list_spec"),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    from tests.integration.client.conftest import FakeRig

    rig = FakeRig()
    for name, value in (("quietStart", "20:00:00+00:00"), ("quietEnd", "05:00:00+00:00"), ("powerDelay", 60.0)):
        rig._value(f"control/scheduler/{name}", value)
    for name in ("quietTimeEnabled", "powerOffEnabled"):
        rig._value(f"control/scheduler/{name}", True)
    with rig.in_thread():
        yield rig.url


@pytest.fixture(scope="module", params=["one spectrometer", "five spectrometers"])
def odd(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Odd]]:
    names = ["dummy_A:FLAME-S", *(f"dummy_{letter}:STS-VIS" for letter in "BCDE")]
    small, large = (names[:1], ("up",)), (names, ("zenith", "nadir", "forward", "leaf.7"))
    serials, channels = small if request.param == "one spectrometer" else large
    with serving(tmp_path_factory.mktemp("data"), instrument(serials, channels)) as url:
        yield url, (tuple(f"S_{name.split(':')[0]}" for name in serials), channels)


def test_rigs_of_any_size(odd: tuple[str, Odd], capsys: pytest.CaptureFixture[str]) -> None:
    """With channels of any name."""
    url, (spectrometers, channels) = odd

    def run(program: str, *arguments: str) -> tuple[int, str, str]:
        status = importlib.import_module(program).main([*arguments, "-u", url])
        return (status, *capsys.readouterr())

    record, times = "piccolo3.cli.record", "piccolo3.cli.integration_times"
    wanted = [f"{name}:{channel}:{10 + number}" for name in spectrometers for number, channel in enumerate(channels)]
    limits = ["-N", "S_dummy_A:2", "-X", "dummy_A:500"]
    assert run(times, "-T", *wanted, *limits) == (0, "", "")
    status, out, _ = run(times, "-l")
    assert status == 0
    rows = [[cell.strip() for cell in line.split("|")] for line in out.splitlines()]
    assert [row[0] for row in rows[1:]] == list(spectrometers)
    assert rows[0] == ["", "min", *sorted(channels), "max", "status"]
    found = dict(zip(rows[0], rows[1], strict=True))
    assert (found["min"], found["max"]) == ("2", "500")
    assert [found[channel] for channel in channels] == [str(10 + number) for number in range(len(channels))]
    status, out, err = run(times, "-D", "S_dummy_A:10")
    assert (status, out) == (1, "")
    assert f"no channel downwelling; the server has {', '.join(sorted(channels))}\n" in err
    status, out, err = run(record, "-r", "odd", "-n", "2", "-a", "-1", "-d", "0", "-T", f"dummy_A:{channels[0]}:20")
    assert (status, err) == (0, "")
    assert "batch 0 of run odd complete, 2 sequences" in out
    status, out, err = run(record, "--dry-run", "-n", "2")
    assert (status, err) == (0, "")
    assert f"brings {len(spectrometers) * len(channels) * 4} spectra" in out
    assert run("piccolo3.cli.schedule", "list")[:2] == (0, "there are no jobs\n")


@pytest.mark.parametrize(("program", "arguments"), SHOWING)
def test_each_can_be_used_over_a_slow_link(
    url: str,
    program: str,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = []
    make = Connection.__init__

    def watched(self: Connection, url: str, timeout: float | None = None, link: str = "normal") -> None:
        make(self, url, timeout, link)
        made.append((link, self.timeout))

    monkeypatch.setattr(Connection, "__init__", watched)
    main = importlib.import_module(program).main
    for options, expected in (
        ([], ("normal", 5.0)),
        (["--link", "slow"], ("slow", 30.0)),
        (["--link", "slow", "--timeout", "7"], ("slow", 7.0)),
    ):
        made.clear()
        assert main([*arguments, "-u", url, *options]) == 0, capsys.readouterr().err
        assert made == [expected]


@pytest.mark.parametrize("program", [program for program, _ in SHOWING])
@pytest.mark.parametrize("options", [["--link", "fast"], ["--timeout", "0"], ["--timeout", "x"]])
def test_wrong_links(program: str, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["list"] if program.endswith("schedule") else ["status"] if program.endswith("front.main") else []
    with pytest.raises(SystemExit) as caught:
        importlib.import_module(program).main([*arguments, *options])
    assert caught.value.code == 2
    assert "usage: piccolo" in capsys.readouterr().err


@pytest.mark.parametrize("program", QUICK)
def test_help_needs_nothing_that_takes_time(program: str) -> None:
    code = (
        f"import sys; sys.argv[1:] = ['--help']; from {program} import main\n"
        "try:\n  main()\nexcept SystemExit:\n  pass\n"
        "print(sorted({'numpy', 'aiocoap', 'rich', 'asyncio', 'sqlalchemy', 'seabreeze'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: piccolo")
    assert done.stdout.endswith("\n[]\n")


@pytest.mark.parametrize("program", [program for program, _ in SHOWING])
def test_versions(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        importlib.import_module(program).main(["-v"])
    assert caught.value.code in (None, 0)
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize("arguments", [["spectrometer", "list"], ["status"]])
def test_colours_are_for_terminals(url: str, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "piccolo3.cli.front.main", *arguments, "-u", url]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "60"}
    environment.pop("NO_COLOR", None)
    piped = subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout
    assert "\x1b" not in piped
    assert "S_dummy_A" in piped
    assert len(max(piped.splitlines(), key=len)) > 60  # nothing is folded
    ours, theirs = pty.openpty()
    try:
        subprocess.run(command, stdout=theirs, stderr=theirs, env=environment, check=False)
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "\x1b[" in shown
