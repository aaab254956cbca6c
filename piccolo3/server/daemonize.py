"""Going into the background, with an exit status that can be trusted.

The process that was started waits until the daemon answers requests or has failed, says so and exits with 0 or 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import daemon

from piccolo3.errors import PiccoloError
from piccolo3.server.pidfile import PidFile

__all__ = ["daemonize"]

_READY = b"ready"


def daemonize(run: Callable[[Callable[[], None]], int], pid_file: Path, log_file: Path | None) -> int:
    """Run `run(ready)` as a daemon; return the exit status of this process.

    It returns twice, as fork does: in the process that was started once the daemon has called `ready` or failed, in
    the daemon when `run` has ended. Standard error of the daemon goes to `log_file`, or nowhere. Raises Conflict
    where the daemon runs already.
    """
    pid = PidFile(pid_file.absolute())
    pid.check()
    log = _open_log(log_file or Path(os.devnull))
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        return _background(run, pid, log, sending)
    os.close(sending)
    os.close(log)
    with os.fdopen(receiving, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if answer == _READY:
        return 0
    sys.stderr.write(answer.decode(errors="replace") or f"the daemon ended without a word; see {log_file}\n")
    return 1


def _open_log(path: Path) -> int:
    try:
        return os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    except OSError as error:
        raise PiccoloError(f"the daemon's log file {path} can't be written: {error.strerror}") from error


def _background(run: Callable[[Callable[[], None]], int], pid: PidFile, log: int, sending: int) -> int:
    """Detach and run; what goes wrong before the daemon is ready is told through the pipe `sending`."""
    with ExitStack() as stack:
        report = stack.enter_context(os.fdopen(sending, "wb", buffering=0))
        errors = stack.enter_context(os.fdopen(log, "a", buffering=1))
        context = daemon.DaemonContext(
            working_directory=str(Path.cwd()),  # relative paths of the configuration mean the caller's directory
            umask=0o022,
            files_preserve=[report, errors],
            stdout=errors,
            stderr=errors,
        )
        stack.enter_context(context)

        def ready() -> None:
            report.write(_READY)
            report.close()

        try:
            with pid:
                return run(ready)
        except PiccoloError as error:
            text = f"piccolo3-server: {error}\n"
            errors.write(text)
            if not report.closed:
                report.write(text.encode())
            return 1
