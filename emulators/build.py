"""Building the replacement of libusb, once, into a cache."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

__all__ = ["BuildError", "library"]

_SOURCES = tuple(sorted(Path(__file__).with_name("libusb").glob("*.[ch]")))
_NAME = "libusb-1.0.so.0"
_FLAGS = ("-shared", "-fPIC", "-O2", "-fvisibility=hidden", "-pthread", f"-Wl,-soname,{_NAME}")


class BuildError(RuntimeError):
    """The replacement of libusb can't be built; the text says what is missing."""


def library(cache: Path | None = None) -> Path:
    """The shared library, in a folder of its own together with the names that linkers look for. Raises BuildError."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    source = b"".join(path.read_bytes() for path in _SOURCES)
    key = hashlib.sha256(source + repr((_FLAGS, platform.machine(), platform.libc_ver())).encode()).hexdigest()[:16]
    folder = (cache or _cache()) / key
    built = folder / _NAME
    if built.exists():
        return built
    if compiler is None:
        raise BuildError(
            "emulated instruments need a C compiler, which isn't installed (Debian: apt install gcc libc6-dev)"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        _compile(compiler, Path(scratch) / _NAME)
        (Path(scratch) / "libusb-1.0.so").symlink_to(_NAME)
        try:
            Path(scratch).rename(folder)
        except OSError:
            if not built.exists():  # else somebody else was faster
                raise
        else:
            Path(scratch).mkdir()  # for the end of the with statement to remove
    return built


def _compile(compiler: str, target: Path) -> None:
    command = [compiler, *_FLAGS, "-o", str(target), *(str(path) for path in _SOURCES if path.suffix == ".c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)} failed; are the C headers installed (Debian: libc6-dev)?\n{done.stderr}")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "piccolo3" / "emulators"
