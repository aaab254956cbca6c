"""What is generated from the code is up to date."""

from __future__ import annotations

import asyncio
from pathlib import Path

from docs import client_api, generate, housekeeping


def test_the_tree_in_coap_md_is_that_of_the_code() -> None:
    written = (Path(generate.ROOT) / "coap.md").read_text(encoding="utf-8")
    assert asyncio.run(generate.coap_md()) == written, "run `make docs`"


def test_the_page_about_housekeeping_is_that_of_the_code() -> None:
    written = (Path(generate.ROOT) / "docs/reference/housekeeping.md").read_text(encoding="utf-8")
    assert housekeeping.page() == written, "run `make docs`"


def test_the_reference_of_the_client_is_that_of_the_code() -> None:
    written = (Path(generate.ROOT) / "docs/reference/client.md").read_text(encoding="utf-8")
    assert client_api.page() == written, "run `make docs`"


def test_the_types_of_the_synchronous_client_are_those_of_the_code() -> None:
    written = (client_api.PACKAGE / "sync.pyi").read_text(encoding="utf-8")
    assert client_api.stub() == written, "run `make docs`"
