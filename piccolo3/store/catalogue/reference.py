"""The reference documentation, written from the tables: `python -m piccolo3.store.catalogue.reference`."""

from __future__ import annotations

import sys

from piccolo3.store.catalogue.models import HEAD, Base
from piccolo3.store.database.reference import sections

__all__ = ["reference"]

_HEAD = """\
# The catalogue

Everything in a data directory can be found by SQL: in the file `piccolo3.sqlite` there, or where
[`[catalogue]`](configuration.md) says. This is version VERSION of its tables; older ones are brought up to date when
the daemon starts, after a copy was made. Dates are in UTC; in SQLite they are texts like `2026-06-21 12:00:00.000000`.

Files and catalogue agree: a sequence is recorded when its files are on the disk and its rows in the catalogue. What the
catalogue says of spectra can be made anew from the files. It can be read while the daemon runs (in SQLite:
`sqlite3 'file:piccolo3.sqlite?mode=ro'`); nobody else should write to it.

The newest light spectra of a spectrometer, with the batch they are of:

```sql
SELECT runs.name, batches.number, spectra.sequence, spectra.direction, spectra.start, spectra.peak
FROM spectra JOIN batches ON batches.id = spectra.batch_id JOIN runs ON runs.id = spectra.run_id
WHERE spectra.serial_number = 'S1' AND NOT spectra.dark
ORDER BY spectra.start DESC, spectra.id DESC LIMIT 20;
```

Batches that did not complete:

```sql
SELECT runs.name, batches.number, batches.started, batches.outcome, batches.reason
FROM batches JOIN runs ON runs.id = batches.run_id
WHERE batches.outcome <> 'complete';
```

Something from the metadata, here in the way of SQLite:

```sql
SELECT spectrum_id, json_extract(details, '$.SoftwareVersion') FROM contents ORDER BY spectrum_id DESC LIMIT 20;
```

Some housekeeping:

```sql
SELECT time, json_extract(quantities, '$.cpu_temperature') FROM housekeeping ORDER BY time DESC LIMIT 60;
```

<!-- Written by `python -m piccolo3.store.catalogue.reference`; see models.py there. -->
"""


def reference() -> str:
    """The page with every table and column, in Markdown."""
    return _HEAD.replace("VERSION", HEAD) + "\n" + sections(Base)


if __name__ == "__main__":
    sys.stdout.write(reference())
