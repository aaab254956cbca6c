"""Servers as child processes: the daemon, with a data directory of its own, and the web front end; each with a log."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from piccolo3.client import Piccolo
from piccolo3.errors import ConnectionFailed, PiccoloError

__all__ = ["Child", "Server", "ServerFailed", "WebPages", "derive_server_file", "port_is_taken"]

_START = 30.0  # s until a server has to answer
_STOP = 10.0  # s until it has to be gone after SIGTERM
_PAUSE = 0.1  # s between two attempts to reach a server that is starting
_LOG_LINES = 20


class ServerFailed(PiccoloError):
    """The server did not start, did not answer, ended by itself or did not stop cleanly."""


def port_is_taken(port: int) -> bool:
    """Whether somebody listens at the port already, by UDP or TCP, IPv6 or IPv4."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        for family, anywhere in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):  # noqa: S104
            with contextlib.suppress(OSError), socket.socket(family, kind) as probe:  # OSError: no IPv6 here
                if kind is socket.SOCK_STREAM:  # connections that ended a moment ago don't count
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family is socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                try:
                    probe.bind((anywhere, port))
                except OSError:
                    return True
    return False


def derive_server_file(template: str, instrument_file: Path) -> str:
    """The text of a server file that uses that instrument file, wherever its data directory is."""
    line = f'config = "{instrument_file.resolve()}"'
    text, count = re.subn(r"^config\s*=.*$", lambda _: line, template, count=1, flags=re.MULTILINE)
    return text if count else f"{line}\n{template}"


class Child(ABC):
    """Starts on entry and waits until the server answers; stops it on exit, whatever happens. `name`: what it is."""

    def __init__(self, name: str, command: Sequence[str], log_file: Path) -> None:
        self.name = name
        self.log_file = log_file
        self._command = command
        self._process: asyncio.subprocess.Process | None = None

    @abstractmethod
    async def _answers(self) -> bool:
        """Whether it does; called again after a while where not."""

    async def __aenter__(self) -> Self:
        with self.log_file.open("wb") as log:
            try:
                # a session of its own: Ctrl-C on the terminal goes to us only, and we stop the server
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
                )
            except OSError as problem:
                raise ServerFailed(f"{self._command[0]} can't be started: {problem.strerror}") from problem
        try:
            await self._wait_for_answer()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        clean = await self.stop()
        if not clean and value is None:
            raise ServerFailed(f"the {self.name} did not stop cleanly\n{self.log()}")

    async def _wait_for_answer(self) -> None:
        try:
            async with asyncio.timeout(_START):
                while True:
                    self.check()
                    if await self._answers():
                        return
                    await asyncio.sleep(_PAUSE)
        except TimeoutError:
            raise ServerFailed(f"the {self.name} did not answer within {_START:g} s\n{self.log()}") from None

    def check(self) -> None:
        """Raise ServerFailed if the server has ended."""
        if self._process is not None and self._process.returncode is not None:
            raise ServerFailed(f"the {self.name} ended with exit status {self._process.returncode}\n{self.log()}")

    async def wait(self) -> None:
        """Wait until the server ends by itself, which is a failure."""
        if self._process is not None:
            await self._process.wait()
        self.check()

    def log(self) -> str:
        """The last lines of its log."""
        lines = self.log_file.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join([f"the end of {self.log_file}:", *(f"  {line}" for line in lines)])

    async def stop(self) -> bool:
        """Stop it; return whether it went by itself when it was asked to."""
        if self._process is None:
            return True
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
        try:
            async with asyncio.timeout(_STOP):
                return await self._process.wait() == 0
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            return False


class Server(Child):
    """The daemon."""

    def __init__(self, command: Path, server_file: Path, data_dir: Path, port: int) -> None:
        arguments = [str(command), "-s", str(server_file), "-o", str(data_dir), "--port", str(port)]
        super().__init__("server", arguments, data_dir / "server.log")
        self.url = f"coap://localhost:{port}"

    async def _answers(self) -> bool:
        try:
            async with Piccolo(self.url, timeout=1.0):
                return True
        except ConnectionFailed:
            return False


class WebPages(Child):
    """The web front end for one rig, for browsers on this computer."""

    def __init__(self, command: Path, rig: str, data_dir: Path, port: int) -> None:
        super().__init__("web front end", [str(command), "--rig", rig, "--port", str(port)], data_dir / "web.log")
        self.url = f"http://localhost:{port}"
        self._port = port

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("localhost", self._port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True
