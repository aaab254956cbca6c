"""Chromium without a screen, driven by Selenium, with what the rig leaves of the processor: phones have their own."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from benchmarks.result import Result

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

__all__ = ["MISSING", "Browser", "browser", "is_there", "left_out"]

MISSING = "left out: needs chromium, chromium-driver and selenium"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # it has none for root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    # all windows are looked at
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)
_LONGEST = 60.0  # s

T = TypeVar("T")


def is_there() -> bool:
    """Whether Chromium can be used."""
    programs = shutil.which("chromium") and shutil.which("chromedriver")
    return bool(programs) and importlib.util.find_spec("selenium") is not None


def left_out(name: str) -> Result:
    """What is said in the place of a figure that needs Chromium."""
    return Result(name, MISSING, None, "")


class Browser:
    """A running Chromium. Names that end with `.test` are this computer: each has connections of its own."""

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver

    async def do(self, function: Callable[[Chrome], T]) -> T:
        """Call it with the driver, in a thread."""
        return await asyncio.to_thread(function, self._driver)

    async def window(self, script: str) -> str:
        """Open a window in which that script runs before any of a page; its handle."""

        def new(driver: Chrome) -> str:
            driver.switch_to.new_window("window")
            driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
            return str(driver.current_window_handle)

        return await self.do(new)

    async def open(self, url: str, window: str | None = None) -> None:
        """Load a page."""

        def load(driver: Chrome) -> None:
            if window is not None:
                driver.switch_to.window(window)
            driver.get(url)

        await self.do(load)

    async def run(self, script: str, window: str | None = None) -> object:
        """What a script returns."""

        def run(driver: Chrome) -> object:
            if window is not None:
                driver.switch_to.window(window)
            found: object = driver.execute_script(script)
            return found

        return await self.do(run)

    async def until(self, script: str, window: str | None = None) -> object:
        """What a script returns as soon as that is something."""
        async with asyncio.timeout(_LONGEST):
            while not (found := await self.run(script, window)):
                await asyncio.sleep(0.1)
        return found


@asynccontextmanager
async def browser(*, log: bool = False) -> AsyncIterator[Browser]:
    """Start Chromium with an empty profile; with `log`, it keeps what goes over the network."""
    with tempfile.TemporaryDirectory() as profile:
        driver = await asyncio.to_thread(_start, profile, log)
        try:
            yield Browser(driver)
        finally:
            await asyncio.to_thread(driver.quit)


def _start(profile: str, log: bool) -> Chrome:
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*_FLAGS, f"--user-data-dir={profile}", "--window-size=412,915"):
        options.add_argument(flag)
    if log:
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    service = ChromeService(shutil.which("chromedriver"), popen_kw={"preexec_fn": lambda: os.nice(19)})
    return Chrome(options=options, service=service)
