"""Declared resources: what is called with what, and which declarations are mistakes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from piccolo3.components.arguments import Argument
from piccolo3.components.component import Component
from piccolo3.components.datatypes import Boolean, Integer, Json, JsonValue, ListOf, Nullable, Number, Text, Truth
from piccolo3.components.declaration import Value, command, lookup, value
from piccolo3.components.resource import Kind, Resource, resolve
from piccolo3.errors import Conflict, InvalidValue, NotAllowed


class Lamp(Component):
    def __init__(self) -> None:
        super().__init__("lamp", title="a lamp")
        self.percent = 20.0
        self.calls: list[tuple[object, ...]] = []
        self.connected = False

    @value(Number(minimum=0, maximum=100, unit="%"), title="brightness", observable=True)
    def brightness(self) -> float:
        return self.percent

    @brightness.setter(Argument("b", Number(minimum=0, maximum=100, unit="%", lenient=True)))
    async def set_brightness(self, percent: float) -> None:
        self.percent = percent
        self.announce("brightness")

    @value(Text(max_length=64), name="currentScene", title="scene", text="Of the play.")
    def scene(self) -> str:
        return "dawn"

    @scene.setter(Argument("scene", Text()), answer=Text())
    async def set_scene(self, scene: str) -> str:
        return f"scene {scene}"

    @value(Boolean(), title="switched on")
    async def on(self) -> bool:
        await asyncio.sleep(0)
        return self.percent > 0

    @command(
        Argument("times", Integer(minimum=1), default=1),
        Argument("colour", Nullable(Text()), default=None),
        title="flash",
        legacy_get=True,
    )
    async def flash(self, times: int, colour: str | None) -> None:
        self.calls.append((times, colour))

    @command(Argument("sopen", Truth()), answer=ListOf(Text()), title="a report")
    async def report(self, long: bool) -> Sequence[str]:
        return ["long"] if long else []

    @command(title="connect")
    async def connect(self) -> None:
        if self.connected:
            raise Conflict("already connected")
        self.connected = True

    @connect.legacy(Text())
    async def connect_by_get(self) -> str:
        try:
            await self.connect()
        except Conflict as error:
            return error.message
        return "ok"

    @lookup(Argument("page", Text(max_length=3)), Text(), title="a page of the manual")
    async def manual(self, page: str) -> str:
        return f"page {page}"


def resource(lamp: Lamp, *path: str) -> Resource:
    found = resolve(lamp, path)
    assert found is not None
    return found


def call(lamp: Lamp, name: str, *positional: JsonValue, **named: JsonValue) -> JsonValue:
    return asyncio.run(resource(lamp, name).call(positional, named))


def test_a_value_reads_like_an_attribute() -> None:
    lamp = Lamp()
    assert lamp.brightness == 20.0
    assert isinstance(Lamp.brightness, Value)
    assert asyncio.run(lamp.on)


def test_get_answers_the_value() -> None:
    lamp = Lamp()
    assert asyncio.run(resource(lamp, "brightness").get()) == 20.0
    assert asyncio.run(resource(lamp, "on").get()) is True
    assert asyncio.run(resource(lamp, "currentScene").get()) == "dawn"


@pytest.mark.parametrize(("positional", "named"), [(["30"], {}), ([], {"b": 30})])
def test_set_asks_with_the_canonical_argument(positional: list[JsonValue], named: Mapping[str, JsonValue]) -> None:
    lamp = Lamp()
    assert asyncio.run(resource(lamp, "brightness").set(positional, named)) is None
    assert lamp.percent == 30.0


def test_set_may_answer() -> None:
    assert asyncio.run(resource(Lamp(), "currentScene").set(["x"], {})) == "scene x"


def test_a_refused_value_changes_nothing_and_names_the_argument() -> None:
    lamp = Lamp()
    with pytest.raises(InvalidValue) as caught:
        asyncio.run(resource(lamp, "brightness").set([101], {}))
    assert caught.value.message == "b: expected a number from 0 to 100 %, not 101"
    assert caught.value.details == {"argument": "b"}
    assert lamp.percent == 20.0


def test_a_value_without_setter_cant_be_set_and_is_no_command() -> None:
    with pytest.raises(NotAllowed):
        asyncio.run(resource(Lamp(), "on").set([1], {}))
    with pytest.raises(NotAllowed):
        call(Lamp(), "on")


def test_call_uses_defaults_positions_and_names() -> None:
    lamp = Lamp()
    call(lamp, "flash")
    call(lamp, "flash", 2)
    call(lamp, "flash", 3, colour="red")
    call(lamp, "flash", times=4.0)
    assert lamp.calls == [(1, None), (2, None), (3, "red"), (4, None)]


def test_a_command_may_answer() -> None:
    assert call(Lamp(), "report", 1) == ["long"]


@pytest.mark.parametrize(
    ("name", "positional", "named", "message"),
    [
        ("flash", (1, "red", 3), {}, "flash takes times (optional), colour (optional), not 3 arguments"),
        ("flash", (), {"time": 1}, "unknown argument 'time': flash takes times (optional), colour (optional)"),
        ("flash", (1,), {"times": 1}, "argument times is given twice: flash takes times (optional), colour (optional)"),
        ("report", (), {}, "missing argument sopen: report takes sopen"),
        ("connect", (None,), {}, "connect takes no arguments, not 1 arguments"),
        ("flash", (0,), {}, "times: expected an integer of at least 1, not 0"),
    ],
)
def test_wrong_arguments(name: str, positional: Sequence[JsonValue], named: dict[str, JsonValue], message: str) -> None:
    lamp = Lamp()
    with pytest.raises(InvalidValue) as caught:
        call(lamp, name, *positional, **named)
    assert caught.value.message == message
    assert lamp.calls == []


def test_the_old_get_form_does_the_same_or_something_else() -> None:
    lamp = Lamp()
    assert asyncio.run(resource(lamp, "flash").get()) is None
    assert lamp.calls == [(1, None)]
    assert asyncio.run(resource(lamp, "connect").get()) == "ok"
    assert asyncio.run(resource(lamp, "connect").get()) == "already connected"
    with pytest.raises(Conflict):
        call(lamp, "connect")


def test_a_command_without_get_form_refuses_it() -> None:
    with pytest.raises(NotAllowed, match="report is a command"):
        asyncio.run(resource(Lamp(), "report").get())
    with pytest.raises(NotAllowed):
        asyncio.run(resource(Lamp(), "report").set([], {}))


def test_a_lookup_takes_the_last_segment() -> None:
    assert asyncio.run(resource(Lamp(), "manual", "iv").get()) == "page iv"
    with pytest.raises(InvalidValue, match="at most 3"):
        asyncio.run(resource(Lamp(), "manual", "long").get())
    assert resolve(Lamp(), ("manual",)) is None


@pytest.mark.parametrize(
    ("path", "kind", "methods", "observable"),
    [
        (("brightness",), Kind.VALUE, ("GET", "PUT"), True),
        (("on",), Kind.VALUE, ("GET",), False),
        (("flash",), Kind.COMMAND, ("GET", "PUT", "POST"), False),
        (("report",), Kind.COMMAND, ("PUT", "POST"), False),
        (("manual", "i"), Kind.LOOKUP, ("GET",), False),
    ],
)
def test_what_a_resource_says(path: tuple[str, ...], kind: Kind, methods: tuple[str, ...], observable: bool) -> None:
    found = resource(Lamp(), *path)
    assert (found.kind, found.methods, found.observable) == (kind, methods, observable)


def test_mistakes_in_declarations_are_found_at_once() -> None:
    with pytest.raises(TypeError, match="limit it to 1024 bytes"):

        @value(Text(), title="", observable=True)
        def unlimited(self: object) -> str:
            return ""

    with pytest.raises(TypeError, match="it is 2000"):

        @value(Json(size=2000), title="", observable=True)
        def large(self: object) -> JsonValue:
            return ""

    with pytest.raises(TypeError, match="plain function"):

        @value(Boolean(), title="", observable=True)
        async def waiting(self: object) -> bool:
            return True

    with pytest.raises(TypeError, match="takes 1 arguments, but 0 are declared"):

        @command(title="")
        async def undeclared(self: object, number: int) -> None:
            pass

    with pytest.raises(TypeError, match="required argument"):

        @command(Argument("n", Integer()), title="", legacy_get=True)
        async def needs(self: object, number: int) -> None:
            pass

    with pytest.raises(TypeError, match="coroutine"):

        @command(title="")  # type: ignore[arg-type]
        def plain(self: object) -> None:
            pass

    with pytest.raises(TypeError, match="two resources with one name"):

        class Twice(Component):
            @value(Boolean(), name="a", title="")
            def first(self) -> bool:
                return True

            @value(Boolean(), name="a", title="")
            def second(self) -> bool:
                return True

    with pytest.raises(TypeError, match="in the body of a class"):
        _ = value(Boolean(), title="")(lambda _: True).name


def test_inherited_resources_can_be_replaced() -> None:
    class Bright(Lamp):
        @value(Integer(), title="fixed")
        def brightness(self) -> int:
            return 100

    assert asyncio.run(resource(Bright(), "brightness").get()) == 100
    assert resource(Bright(), "brightness").methods == ("GET",)
    assert asyncio.run(resource(Bright(), "on").get()) is True
