from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from emulators.build import BuildError, library


def test_it_is_built_once(tmp_path: Path) -> None:
    built = library(tmp_path)
    made = built.stat().st_mtime_ns
    assert library(tmp_path) == built
    assert built.stat().st_mtime_ns == made
    assert (built.parent / "libusb-1.0.so").resolve() == built.resolve()
    assert list(tmp_path.iterdir()) == [built.parent]


def test_without_a_compiler_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(BuildError, match="apt install gcc libc6-dev"):
        library(tmp_path)


def test_a_compiler_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    with pytest.raises(BuildError, match="libc6-dev"):
        library(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_pins_need_little_memory() -> None:
    code = "import emulators.pins, sys; print([n for n in ('numpy', 'piccolo3', 'seabreeze') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
