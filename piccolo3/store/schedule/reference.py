"""The reference documentation, written from the tables: `python -m piccolo3.store.schedule.reference`."""

from __future__ import annotations

import sys

from piccolo3.store.database.reference import sections
from piccolo3.store.schedule.models import HEAD, Base

__all__ = ["reference"]

_HEAD = """\
# The schedule in its database

Jobs, what came of them, and quiet time are in the file `schedule.sqlite` in the data directory. This is version VERSION
of its tables. It is apart from the [catalogue](catalogue.md), which can be made anew from the files that were recorded;
jobs can't. Dates are in UTC, texts like `2026-06-21 12:00:00.000000`. It can be read while the daemon runs (`sqlite3
'file:schedule.sqlite?mode=ro'`); nobody else should write to it.

What came of the jobs in each month:

```sql
SELECT strftime('%Y-%m', planned) AS month, outcome, count(*), sum(late), sum(coalesced)
FROM runs GROUP BY month, outcome ORDER BY month, outcome;
```

What was not done, and why:

```sql
SELECT jobs.id, jobs.name, runs.planned, runs.outcome, runs.reason
FROM runs JOIN jobs ON jobs.id = runs.job_id
WHERE runs.outcome <> 'complete' ORDER BY runs.id DESC LIMIT 20;
```

Beside it is `schedule.jsonl`, a copy of the jobs that are active or suspended and of the settings: lines of JSON, of
which a later one counts more than an earlier one of the same job. A database that is damaged, or gone, is moved aside
and made anew from the copy when the daemon opens it; what came of the jobs before is in the file that was moved aside.
Jobs of the original's `scheduler.sqlite` are taken over once, with their numbers; the file is not touched. Numbers of
jobs are never given again.

<!-- Written by `python -m piccolo3.store.schedule.reference`; see models.py there. -->
"""


def reference() -> str:
    """The page with every table and column, in Markdown."""
    return _HEAD.replace("VERSION", HEAD) + "\n" + sections(Base)


if __name__ == "__main__":
    sys.stdout.write(reference())
