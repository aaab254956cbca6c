"""The pages about the rig itself."""

from __future__ import annotations

from piccolo3.client import Piccolo
from tests.browser.chrome import PHONE, Chrome
from tests.browser.rig import Rig
from tests.browser.test_live import painted


def test_the_set_point_of_a_cooler(browser: Chrome, the_rig: Rig) -> None:
    browser.screen(PHONE)
    browser.page("temperatures")
    browser.enter("Cools to", "-500")
    browser.reads(".field", "At least -100")
    browser.enter("Cools to", "-5")

    async def set_point(rig: Piccolo) -> object:
        return await rig.get("spectrometer/S_dummy_QEP/target_temperature")

    async def change(rig: Piccolo) -> None:
        await rig.put("spectrometer/S_dummy_QEP/target_temperature", -10)

    browser.until(lambda: the_rig.talk(set_point) == -5, "it was not sent")
    the_rig.talk(change)
    field = browser.field("Cools to")
    browser.until(lambda: field.get_attribute("value") == "-10", "a change by somebody else does not show")
    browser.reads("#coolers .big", "°C")
    browser.until(lambda: painted(browser, "--curve-1")[0] > 0.1, "no history")


def test_a_cooler_switched_off_and_on(browser: Chrome) -> None:
    browser.page("temperatures")
    browser.tick("Cooler on")
    browser.until(lambda: "ettled" not in browser.text("#coolers"), "it is still on")
    browser.tick("Cooler on")
    browser.reads("#coolers", "ettled")


def test_log_events_and_configuration(browser: Chrome) -> None:
    browser.page("system")
    for part in ("dummy_FLM", "dummy_QEP", "dummy_STS", "downwelling", "upwelling"):
        browser.reads("#devices", part)
    browser.choose("From level", "INFO")
    browser.reads("#log", "INFO")
    browser.choose("From level", "ERROR")
    browser.until(lambda: "INFO" not in "".join(one.text for one in browser.all("#log")), "the level changes nothing")
    browser.press("Show all settings, and where they are from")
    rows = browser.reads("#configuration", "command line", "default", "piccolo.config")
    assert "55.92" in rows
