"""The files of the package for browsers: compressed, and kept by them under an address that changes with the files."""

from __future__ import annotations

import hashlib
import os
import re
from functools import cache
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["address", "modules", "mounts"]

_STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import (?:.*? from )?"(\.[^"]+)";$', re.MULTILINE)


class _Kept(StaticFiles):
    """Files that never change: there is another address when they do."""

    def file_response(
        self, full_path: os.PathLike[str] | str, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = "max-age=31536000, immutable"
        return answer


@cache
def address() -> str:
    """Where pages have the files from."""
    digest = hashlib.sha256()
    for file in sorted(_STATIC.rglob("*")):
        if file.is_file():
            digest.update(f"{file.relative_to(_STATIC)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return f"/static/{digest.hexdigest()[:16]}"


@cache
def modules(script: str) -> tuple[str, ...]:
    """What a script imports, and what that imports: a browser that is told fetches all of them at once."""
    found: list[str] = []
    waiting = [script]
    while waiting:
        file = _STATIC / waiting.pop()
        for name in _IMPORT.findall(file.read_text(encoding="utf-8")):
            path = Path(os.path.normpath(file.parent / name)).relative_to(_STATIC).as_posix()
            if path not in found:
                found.append(path)
                waiting.append(path)
    return tuple(found)


def mounts() -> list[Mount]:
    """The files at that address, and at one that stays the same, for which browsers ask again each time."""
    return [
        Mount(address(), GZipMiddleware(_Kept(directory=_STATIC))),
        Mount("/static", GZipMiddleware(StaticFiles(directory=_STATIC)), name="static"),
    ]
