"""What is lost is said within 5 s, and comes back by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chrome import Chrome
from tests.browser.rig import PASSWORD, Front, Rig, front, rig

LOST = 5.0  # s


@pytest.fixture
def alone(browser: Chrome, tmp_path: Path) -> Iterator[tuple[Rig, Front]]:
    """A rig and a web server that may be killed."""
    with (
        rig(tmp_path / "rig") as daemon,
        front(tmp_path / "front", daemon.url, "<b>Doomed</b>", users=False) as server,
    ):
        browser.base = server.url()
        yield daemon, server
        browser.driver.get("about:blank")


def lost_within(browser: Chrome, begin: float, *parts: str) -> None:
    browser.reads("#lost", "No connection. What is shown is old.", *parts)
    took = time.monotonic() - begin
    assert took < LOST, f"it took {took:.1f} s"


def healed(browser: Chrome) -> None:
    browser.connected()
    assert not browser.css("#lost").is_displayed()
    browser.reads("#status", "idle")


@pytest.mark.timeout(120)
def test_killed_and_started_again(browser: Chrome, alone: tuple[Rig, Front]) -> None:
    daemon, server = alone
    browser.page("now")
    assert "<b>Doomed</b>" in browser.text(".bar"), "a title is text"
    browser.reads("#status", "idle")
    with browser.expecting("net::ERR_", "503 (Service Unavailable)"):
        begin = time.monotonic()
        daemon.kill()
        lost_within(browser, begin)
        daemon.start()
        healed(browser)
        begin = time.monotonic()
        server.kill()
        lost_within(browser, begin, "The web server does not answer")
        server.start()
        healed(browser)


def test_who_is_no_longer_logged_in_is_asked_again(browser: Chrome, the_rig: Rig, tmp_path: Path) -> None:
    with front(tmp_path, the_rig.url) as server:
        browser.base = server.url("forgetful.localhost")  # cookies are of hosts, whatever the port
        browser.login("anna", PASSWORD)
        browser.page("now")
        with browser.expecting("net::ERR_", "401 (Unauthorized)"):
            server.kill()
            server.start()  # it has forgotten who was logged in
            browser.until(lambda: browser.driver.current_url.endswith("/login"), "nothing is asked")
        browser.driver.get("about:blank")
