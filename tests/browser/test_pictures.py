"""The pictures of the documentation, which `make screenshots` takes."""

from __future__ import annotations

import re
from pathlib import Path

from piccolo3.web.pages import PAGES
from tests.browser.pictures import FOLDER, TAKES

ROOT = Path(__file__).parents[2]
MOST = 1_500_000  # bytes of all together


def test_there_is_one_of_every_page_and_they_are_small() -> None:
    wanted = {f"{name}-{end}.webp" for name, _ in PAGES for end, *_ in TAKES}
    assert {one.name for one in FOLDER.iterdir()} == wanted
    assert sum(one.stat().st_size for one in FOLDER.iterdir()) < MOST


def test_what_is_shown_is_there() -> None:
    for page in (ROOT / "README.md", ROOT / "docs/how-to/web.md"):
        shown = re.findall(r"\(([^()]*pictures/[^()]*)\)", page.read_text(encoding="utf-8"))
        assert shown, page
        for one in shown:
            assert (page.parent / one).is_file(), one
