"""`data_dir`: runs, their files, their catalogue, and the device that carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from piccolo3.components.arguments import Argument
from piccolo3.components.catalogue import CatalogueResources
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Boolean, Integer, ListOf, Nullable, SafeName, Text, Truth
from piccolo3.components.declaration import command, lookup, value
from piccolo3.components.files import FileText, file_document
from piccolo3.components.latest import Latest
from piccolo3.errors import Busy, Conflict, InvalidValue
from piccolo3.events import Broker
from piccolo3.recording import Recorder, RunChanged
from piccolo3.store import RunInfo
from piccolo3.store.mount import Mount
from piccolo3.workers import Verifier, Writer

__all__ = ["DataDirectoryResources"]

_FILE = Text(max_length=255)
_PATH = Text(max_length=4096)
_LISTED = 20


class DataDirectoryResources(CatalogueResources):
    """The data directory, seen by clients."""

    def __init__(
        self,
        recorder: Recorder,
        writer: Writer,
        verifier: Verifier,
        mount: Mount,
        broker: Broker,
        runs: Sequence[RunInfo] = (),
    ) -> None:
        self._runs = _Runs(recorder, writer)
        children = [self._runs, Latest(writer, broker)]
        super().__init__("data_dir", writer, verifier, broker, title="runs and their files", children=children)
        self._recorder = recorder
        self._mount = mount
        self._runs.note(runs)
        broker.subscribe(RunChanged, lambda _: self.announce("current_run"))

    @value(Text(max_length=64), title="run that is recorded into", observable=True)
    def current_run(self) -> str:
        """Return the name of the current run."""
        return self._recorder.run

    @current_run.setter(Argument("run", SafeName()), answer=Text(max_length=64))
    async def set_current_run(self, run: str) -> str:
        """Record into this run from now on; it is made if there is none of that name."""
        if run == self._recorder.run:
            raise Conflict(f"already using run {run}")
        await self._recorder.set_run(run)
        return self._recorder.run

    @value(_PATH, title="path of the data directory")
    def datadir(self) -> str:
        """Return the absolute path."""
        return str(self._writer.path)

    @value(Boolean(), title="whether the data device is mounted at the mount point")
    async def mount(self) -> bool:
        """Return whether it is mounted."""
        return await self._writer.run(self._mount.is_mounted)

    @mount.setter(Argument("mount", Truth()), answer=Text())
    async def set_mount(self, mount: bool) -> str:
        """Mount or unmount the data device; answers what was done."""
        if self._recorder.busy:
            raise Busy("the data device is in use while a batch is recorded")
        return await (self._writer.mount(self._mount) if mount else self._writer.unmount(self._mount))

    @command(
        Argument("alpha", Boolean(), default=False, text="sort by name, else by time of change"),
        Argument("reverse", Boolean(), default=False, text="sort descending"),
        Argument("nitems", Nullable(Integer(minimum=1)), default=None, text="runs on a page, null for all"),
        Argument("page", Integer(minimum=0), default=0, text="number of the page"),
        answer=ListOf(Text()),
        title="list the runs",
        safe=True,
    )
    async def all_runs(self, alpha: bool, reverse: bool, nitems: int | None, page: int) -> list[str]:
        """Return names of runs."""
        runs = await self._writer.runs()
        self._runs.note(runs)
        runs.sort(key=(lambda run: (run.name,)) if alpha else _by_change, reverse=reverse)
        names = [run.name for run in runs]
        size = nitems or max(1, len(names))
        pages = max(1, -(-len(names) // size))
        if page >= pages:
            raise InvalidValue(f"there is no page {page}, the last one is {pages - 1}", argument="page")
        return names[page * size : (page + 1) * size]


def _by_change(run: RunInfo) -> tuple[int, datetime, str]:
    return run.rank, run.modified, run.name


class _Runs(Component):
    """`runs/<run>`: every run can be found; the current one and the newest, as far as known, are listed."""

    def __init__(self, recorder: Recorder, writer: Writer) -> None:
        super().__init__("runs", title="the runs")
        self._recorder = recorder
        self._writer = writer
        self._newest: tuple[str, ...] = ()

    def note(self, runs: Sequence[RunInfo]) -> None:
        """Remember which runs are the newest, so that listing them does not touch the disk."""
        newest = sorted(runs, key=_by_change, reverse=True)
        self._newest = tuple(run.name for run in newest[:_LISTED])

    def children(self) -> Mapping[str, Component]:
        return {name: _Run(name, self._writer) for name in (self._recorder.run, *self._newest)}

    def find(self, name: str) -> Component | None:
        return _Run(name, self._writer) if name else None

    def prototype(self) -> Component:
        return _Run("run", self._writer)


class _Run(Component):
    """One run; its resources raise NotFound if there is none of this name."""

    def __init__(self, name: str, writer: Writer) -> None:
        super().__init__(name, title=f"run {name}")
        self._writer = writer

    @value(Integer(minimum=-1), title="number of the last batch (-1 if there is none)")
    async def current_batch(self) -> int:
        """Return the number of the last batch."""
        return await self._writer.current_batch(self.name)

    @value(Text(), name="name", title="name of the run")
    async def run_name(self) -> str:
        """Return the name."""
        await self._writer.current_batch(self.name)
        return self.name

    @value(ListOf(_FILE), title="names of the files (newest first)")
    async def spectra_list(self) -> list[str]:
        """Return names of files."""
        return await self._writer.spectra_files(self.name)

    @command(Argument("sname", _FILE, text="name of the file"), answer=Text(), title="text of a file", safe=True)
    async def spectra(self, sname: str) -> str:
        """Return the text of a .pico file."""
        return await self._writer.read(self.name, sname)

    @lookup(
        Argument("file", _FILE),
        FileText(),
        name="spectra",
        title="text of a file (in CBOR and the compact form its spectra, see docs/reference/compact.md)",
    )
    async def spectra_file(self, file: str) -> str:
        """Return the text of a .pico file."""
        return file_document(await self._writer.read(self.name, file))
