from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from piccolo3 import __version__
from piccolo3.cli.integration_times import main

if TYPE_CHECKING:
    from tests.integration.client.conftest import FakeRig

Fake = Callable[..., "FakeRig"]

TABLE = (
    "          | min | downwelling | upwelling |   max | status\n"
    "S_dummy_A |   0 |           0 |         0 | 10000 | IDLE  \n"
    "S_dummy_B |   0 |           0 |         0 | 10000 | IDLE  \n"
)


def paths(server: FakeRig) -> list[tuple[str, list[float]]]:
    return [(path.removeprefix("spectrometer/S_"), json.loads(payload)[0]) for path, payload in server.calls]


@pytest.mark.parametrize("options", [["-l"], ["--list-spectrometers"], []])
def test_list(fake: Fake, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, *options]) == 0
        assert not paths(server)
    assert capsys.readouterr().out == TABLE


def test_times_are_set(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["-D", "S_dummy_A:20", "dummy_B:30.5", "-U", "dummy_A:40", "-N", "S_dummy_A:5", "-X", "S_dummy_A:600"]
    with fake().in_thread() as server:
        assert main(["--piccolo-url", server.url, *options]) == 0
        assert paths(server) == [
            ("dummy_A/min_time", [5]),
            ("dummy_A/max_time", [600]),
            ("dummy_A/current_time/downwelling", [20]),
            ("dummy_B/current_time/downwelling", [30.5]),
            ("dummy_A/current_time/upwelling", [40]),
        ]
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_long_names(fake: Fake) -> None:
    kinds = ("downwelling", "upwelling", "minimal", "maximal")
    options = [text for kind in kinds for text in (f"--{kind}-integration-time", "dummy_B:7")]
    with fake().in_thread() as server:
        assert main(["-u", server.url, "-l", *options]) == 0
        assert len(paths(server)) == 4


def test_unknown_spectrometer(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    with fake().in_thread() as server:
        assert main(["-u", server.url, "-D", "dummy_A:20", "-U", "nobody:20"]) == 1
        assert not paths(server)
    assert "there is no spectrometer nobody; the server has S_dummy_A, S_dummy_B" in capsys.readouterr().err


def test_no_server(unused_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-u", f"coap://[::1]:{unused_port}", "-l"]) == 1
    assert capsys.readouterr().err.startswith("piccolo3-integration-times: ")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["-v"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"
