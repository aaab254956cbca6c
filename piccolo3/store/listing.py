"""What is in the folders of runs: from the catalogue where that knows all of it, else from the folder."""

from __future__ import annotations

from functools import partial

from piccolo3.store.catalogue import files
from piccolo3.store.directory import DataDirectory
from piccolo3.store.entries import last_batch, list_spectra
from piccolo3.store.failures import store_errors
from piccolo3.store.keeper import Keeper

__all__ = ["Listing"]


class Listing:
    """Lists runs. A folder whose time of change is another one than when its content was known is looked through.

    `strangers` says that there was something in a folder that the catalogue does not know, or the other way round.
    """

    def __init__(self, directory: DataDirectory, keeper: Keeper) -> None:
        self._directory = directory
        self._keeper = keeper
        self._known: dict[str, int] = {}  # time of change in ns
        self.strangers = False

    def forget(self) -> None:
        """Nothing is known any more."""
        self._known.clear()

    def is_known(self, run: str) -> bool:
        """Whether the catalogue has all files of a run, and no others."""
        return run in self._known and self._known[run] == self._changed(run)

    def note_write(self, run: str, was_known: bool) -> None:
        """We have just written to a run, and the catalogue knows; `was_known` is what `is_known` said before."""
        if was_known:
            self._known[run] = self._changed(run)

    def _changed(self, run: str) -> int:
        path = self._directory.directory_of(run)
        with store_errors("looking at", path):
            return path.stat().st_mtime_ns

    def names(self, run: str) -> list[str]:
        """The names of the data files of a run, in descending order."""
        if self.is_known(run):
            return self._keeper.read(partial(files.names, run=run))
        return self._looked_through(run)

    def last_batch(self, run: str) -> int:
        """The highest batch number in the name of a file, -1 where there is none or the catalogue knows it."""
        if self.is_known(run):
            return -1
        self._looked_through(run)
        return last_batch(self._directory.directory_of(run))

    def _looked_through(self, run: str) -> list[str]:
        changed = self._changed(run)
        found = list_spectra(self._directory.path, self._directory.directory_of(run))
        if found == self._keeper.read(partial(files.names, run=run)):
            self._known[run] = changed
        else:
            self._known.pop(run, None)
            self.strangers = True
        return found
