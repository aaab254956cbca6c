from __future__ import annotations

import gzip
import re

import pytest

from piccolo3.web import assets
from piccolo3.web.pages import PAGES
from tests.unit.web.conftest import Make


def test_files_are_kept_for_ever_under_an_address_of_their_content(make: Make) -> None:
    client = make(users=False)
    answer = client.get(f"{assets.address()}/js/api.js")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/js/api.js").content == answer.content


def test_under_the_other_address_browsers_ask_again(make: Make) -> None:
    client = make(users=False)
    first = client.get("/static/js/api.js")
    assert first.headers["cache-control"] == "no-cache"
    again = client.get("/static/js/api.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("base", [assets.address(), "/static"])
def test_files_are_compressed(make: Make, base: str) -> None:
    client = make(users=False)
    path = f"{base}/vendor/uplot/uPlot.esm.js"
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
        packed = b"".join(answer.iter_raw())
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content
    assert len(packed) < len(plain.content) / 3


@pytest.mark.parametrize("name", [name for name, _ in PAGES])
def test_a_page_names_all_its_files_and_they_are_there(make: Make, name: str) -> None:
    client = make(users=False)
    text = client.get(f"/r/rig/{name}").text
    files = set(re.findall(r'"(/static/[^"]+)"', text))
    assert all(file.startswith(f"{assets.address()}/") for file in files)
    answers = {file: client.get(file) for file in files}
    assert {answer.status_code for answer in answers.values()} == {200}
    imported = {
        f"{file.rpartition('/')[0]}/{path}"
        for file, answer in answers.items()
        if file.endswith(".js")
        for path in re.findall(r'\bfrom "\./([^"]+)"', answer.text)
    }
    assert imported
    assert imported <= files
