"""Where the rig is, whether its clock is right, and a GPS receiver."""

from __future__ import annotations

from pathlib import Path

import pytest

from piccolo3.config import ClockConfig, GpsConfig, InstrumentConfig, SiteConfig, load
from piccolo3.errors import ConfigurationError
from piccolo3.position import Position

CHANNELS = "[channels]\n[[shutter_1]]\ndirection = up\n[spectrometers]\n"
MINIMAL = CHANNELS + "[[dummy_A]]\n"


def loaded(path: Path, more: str = "", rig: str = MINIMAL) -> InstrumentConfig:
    (path / "piccolo.config").write_text(rig + more)
    return load(None, {("datadir", "datadir"): str(path)}).instrument


def test_old_files_say_nothing_of_it(tmp_path: Path) -> None:
    instrument = loaded(tmp_path)
    assert instrument.site == SiteConfig(position=None)
    assert instrument.gps == GpsConfig(host=None)
    assert not instrument.gps.set_clock
    assert (instrument.simulation.latitude, instrument.simulation.longitude) == (55.92, -3.17)


def test_only_a_rig_that_is_simulated_needs_no_right_clock(tmp_path: Path) -> None:
    assert loaded(tmp_path).clock == ClockConfig(trust="always")
    assert loaded(tmp_path, "[[QEP00984]]\n").clock == ClockConfig(trust="synchronised")
    assert loaded(tmp_path, "[[QEP00984]]\n[clock]\ntrust = always\n").clock == ClockConfig(trust="always")
    assert loaded(tmp_path, "[clock]\ntrust = synchronised\n").clock == ClockConfig(trust="synchronised")


def test_the_simulated_sun_shines_where_the_rig_is(tmp_path: Path) -> None:
    instrument = loaded(tmp_path, "[site]\nlatitude = -33.5\nlongitude = 0\naltitude = 12\n")
    assert instrument.site.position == Position(latitude=-33.5, longitude=0.0, altitude=12.0)
    assert (instrument.simulation.latitude, instrument.simulation.longitude) == (-33.5, 0.0)
    elsewhere = loaded(tmp_path, "[site]\nlatitude = -33.5\nlongitude = 0\n[simulation]\nlatitude = 10\n")
    assert elsewhere.simulation.latitude == 10.0


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("localhost", "localhost", 2947),
        ("localhost:1", "localhost", 1),
        ("rover.example:65535", "rover.example", 65535),
        ("127.0.0.1:2948", "127.0.0.1", 2948),
        ("[::1]:2948", "::1", 2948),
        ("[fe80::1%eth0]", "fe80::1%eth0", 2947),
        ("none", None, 2947),
    ],
)
def test_where_gpsd_is(tmp_path: Path, address: str, host: str | None, port: int) -> None:
    gps = loaded(tmp_path, f"[gps]\ngpsd = {address}\nset_clock = yes\nmax_age = 20\ntolerance = 1.5\n").gps
    assert gps == GpsConfig(host=host, port=port, set_clock=True, max_age=20.0, tolerance=1.5)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("[gps]\ngpsd = localhost:0\n", "[gps]: gpsd = localhost:0: it must be the address of a gpsd"),
        ("[gps]\ngpsd = localhost:65536\n", "[gps]: gpsd = localhost:65536: it must be"),
        ("[gps]\ngpsd = ::1\n", "[gps]: gpsd = ::1: it must be"),
        ("[gps]\ngpsd = /dev/ttyS0\n", "[gps]: gpsd = /dev/ttyS0: it must be"),
        ("[gps]\nmax_age = 0\n", "[gps]: max_age = 0: it must be a number from 5"),
        ("[gps]\ntolerance = 0\n", "[gps]: tolerance = 0: it must be a number from 0.5"),
        ("[clock]\ntrust = never\n", "[clock]: trust = never: it must be synchronised or always"),
        ("[site]\nlatitude = 91\nlongitude = 1\n", "[site]: latitude = 91: it must be a number from -90"),
        ("[site]\nlatitude = 50\n", "[site]: latitude without longitude"),
        ("[site]\nlongitude = 50\n", "[site]: longitude without latitude"),
    ],
)
def test_mistakes(tmp_path: Path, more: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, more)
    assert len(caught.value.problems) == 1
    assert problem in caught.value.problems[0]
