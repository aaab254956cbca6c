"""What it takes to open a page for the first time, and again: bytes, requests, and the time until it can be used."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from benchmarks import servers
from benchmarks.daemon import record, set_times
from benchmarks.result import Result
from benchmarks.web import chromium
from benchmarks.web.server import RIG, front_end
from piccolo3.client import Piccolo

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

__all__ = ["weight"]

ROUND_TRIP = 50  # ms
BANDWIDTH = 1_000_000  # bytes/s; a phone at some distance from the access point of a Raspberry Pi
HEAVIEST = 100_000  # bytes of files for one page
AGAIN = 8_000  # when it is opened again: the page itself, which is not kept
_SETTLED = 1.0  # s after which a page has asked for all it wants

# When a page can be used: it shows values of the rig, or its buttons can be pressed.
_USABLE = {
    "now": "text('status') && text('health') && there('#devices td')",
    "live": "there('.plot canvas')",
    "record": "there('#times input') && there('#record:enabled')",
    "schedule": "there('#job input') && there('#days > *')",
    "data": "there('#spectra tr')",
    "temperatures": "there('#coolers .big') && document.querySelector('#coolers .big').textContent !== '…'",
    "system": "text('version') && there('#events tr')",
}

_WATCH = """
const there = (selector) => document.querySelector(selector) !== null;
const text = (id) => !["", "…", undefined].includes(document.getElementById(id)?.textContent);
const usable = {%s};
window.usable = null;
const look = () => {
  const page = location.pathname.split("/").pop();
  if (usable[page]?.()) window.usable = performance.now();
  else requestAnimationFrame(look);
};
look();
"""


@dataclass(frozen=True)
class Load:
    """Bytes of the page with its files and of values of the rig, requests, and s until it could be used."""

    files: float
    values: float
    requests: int
    usable: float

    def __str__(self) -> str:
        return f"{self.files / 1000:.1f} + {self.values / 1000:.1f} kB, {self.requests} requests, {self.usable:.2f} s"


async def weight() -> list[Result]:
    """Each page over a slow link, with an empty cache and once more."""
    if not chromium.is_there():
        return [chromium.left_out(f"page {page.capitalize()}") for page in _USABLE]
    results = []
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(servers.daemon())
        rig = await stack.enter_async_context(Piccolo(server.url))
        front = await stack.enter_async_context(front_end(server.url))
        await set_times(rig, 100.0)
        await record(rig, 10)
        browser = await stack.enter_async_context(chromium.browser(log=True))
        conditions = ", ".join(f"{page}: () => {condition}" for page, condition in _USABLE.items())
        window = await browser.window(_WATCH % conditions)
        await browser.do(_slow_link)
        await browser.open(f"{front.url}/login", window)  # the first of all has to wait for Chromium itself
        for page in _USABLE:
            await browser.do(_forget)
            first = await _load(browser, f"{front.url}{RIG}/{page}", window)
            again = await _load(browser, f"{front.url}{RIG}/{page}", window)
            results += _results(page.capitalize(), first, again)
    return results


def _results(page: str, first: Load, again: Load) -> list[Result]:
    link = f"{ROUND_TRIP} ms, {BANDWIDTH / 1e6:g} MB/s"
    return [
        Result(
            f"page {page}, first",
            str(first),
            first.files / HEAVIEST,
            f"{HEAVIEST / 1000:g} kB of files + values; {link}",
            "<= 1",
            met=first.files <= HEAVIEST,
        ),
        Result(
            f"page {page}, again",
            str(again),
            again.files / AGAIN,
            f"{AGAIN / 1000:g} kB of files + values",
            "<= 1",
            met=again.files <= AGAIN,
        ),
    ]


def _slow_link(driver: Chrome) -> None:
    conditions = {"offline": False, "latency": ROUND_TRIP}
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {**conditions, "downloadThroughput": BANDWIDTH, "uploadThroughput": BANDWIDTH},
    )


def _forget(driver: Chrome) -> None:
    driver.execute_cdp_cmd("Network.clearBrowserCache", {})


async def _load(browser: chromium.Browser, url: str, window: str) -> Load:
    await browser.open("about:blank", window)
    await browser.do(_messages)  # those of before
    await browser.open(url, window)
    usable = await browser.until("return window.usable")
    await asyncio.sleep(_SETTLED)
    return _sum(await browser.do(_messages), float(cast("float", usable)) / 1000)


def _messages(driver: Chrome) -> list[Mapping[str, object]]:
    """What the network has told since the last time."""
    log = cast("list[dict[str, str]]", driver.get_log("performance"))  # type: ignore[no-untyped-call]
    return [json.loads(entry["message"])["message"] for entry in log]


def _sum(messages: Iterable[Mapping[str, object]], usable: float) -> Load:
    urls: dict[str, str] = {}
    sizes: dict[str, float] = {}
    for message in messages:
        event, found = str(message["method"]), cast("dict[str, object]", message["params"])
        request = str(found.get("requestId"))
        if event == "Network.requestWillBeSent":
            urls[request] = str(cast("dict[str, object]", found["request"])["url"])
        elif event == "Network.responseReceived":
            sizes[request] = float(str(cast("dict[str, object]", found["response"])["encodedDataLength"]))
        elif event == "Network.dataReceived":
            sizes[request] = sizes.get(request, 0.0) + float(str(found["encodedDataLength"]))
        elif event == "Network.loadingFinished":
            sizes[request] = float(str(found["encodedDataLength"]))
    wired = {request: size for request, size in sizes.items() if size and urls.get(request, "").startswith("http")}
    values = {request for request in wired if "/api/" in urls[request] or "/stream" in urls[request]}
    files = sum(size for request, size in wired.items() if request not in values)
    return Load(files, sum(wired[request] for request in values), len(wired), usable)
