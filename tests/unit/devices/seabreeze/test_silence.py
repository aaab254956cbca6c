from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import ctypes, os, sys
from piccolo3.devices.seabreeze.silence import without_chatter
libc = ctypes.CDLL(None)
libc.printf(b"before\\n")
with without_chatter():
    libc.printf(b"Could not open device with ID 1. error=3\\n")
    os.write(2, b"usb_claim_interface() returned -16 - did you copy os-support\\n")
    os.write(2, b"of another thread\\n")
    libc.printf(b"of another library\\n")
os.write(1, b"after\\n")
"""


def test_only_the_chatter_is_kept_back() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nof another library\nafter\n"
    assert done.stderr == "of another thread\n"


def test_without_outputs_there_is_nothing_to_keep() -> None:
    script = "import os; os.close(1); os.close(2)" + SCRIPT.replace('os.write(1, b"after\\n")', "")
    script = script.replace('os.write(2, b"', 'len(b"')
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
