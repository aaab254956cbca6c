"""Pages that nobody sees: browsers open six connections to a server, in all tabs together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.chrome import Chrome

TABS = 8
_SEEN = """
Object.defineProperty(document, "hidden", {value: !arguments[0], configurable: true});
document.dispatchEvent(new Event("visibilitychange"));
"""  # without a screen, Chromium says that all tabs are seen


@pytest.fixture
def tabs(browser: Chrome) -> Iterator[list[str]]:
    """The window, and what is opened beside it."""
    found = [browser.driver.current_window_handle]
    yield found
    for one in found[1:]:
        browser.driver.switch_to.window(one)
        browser.driver.close()
    browser.driver.switch_to.window(found[0])


def test_many_tabs_can_be_open(browser: Chrome, tabs: list[str]) -> None:
    browser.page("live")
    for _ in range(TABS - 1):
        browser.script(_SEEN, False)
        browser.driver.switch_to.new_window("tab")
        tabs.append(browser.driver.current_window_handle)
        browser.page("live")


def test_a_page_that_is_seen_again_shows_what_happened_meanwhile(browser: Chrome, tabs: list[str]) -> None:
    browser.page("record")
    before = browser.field("Sequences").get_attribute("value")
    browser.script(_SEEN, False)
    browser.driver.switch_to.new_window("tab")
    tabs.append(browser.driver.current_window_handle)
    browser.page("record")
    changed = "7" if before != "7" else "8"
    browser.enter("Sequences", changed)
    get = "return fetch('api/control/numSequences').then((answer) => answer.json())"
    browser.until(lambda: browser.script(get) == int(changed), "it was not set")
    browser.driver.switch_to.window(tabs[0])
    assert browser.field("Sequences").get_attribute("value") == before, "nobody sees it"
    browser.script(_SEEN, True)
    browser.until(lambda: browser.field("Sequences").get_attribute("value") == changed, "what has changed is not shown")
    browser.enter("Sequences", str(before))
