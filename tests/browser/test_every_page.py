"""What holds for every page: people with other eyes, hands and screens can use it, and nothing leaves the host."""

from __future__ import annotations

import pytest

from piccolo3.web.pages import PAGES
from tests.browser.chrome import DESKTOP, PHONE, Chrome

NAMES = [name for name, _ in PAGES]
SMALLEST = 44  # CSS pixels that a finger in a glove needs

_CONTROLS = """
const controls = [...document.querySelectorAll('a, button, select, input, summary, [tabindex="0"]')].filter((one) =>
  one.checkVisibility() && !one.disabled);
const shape = (one) => (one.matches('[type=checkbox], [type=radio]') ? one.closest('label') : one);
"""
_SMALL = f"""{_CONTROLS}
return controls.filter((one) => !one.matches('.skip') && !one.closest('p')).map((one) => {{
  const {{width, height}} = shape(one).getBoundingClientRect();
  return Math.min(width, height) < arguments[0] ? `${{one.outerHTML}} ${{width}} x ${{height}}` : null;
}}).filter(Boolean);
"""
_FOCUSED = f"""{_CONTROLS}
const one = document.activeElement, {{left, top, width, height}} = one.getBoundingClientRect();
const style = getComputedStyle(one.closest('.choices label')?.querySelector('span') ?? one);
const hit = document.elementFromPoint(left + width / 2, top + height / 2);
return {{
  here: one.outerHTML.slice(0, 200), number: controls.indexOf(one),
  outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
  covered: !(shape(one).contains(hit) || height > innerHeight / 2),
}};
"""
_READY = "return ![...document.querySelectorAll('.field :disabled')].some((one) => one.checkVisibility());"
_MANY = f"{_CONTROLS} return controls.filter((one) => !one.matches('[type=radio]:not(:checked)')).length;"


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_serious(browser: Chrome, name: str) -> None:
    browser.page(name)
    for screen in (PHONE, DESKTOP):
        browser.screen(screen)
        for theme in ("light", "dark"):
            browser.theme(theme)
            assert browser.serious() == [], (screen.name, theme)


def test_axe_finds_nothing_serious_where_there_is_no_rig(browser: Chrome) -> None:
    for path in ("/login", "/r/rig/docs"):
        browser.open(path)
        assert browser.serious() == []


def test_axe_finds_what_is_serious(browser: Chrome) -> None:
    browser.page("now")
    browser.script("document.querySelector('main').append(document.createElement('button'))")
    browser.script("document.querySelector('#run').style.color = '#ddd'")
    found = browser.serious()
    assert any(one.startswith("button-name") for one in found), found
    assert any(one.startswith("color-contrast") for one in found), found


@pytest.mark.parametrize("name", NAMES)
def test_fingers_reach_everything_on_a_phone(browser: Chrome, name: str) -> None:
    browser.screen(PHONE)
    browser.page(name)
    assert browser.script("return document.documentElement.scrollWidth") == PHONE.width, "it scrolls sideways"
    assert browser.script(_SMALL, SMALLEST) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_keyboard_goes_everywhere(browser: Chrome, name: str) -> None:
    browser.screen(PHONE if name in ("record", "schedule", "data") else DESKTOP)
    browser.page(name)
    browser.until(lambda: browser.script(_READY), "something has not come")
    if name == "record":
        browser.reads("#plan", "spectra")  # it moves what is below
    seen: dict[int, dict[str, object]] = {}
    while True:
        browser.tab()
        focused = browser.script(_FOCUSED)
        assert isinstance(focused, dict)
        if focused["number"] < max(seen, default=0):
            break
        seen[focused["number"]] = focused  # dates have several stops
    assert [one["here"] for one in seen.values() if not one["outline"]] == [], "the focus can't be seen"
    assert [one["here"] for one in seen.values() if one["covered"]] == [], "something covers it"
    assert len(seen) == browser.script(_MANY), "something was left out"
    assert "make-safe" in str(seen[max(seen)]["here"])


def test_what_a_browser_complains_of_is_found(browser: Chrome) -> None:
    browser.page("now")
    browser.script("document.body.append(Object.assign(document.createElement('script'), {textContent: 'alert(1)'}))")
    browser.script("console.error('something broke')")
    browser.script("setTimeout(() => { throw new Error('nobody caught it') })")
    browser.open("/nothing.html")
    browser.driver.get("data:text/html,<img src='http://127.0.0.2:9/picture'>")
    found = browser.complaints()
    for part in (
        "Content Security Policy",
        "something broke",
        "nobody caught it",
        "404",
        "a request to http://127.0.0.2:9",
    ):
        assert any(part in one for one in found), (part, found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_that_of_the_system_until_one_is_chosen(browser: Chrome, theme: str) -> None:
    browser.theme(theme)
    browser.page("now")
    back = "return getComputedStyle(document.body).backgroundColor"
    given = browser.script(back)
    assert given == {"light": "rgb(255, 255, 255)", "dark": "rgb(16, 20, 18)"}[theme]
    try:
        browser.press("Change between light and dark")
        other = browser.script(back)
        assert other != given
        browser.page("live")
        assert browser.script(back) == other, "it is forgotten"
    finally:
        browser.script("localStorage.clear()")
