"""Who may only look sees all of it and changes nothing."""

from __future__ import annotations

from piccolo3.web.pages import PAGES
from tests.browser.chrome import Chrome
from tests.browser.rig import PASSWORD, Front

_ABLE = """return [...document.querySelectorAll('main button, main input, main select, .safe button')]
  .filter((one) => one.checkVisibility() && !one.disabled)
  .map((one) => one.labels?.[0]?.textContent.trim() || one.getAttribute('aria-label') || one.textContent.trim())"""
LOOKING = {
    "now": set(),
    "record": set(),
    "temperatures": {"1 h", "6 h", "24 h"},
}


def test_a_wrong_password(browser: Chrome) -> None:
    browser.open("/login")
    with browser.expecting("401 (Unauthorized)"):
        browser.type("Name", "anna")
        browser.type("Password", "wrong\n")
        browser.reads("main", "The name or the password is wrong.")


def test_everything_can_be_seen_and_nothing_be_done(visitor: Chrome) -> None:
    for name, _ in PAGES:
        visitor.page(name)
        able = visitor.script(_ABLE)
        assert isinstance(able, list)
        assert "Make safe" not in able
        assert not {"Record", "Abort", "Add the job", "Delete", "Cooler on", "Set to the time of this device"} & set(
            able
        )
        if name in LOOKING:
            assert set(able) == LOOKING[name]
    visitor.page("data")
    visitor.reads("#batches", "meadow")


def test_the_server_refuses_what_the_page_does_not_offer(visitor: Chrome) -> None:
    visitor.page("now")
    with visitor.expecting("403 (Forbidden)"):
        status = visitor.driver.execute_async_script(
            """const done = arguments[0], csrf = document.querySelector('meta[name="csrf"]').content;
            fetch('/r/rig/api/control/delay', {method: 'PUT', body: '5', headers: {'X-CSRF': csrf}})
              .then((answer) => done(answer.status));"""
        )
    assert status == 403


def test_logging_out(browser: Chrome, the_front: Front) -> None:
    browser.page("now")
    browser.press("Log out anna")
    browser.until(lambda: browser.driver.current_url.endswith("/login"), "still in")
    browser.open("/r/rig/now")
    assert browser.driver.current_url.endswith("/login")
    browser.login("anna", PASSWORD)
