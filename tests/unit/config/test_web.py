"""The file of the web front end."""

from __future__ import annotations

from pathlib import Path

import pytest

from piccolo3.config import load_web, show_settings
from piccolo3.errors import ConfigurationError


def test_without_a_file_nobody_else_can_reach_it() -> None:
    found = load_web(None)
    assert (found.http.address, found.http.port, found.http.anonymous) == ("127.0.0.1", 8080, None)
    assert [(rig.name, rig.url) for rig in found.rigs] == [("rig", "coap://localhost")]


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "web.cfg"
    (tmp_path / "logo.svg").write_text("<svg/>")
    file.write_text('[rigs]\n[[meadow]]\nurl = coap://m.local\n[brand]\nlogo = logo.svg\ncolour = "#123456"\n')
    found = load_web(file, {("http", "port"): 8443})
    assert found.http.users == tmp_path / "piccolo-web.users"
    assert found.brand.logo == tmp_path / "logo.svg"
    assert found.rigs[0].title == "meadow"
    assert found.http.port == 8443
    assert 'colour = "#123456"' in show_settings(found.settings)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    file = tmp_path / "web.cfg"
    file.write_text(
        "[http]\nport = 70000\ncertificate = cert.pem\n[rigs]\n[[a b]]\nurl = coap://x\n[[ok]]\nurl = http://x\n"
        "[brand]\nlogo = logo.svg\ntemplates = none\ncolor = red\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        load_web(file)
    text = str(caught.value)
    for part in ("port = 70000", "there has to be 'key'", "a b", "url = http://x", "logo.svg", "'color'; did you mean"):
        assert part in text
    assert "line 2" in text
