"""Jobs: by the sun, in intervals, by a cron expression; and a text in a job that would like to be a script."""

from __future__ import annotations

from piccolo3.client import Piccolo
from piccolo3.client.schedule import by_cron
from tests.browser.chrome import PHONE, Chrome, Screen
from tests.browser.rig import Rig

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def delete(browser: Chrome, title: str) -> None:
    """Delete the job with that title; it is asked whether that is meant."""
    item = next(one for one in browser.all("#jobs li") if one.text.startswith(title))
    browser.press_on(next(one for one in item.find_elements("tag name", "button") if one.text == "Delete"))
    question = browser.driver.switch_to.alert
    assert title in question.text
    question.accept()
    browser.until(lambda: title not in browser.text("#jobs"), "it is still there")


def test_a_job_by_the_sun(browser: Chrome, screen: Screen) -> None:
    title = f"High sun {screen.name}"
    browser.page("schedule")
    browser.enter("Name", title)
    browser.enter("Name of the run", "high")
    browser.press("Settings of the batch (empty: as they are now)")
    browser.enter("Sequences", "0")
    browser.press("Add the job")
    browser.reads(".field", "At least 1.")
    browser.enter("Sequences", "3")
    browser.choose("When", "While the sun is up")
    browser.enter("Every", "20")
    browser.enter("Sun at least this high", "91")
    browser.press("Add the job")
    browser.reads(".field", "At most 90 °.")
    browser.enter("Sun at least this high", "85")  # never, in Scotland: nothing is to begin while we test
    browser.press("Add the job")
    browser.reads("#added", "is there")
    browser.reads("#jobs", title, "record into high, every 20 min while the sun is above 85°")
    delete(browser, title)


def test_jobs_by_interval_and_cron(browser: Chrome) -> None:
    browser.screen(PHONE)
    browser.page("schedule")
    browser.enter("Name", "Seldom")
    browser.choose("When", "In intervals")
    browser.enter("Every", "sometimes")
    browser.press("Add the job")
    browser.reads(".field", "Give a number.")
    browser.enter("Every", "90")
    browser.script("document.getElementById('date-From').value = '2099-01-01T12:00'")
    browser.press("Add the job")
    browser.reads("#jobs", "Seldom", "every 1 h 30 min from 1 Jan 2099 12:00")
    with browser.expecting("400 (Bad Request)"):
        browser.choose("When", "By a cron expression")
        browser.enter("Name", "New year")
        browser.enter("Expression", "every morning")
        browser.press("Add the job")
        browser.reads("#added, .problem", "cron")
    browser.enter("Expression", "0 6 1 1 *")
    browser.enter("Time zone", "Europe/Berlin")
    browser.press("Add the job")
    browser.reads("#jobs", "New year", "0 6 1 1 * (Europe/Berlin)", "05:00 UTC")
    for title in ("Seldom", "New year"):
        delete(browser, title)


def test_suspended_and_brought_back_by_somebody_else(browser: Chrome, the_rig: Rig) -> None:
    browser.page("schedule")
    item = browser.until(lambda: next((one for one in browser.all("#jobs li") if "Noon" in one.text), None), "no job")
    browser.press_on(next(one for one in item.find_elements("tag name", "button") if one.text == "Suspend"))
    browser.reads("#jobs", "Suspended.")

    async def go_on(rig: Piccolo) -> None:
        async for job in rig.schedule.jobs():
            if job.name == "Noon":
                await rig.schedule.unsuspend(job.id)

    the_rig.talk(go_on)
    browser.until(lambda: "Suspended." not in browser.text("#jobs"), "it does not show")


def test_a_script_in_a_name_is_text(browser: Chrome, the_rig: Rig) -> None:
    async def plan(rig: Piccolo) -> int:
        return (await rig.schedule.add(by_cron("0 0 29 2 *"), name=HOSTILE, description=HOSTILE, run="hostile")).id

    number = the_rig.talk(plan)
    try:
        browser.page("schedule")
        browser.reads("#jobs", HOSTILE)
        for page in ("now", "record", "data", "system"):
            browser.page(page)
        assert browser.script("return document.querySelectorAll('main img, main script').length") == 0
    finally:
        the_rig.talk(lambda rig: rig.schedule.delete(number))
