"""`piccolo3-web` as a command."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

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


def certify(folder: Path) -> None:
    """A certificate of an authority of its own, for this computer alone."""
    authority = trustme.CA()
    made = authority.issue_cert("localhost", "127.0.0.1")
    made.private_key_and_cert_chain_pem.write_to_path(folder / "key.pem")
    for part in made.cert_chain_pems:
        part.write_to_path(folder / "cert.pem", append=True)
    authority.cert_pem.write_to_path(folder / "trusted.pem")


def test_a_certificate_that_does_not_fit_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certify(tmp_path)
    (tmp_path / "key.pem").write_bytes(trustme.CA().issue_cert("localhost").private_key_pem.bytes())
    file = tmp_path / "web.cfg"
    file.write_text("[http]\ncertificate = cert.pem\nkey = key.pem\n")
    assert main(["-c", str(file), "--check"]) == 2
    assert "can't be used with the key" in capsys.readouterr().err


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_it_serves_until_it_is_told_to_end(tmp_path: Path, scheme: str) -> None:
    file = tmp_path / "web.cfg"
    text = "[rigs]\n[[rig]]\nurl = coap://[::1]:9\n"
    if scheme == "https":
        certify(tmp_path)
        text += "[http]\ncertificate = cert.pem\nkey = key.pem\n"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", _ASKING, str(file), scheme], capture_output=True, text=True, timeout=40, check=False
    )
    assert re.search(f"piccolo3-web: {scheme}://127.0.0.1:[0-9]+\n200 ", done.stdout), done.stderr
    assert ("max-age" in done.stdout) == (scheme == "https")
    assert done.returncode in (0, -15), done.stderr
    assert "Traceback" not in done.stderr


_ASKING = """
import os, signal, socket, ssl, sys, threading, urllib.request as u
from pathlib import Path
import piccolo3.web.serve as serve
from piccolo3.config import load_web

file, scheme = Path(sys.argv[1]), sys.argv[2]
trusted = ssl.create_default_context(cafile=file.with_name("trusted.pem")) if scheme == "https" else None

def ask(port):
    try:
        opener = u.build_opener(u.ProxyHandler({}), u.HTTPSHandler(context=trusted))
        with opener.open(f"{scheme}://127.0.0.1:{port}/r/rig/now", timeout=20) as answer:
            print(answer.status, answer.headers["strict-transport-security"], flush=True)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)

made = serve.listen

def opened(http):
    listening = made(http)
    threading.Thread(target=ask, args=(listening.getsockname()[1],)).start()
    return listening

serve.listen = opened
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
serve.serve(load_web(file, {("http", "port"): port}))
"""
