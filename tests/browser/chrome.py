"""Chromium without a screen, and what a person does with it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import Chrome as Driver
from selenium.webdriver import ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

__all__ = ["DESKTOP", "MISSING", "PHONE", "Chrome", "Screen", "chrome", "programs"]

MISSING = "Chromium and its driver are missing: apt-get install chromium chromium-driver"
SECONDS = 20.0  # that anything may take on a busy machine
_AXE = Path(__file__).parent / "vendor/axe/axe.min.js"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Screen:
    """The size of a window in CSS pixels, and whether fingers are used on it."""

    name: str
    width: int
    height: int
    touch: bool


PHONE = Screen("phone", 360, 740, touch=True)
DESKTOP = Screen("desktop", 1280, 800, touch=False)


def programs() -> tuple[str, str] | None:
    """Where Chromium and its driver are, None if they are not."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return None if browser is None or driver is None else (browser, driver)


class Chrome:
    """One window. Every method waits for what it needs, none sleeps."""

    def __init__(self, driver: Driver, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads
        self.base = ""
        self._expected: list[str] = []

    # --- the window

    def screen(self, screen: Screen, scale: float = 1) -> None:
        """Be as large as that."""
        size = {"width": screen.width, "height": screen.height, "deviceScaleFactor": scale, "mobile": screen.touch}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)
        self.cdp("Emulation.setTouchEmulationEnabled", enabled=screen.touch)

    def theme(self, theme: str) -> None:
        """What the system of the person prefers: light or dark."""
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])

    def cdp(self, command: str, **arguments: object) -> dict[str, object]:
        """Ask by the protocol of the developer tools."""
        answer: dict[str, object] = self.driver.execute_cdp_cmd(command, arguments)
        return answer

    def script(self, text: str, *arguments: object) -> object:
        """What a function with this body returns in the page."""
        found: object = self.driver.execute_script(text, *arguments)
        return found

    def open(self, path: str) -> None:
        """Go there."""
        self.driver.get(self.base + path)

    def page(self, name: str) -> None:
        """Go to a page of the rig, and wait until it has a connection and values."""
        self.open(f"/r/rig/{name}")
        self.connected()
        self.until(lambda: "…" not in self.text("main"), "something has not come")

    def connected(self) -> None:
        """Wait until the page says that it has the rig."""
        self.until(lambda: self.script("return document.body.dataset.connection") == "yes", "no connection")

    def login(self, name: str, password: str) -> None:
        """Forget who was logged in, and log in with the keyboard."""
        self.open("/login")
        self.driver.delete_all_cookies()
        self.open("/login")
        self.type("Name", name)
        self.type("Password", password + Keys.ENTER)
        self.until(lambda: not self.driver.current_url.endswith("/login"), "not let in")
        self.connected()

    # --- finding

    def until(self, found: Callable[[], _T | None], message: str, seconds: float = SECONDS) -> _T:
        """Wait until that finds something, also while the page changes under our eyes."""
        waiting = WebDriverWait(self.driver, seconds, 0.05, ignored_exceptions=[StaleElementReferenceException])
        try:
            answer = waiting.until(lambda _: found())
        except TimeoutException:
            raise AssertionError(f"{message}; the page says:\n{self.all_text()}") from None
        assert answer is not None
        return answer

    def css(self, selector: str) -> WebElement:
        """The first that fits, as soon as it is there."""
        return self.until(lambda: next(iter(self.all(selector)), None), f"there is no {selector}")

    def all(self, selector: str) -> list[WebElement]:
        """All that fit."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """What can be read there."""
        return self.css(selector).text

    def all_text(self) -> str:
        """What can be read on the page."""
        return self.all("body")[0].text

    def reads(self, selector: str, *parts: str, seconds: float = SECONDS) -> str:
        """Wait until all of that can be read there."""

        def text() -> str | None:
            found = " ".join(one.text for one in self.all(selector))
            return found if all(part in found for part in parts) else None

        return self.until(text, f"{parts} can't be read in {selector}", seconds)

    def field(self, label: str) -> WebElement:
        """What has that label, if it can be seen."""

        return self.until(lambda: self._element(_LABELLED, label), f"there is no field {label}")

    def button(self, name: str) -> WebElement:
        """The first button or link with that name which can be seen and pressed."""

        return self.until(lambda: self._element(_BUTTON, name), f"there is no button {name}")

    def _element(self, script: str, name: str) -> WebElement | None:
        found = self.script(script, name)
        return found if isinstance(found, WebElement) else None

    # --- doing

    def press(self, name: str) -> None:
        """Press a button; again if it was replaced just then."""

        def pressed() -> bool:
            self.press_on(self.button(name))
            return True

        self.until(pressed, f"{name} can't be pressed")

    def press_on(self, element: WebElement) -> None:
        """Press in the middle of something, which is brought to where it is not covered."""
        self.script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def type(self, label: str, text: str) -> WebElement:
        """Write into a field in place of what is there."""
        field = self.field(label)
        self.script("arguments[0].scrollIntoView({block: 'center'})", field)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)
        return field

    def enter(self, label: str, text: str) -> None:
        """Write into a field and leave it."""
        self.type(label, text).send_keys(Keys.TAB)

    def tab(self) -> None:
        """Press the key that goes on to the next."""
        for kind in ("rawKeyDown", "keyUp"):
            self.cdp("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)

    def choose(self, label: str, text: str) -> None:
        """Take the choice that begins like that."""
        select = Select(self.field(label))
        self.until(lambda: any(one.text.startswith(text) for one in select.options), f"{label} has no {text}")
        select.select_by_visible_text(next(one.text for one in select.options if one.text.startswith(text)))

    def tick(self, label: str) -> None:
        """Press the word of something to tick or to choose."""
        self.press_on(self.until(lambda: self._element(_CHOICE, label), f"there is no {label}"))

    @contextmanager
    def download(self) -> Iterator[Callable[[], Path]]:
        """Begin a download inside; what is given waits for the file. Earlier ones go, Chromium writes over them."""
        for old in self.downloads.iterdir():
            old.unlink()

        def arrived() -> Path:
            def whole() -> Path | None:
                new = list(self.downloads.iterdir())
                return new[0] if len(new) == 1 and not new[0].name.endswith((".crdownload", ".tmp")) else None

            return self.until(whole, "nothing was downloaded")

        yield arrived

    # --- judging

    @contextmanager
    def expecting(self, *parts: str) -> Iterator[None]:
        """Complaints with one of these in them are right, from now on to the end of the test."""
        self._expected.extend(parts)
        yield

    def complaints(self) -> list[str]:
        """Errors on the console and requests to elsewhere since the last time; forgets what was expected."""
        expected, self._expected = self._expected, []
        found = [str(entry["message"]) for entry in self._log("browser") if entry["level"] == "SEVERE"]
        for entry in self._log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                parameters = message["params"]
                url = parameters["request"]["url"] if "request" in parameters else parameters["url"]
                if not _is_here(url):
                    found.append(f"a request to {url}")
        return [one for one in found if not any(part in one for part in expected)]

    def _log(self, name: str) -> list[dict[str, str]]:
        entries: list[dict[str, str]] = self.driver.get_log(name)  # type: ignore[no-untyped-call]
        return entries

    def serious(self) -> list[str]:
        """What axe finds that is serious or critical on the page."""
        if not self.script("return Boolean(window.axe)"):
            self.script(_AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(_RUN_AXE)
        assert isinstance(found, list), found
        return [str(one) for one in found]

    def picture(self) -> bytes:
        """The window, as PNG."""
        return self.driver.get_screenshot_as_png()


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about", "chrome") or str(parts.hostname).endswith(
        ("127.0.0.1", "localhost")
    )


@contextmanager
def chrome(folder: Path) -> Iterator[Chrome]:
    """A browser that has never been used before, until the end of the context."""
    found = programs()
    assert found is not None, MISSING
    os.environ["SE_OFFLINE"] = "true"  # nothing is to be downloaded, whatever happens
    downloads = folder / "downloads"
    downloads.mkdir(parents=True)
    options = ChromeOptions()
    options.binary_location = found[0]
    for flag in (*_FLAGS, f"--user-data-dir={folder / 'profile'}", "--window-size=1280,800"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Driver(options=options, service=Service(executable_path=found[1]))
    try:
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
        yield Chrome(driver, downloads)
    finally:
        driver.quit()


_SEEN = "const seen = (one) => one.checkVisibility();"
_LABELLED = f"""{_SEEN}
for (const label of document.querySelectorAll('label')) {{
  const text = label.textContent.trim();
  if (text === arguments[0] && label.control && seen(label.control) && !label.control.disabled) return label.control;
}}
return null;"""
_BUTTON = f"""{_SEEN}
const all = [...document.querySelectorAll('button, a, summary')];
for (const one of [...all.filter((other) => other.closest('main')), ...all]) {{
  const name = one.getAttribute('aria-label') || one.textContent.trim();
  if (name === arguments[0] && seen(one) && !one.disabled) return one;
}}
return null;"""
_CHOICE = f"""{_SEEN}
for (const label of document.querySelectorAll('.choices label')) {{
  if (label.textContent.trim() === arguments[0] && seen(label) && !label.control.disabled) return label;
}}
return null;"""
_RUN_AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(({violations}) => done(violations
  .filter(({impact}) => ['serious', 'critical'].includes(impact))
  .flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))),
  (error) => done(String(error)));
"""
