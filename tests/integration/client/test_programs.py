"""What all programs have in common that talk to a server."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from piccolo3 import __version__
from piccolo3.client.connection import Connection

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

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
