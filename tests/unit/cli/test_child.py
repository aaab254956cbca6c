from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import pytest

from piccolo3.cli.child import Server, ServerFailed, derive_server_file, port_is_taken


def test_the_instrument_file_is_named_absolutely(tmp_path: Path) -> None:
    instrument = tmp_path / "pi co.config"
    text = derive_server_file("# config = no\nconfig = piccolo.config\n\n[coap]\n  port = 1\n", instrument)
    assert text == f'# config = no\nconfig = "{instrument}"\n\n[coap]\n  port = 1\n'
    assert derive_server_file("[coap]\n", instrument) == f'config = "{instrument}"\n[coap]\n'


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_taken_ports(kind: socket.SocketKind, family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family, kind) as one:
        one.bind((host, 0))
        if kind is socket.SOCK_STREAM:
            one.listen()
        port = int(one.getsockname()[1])
        assert port_is_taken(port)
    assert not port_is_taken(port)


def program(folder: Path, code: str) -> Path:
    path = folder / "server"
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o755)
    return path


def started(folder: Path, code: str, unused_port: int = 1) -> None:
    async def start() -> None:
        async with Server(program(folder, code), folder / "x.cfg", folder, unused_port):
            pass

    asyncio.run(start())


def test_a_server_that_ends_at_once(tmp_path: Path) -> None:
    with pytest.raises(ServerFailed, match=r"(?s)exit status 3.*the end of .*server.log:\n  no such thing"):
        started(tmp_path, "import sys; print('no such thing', flush=True); sys.exit(3)")


def test_a_server_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.cli.child._START", 0.5)
    with pytest.raises(ServerFailed, match=r"did not answer within 0.5 s"):
        started(tmp_path, "import time; time.sleep(60)")


def test_a_server_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("piccolo3.cli.child._START", 0.5)
    monkeypatch.setattr("piccolo3.cli.child._STOP", 0.1)
    with pytest.raises(ServerFailed, match="did not answer"):
        started(tmp_path, "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)")


def test_a_server_that_can_not_be_started(tmp_path: Path) -> None:
    async def start() -> None:
        async with Server(tmp_path / "nothing", tmp_path / "x.cfg", tmp_path, 1):
            pass

    with pytest.raises(ServerFailed, match=r"nothing can't be started: No such file"):
        asyncio.run(start())
