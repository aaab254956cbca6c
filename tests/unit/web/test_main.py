"""`piccolo3-web` as a command."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from piccolo3.web.main import main
from piccolo3.web.users import Role, Users


def test_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "web.cfg"
    file.write_text("")
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert main(["-c", str(file), "passwd", "anna", "--role", "look"]) == 0
    user = Users(tmp_path / "piccolo-web.users").check("anna", "correct horse battery")
    assert user is not None
    assert user.role is Role.LOOK
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["-c", str(file), "passwd", "anna"]) == 1
    assert "at least 8" in capsys.readouterr().err
    assert main(["-c", str(file), "passwd", "anna", "--delete"]) == 0
    assert main(["-c", str(file), "passwd", "anna", "--delete"]) == 1


def test_nobody_is_shown_to_the_world_by_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "web.cfg"
    file.write_text("[http]\naddress = ::\n")
    assert main(["-c", str(file), "--check"]) == 2
    assert "there are no users yet" in capsys.readouterr().err
    assert main(["-c", str(file), "--check", "--address", "127.0.0.1"]) == 0


def test_all_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "web.cfg"
    file.write_text("[http]\nport = no\nadress = x\n")
    assert main(["-c", str(file), "--rig", "http://x"]) == 2
    said = capsys.readouterr().err
    for part in ("port = no", "did you mean 'address'", "the rig http://x"):
        assert part in said


def test_it_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    file = tmp_path / "web.cfg"
    file.write_text("[rigs]\n[[rig]]\nurl = coap://[::1]:9\n")
    code = (
        "import piccolo3.web.serve as s, socket, sys, threading, os, signal, urllib.request as u\n"
        "from piccolo3.config import load_web\n"
        "from pathlib import Path\n"
        "def ask(port):\n"
        "    opener = u.build_opener(u.ProxyHandler({}))\n"
        "    with opener.open(f'http://127.0.0.1:{port}/r/rig/now') as a: print(a.status, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "made = s._socket\n"
        "def opened(http):\n"
        "    listening = made(http)\n"
        "    threading.Thread(target=ask, args=(listening.getsockname()[1],)).start()\n"
        "    return listening\n"
        "s._socket = opened\n"
        "with socket.create_server(('127.0.0.1', 0)) as free: port = free.getsockname()[1]\n"
        f"s.serve(load_web(Path({str(file)!r}), {{('http', 'port'): port}}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=40, check=False)
    assert re.search("piccolo3-web: http://127.0.0.1:[0-9]+\n200\n", done.stdout), done.stderr
    assert done.returncode in (0, -15), done.stderr
    assert "Traceback" not in done.stderr
