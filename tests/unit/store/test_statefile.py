from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from piccolo3.clock import ManualClock
from piccolo3.errors import InvalidValue, StoreError
from piccolo3.store import STATE_FILE, StateFile


def state(directory: Path) -> StateFile:
    return StateFile(directory / STATE_FILE, ManualClock())


def test_values_survive(tmp_path: Path) -> None:
    first = state(tmp_path)
    assert first.get("run") is None
    assert first.get("run", "spectra") == "spectra"
    first.put("run", "Wiese 1")
    first.put("times", {"dummy_A": {"upwelling": 12.5}})
    second = state(tmp_path)
    assert second.get("run", "spectra") == "Wiese 1"
    assert second.get("times") == {"dummy_A": {"upwelling": 12.5}}


def test_what_was_given_out_or_in_is_a_copy(tmp_path: Path) -> None:
    file = state(tmp_path)
    given = {"a": [1]}
    file.put("x", given)
    given["a"].append(2)
    out = file.get("x")
    assert out == {"a": [1]}
    assert isinstance(out, dict)
    out["a"] = []
    assert file.get("x") == {"a": [1]}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b"null", b"{" * 100_000, b'{"a": NaN}'])
def test_a_damaged_file_is_moved_aside_with_a_warning(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / STATE_FILE).write_bytes(content)
    file = state(tmp_path)
    assert file.get("run", "spectra") == "spectra"
    aside = tmp_path / f"{STATE_FILE}.damaged-20260621T120000Z"
    assert aside.read_bytes() == content
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "is damaged" in caplog.text
    file.put("run", "new")
    assert state(tmp_path).get("run") == "new"


def test_a_failed_put_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = state(tmp_path)
    file.put("delay", 1.5)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="the disk is full"):
            file.put("delay", 2.5)
    for value in (float("nan"), float("inf"), "\udcff"):
        with pytest.raises(InvalidValue):
            file.put("delay", value)
    assert file.get("delay") == 1.5
    assert state(tmp_path).get("delay") == 1.5
    assert [path.name for path in tmp_path.iterdir()] == [STATE_FILE]


def test_an_unchanged_value_is_not_written_again(tmp_path: Path) -> None:
    file = state(tmp_path)
    file.put("a", 1)
    before = (tmp_path / STATE_FILE).stat().st_ino
    file.put("a", 1)
    assert (tmp_path / STATE_FILE).stat().st_ino == before


def test_a_file_that_can_not_be_read_is_an_error_and_not_a_default(tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).mkdir()
    with pytest.raises(StoreError, match=r"reading .*\.piccolo3\.json failed"):
        state(tmp_path).get("run")
