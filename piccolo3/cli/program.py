"""How programs end that talk to a server."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Callable

from piccolo3.errors import PiccoloError

__all__ = ["DONE", "FAILED", "INTERRUPTED", "complain", "ended"]

DONE, FAILED, INTERRUPTED = 0, 1, 130


def ended(name: str, work: Callable[[], int]) -> int:
    """Do it; the exit status. What went wrong is said in a sentence; Ctrl-C is no error that needs a traceback.

    Imports that take time belong into `work`: that is when those press Ctrl-C who see a mistake of their own.
    """
    # when it is done, it is done: Ctrl-C while the interpreter ends would take the place of the status
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    try:
        return work()
    except PiccoloError as problem:
        return complain(name, str(problem), FAILED)
    except BrokenPipeError:  # the reader of a list has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return complain(name, "interrupted", INTERRUPTED)


def complain(name: str, sentence: str, status: int) -> int:
    """Say it on the standard error output; return the status."""
    sys.stderr.write(f"{name}: {sentence}\n")
    return status
