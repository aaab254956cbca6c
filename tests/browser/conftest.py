"""One rig, one web server and one browser for all tests; after each, nothing may have been complained of."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.browser.chrome import DESKTOP, MISSING, PHONE, Chrome, Screen, chrome, programs
from tests.browser.rig import PASSWORD, Front, Rig, front, rig
from tests.browser.scene import furnish


@pytest.fixture(scope="session")
def installed() -> None:
    """There is a browser."""
    if programs() is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)


@pytest.fixture(scope="session")
def the_rig(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("rig")) as found:
        found.talk(furnish)
        yield found


@pytest.fixture(scope="session")
def the_front(the_rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("front"), the_rig.url) as found:
        yield found


@pytest.fixture(scope="session")
def the_chrome(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chrome(tmp_path_factory.mktemp("chrome")) as found:
        yield found


@pytest.fixture(scope="session")
def _at_the_door(the_chrome: Chrome, the_front: Front) -> None:
    the_chrome.base = the_front.url()
    the_chrome.screen(DESKTOP)
    the_chrome.login("anna", PASSWORD)
    the_chrome.base = the_front.url("localhost")  # another host has another cookie
    the_chrome.login("visitor", PASSWORD)


@pytest.fixture
def browser(the_chrome: Chrome, the_front: Front, _at_the_door: None) -> Iterator[Chrome]:
    """A window of anna, who may operate."""
    the_chrome.base = the_front.url()
    the_chrome.screen(DESKTOP)
    the_chrome.theme("light")
    the_chrome.complaints()
    yield the_chrome
    found = the_chrome.complaints()
    the_chrome.driver.get("about:blank")  # what is left open goes on in the background
    assert not found, found


@pytest.fixture
def visitor(browser: Chrome, the_front: Front) -> Chrome:
    """The same window, of somebody who may only look."""
    browser.base = the_front.url("localhost")
    return browser


@pytest.fixture(params=[PHONE, DESKTOP], ids=lambda screen: str(screen.name))
def screen(request: pytest.FixtureRequest, browser: Chrome) -> Screen:
    """The size of the window."""
    found = request.param
    assert isinstance(found, Screen)
    browser.screen(found)
    return found
