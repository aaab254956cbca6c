"""The catalogue: an SQL database of runs, batches, files, spectra, events, housekeeping and configurations.

SQLAlchemy takes a while to import; nobody imports this package before it is needed.
"""

from __future__ import annotations

from piccolo3.store.catalogue.catalogue import Catalogue

__all__ = ["Catalogue"]
