from __future__ import annotations

import errno
import hashlib
import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from piccolo3.client.ledger import HIDDEN, Ledger, Mark
from piccolo3.errors import Busy, Conflict, Unavailable

ONE, TWO = b'{"one": 1}', b'{"two": 2}'


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def opened(folder: Path) -> AbstractContextManager[Ledger]:
    return Ledger.opened(folder, "rig")


def test_what_is_there_is_known_again(tmp_path: Path) -> None:
    mark = Mark(7, "tower", "a.pico", "2026-11-21T00:00:00+00:00")
    with Ledger.opened(tmp_path / "new" / "copy", "rig") as ledger:
        ledger.store("tower", "a.pico", ONE, digest(ONE))
        ledger.store("tower", "b.pico", TWO, digest(TWO))
        assert ledger.mark(None) is None
        ledger.set_mark(None, mark)
    folder = tmp_path / "new" / "copy"
    assert (folder / "tower" / "a.pico").read_bytes() == ONE
    assert sorted(path.name for path in (folder / HIDDEN).iterdir()) == ["files", "lock", "state.json"]
    (folder / "tower" / "b.pico").write_bytes(b"cut")
    with Ledger.opened(folder, "rig") as ledger:
        assert (ledger.mark(None), ledger.mark("tower")) == (mark, None)
        assert (ledger.has("tower", "a.pico"), ledger.has("tower", "b.pico")) == (True, False)
        assert ledger.lost(None) == ledger.lost("tower") == {("tower", "b.pico")}
        assert (ledger.lost("other"), ledger.count("tower"), ledger.count("other")) == (set(), 2, 0)


def test_lines_that_were_cut_off_are_forgotten(tmp_path: Path) -> None:
    with Ledger.opened(tmp_path, "rig") as ledger:
        ledger.store("tower", "a.pico", ONE, digest(ONE))
        ledger.store("tower", "b.pico", TWO, digest(TWO))
    path = tmp_path / HIDDEN / "files"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with Ledger.opened(tmp_path, "rig") as ledger:
            assert ledger.count(None) == whole[:length].count(b"\n")
            ledger.store("tower", "b.pico", TWO, digest(TWO))
            assert ledger.has("tower", "b.pico")
        with Ledger.opened(tmp_path, "rig") as ledger:
            assert ledger.has("tower", "b.pico")
    for damaged in (b"", b"nonsense", b'{"format": 1, "rig": "rig", "marks": 3}'):
        (tmp_path / HIDDEN / "state.json").write_bytes(damaged)
        with Ledger.opened(tmp_path, "rig") as ledger:
            assert ledger.mark(None) is None


def test_one_program_and_one_rig(tmp_path: Path) -> None:
    with Ledger.opened(tmp_path, "rig"), pytest.raises(Busy, match="by another program"), opened(tmp_path):
        pass
    with pytest.raises(Conflict, match="copy of the rig rig, this one is other"), Ledger.opened(tmp_path, "other"):
        pass
    (tmp_path / HIDDEN / "state.json").write_text('{"format": 2}')
    with pytest.raises(Conflict, match="another version"), opened(tmp_path):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="can't be written: Not a directory"), opened(tmp_path / "file"):
        pass


def test_what_somebody_else_has_put_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "tower").mkdir()
    (tmp_path / "tower" / "a.pico").write_bytes(b"mine")
    (tmp_path / "tower" / "b.pico").write_bytes(TWO)
    with Ledger.opened(tmp_path, "rig") as ledger:
        assert not ledger.has("tower", "b.pico")
        ledger.store("tower", "a.pico", ONE, digest(ONE))
        ledger.store("tower", "b.pico", TWO, digest(TWO))
        ledger.store("tower", "a.pico", TWO, digest(TWO))  # written anew by the rig
    found = {path.name: path.read_bytes() for path in (tmp_path / "tower").iterdir()}
    assert found == {"a.pico": TWO, "a.pico.1.kept": b"mine", "b.pico": TWO}


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsync = os.fsync

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Ledger.opened(tmp_path, "rig") as ledger:
        ledger.store("tower", "a.pico", ONE, digest(ONE))
        monkeypatch.setattr(os, "fsync", full)
        for name in ("a.pico", "b.pico"):
            with pytest.raises(Unavailable, match=rf"tower/{name} can't be written: No space left on device"):
                ledger.store("tower", name, TWO, digest(TWO))
        assert not (tmp_path / HIDDEN / "part").exists()
        monkeypatch.setattr(os, "fsync", fsync)
        assert [path.name for path in (tmp_path / "tower").iterdir()] == ["a.pico"]
        assert (tmp_path / "tower" / "a.pico").read_bytes() == ONE
        ledger.store("tower", "b.pico", TWO, digest(TWO))
    with Ledger.opened(tmp_path, "rig") as ledger:
        assert not ledger.lost(None)
        assert ledger.count(None) == 2


def test_a_full_disk_for_the_list_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def full(self: Path, mode: str = "r", *more: object) -> object:
        if mode == "ab":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(self, mode)

    with Ledger.opened(tmp_path, "rig") as ledger:
        monkeypatch.setattr(Path, "open", full)
        with pytest.raises(Unavailable, match="No space left"):
            ledger.store("tower", "a.pico", ONE, digest(ONE))
        monkeypatch.undo()
        assert not ledger.has("tower", "a.pico")  # fetched again
