"""Signals while the program is still being loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

# a module in the place of the one that is loaded, which swallows what is raised in it, as imports do here and there
SCRIPT = """
import os, signal, sys, types
class Slow:
    def find_spec(self, name, path, target=None):
        if name == "piccolo3.server.main":
            try:
                os.kill(os.getpid(), signal.{name})
                sum(range(1000))
            except BaseException:
                pass
            sys.exit(3)
sys.meta_path.insert(0, Slow())
from piccolo3.server import main
sys.exit(main([]))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_while_it_is_loaded_is_not_lost(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(name=name)], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
