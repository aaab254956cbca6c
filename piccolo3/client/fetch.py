"""The spectra of a batch from the server."""

from __future__ import annotations

from piccolo3.client.connection import Connection
from piccolo3.client.data_dir import DataDirectory
from piccolo3.errors import NotAllowed, NotFound
from piccolo3.spectrum import Spectrum, parse_file_name

__all__ = ["batch_files", "fetch"]


async def batch_files(connection: Connection, run: str, number: int) -> tuple[str, ...]:
    """Names of the files of a batch, sorted. NotFound where there is no such run."""
    directory = DataDirectory(connection)
    try:  # asked like this, a run with ten thousand files does not matter
        query = directory.query(run=run, batch=number, page=100)
        return tuple(sorted({entry.file async for entry in query}))
    except (NotFound, NotAllowed):  # servers from before 0.6 have no catalogue
        names = await directory.run(run).files()
        return tuple(sorted(name for name in names if (of := parse_file_name(name)) and of.batch == number))


async def fetch(connection: Connection, run: str, number: int) -> tuple[Spectrum, ...]:
    """All spectra of a batch, in the order of its files."""
    files = DataDirectory(connection).run(run)
    names = await batch_files(connection, run, number)
    return tuple([one for name in names for one in (await files.spectra(name)).spectra])
