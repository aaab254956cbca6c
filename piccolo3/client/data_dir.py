"""Runs and their files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path

from piccolo3.client import answers, catalogue, files
from piccolo3.client.connection import FETCH, GET, PUT, Connection, arguments
from piccolo3.client.mirror import Copied, Mirror, Synced
from piccolo3.errors import NotAllowed
from piccolo3.spectrum import SpectraList, Spectrum
from piccolo3.wire import COMPACT, JsonValue

__all__ = ["DataDirectory", "Run"]

_FEW = 4  # entries that make no large answer


class Run:
    """One run, a directory of files."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self.name = name

    async def files(self) -> tuple[str, ...]:
        """Names of the files, the latest first."""
        path = self._path("spectra_list")
        value = await self._connection.request(GET, path, seconds=files.BULK, bulk=True)
        return answers.texts(value, "list of files")

    async def current_batch(self) -> int:
        """Number of the last batch, -1 if there is none."""
        return answers.integer(await self._connection.request(GET, self._path("current_batch")), "current batch")

    async def read(self, file: str) -> str:
        """The text of a file. NotFound if there is no such file."""
        return await files.text(self._connection, self._path(), file)

    async def spectra(self, file: str) -> SpectraList:
        """The spectra in a file. NotFound if there is no such file."""
        return await files.spectra(self._connection, self._path(), file)

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
        value = await self._connection.request(PUT, ("data_dir", "all_runs"), arguments([], {}), seconds=files.BULK)
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

    async def latest(self) -> catalogue.Latest | None:
        """What was stored last, in short; None if nothing ever was. `Piccolo.observe("data_dir/latest")` follows it."""
        return catalogue.latest(await self._get("latest"))

    async def latest_spectrum(self, serial_number: str, channel: str, *, dark: bool = False) -> Spectrum:
        """The last spectrum of a spectrometer and channel. NotFound if there is none."""
        kind = "dark" if dark else "light"
        return await self._spectrum("latest", f"S_{serial_number}", channel, kind)

    async def spectrum(self, spectrum_id: int) -> Spectrum:
        """A spectrum that `query` has found."""
        return await self._spectrum("spectrum", str(spectrum_id))

    async def query(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        run: str | None = None,
        batch: int | None = None,
        serial_number: str | None = None,
        direction: str | None = None,
        dark: bool | None = None,
        any_flags: Sequence[str] | None = None,
        no_flags: Sequence[str] | None = None,
        order: str = "time",
        page: int = 50,
    ) -> AsyncIterator[catalogue.SpectrumInfo]:
        """Spectra, newest first, fetched a page at a time while more are taken.

        Exposures from `since` to before `until`; what is None does not matter. A `batch` needs a `run`. Of `any_flags`
        (names) a spectrum has one at least, of `no_flags` none. `order` is time, or recorded: as they came.
        """
        wanted: dict[str, JsonValue] = {
            "since": _text(since),
            "until": _text(until),
            "run": run,
            "batch": batch,
            "serial": serial_number,
            "direction": direction,
            "dark": dark,
            "any_flags": None if any_flags is None else list(any_flags),
            "no_flags": None if no_flags is None else list(no_flags),
            "order": order,
        }
        async for entry in self._pages("query", "spectra", wanted, page):
            yield catalogue.spectrum_info(entry)

    async def batches(self, run: str | None = None, *, page: int = 20) -> AsyncIterator[catalogue.BatchInfo]:
        """Batches, the last begun first, fetched a page at a time while more are taken."""
        async for entry in self._pages("batches", "batches", {"run": run}, page):
            yield catalogue.batch_info(entry)

    async def troubled(self, run: str | None = None, *, page: int = 50) -> AsyncIterator[Mapping[str, JsonValue]]:
        """Files that are missing, damaged or not what was written: their run, name, size, state and problem."""
        async for entry in self._pages("troubled", "files", {"run": run}, page):
            yield answers.mapping(entry, "file")

    async def events(
        self, since: datetime | None = None, until: datetime | None = None, *, page: int = 50
    ) -> AsyncIterator[Mapping[str, JsonValue]]:
        """What has happened, newest first: time, level, kind, source, message and details."""
        async for entry in self._pages("events", "events", {"since": _text(since), "until": _text(until)}, page):
            yield answers.mapping(entry, "event")

    async def housekeeping(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        names: Sequence[str] | None = None,
        page: int = 50,
    ) -> AsyncIterator[tuple[datetime, Mapping[str, JsonValue]]]:
        """What housekeeping has measured, newest first: when, and values by the name of the quantity.

        Of quantities that there are several of, such as `detector_temperature`, the name means all.
        """
        wanted: dict[str, JsonValue] = {
            "since": _text(since),
            "until": _text(until),
            "names": None if names is None else list(names),
        }
        async for entry in self._pages("housekeeping", "samples", wanted, page):
            sample = answers.mapping(entry, "sample")
            yield answers.moment(sample.get("time"), "time"), answers.mapping(sample.get("values"), "values")

    async def check(self) -> Mapping[str, JsonValue]:
        """How the check of the files against the catalogue stands: state, done, total, what was found."""
        return answers.mapping(await self._get("check"), "check")

    async def check_again(self, *, deep: bool = False) -> None:
        """Have the files checked once more; `deep` also reads those that look unchanged."""
        await self._connection.request(PUT, ("data_dir", "check"), arguments([deep], {}))

    async def sync(
        self,
        folder: PathLike[str] | str,
        runs: Sequence[str] = (),
        *,
        rate: float | None = None,
        on_file: Callable[[Copied], None] | None = None,
    ) -> Synced:
        """Bring a local copy of all files up to date, or of those of these runs: what is there is not sent again.

        Each file is compared with the rig's SHA-256 and is in `folder`/<run> whole or not at all, so that this can be
        ended at any moment and goes on where it was. Nothing is ever deleted. `rate` is the most that may come, in
        bytes per second on average. Busy while another program does it, Unavailable where the folder can't be written.
        """
        return await Mirror(self._connection, self, Path(folder), rate, on_file).update(runs)

    async def _spectrum(self, *names: str) -> Spectrum:
        path = ("data_dir", *names)
        value = await self._connection.request(GET, path, seconds=files.BULK, accept=COMPACT, bulk=True)
        return catalogue.spectrum(value)

    async def _pages(self, name: str, key: str, wanted: Mapping[str, JsonValue], page: int) -> AsyncIterator[JsonValue]:
        cursor: JsonValue = None
        while True:
            asked = arguments([], {**wanted, "limit": page, "cursor": cursor})
            body = answers.mapping(await self._page(name, asked, bulk=page > _FEW), name)
            entries = body.get(key)
            for entry in entries if isinstance(entries, list) else ():
                yield entry
            cursor = body.get("cursor")
            if cursor is None:
                return

    async def _page(self, name: str, asked: JsonValue, *, bulk: bool) -> JsonValue:
        request = self._connection.request
        try:
            return await request(FETCH, ("data_dir", name), asked, seconds=files.BULK, accept=COMPACT, bulk=bulk)
        except NotAllowed:  # a page like others, but what was sent before is sent again
            return await request(PUT, ("data_dir", name), asked, seconds=files.BULK)

    async def _get(self, name: str) -> JsonValue:
        return await self._connection.request(GET, ("data_dir", name))


def _text(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()
