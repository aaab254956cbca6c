"""In processes of their own: the timer of this one belongs to the test runner."""

from __future__ import annotations

import signal
import subprocess
import sys


def _status(block: str) -> int:
    program = f"import signal, time\nfrom piccolo3.devices.seabreeze.deadline import deadline\n{block}"
    return subprocess.run([sys.executable, "-c", program], timeout=20).returncode


def test_the_process_ends_with_what_hangs() -> None:
    assert _status("with deadline(0.01): time.sleep(30)") == -signal.SIGALRM


def test_what_is_in_time_is_not_disturbed() -> None:
    within = "with deadline(60.0): assert signal.getitimer(signal.ITIMER_REAL)[0] > 0\n"
    assert _status(f"{within}assert signal.getitimer(signal.ITIMER_REAL)[0] == 0") == 0


def test_without_a_limit_there_is_none() -> None:
    assert _status("with deadline(None): assert signal.getitimer(signal.ITIMER_REAL)[0] == 0") == 0
