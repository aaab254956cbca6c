"""The tree of components: walking, finding, announcing, describing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping

import pytest

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component, Group
from piccolo3.components.datatypes import Number, SafeName, Text
from piccolo3.components.declaration import command, lookup, value
from piccolo3.components.describe import describe
from piccolo3.components.resource import resolve, walk
from piccolo3.errors import NotFound


class Dial(Component):
    def __init__(self, name: str, number: float = 0.0) -> None:
        super().__init__(name)
        self.number: float | bool = number

    @value(Number(whole_as_integer=True, unit="ms"), name="", title="a number", observable=True)
    def shown(self) -> float:
        if self.number < 0:
            raise NotFound(f"no number {self.number}")
        return self.number

    @shown.setter(Argument("t", Number()))
    async def turn(self, number: float) -> None:
        self.number = number


class Book(Component):
    listed = False

    @value(SafeName(), title="name")
    async def title_page(self) -> str:
        return self.name

    @lookup(Argument("page", SafeName()), Text(), name="pages", title="a page")
    async def page(self, name: str) -> str:
        return name

    @command(Argument("n", SafeName(), text="which"), name="pages", title="a page", answer=Text())
    async def ask_page(self, name: str) -> str:
        return name


class Shelf(Component):
    def children(self) -> Mapping[str, Component]:
        return {"new": Book("new")}

    def find(self, name: str) -> Component | None:
        return Book(name) if name.islower() else None

    def prototype(self) -> Component:
        return Book("book")


def tree() -> Component:
    return Group("", [Group("dials", [Dial("a"), Dial("b")], title="Dials"), Shelf("shelf")])


def test_walking_yields_what_is_listed() -> None:
    paths = [resource.path for resource in walk(tree(), unlisted=False)]
    assert paths == [("dials", "a"), ("dials", "b")]
    paths = [resource.path for resource in walk(tree())]
    assert paths == [
        ("dials", "a"),
        ("dials", "b"),
        ("shelf", "new", "title_page"),
        ("shelf", "new", "pages"),
        ("shelf", "new", "pages"),
    ]


def test_finding() -> None:
    root = tree()
    found = resolve(root, ("dials", "a"))
    assert found is not None
    assert found.title == "a number"
    assert asyncio.run(found.get()) == 0
    old = resolve(root, ("shelf", "old", "title_page"))
    assert old is not None
    assert asyncio.run(old.get()) == "old"
    page = resolve(root, ("shelf", "old", "pages", "x"))
    assert page is not None
    assert asyncio.run(page.get()) == "x"
    pages = resolve(root, ("shelf", "old", "pages"))
    assert pages is not None
    assert asyncio.run(pages.call(["y"], {})) == "y"


@pytest.mark.parametrize("path", ["", "dials", "dials/c", "dials/a/x", "shelf/OLD/title_page", "shelf/old", "x/y/z"])
def test_not_finding(path: str) -> None:
    assert resolve(tree(), tuple(path.split("/"))) is None


def test_announcing_notifies_if_the_value_differs_from_the_last() -> None:
    dial = Dial("a", 1.0)
    seen: list[float] = []
    found = resolve(Group("", [dial]), ("a",))
    assert found is not None
    end = found.subscribe(lambda: seen.append(dial.number))
    dial.announce("")
    assert seen == []
    dial.number = 2.0
    dial.announce("")
    dial.announce("")
    assert seen == [2.0]
    end()
    end()
    dial.number = 3.0
    dial.announce("")
    assert seen == [2.0]


def test_one_who_subscribes_late_hears_of_a_change_back() -> None:
    dial = Dial("a", 1.0)
    early: list[float] = []
    late: list[float] = []
    dial.subscribe("", lambda: early.append(dial.number))
    dial.number = 2.0  # changed, but not announced yet
    dial.subscribe("", lambda: late.append(dial.number))
    assert early == [2.0]
    dial.number = 1.0
    dial.announce("")
    assert early == [2.0, 1.0]
    assert late == [1.0]


def test_a_value_that_cant_be_read_is_a_change_as_well() -> None:
    dial = Dial("a", 1.0)
    seen: list[float] = []
    dial.subscribe("", lambda: seen.append(dial.number))
    for number in (-1.0, -1.0, -2.0, 1.0):
        dial.number = number
        dial.announce("")
    assert seen == [-1.0, -2.0, 1.0]


def test_a_broken_observer_harms_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    dial = Dial("a")
    seen: list[float] = []

    def broken() -> None:
        raise RuntimeError("broken")

    dial.subscribe("", broken)
    dial.subscribe("", lambda: seen.append(dial.number))
    dial.number = 1.0
    with caplog.at_level(logging.ERROR):
        dial.announce("")
    assert seen == [1.0]
    assert "an observer failed" in caplog.text


@pytest.mark.parametrize("name", ["nothing", "title_page", "pages"])
def test_only_observable_values_can_be_announced(name: str) -> None:
    with pytest.raises(ValueError, match="Book has no observable value"):
        Book("b").announce(name)


def test_the_description_has_everything() -> None:
    description = describe(tree())
    json.dumps(description, allow_nan=False)
    resources = description["resources"]
    assert isinstance(resources, list)
    assert [resource["path"] for resource in resources] == [
        "dials/a",
        "dials/b",
        "shelf/<book>/title_page",
        "shelf/<book>/pages",
        "shelf/<book>/pages/<page>",
    ]
    assert resources[0] == {
        "path": "dials/a",
        "kind": "value",
        "title": "a number",
        "text": "",
        "observable": True,
        "methods": ["GET", "PUT"],
        "type": {"type": "number", "unit": "ms"},
        "arguments": [{"name": "t", "type": "number"}],
        "answer": None,
    }
    assert resources[3] == {
        "path": "shelf/<book>/pages",
        "kind": "command",
        "title": "a page",
        "text": "",
        "observable": False,
        "methods": ["PUT", "POST"],
        "legacy": [],
        "type": None,
        "arguments": [{"name": "n", "type": "string", "maxLength": 64, "format": "name", "text": "which"}],
        "answer": {"type": "string"},
    }
    assert resources[4]["kind"] == "lookup"
