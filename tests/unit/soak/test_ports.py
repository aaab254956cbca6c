from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from soak.ports import free_port

ONE = "from soak.ports import free_port; print(free_port())"


def test_no_other_process_gets_one_of_ours() -> None:
    ours = [free_port() for _ in range(100)]
    with (
        subprocess.Popen([sys.executable, "-c", f"{ONE}; input()"], stdin=-1, stdout=-1, text=True) as first,
        subprocess.Popen([sys.executable, "-c", f"{ONE}; input()"], stdin=-1, stdout=-1, text=True) as second,
    ):
        assert first.stdout is not None
        assert second.stdout is not None
        theirs = int(first.stdout.readline()), int(second.stdout.readline())
        for process in (first, second):
            process.communicate("\n", timeout=10)
    blocks = {port // 100 for port in ours} | {port // 100 for port in theirs}
    assert len(blocks) == 3
    assert all(20_000 <= port < 30_000 for port in (*ours, *theirs))


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_what_is_in_use_is_not_free(family: socket.AddressFamily, address: str, kind: socket.SocketKind) -> None:
    with socket.socket(family, kind) as user:
        user.bind((address, free_port()))
        assert user.getsockname()[1] not in [free_port() for _ in range(99)]
