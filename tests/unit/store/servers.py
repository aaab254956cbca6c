"""A PostgreSQL server of its own, where there is one installed."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["missing", "postgresql"]


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return None if program is None else Path(program).parent


def _user() -> str | None:
    """Who runs it: the server refuses to be root."""
    if os.geteuid() != 0:
        return None
    return next(name for name in ("postgres", "nobody") if _is_user(name))


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def missing() -> str | None:
    """What is missing to run one, None if there is everything."""
    return "there is no PostgreSQL server installed" if _programs() is None else None


@contextmanager
def postgresql() -> Iterator[str]:
    """A server that is gone afterwards; yields the URL of an empty database."""
    programs, user = _programs(), _user()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        if user is not None:
            shutil.chown(folder, user)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", f"{folder}/data", *arguments]
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL, env={"LC_ALL": "C"})

        run("initdb", "-A", "trust", "-U", "piccolo3", "-N", "-E", "UTF8")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c max_connections=10"
        run("pg_ctl", "-s", "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://piccolo3@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-s", "-w", "-m", "immediate", "stop")
