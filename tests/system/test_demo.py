from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from tests.system.support import free_port

_CHECKOUT = Path(__file__).parents[2]


def test_the_demo_has_web_pages_until_it_is_stopped(tmp_path: Path) -> None:
    port, web_port = free_port(), free_port()
    demo = subprocess.Popen(
        [
            str(Path(sys.executable).with_name("piccolo3-demo")),
            *("--port", str(port), "--web-port", str(web_port), "--data-dir", str(tmp_path)),
        ],
        cwd=_CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert demo.stdout is not None
        told = next(line for line in demo.stdout if line.startswith("pages"))
        assert f"http://localhost:{web_port} in a browser" in told
        with urlopen(f"http://127.0.0.1:{web_port}/") as page:
            assert b"piccolo" in page.read()
        demo.send_signal(signal.SIGINT)
        assert "stopped" in demo.stdout.read()
        assert demo.wait(30) == 0
    finally:
        demo.kill()
        demo.communicate()
