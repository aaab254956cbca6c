from __future__ import annotations

from pathlib import Path

import pytest

from piccolo3.config import CatalogueConfig, InstrumentConfig, RetentionConfig, load
from piccolo3.errors import ConfigurationError

MINIMAL = "[channels]\n[[shutter_1]]\ndirection = up\n[spectrometers]\n[[dummy_A]]\n"


def loaded(path: Path, more: str = "") -> InstrumentConfig:
    (path / "piccolo.config").write_text(MINIMAL + more)
    return load(None, {("datadir", "datadir"): str(path)}).instrument


def test_old_files_say_nothing_of_it(tmp_path: Path) -> None:
    instrument = loaded(tmp_path)
    assert instrument.catalogue == CatalogueConfig(url=None)
    assert instrument.retention == RetentionConfig(keep_days=None, max_bytes=None)


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
