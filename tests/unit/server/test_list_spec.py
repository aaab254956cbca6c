from __future__ import annotations

from typing import NoReturn

import pytest

from piccolo3.devices.seabreeze import Attached
from piccolo3.errors import DeviceError
from piccolo3.server import list_spec

QE = Attached(
    model="QE-PRO", serial_number="QEP1", backend="cseabreeze", in_use=False, temperature=-10.04, bus=1, address=2
)
TAKEN = Attached(model="USB2000+", serial_number=None, backend="cseabreeze", in_use=True, bus=1, address=3)
SILENT = Attached(
    model="STS", serial_number="S1", backend="cseabreeze", in_use=False, problem="it is mute", bus=1, address=4
)


def listed(found: list[Attached], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("piccolo3.devices.seabreeze.attached", lambda **options: found)
    return list_spec.main(arguments)


def test_a_line_for_each(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed([QE, TAKEN], monkeypatch) == 0
    assert capsys.readouterr().out == (
        "Model          \tSerial\tBackend\tState\tTemperature\n"
        "QE-PRO         \tQEP1\tcseabreeze\tfree\t-10.0 C\n"
        "USB2000+       \t?\tcseabreeze\tin use\t-\n"
    )


def test_the_first_columns_are_those_of_the_original(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed([QE], monkeypatch, "--backend", "cseabreeze")
    assert capsys.readouterr().out.startswith("Model          \tSerial")


def test_one_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed([SILENT, QE], monkeypatch) == 1
    said = capsys.readouterr()
    assert "STS            \tS1\tcseabreeze\tdoes not answer\t-\n" in said.out
    assert said.err == "piccolo3-list-spec: it is mute\n"


def test_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed([], monkeypatch) == 0
    assert "no spectrometer is plugged in" in capsys.readouterr().err


def test_a_bus_that_cannot_be_looked_at(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(**_: object) -> NoReturn:
        raise DeviceError("seabreeze is not installed")

    monkeypatch.setattr("piccolo3.devices.seabreeze.attached", refuse)
    assert list_spec.main([]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "piccolo3-list-spec: seabreeze is not installed\n")


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), (["--version"], 0), (["--backend", "usb"], 2)])
def test_options(arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        list_spec.main(arguments)
    assert ended.value.code == status
    said = capsys.readouterr()
    assert said.out or said.err
    assert "exit status" in said.out or arguments != ["--help"]
