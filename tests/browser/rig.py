"""The real daemon with the rig of the demo and the real web server, each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from piccolo3.client import Piccolo
from piccolo3.web.users import Role, Users
from tests.system.support import SERVER, Daemon, free_port, wait_for_answer

__all__ = ["PASSWORD", "Front", "Rig", "front", "rig"]

ROOT = Path(__file__).parents[2]
WEB = str(Path(sys.executable).with_name("piccolo3-web"))
PASSWORD = "correct horse battery"
MORE = """
[site]
  latitude = 55.92
  longitude = -3.18
[housekeeping]
  interval = 2
"""
_T = TypeVar("_T")


class _Program:
    """A process at a port, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None

    def kill(self) -> None:
        """Let it end as in a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(20)


class Rig(_Program):
    """A daemon."""

    @property
    def url(self) -> str:
        return f"coap://[::1]:{self.port}"

    def start(self) -> None:
        """Start it, and wait until all spectrometers are ready."""
        log = self.folder.parent / "daemon.log"
        with log.open("a", encoding="utf-8") as errors:
            command = [SERVER, "-o", str(self.folder), "--port", str(self.port)]
            self._process = subprocess.Popen(command, stderr=errors, text=True, env=os.environ.copy())
        wait_for_answer(self.port, self._process)
        Daemon(self.port, self.folder, self._process).wait_until_ready()

    def talk(self, ask: Callable[[Piccolo], Awaitable[_T]]) -> _T:
        """Do something as another client of the rig."""

        async def do() -> _T:
            async with Piccolo(self.url) as piccolo:
                return await ask(piccolo)

        return asyncio.run(do())


class Front(_Program):
    """A web server."""

    def __init__(self, folder: Path, url: str, title: str, *, users: bool) -> None:
        super().__init__(folder)
        text = (
            f"[http]\nusers = web.users\nhosts = forgetful.localhost,\n[rigs]\n[[rig]]\nurl = {url}\ntitle = {title}\n"
        )
        (folder / "web.cfg").write_text(text, encoding="utf-8")
        if users:
            Users(folder / "web.users").put("anna", Role.OPERATE, PASSWORD)
            Users(folder / "web.users").put("visitor", Role.LOOK, PASSWORD)

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [WEB, "-c", str(self.folder / "web.cfg"), "--port", str(self.port)]
        with (self.folder / "web.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stderr=log, stdout=log, text=True, env=os.environ.copy())
        until = time.monotonic() + 30
        while not self._answers():
            assert self._process.poll() is None, "the web server ended at once"
            assert time.monotonic() < until, "the web server does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with build_opener(ProxyHandler({})).open(f"{self.url()}/login", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, TimeoutError, ConnectionError):
            return False


@contextmanager
def rig(folder: Path, more: str = MORE) -> Iterator[Rig]:
    """The rig of the demo with `more` in its instrument file until the end of the context; the data are in `folder`."""
    data = folder / "data"
    data.mkdir(parents=True)
    text = (ROOT / "pdata" / "piccolo.config").read_text(encoding="utf-8")
    (data / "piccolo.config").write_text(text + more, encoding="utf-8")
    found = Rig(data)
    try:
        found.start()
        yield found
    finally:
        found.stop()


@contextmanager
def front(folder: Path, url: str, title: str = "Meadow, north", *, users: bool = True) -> Iterator[Front]:
    """A web server for that rig until the end of the context; without users, whoever comes may operate."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Front(folder, url, title, users=users)
    try:
        found.start()
        yield found
    finally:
        found.stop()
