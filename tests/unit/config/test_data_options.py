from __future__ import annotations

from pathlib import Path

import pytest

from piccolo3.config import CatalogueConfig, DatadirConfig, HousekeepingConfig, InstrumentConfig, RetentionConfig, load
from piccolo3.errors import ConfigurationError
from piccolo3.quantities import Limits

MINIMAL = "[channels]\n[[shutter_1]]\ndirection = up\n[spectrometers]\n[[dummy_A]]\n"


def loaded(path: Path, more: str = "") -> InstrumentConfig:
    (path / "piccolo.config").write_text(MINIMAL + more)
    return load(None, {("datadir", "datadir"): str(path)}).instrument


def test_old_files_say_nothing_of_it(tmp_path: Path) -> None:
    instrument = loaded(tmp_path)
    assert instrument.catalogue == CatalogueConfig(url=None)
    assert instrument.retention == RetentionConfig(keep_days=None, max_bytes=None)
    assert instrument.housekeeping == HousekeepingConfig()
    assert instrument.housekeeping.limits["cpu_temperature"] == Limits(warn=70, alarm=80)


def test_all_of_it(tmp_path: Path) -> None:
    url = "postgresql+psycopg://me:secret@host:5432/name?sslmode=require"
    instrument = loaded(tmp_path, f"[catalogue]\nurl = {url}\n[retention]\nkeep_days = 30\nmax_bytes = 1000000\n")
    assert instrument.catalogue == CatalogueConfig(url=url)
    assert instrument.retention == RetentionConfig(keep_days=30.0, max_bytes=1_000_000)


def test_how_nothing_is_said(tmp_path: Path) -> None:
    instrument = loaded(
        tmp_path, "[catalogue]\nurl = datadir\n[retention]\nkeep_days = forever\nmax_bytes = unlimited\n"
    )
    assert instrument.catalogue == CatalogueConfig()
    assert instrument.retention == RetentionConfig()


@pytest.mark.parametrize(
    "more", ["[catalogue]\nurl = my.sqlite\n", "[retention]\nkeep_days = -1\n", "[retention]\nmax_bytes = 1.5\n"]
)
def test_mistakes(tmp_path: Path, more: str) -> None:
    with pytest.raises(ConfigurationError, match="it must be a"):
        loaded(tmp_path, more)


def test_limits_of_housekeeping(tmp_path: Path) -> None:
    housekeeping = loaded(
        tmp_path,
        "[housekeeping]\ninterval = 10\n[[cpu_temperature]]\nwarn = never\nalarm = 60\n[[free_space]]\nwarn = 2000\n",
    ).housekeeping
    assert housekeeping.interval == 10
    assert housekeeping.limits["cpu_temperature"] == Limits(alarm=60)
    assert housekeeping.limits["free_space"] == Limits(warn=2000, alarm=100)
    assert housekeeping.limits["memory"] == HousekeepingConfig().limits["memory"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("[[free_space]]\nwarn = 50\n", "warn = 50 is below alarm = 100"),
        ("[[memory]]\nwarn = 99\n", "warn = 99 is above alarm = 95"),
        ("[[clock_source]]\nwarn = 1\n", "there is no section 'clock_source'"),
        ("[[memory]]\nwarn = a lot\n", "must be a number %, or never"),
        ("interval = 0\n", "from 1 to 86400 s"),
    ],
)
def test_mistakes_in_limits(tmp_path: Path, more: str, expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        loaded(tmp_path, "[housekeeping]\n" + more)


def datadir(path: Path, **options: object) -> DatadirConfig:
    (path / "data").mkdir(exist_ok=True)
    (path / "data" / "piccolo.config").write_text(MINIMAL)
    given: dict[tuple[str, ...], object] = {("datadir", name): value for name, value in options.items()}
    return load(None, {("datadir", "datadir"): str(path / "data"), **given}).server.datadir


def test_reserve_and_fallback(tmp_path: Path) -> None:
    found = datadir(tmp_path)
    assert (found.reserve, found.fallback) == (100, None)
    found = datadir(tmp_path, reserve=20, fallback=tmp_path / "spare")
    assert (found.reserve, found.fallback) == (20, tmp_path / "spare")


@pytest.mark.parametrize("place", ["data", "data/spare", "", "spare/../data"])
def test_the_fallback_is_elsewhere(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigurationError, match="must be elsewhere than the data directory"):
        datadir(tmp_path, fallback=tmp_path / place)
