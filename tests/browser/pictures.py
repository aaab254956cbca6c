"""`make screenshots`: a picture of every page for the documentation, on a phone in both themes and on a desk."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PIL import Image

from piccolo3.client import Piccolo
from piccolo3.web.pages import PAGES
from tests.browser.chrome import DESKTOP, MISSING, PHONE, Chrome, chrome, programs
from tests.browser.rig import PASSWORD, front, rig
from tests.browser.scene import furnish

FOLDER = Path(__file__).parents[2] / "docs/how-to/pictures"
LONGEST = 1000.0  # ms
MORE = """
[site]
  latitude = 55.92
  longitude = -3.18
[housekeeping]
  interval = 1
  [[load]]  # the machine that takes the pictures is no rig
    warn = never
    alarm = never
  [[clock_synchronised]]
    warn = never
"""
TAKES = (("phone-dark", PHONE, "dark", 2.0), ("phone", PHONE, "light", 2.0), ("desktop", DESKTOP, "light", 1.0))
"""The end of the name, the window, the theme, and the pixels of the picture for one of CSS."""


async def begin(rig: Piccolo) -> None:
    """A batch that goes on while pictures are taken, and has come some way."""
    batch = await rig.control.record_sequence("meadow", sequences=40, auto=-1, delay=0.5)
    async for progress in batch.progress:
        if progress.sequence is not None and progress.sequence >= 4:
            break


def arrange_live(browser: Chrome) -> None:
    browser.reads("#spectrometers", "dummy_STS", "upwelling dark")


def arrange_data(browser: Chrome) -> None:
    browser.press("meadow, 0")
    browser.tick("Lights")
    browser.until(lambda: "dark" not in browser.text("#spectra"), "darks are still there")
    browser.script(
        "const rows = document.querySelectorAll('#spectra input[aria-label*=dummy_FLM]');"
        "[...rows].slice(0, 2).forEach((one) => one.click())"
    )
    browser.reads("#what", "What is plotted: 2 spectra.")


def arrange_temperatures(browser: Chrome) -> None:
    browser.reads("#coolers", "ettled")


def arrange_system(browser: Chrome) -> None:
    browser.script("document.getElementById('host').textContent = 'piccolo'")
    browser.choose("From level", "INFO")
    browser.reads("#log", "INFO")
    browser.script("document.activeElement.blur()")


ARRANGE: dict[str, Callable[[Chrome], None]] = {
    "data": arrange_data,
    "live": arrange_live,
    "system": arrange_system,
    "temperatures": arrange_temperatures,
}
BUSY = ("now", "live")  # pages that are shown while a batch is under way; the others before


def take(browser: Chrome, name: str) -> None:
    """Take the pictures of a page."""
    browser.screen(DESKTOP)
    browser.page(name)
    if name in ARRANGE:
        ARRANGE[name](browser)
    for end, screen, theme, scale in TAKES:
        browser.theme(theme)
        browser.screen(screen, scale)
        browser.script("document.querySelector(arguments[0])?.scrollIntoView()", "#plot" if name == "data" else "body")
        browser.driver.execute_async_script(
            "requestAnimationFrame(() => setTimeout(arguments[0], 300))"
        )  # plots resize
        image = Image.open(io.BytesIO(browser.picture())).convert("RGB")
        image.save(FOLDER / f"{name}-{end}.webp", quality=75, method=6)


def main() -> int:
    """Take them all."""
    if programs() is None:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    names = [name for name, _ in PAGES]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        with rig(here / "rig", MORE) as daemon, front(here / "front", daemon.url) as server:
            daemon.talk(partial(furnish, longest=LONGEST))
            with chrome(here / "chrome") as browser:
                browser.cdp("Emulation.setTimezoneOverride", timezoneId="Europe/Berlin")
                browser.cdp("Emulation.setLocaleOverride", locale="en_GB")
                browser.base = server.url()
                browser.login("anna", PASSWORD)
                for name in names:
                    if name not in BUSY:
                        take(browser, name)
                daemon.talk(begin)
                for name in BUSY:
                    take(browser, name)
                complaints = browser.complaints()
    sys.stderr.write("".join(f"{one}\n" for one in complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
