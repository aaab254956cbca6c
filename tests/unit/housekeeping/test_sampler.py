from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.devices import Host, Vitals
from piccolo3.housekeeping import Sampler
from piccolo3.quantities import QUANTITIES


@dataclass
class Detector:
    current_temperature: float | None


@dataclass
class Blade:
    operations: int


def sampler(
    sys: Path, answers: dict[str, str] | None = None, free: int | None = 2_500_000, status: int | None = 0
) -> Sampler:
    def run(command: Sequence[str]) -> str | None:
        return (answers or {}).get(command[0])

    return Sampler(
        vitals=Vitals(sys, run),
        host=Host(kernel_status=lambda: status, monotonic=lambda: 0.0),
        clock=ManualClock(),
        spectrometers={"A": Detector(-9.98765), "B": Detector(None)},
        shutters={"up": Blade(7)},
        queue=lambda: 3,
        free_space=lambda: free,
    )


def test_every_quantity_is_in_a_sample(tmp_path: Path) -> None:
    one = sampler(tmp_path)
    sample = one.sample()
    assert tuple(sample.values) == one.columns
    assert {name.partition("/")[0] for name in sample.values} == {quantity.name for quantity in QUANTITIES}
    assert sample.values["detector_temperature/A"] == -9.988
    assert sample.values["detector_temperature/B"] is None
    assert sample.values["shutter_operations/up"] == 7
    assert sample.values["write_queue"] == 3
    assert sample.values["free_space"] == 2.5
    assert sample.values["clock_synchronised"] == 1


def test_a_machine_that_knows_nothing(tmp_path: Path) -> None:
    values = sampler(tmp_path, free=None, status=None).sample().values
    unknown = {name for name, value in values.items() if value is None}
    assert unknown == {
        "detector_temperature/B",
        "cpu_temperature",
        "under_voltage",
        "under_voltage_seen",
        "throttled",
        "throttled_seen",
        "free_space",
        "clock_synchronised",
        "clock_offset",
        "clock_source",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", [0, 0, 0, 0]), ("50000", [0, 1, 0, 1]), ("50005", [1, 1, 1, 1]), ("1", [1, 0, 0, 0]), ("4", [0, 0, 1, 0])],
)
def test_what_the_firmware_says(tmp_path: Path, text: str, expected: list[int]) -> None:
    names = ["under_voltage", "under_voltage_seen", "throttled", "throttled_seen"]
    file = tmp_path / "devices/platform/soc/soc:firmware/get_throttled"
    file.parent.mkdir(parents=True)
    file.write_text(text + "\n")
    values = sampler(tmp_path).sample().values
    assert [values[name] for name in names] == expected
    values = sampler(tmp_path / "no", {"vcgencmd": f"throttled=0x{text}\n"}).sample().values
    assert [values[name] for name in names] == expected


def test_temperature_of_the_processor(tmp_path: Path) -> None:
    for number, (kind, text) in enumerate([("battery", "20000"), ("cpu-thermal", "48312")]):
        zone = tmp_path / f"class/thermal/thermal_zone{number}"
        zone.mkdir(parents=True)
        (zone / "type").write_text(kind)
        (zone / "temp").write_text(text)
    assert sampler(tmp_path).sample().values["cpu_temperature"] == 48.312


CHRONY = "C0248F97,ntp1.example.org,2,1782043200.0,-0.000123456,0.0001,0.0002,1.5,0.0,0.02,0.01,0.001,64.2,Normal\n"
TIMESYNCD = """\
       Server: 192.36.143.151 (ntp.example.org)
Poll interval: 34min 8s (min: 32s; max 34min 8s)
       Offset: -1.5ms
       Jitter: 3.262ms
"""


def test_what_the_clock_follows(tmp_path: Path) -> None:
    values = sampler(tmp_path, {"chronyc": CHRONY, "timedatectl": TIMESYNCD}).sample().values
    assert values["clock_source"] == "chrony: ntp1.example.org"
    assert values["clock_offset"] == 0.000123
    values = sampler(tmp_path, {"chronyc": CHRONY.replace("Normal", "Not synchronised")}).sample().values
    assert values["clock_source"] is None
    values = sampler(tmp_path, {"timedatectl": TIMESYNCD}).sample().values
    assert values["clock_source"] == "timesyncd: 192.36.143.151 (ntp.example.org)"
    assert values["clock_offset"] == 0.0015


@pytest.mark.parametrize(("text", "seconds"), [("+1min 2.5s", 62.5), ("0", None), ("-13us", -1.3e-5), ("2h", 7200)])
def test_time_spans_of_systemd(tmp_path: Path, text: str, seconds: float | None) -> None:
    answer = f"Server: x\nOffset: {text}\n"
    source = Vitals(tmp_path, lambda command: answer if command[0] == "timedatectl" else None).clock_source()
    assert source is not None
    assert source.offset == (None if seconds is None else pytest.approx(seconds))


def test_the_machine_the_tests_run_on() -> None:
    vitals = Vitals()
    assert vitals.load() >= 0
    assert 0 < vitals.memory() < 100
    assert 1 < vitals.daemon_memory() < 10_000
