"""A batch from nothing, on a phone and on a desk: entered, recorded, watched, paused, aborted, made safe."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from piccolo3.client import Piccolo
from tests.browser.chrome import DESKTOP, PHONE, Chrome, Screen
from tests.browser.rig import Rig
from tests.browser.scene import record

MANY = "1000"


def idle(browser: Chrome) -> None:
    browser.until(lambda: browser.text("#status") == "idle", "it is not idle")


def abort(browser: Chrome, run: str) -> None:
    browser.press("Abort")
    browser.reads("#outcome", f"{run}, batch 0 aborted")
    idle(browser)


def test_a_batch_from_nothing(browser: Chrome, screen: Screen) -> None:
    run = f"walk {screen.name}"
    browser.page("record")
    browser.enter("Name of the run", "a/b")
    browser.reads(".field", "Only letters, digits, spaces and . _ - + are allowed.")
    for wrong, why in (("many", "Give a number."), ("1.5", "Give a whole number."), ("0", "At least 1.")):
        browser.enter("Sequences", wrong)
        browser.reads(".field", why)
    browser.press("Record")
    browser.reads("#answer", "Nothing was begun: a field is not right.")
    assert browser.driver.switch_to.active_element == browser.field("Name of the run")
    browser.enter("Name of the run", run)
    browser.enter("Sequences", "2")
    browser.choose("Automatic integration", "Never")
    browser.enter("Integration time, dummy_STS, upwelling", "1e9")
    browser.reads(".times", "At most 300 ms.")
    browser.enter("Integration time, dummy_STS, upwelling", "25.5")
    browser.until(lambda: "At most" not in browser.text(".times:last-of-type"), "the mistake stays")
    browser.reads("#plan", "24 spectra")
    browser.press("Record")
    browser.reads("#outcome", f"{run}, batch 0 complete")
    assert browser.text("#where") == f"{run}, batch 0, sequence 2 of 2"
    idle(browser)


def test_paused_and_aborted(browser: Chrome, screen: Screen) -> None:
    run = f"abort {screen.name}"
    browser.page("record")
    browser.enter("Name of the run", run)
    browser.enter("Sequences", MANY)
    browser.press("Record")
    browser.reads("#where", run, "left")
    assert browser.css("#progress").is_displayed()
    browser.press("Pause")
    browser.until(lambda: browser.text("#status") == "paused", "it is not paused")
    browser.press("Go on")
    browser.until(lambda: browser.text("#status") not in ("paused", "idle"), "it does not go on")
    abort(browser, run)
    browser.page("now")
    browser.reads("#outcome", run, "aborted")


def test_made_safe_from_any_page(browser: Chrome) -> None:
    browser.screen(PHONE)
    browser.page("record")
    browser.enter("Name of the run", "danger")
    browser.enter("Sequences", MANY)
    browser.press("Record")
    browser.reads("#where", "danger", "left")
    browser.page("live")
    browser.press("Make safe")
    browser.reads("#safe-answer", "Safe: nothing is recorded, the shutters are closed, jobs are halted.")
    browser.page("now")
    idle(browser)
    browser.reads("#outcome", "danger", "aborted")
    browser.reads("#halt", "halted")
    for shutter in ("downwelling", "upwelling"):
        browser.reads("#devices", f"{shutter} closed")
    browser.page("schedule")
    browser.reads("#halt", "No job is started since")
    browser.press("Start jobs again")
    browser.until(lambda: not browser.css("#halt").is_displayed(), "jobs are still halted")


def test_enter_and_escape(browser: Chrome, the_rig: Rig) -> None:
    browser.page("record")
    browser.type("Delay between sequences", "1.5" + Keys.ENTER)

    async def delay(rig: Piccolo) -> float:
        return float(str(await rig.get("control/delay")))

    browser.until(lambda: the_rig.talk(delay) == 1.5, "it was not sent")
    browser.type("Delay between sequences", "7" + Keys.ESCAPE)
    assert browser.field("Delay between sequences").get_attribute("value") == "1.5"
    browser.type("Delay between sequences", "0" + Keys.ENTER)
    browser.until(lambda: the_rig.talk(delay) == 0, "it was not sent")


def test_somebody_else_changes_a_value(browser: Chrome, the_rig: Rig) -> None:
    browser.page("record")
    field = browser.field("Exposures averaged to a spectrum")

    async def change(rig: Piccolo, value: int) -> None:
        await rig.put("control/averages", value)

    the_rig.talk(lambda rig: change(rig, 3))
    browser.until(lambda: field.get_attribute("value") == "3", "it does not show")
    the_rig.talk(lambda rig: change(rig, 1))
    browser.until(lambda: field.get_attribute("value") == "1", "it does not show")


def test_two_browsers_change_the_same_value(browser: Chrome) -> None:
    label = "Automatic integration aims at"
    browser.page("record")
    mine = browser.type(label, "6")  # not sent yet
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    try:
        browser.screen(DESKTOP)
        browser.page("record")
        browser.enter(label, "75")
        theirs = browser.field(label)
        browser.driver.switch_to.window(first)
        browser.reads(".field", "The rig has 75 now. Escape takes that.")
        assert mine.get_attribute("value") == "6", "what is being entered was taken away"
        browser.type(label, "80" + Keys.ENTER)
        browser.until(lambda: "The rig has" not in browser.text("#settings"), "the mistake stays")
        browser.driver.switch_to.window(browser.driver.window_handles[-1])
        browser.until(lambda: theirs.get_attribute("value") == "80", "the other browser does not see it")
    finally:
        browser.driver.switch_to.window(browser.driver.window_handles[-1])
        browser.driver.close()
        browser.driver.switch_to.window(first)


@pytest.mark.parametrize("page", ["now", "live"])
def test_somebody_else_records(browser: Chrome, the_rig: Rig, page: str) -> None:
    browser.page(page)
    before = browser.text("main") if page == "now" else browser.reads("#news", "Last spectrum")
    the_rig.talk(lambda rig: record(rig, f"elsewhere {page}"))
    if page == "now":
        browser.reads("#outcome", "elsewhere now, batch 0: complete")
    else:
        browser.until(lambda: browser.text("#news") not in (before, ""), "nothing comes")
