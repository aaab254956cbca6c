from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from piccolo3.store.catalogue.models import HEAD, Base
from piccolo3.store.catalogue.reference import reference

ROOT = Path(__file__).parents[3]
SAMPLE = Path(__file__).parent / "data" / f"catalogue_{HEAD}.sql"


def test_the_page_is_that_of_the_tables() -> None:
    written = (ROOT / "docs" / "reference" / "catalogue.md").read_text(encoding="utf-8")
    assert written == reference(), "run `make docs`"


def test_everything_is_explained() -> None:
    for table in Base.metadata.sorted_tables:
        assert f"## `{table.name}`" in reference()
        explained = [column.doc or column.primary_key for column in table.columns]
        assert all(explained), table.name


def test_the_examples_find_something() -> None:
    examples = re.findall(r"```sql\n(.*?)```", reference(), re.DOTALL)
    assert len(examples) == 4
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SAMPLE.read_text(encoding="utf-8"))
        for example in examples:
            rows = connection.execute(example).fetchall()
            assert rows
            assert None not in rows[0]
