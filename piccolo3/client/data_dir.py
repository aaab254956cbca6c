"""Runs and their files."""

from __future__ import annotations

from piccolo3.client import answers
from piccolo3.client.connection import GET, PUT, Connection, arguments
from piccolo3.errors import NotAllowed, NotFound
from piccolo3.spectrum import SpectraList, loads
from piccolo3.wire import JsonValue, decode

__all__ = ["DataDirectory", "Run"]

_BULK = 120.0  # s for a file, which comes in about 60 blocks


class Run:
    """One run, a directory of files."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    async def files(self) -> tuple[str, ...]:
        """Names of the files, the latest first."""
        value = await self._connection.request(GET, self._path("spectra_list"), seconds=_BULK)
        return answers.texts(value, "list of files")

    async def current_batch(self) -> int:
        """Number of the last batch, -1 if there is none."""
        return answers.integer(await self._connection.request(GET, self._path("current_batch")), "current batch")

    async def read(self, file: str) -> str:
        """The text of a file. NotFound if there is no such file."""
        try:
            answer = await self._connection.fetch(GET, self._path("spectra", file), seconds=_BULK)
            value = decode(answer.payload, answer.opt.content_format, limit=None)
            return value if isinstance(value, str) else answer.payload.decode()
        except (NotFound, NotAllowed):  # servers from before 0.6 have files as the answer of a PUT only
            value = await self._connection.request(PUT, self._path("spectra"), arguments([file], {}), seconds=_BULK)
            return answers.text(value, f"file {file}")

    async def spectra(self, file: str) -> SpectraList:
        """The spectra in a file."""
        return loads(await self.read(file))

    def _path(self, *names: str) -> tuple[str, ...]:
        return ("data_dir", "runs", self.name, *names)


class DataDirectory:
    """The data directory of a server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, name: str) -> Run:
        """A run; whether there is such a one is seen when it is asked for something."""
        return Run(self._connection, name)

    async def runs(self) -> tuple[str, ...]:
        """Names of all runs."""
        value = await self._connection.request(PUT, ("data_dir", "all_runs"), arguments([], {}), seconds=_BULK)
        return answers.texts(value, "list of runs")

    async def current_run(self) -> Run:
        """The run that is recorded into."""
        return self.run(answers.text(await self._get("current_run"), "current run"))

    async def set_current_run(self, name: str) -> None:
        """Record into another run, which is made if necessary."""
        await self._connection.request(PUT, ("data_dir", "current_run"), arguments([name], {}))

    async def path(self) -> str:
        """Where it is on the server's disk, an absolute path."""
        return answers.text(await self._get("datadir"), "data directory")

    async def _get(self, name: str) -> JsonValue:
        return await self._connection.request(GET, ("data_dir", name))
