from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from piccolo3.components.component import Group
from piccolo3.components.diagnosis import ConfigurationInForce, LogTail
from piccolo3.components.resource import resolve
from piccolo3.server.tail import LogKeeper


def ask(component: Any, **arguments: Any) -> Any:
    resource = resolve(Group("", [component]), (component.name,))
    assert resource is not None
    return asyncio.run(resource.call([], arguments))


def logged(*messages: str, most: int = 100) -> LogKeeper:
    keeper = LogKeeper(most)
    logger = logging.getLogger("piccolo3.test_tail")
    with keeper.attached():
        for message in messages:
            logger.warning("%s", message)
    logger.warning("not any more")
    return keeper


def test_the_last_lines_are_kept() -> None:
    keeper = logged("one", "two", "three", most=2)
    assert [(line.number, line.message, line.level) for line in keeper.lines()] == [
        (1, "two", "WARNING"),
        (2, "three", "WARNING"),
    ]


def test_passwords_are_not_told_and_errors_are_named() -> None:
    keeper = LogKeeper()
    with keeper.attached():
        try:
            raise ValueError("broken")
        except ValueError:
            logging.getLogger("x").exception("postgresql://me:secret@host/db")
    assert keeper.lines()[0].message == "postgresql://me:***@host/db (ValueError: broken)"


def test_a_mistake_in_a_log_call_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    keeper = LogKeeper()
    with keeper.attached():
        logging.getLogger("x").warning("%d", "no number")
    assert not keeper.lines()


def test_pages_of_the_log() -> None:
    tail = LogTail(logged("one", "two", "three"))
    page = ask(tail, limit=2)
    assert [line["message"] for line in page["lines"]] == ["three", "two"]
    page = ask(tail, limit=2, before=page["cursor"])
    assert ([line["message"] for line in page["lines"]], page["cursor"]) == (["one"], None)
    assert [line["number"] for line in ask(tail, after=0)["lines"]] == [2, 1]
    assert ask(tail, level="ERROR") == {"lines": [], "cursor": None}
    assert ask(tail)["lines"][0]["source"] == "piccolo3.test_tail"


def test_pages_of_the_configuration() -> None:
    component = ConfigurationInForce([("coap", "port", str(number), "default") for number in range(5)])
    page = ask(component, limit=3)
    assert page["settings"][2] == ["coap", "port", "2", "default"]
    rest = ask(component, cursor=page["cursor"])
    assert (len(rest["settings"]), rest["cursor"]) == (2, None)
