"""A local copy of a rig's files, brought up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from piccolo3.client import answers, files
from piccolo3.client.catalogue import SpectrumInfo
from piccolo3.client.connection import GET, Connection
from piccolo3.client.ledger import Begun, File, Ledger, Mark
from piccolo3.client.transfer import Part
from piccolo3.errors import ConnectionFailed, InvalidValue, NotAllowed, NotFound

if TYPE_CHECKING:
    from piccolo3.client.data_dir import DataDirectory

__all__ = ["Copied", "Mirror", "Synced"]

_PAGE = 100
_ATTEMPTS = 3
_PAUSE = 1.0  # s after a failure
_SUFFIX = ".pico"
_LONGEST = 255  # bytes of a name
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A file that has been copied just now: the `number`-th of `total`. Size in bytes."""

    run: str
    file: str
    size: int
    sha256: str
    number: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a folder has after it was brought up to date.

    `files` there are in it, `copied` of them new; `gone` were not there any more when they were asked for. `received`
    counts bytes of answers, as they came over the network.
    """

    folder: Path
    files: int
    copied: int
    gone: int
    received: int


class Mirror:
    """Copies what is new of a rig to a folder; `rate` is the most that may come in bytes per second on average."""

    def __init__(
        self,
        connection: Connection,
        directory: DataDirectory,
        folder: Path,
        rate: float | None = None,
        tell: Callable[[Copied], None] | None = None,
    ) -> None:
        if rate is not None and rate <= 0:
            raise InvalidValue(f"the rate has to be more than 0 bytes per second, not {rate:g}")
        self._connection = connection
        self._directory = directory
        self._folder = folder
        self._rate = rate
        self._tell = tell
        self._since = 0.0  # all that came before is paid for
        self._paid = 0

    async def update(self, runs: Sequence[str] = ()) -> Synced:
        """Copy what is new in these runs, or all. What has been copied when it fails stays, and is not copied again."""
        begin = self._paid = self._connection.received
        self._since = asyncio.get_running_loop().time()
        rig = answers.text(await self._connection.request(GET, "sysinfo/host"), "name of the host")
        names = tuple(dict.fromkeys(runs))
        for name in names:
            if not _is_plain(name):
                raise InvalidValue(f"{name!r} is not the name of a run")
        copied = gone = 0
        with Ledger.opened(self._folder, rig) as ledger, self._going_on(ledger):
            for run in names or (None,):
                newest, wanted = await self._wanted(ledger, run)
                for number, file in enumerate(wanted, 1):
                    if await self._copy(ledger, file, number, len(wanted)):
                        copied += 1
                    else:
                        gone += 1
                if newest is not None:
                    ledger.set_mark(run, newest)
            total = sum(map(ledger.count, names)) if names else ledger.count(None)
        received = self._connection.received - begin
        return Synced(folder=self._folder, files=total, copied=copied, gone=gone, received=received)

    @contextmanager
    def _going_on(self, ledger: Ledger) -> Iterator[None]:
        """Go on with the file that was under way the last time; keep what has come of the one that is so in the end."""
        transfers = self._connection.transfers
        begun = ledger.take_begun()
        if begun is not None:
            part = Part(begun.etag, begun.content_format, begun.payload)
            transfers.resume((int(GET), begun.path, b"", begun.accept), part)
        try:
            yield
        finally:
            for (_, path, _, accept), part in transfers.unfinished()[-1:]:
                if part.etag is not None:
                    ledger.keep_begun(Begun(path, accept, part.etag, part.content_format, part.payload))

    async def _wanted(self, ledger: Ledger, run: str | None) -> tuple[Mark | None, Sequence[File]]:
        """The newest spectrum, and all files that are new or are missing here."""
        newest, known = await self._newest(run), ledger.mark(run)
        wanted = ledger.lost(run)
        if newest is None or newest != known:
            complete = False
            if newest is not None and known is not None:
                news, complete = await self._news(run, known)
                wanted |= news
            if not complete:
                wanted |= {file async for file in self._all(run) if not ledger.has(*file)}
        return newest, sorted(wanted)

    async def _newest(self, run: str | None) -> Mark | None:
        try:
            async for entry in self._directory.query(run=run, order="recorded", page=1):
                return _mark(entry)
        except (NotFound, NotAllowed):  # servers from before 0.6
            pass
        return None

    async def _news(self, run: str | None, known: Mark) -> tuple[set[File], bool]:
        """Files of spectra that were recorded since; and whether that is the same catalogue as then."""
        found: set[File] = set()
        async for entry in self._directory.query(run=run, order="recorded", page=_PAGE):
            await self._rest()
            if entry.id <= known.id:
                return found, _mark(entry) == known
            if _is_plain(entry.run) and _is_plain(entry.file):
                found.add((entry.run, entry.file))
        return found, False

    async def _all(self, run: str | None) -> AsyncIterator[File]:
        for name in await self._directory.runs() if run is None else (run,):
            if not _is_plain(name):
                _logger.warning("the run %r can't be copied: no directory has such a name", name)
                continue
            for file in await self._directory.run(name).files():
                if file.endswith(_SUFFIX) and _is_plain(file):
                    yield name, file
            await self._rest()

    async def _copy(self, ledger: Ledger, file: File, number: int, total: int) -> bool:
        """False if there is no such file any more."""
        run, name = file
        try:
            content, digest = await self._fetched(run, name)
        except NotFound:
            return False
        ledger.store(run, name, content, digest)
        if self._tell is not None:
            self._tell(Copied(run=run, file=name, size=len(content), sha256=digest, number=number, total=total))
        return True

    async def _fetched(self, run: str, name: str) -> tuple[bytes, str]:
        for left in reversed(range(_ATTEMPTS)):
            try:
                return await files.exact(self._connection, ("data_dir", "runs", run), name)
            except (ConnectionFailed, InvalidValue):  # or it was written anew in that moment
                if not left:
                    raise
                await asyncio.sleep(_PAUSE)
            finally:
                await self._rest()
        raise AssertionError

    async def _rest(self) -> None:
        """Wait until what has come is paid for."""
        if self._rate is None:
            return
        now = asyncio.get_running_loop().time()
        free = self._since + (self._connection.received - self._paid) / self._rate
        self._paid = self._connection.received
        self._since = max(now, free)
        await asyncio.sleep(self._since - now)


def _mark(entry: SpectrumInfo) -> Mark:
    return Mark(entry.id, entry.run, entry.file, entry.start.isoformat())


def _is_plain(name: str) -> bool:
    """Whether a name that came over the network stands for a place in the folder, and nowhere else."""
    strange = name.startswith(".") or any(character in "/\\:\0" for character in name)
    return bool(name) and not strange and len(name.encode(errors="replace")) <= _LONGEST
