"""The store and its thread: every call that touches the disk, in the order they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from piccolo3.errors import PiccoloError
from piccolo3.spectrum import SpectraList
from piccolo3.store import BatchEnd, BatchRecord, RunInfo, Store
from piccolo3.store.mount import Mount
from piccolo3.workers.calls import at_most, retrieve
from piccolo3.workers.worker import Worker

__all__ = ["Writer"]

T = TypeVar("T")


class Writer:
    """A store as the event loop sees it. What it raises is StoreError, InvalidValue, NotFound, Conflict."""

    def __init__(self, directory: Store) -> None:
        self._directory = directory
        self._before_unmounting: list[Callable[[], None]] = []
        self._worker = Worker("writer")
        self._turn = asyncio.Lock()
        self._writing: set[asyncio.Task[object]] = set()

    @property
    def path(self) -> Path:
        """Path of the data directory."""
        return self._directory.path

    @property
    def clobber(self) -> bool:
        """Whether existing files are overwritten."""
        return self._directory.clobber

    @property
    def split(self) -> bool:
        """Whether dark and light spectra go to files of their own."""
        return self._directory.split

    async def start(self) -> None:
        """Start the thread and open the directory."""
        self._worker.start()
        await self.run(self._directory.open)

    async def stop(self, deadline: float = 4.0) -> bool:
        """Finish what was asked to be written, close the directory, end the thread; False if the disk hangs."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=deadline / 2)
        await at_most(self.run(self._directory.close), deadline / 4)
        return await self._worker.stop(deadline / 4)

    async def run(self, function: Callable[[], T]) -> T:
        """The result of any blocking function that concerns the disk, when those asked before are done."""
        async with self._turn:
            await self._worker.idle()  # the one before may have been given up by whoever asked
            return await self._worker.run(function)

    async def ask(self, question: Callable[[Store], T]) -> T:
        """What `question` finds in the store, or does to it."""
        return await self.run(partial(question, self._directory))

    async def tell(self, news: Callable[[Store], T]) -> T:
        """As `ask`, for what must not be lost: see `save`."""
        return await self.save(partial(news, self._directory))

    async def write(self, spectra: SpectraList) -> tuple[Path, ...]:
        """Write to disk; the paths of the files. Goes on where the caller is cancelled."""
        return await self.save(partial(self._directory.write, spectra))

    async def make(
        self, make: Callable[[], SpectraList], then: Callable[[SpectraList], T]
    ) -> tuple[T, tuple[Path, ...]]:
        """Make spectra in the thread and write them; what `then` says of them, and the paths of the files.

        Goes on where the caller is cancelled.
        """

        def made() -> tuple[T, tuple[Path, ...]]:
            spectra = make()
            return then(spectra), self._directory.write(spectra)

        return await self.save(made)

    async def save(self, function: Callable[[], T]) -> T:
        """As `run`, for what must not be lost: it goes on where the caller is cancelled, and `stop` waits for it."""
        task = asyncio.create_task(self.run(function), name="write")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        task.add_done_callback(retrieve)
        return await asyncio.shield(task)

    async def keep(self, function: Callable[[], T]) -> T:
        """As `run`, for what belongs into the directory: StoreError where that is not there, on a stick, say."""

        def kept() -> T:
            self._directory.check()
            return function()

        return await self.run(kept)

    async def mount(self, mount: Mount) -> str:
        """Mount the device, and open the directory if it was closed to unmount it; what was done."""

        def mounted() -> str:
            done = mount.mount()
            if not self._directory.is_open:
                self._directory.open()
            return done

        return await self.run(mounted)

    async def unmount(self, mount: Mount) -> str:
        """Unmount the device, closing the directory if it is on it; what was done. Nothing can be written then."""

        def unmounted() -> str:
            if not mount.carries(self._directory.path):
                return mount.unmount()
            for let_go in self._before_unmounting:
                let_go()
            self._directory.close()
            try:
                return mount.unmount()
            except PiccoloError:
                self._directory.open()
                raise

        return await self.run(unmounted)

    def before_unmounting(self, let_go: Callable[[], None]) -> None:
        """Have `let_go` called, in the thread, before the directory is closed to unmount what it is on."""
        self._before_unmounting.append(let_go)

    async def read(self, run: str, file_name: str) -> str:
        """The text of a file."""
        return await self.run(partial(self._directory.read, run, file_name))

    async def runs(self) -> list[RunInfo]:
        """All runs."""
        return await self.run(self._directory.runs)

    async def newest_run(self) -> str | None:
        """The run that changed last; None if there is none."""
        return await self.run(self._directory.newest_run)

    async def run_exists(self, name: str) -> bool:
        """Whether there is a run of this name."""
        return await self.run(partial(self._directory.run_exists, name))

    async def create_run(self, name: str) -> str:
        """Make a run unless it exists; its name, which for a new one is in the normal form of Unicode."""
        return await self.run(partial(self._directory.create_run, name))

    async def spectra_files(self, run: str) -> list[str]:
        """Names of the files of a run, in descending order."""
        return await self.run(partial(self._directory.spectra_files, run))

    async def current_batch(self, run: str) -> int:
        """Number of the last batch of a run, -1 before the first."""
        return await self.run(partial(self._directory.current_batch, run))

    async def begin_batch(self, run: str, record: BatchRecord, configuration: str | None = None) -> int:
        """The next batch number of a run, never used before; the text of the configuration is kept with it."""

        def begun(store: Store) -> int:
            version = None if configuration is None else store.configuration(configuration)
            return store.begin_batch(run, record if version is None else replace(record, configuration=version))

        return await self.ask(begun)

    async def end_batch(self, run: str, number: int, end: BatchEnd) -> None:
        """Say how a batch ended. Goes on where the caller is cancelled."""
        await self.tell(lambda store: store.end_batch(run, number, end))
