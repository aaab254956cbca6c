"""A catalogue that is there whenever it is needed: opened at the first use, replaced where it is damaged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection

from piccolo3.clock import Clock
from piccolo3.errors import StoreError
from piccolo3.store.catalogue import Catalogue
from piccolo3.store.failures import DatabaseDamaged, shown

__all__ = ["Keeper"]

T = TypeVar("T")
_logger = logging.getLogger(__name__)


class Keeper:
    """Keeps the catalogue at `url`. `opened` is called in a first transaction whenever it was opened.

    A file that turns out to be damaged, or that somebody has taken away, makes room for a new one. From then on it is
    `distrusted`, as it is when it is opened, until the files were compared with it.
    """

    def __init__(
        self, url: str | URL, clock: Clock, *, busy_timeout: float, opened: Callable[[Connection], object] | None = None
    ) -> None:
        self._url = url
        self._clock = clock
        self._busy_timeout = busy_timeout
        self._opened = opened
        self._catalogue: Catalogue | None = None
        self._generation = 0
        self._trusted = -1

    @property
    def distrusted(self) -> bool:
        """Whether it may differ from the files."""
        return self._trusted != self._generation

    def distrust(self) -> None:
        """It does differ from the files."""
        self._generation += 1

    def generation(self) -> int:
        """What `trust` wants to know when it is over, from somebody who begins to compare."""
        self.ready()
        return self._generation

    def trust(self, generation: int) -> None:
        """The files were compared with it."""
        self._trusted = generation

    @property
    def is_open(self) -> bool:
        """Whether the next use finds it open."""
        return self._catalogue is not None and self._catalogue.is_usable

    def ready(self) -> Catalogue:
        """The catalogue, open. StoreError where it can't be opened now."""
        if self._catalogue is not None and self._catalogue.is_usable:
            return self._catalogue
        if self._catalogue is not None:
            _logger.error("the catalogue %s was taken away while it was in use", self._catalogue.name)
            self.close()
        catalogue = Catalogue(self._url, self._clock, busy_timeout=self._busy_timeout)
        try:
            self._open(catalogue)
        except DatabaseDamaged as error:
            self._replace(catalogue, error)
        self._catalogue = catalogue
        self.distrust()
        return catalogue

    def _open(self, catalogue: Catalogue) -> None:
        catalogue.open()
        if self._opened is not None:
            try:
                with catalogue.writing() as connection:
                    self._opened(connection)
            except BaseException:
                catalogue.close()
                raise

    def _replace(self, catalogue: Catalogue, error: DatabaseDamaged) -> None:
        aside = catalogue.move_aside()
        if aside is None:
            # not ours to throw away
            raise StoreError(error.message, **error.details) from error
        _logger.error(
            "the catalogue is damaged: %s. It is now %s; a new one is made from the files", error.message, shown(aside)
        )
        self._open(catalogue)

    def close(self) -> None:
        """Close it until it is needed again."""
        if self._catalogue is not None:
            self._catalogue.close()
        self._catalogue = None

    def read(self, function: Callable[[Connection], T]) -> T:
        """What a function finds in one state of everything."""
        return self._done(function, writing=False)

    def write(self, function: Callable[[Connection], T]) -> T:
        """Have a function change something; all of it is durable then, or none of it was done."""
        return self._done(function, writing=True)

    def back_up(self, why: str) -> Path | None:
        """Make a copy, where it is a file."""
        return self.ready().back_up(why)

    def _done(self, function: Callable[[Connection], T], *, writing: bool) -> T:
        catalogue = self.ready()
        try:
            return self._once(catalogue, function, writing=writing)
        except DatabaseDamaged as error:
            self._catalogue = None
            self._replace(catalogue, error)
            self._catalogue = catalogue
            self.distrust()
            return self._once(catalogue, function, writing=writing)

    @staticmethod
    def _once(catalogue: Catalogue, function: Callable[[Connection], T], *, writing: bool) -> T:
        with catalogue.writing() if writing else catalogue.reading() as connection:
            return function(connection)
