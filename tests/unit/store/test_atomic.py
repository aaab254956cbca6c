from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from piccolo3.errors import Conflict, StoreError
from piccolo3.store.atomic import temporary_name, write_files


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_files_are_written_together(tmp_path: Path) -> None:
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"2" * 100_000}, clobber=False)
    assert (tmp_path / "a").read_bytes() == b"1"
    assert (tmp_path / "b").read_bytes() == b"2" * 100_000
    assert names(tmp_path) == {"a", "b"}


def test_an_existing_file_is_kept_and_none_of_the_others_appears(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(Conflict, match="b exists already and is not overwritten"):
        write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"}, clobber=False)
    assert names(tmp_path) == {"b"}
    assert (tmp_path / "b").read_bytes() == b"old"


def test_clobber_replaces_also_a_link_itself(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "b").symlink_to("target")
    write_files({tmp_path / "b": b"new"}, clobber=True)
    assert (tmp_path / "target").read_bytes() == b"old"
    assert (tmp_path / "b").read_bytes() == b"new"
    assert not (tmp_path / "b").is_symlink()


def test_a_dangling_link_counts_as_an_existing_file(tmp_path: Path) -> None:
    (tmp_path / "b").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Conflict):
        write_files({tmp_path / "b": b"new"}, clobber=False)
    assert names(tmp_path) == {"b"}


def test_a_leftover_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / temporary_name("a")).symlink_to("/etc/passwd")
    write_files({tmp_path / "a": b"1"}, clobber=False)
    assert names(tmp_path) == {"a"}
    assert not (tmp_path / "a").is_symlink()


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_file_systems_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    write_files({tmp_path / "a": b"1"}, clobber=False)
    with pytest.raises(Conflict):
        write_files({tmp_path / "a": b"2"}, clobber=False)
    assert names(tmp_path) == {"a"}
    assert (tmp_path / "a").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EIO, "the disk reports"),
    ],
)
@pytest.mark.parametrize(
    ("call", "at"), [("write", 1), ("fsync", 1), ("fsync", 2), ("fsync", 3), ("link", 1), ("link", 2)]
)
def test_after_a_failure_no_file_is_there_and_a_later_write_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str, call: str, at: int
) -> None:
    original, count = getattr(os, call), 0

    def failing(*args: object, **options: object) -> object:
        nonlocal count
        count += 1
        if count == at:
            raise OSError(number, os.strerror(number))
        return original(*args, **options)

    contents = {tmp_path / "a": b"1", tmp_path / "b": b"2"}
    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing)
        with pytest.raises(StoreError, match=reason) as caught:
            write_files(contents, clobber=False)
    assert str(tmp_path) in caught.value.message
    assert caught.value.details["reason"] == caught.value.message.rpartition(": ")[2]
    assert names(tmp_path) == set()
    write_files(contents, clobber=False)
    assert names(tmp_path) == {"a", "b"}


def test_a_directory_that_can_not_be_synced_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.fsync

    def failing(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink() == tmp_path:
            raise OSError(errno.EINVAL, "not for directories")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    write_files({tmp_path / "a": b"1"}, clobber=False)
    assert names(tmp_path) == {"a"}


def test_everything_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, link = os.fsync, os.link

    def noting_fsync(descriptor: int) -> None:
        done.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noting_link(source: Path, target: Path, *, follow_symlinks: bool) -> None:
        done.append("link " + target.name)
        link(source, target, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "link", noting_link)
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"}, clobber=False)
    assert done == ["sync .a.tmp", "sync .b.tmp", "link a", "link b", f"sync {tmp_path.name}"]
