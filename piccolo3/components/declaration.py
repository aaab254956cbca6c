"""How the resources of a component are declared: `@value`, `@command` and `@lookup`.

A component is a class whose resources are declared once, with type, unit, limits, text and whether they can be
observed; it knows nothing of the protocol that serves them.

    class Lamp(Component):
        def __init__(self, bulb: Bulb, broker: Broker) -> None:
            super().__init__("lamp", title="A lamp", children=[Group("colours", [...])])
            self._bulb = bulb
            broker.subscribe(BulbChanged, lambda event: self.announce("brightness"))

        # GET lamp/brightness. Answered from cached state: the getter is a plain function that never blocks.
        @value(Number(minimum=0, maximum=100, unit="%"), title="brightness", observable=True)
        def brightness(self) -> float:
            return self._bulb.brightness

        # PUT lamp/brightness. Asks only: it is the bulb that announces the new value. The argument has its own type.
        @brightness.setter(Argument("b", Number(minimum=0, maximum=100, unit="%", lenient=True)))
        async def set_brightness(self, percent: float) -> None:
            await self._bulb.dim(percent)

        # a name that's not a Python name, and a PUT that answers (a JSON string)
        @value(Text(max_length=64), name="currentScene", title="scene", observable=True)
        def scene(self) -> str:
            return self._bulb.scene

        @scene.setter(Argument("scene", SafeName()), answer=Text(max_length=64))
        async def set_scene(self, scene: str) -> str:
            return await self._bulb.choose(scene)

        # PUT and POST lamp/flash; `legacy_get` adds the old GET form, which does the same (here: answers null)
        @command(Argument("times", Integer(minimum=1), default=1), title="flash", legacy_get=True)
        async def flash(self, times: int) -> None:
            await self._bulb.flash(times)

        # PUT and POST lamp/connect, and an old GET form that does something else
        @command(title="connect to the lamp")
        async def connect(self) -> None:
            await self._bulb.connect()              # raises Conflict if it is connected

        @connect.legacy(Text())
        async def connect_by_get(self) -> str:
            try:
                await self._bulb.connect()
            except Conflict as error:
                return error.message
            return "ok"

        # GET lamp/manual/<page>: one more path segment, for what is not listed
        @lookup(Argument("page", SafeName()), Text(), title="one page of the manual")
        async def manual(self, page: str) -> str:
            return await self._files.read(page)     # raises NotFound

From Python, `lamp.brightness` calls the getter and `await lamp.set_brightness(20.0)`, `await lamp.flash(2)` call the
methods as they are, without validation. A getter may be `async def` if the value is not observable (and has to wait
for a worker). A member with the name "" is the component's own path, for a component that is one value.
Children come from `Component.children()`; see `piccolo3.components.component`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from types import MethodType
from typing import Concatenate, Generic, ParamSpec, TypeAlias, TypeVar, overload

from piccolo3.components.arguments import Argument
from piccolo3.components.datatypes import DataType
from piccolo3.wire import MAX_OBSERVABLE

__all__ = ["Command", "Lookup", "Member", "Value", "command", "lookup", "value"]

C = TypeVar("C")
T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")
Method: TypeAlias = Callable[..., Coroutine[object, object, object]]
F = TypeVar("F", bound=Callable[..., Coroutine[object, object, object]])


class Member:
    """What values, commands and lookups have in common: the last part of the path, a title and a text for people."""

    def __init__(self, name: str | None, title: str, text: str) -> None:
        self._name = name
        self.title = title
        self.text = text

    def __set_name__(self, owner: type, name: str) -> None:
        if self._name is None:
            self._name = name

    @property
    def name(self) -> str:
        """The name in the path."""
        if self._name is None:
            raise TypeError("a resource has to be declared in the body of a class")
        return self._name


class Value(Member, Generic[C, T]):
    """A value that can be read and, with a setter, be asked to change."""

    def __init__(
        self,
        getter: Callable[[C], T],
        datatype: DataType[object],
        *,
        name: str | None,
        title: str,
        text: str,
        observable: bool,
        large: bool,
    ) -> None:
        super().__init__(name, title, text)
        self.getter = getter
        self.type = datatype
        self.observable = observable
        self.large = large
        self.arguments: tuple[Argument, ...] = ()
        self.answer: DataType[object] | None = None
        self.set_method: Method | None = None
        self.post = False
        _check_parameters(getter, 0)
        if observable:
            _check_observable(getter, datatype, large=large)

    @overload
    def __get__(self, instance: None, owner: type) -> Value[C, T]: ...
    @overload
    def __get__(self, instance: C, owner: type) -> T: ...
    def __get__(self, instance: C | None, owner: type) -> Value[C, T] | T:
        return self if instance is None else self.getter(instance)

    def setter(
        self, *arguments: Argument, answer: DataType[object] | None = None, post: bool = False
    ) -> Callable[[F], F]:
        """Declare the coroutine method that is called with the validated arguments of a PUT or, with `post`, a POST."""

        def declare(method: F) -> F:
            self.set_method = _check_coroutine(method, len(arguments))
            self.arguments = arguments
            self.answer = answer
            self.post = post
            return method

        return declare


class Command(Member, Generic[C, P, R]):
    """Something that can be done: PUT and POST, and GET if old clients do it so."""

    def __init__(
        self,
        method: Callable[Concatenate[C, P], Coroutine[object, object, R]],
        arguments: tuple[Argument, ...],
        *,
        answer: DataType[object] | None,
        name: str | None,
        title: str,
        text: str,
        legacy_get: bool,
        safe: bool,
    ) -> None:
        super().__init__(name, title, text)
        self.method = method
        self.safe = safe
        self.arguments = arguments
        self.answer = answer
        self.legacy_method: Method | None = None
        self.legacy_answer: DataType[object] | None = None
        _check_coroutine(method, len(arguments))
        if legacy_get:
            if any(argument.required for argument in arguments):
                raise TypeError("a command with a required argument can't have a GET form")
            self.legacy_method, self.legacy_answer = method, answer

    @overload
    def __get__(self, instance: None, owner: type) -> Command[C, P, R]: ...
    @overload
    def __get__(self, instance: C, owner: type) -> Callable[P, Coroutine[object, object, R]]: ...
    def __get__(self, instance: C | None, owner: type) -> Command[C, P, R] | Callable[P, Coroutine[object, object, R]]:
        return self if instance is None else MethodType(self.method, instance)

    def legacy(self, answer: DataType[object] | None = None) -> Callable[[F], F]:
        """Declare the coroutine method without arguments that is called by the old GET form."""

        def declare(method: F) -> F:
            self.legacy_method = _check_coroutine(method, 0)
            self.legacy_answer = answer
            return method

        return declare


class Lookup(Member, Generic[C, R]):
    """Something that is read by a path of one more segment, and is not listed."""

    def __init__(
        self,
        method: Callable[[C, str], Coroutine[object, object, R]],
        argument: Argument,
        answer: DataType[R],
        *,
        name: str | None,
        title: str,
        text: str,
    ) -> None:
        super().__init__(name, title, text)
        self.method = method
        self.argument = argument
        self.answer = answer
        _check_coroutine(method, 1)

    @overload
    def __get__(self, instance: None, owner: type) -> Lookup[C, R]: ...
    @overload
    def __get__(self, instance: C, owner: type) -> Callable[[str], Coroutine[object, object, R]]: ...
    def __get__(self, instance: C | None, owner: type) -> Lookup[C, R] | Callable[[str], Coroutine[object, object, R]]:
        return self if instance is None else MethodType(self.method, instance)


class _ValueDecorator(Generic[T]):
    def __init__(
        self, datatype: DataType[T], *, name: str | None, title: str, text: str, observable: bool, large: bool
    ) -> None:
        self._type = datatype
        self._name = name
        self._title = title
        self._text = text
        self._observable = observable
        self._large = large

    @overload
    def __call__(
        self, getter: Callable[[C], Coroutine[object, object, T]]
    ) -> Value[C, Coroutine[object, object, T]]: ...
    @overload
    def __call__(self, getter: Callable[[C], T]) -> Value[C, T]: ...
    def __call__(self, getter: Callable[[C], R]) -> Value[C, R]:
        return Value(
            getter,
            self._type,
            name=self._name,
            title=self._title,
            text=self._text,
            observable=self._observable,
            large=self._large,
        )


def value(
    datatype: DataType[T],
    *,
    title: str,
    text: str = "",
    name: str | None = None,
    observable: bool = False,
    large: bool = False,
) -> _ValueDecorator[T]:
    """Declare the decorated getter as a value of this type. A getter of an observable value is a plain function.

    An observable value fits into one datagram, unless it is `large`: then those who observe it have to fetch the rest.
    """
    return _ValueDecorator(datatype, name=name, title=title, text=text, observable=observable, large=large)


def command(
    *arguments: Argument,
    title: str,
    text: str = "",
    name: str | None = None,
    answer: DataType[object] | None = None,
    legacy_get: bool = False,
    safe: bool = False,
) -> Callable[[Callable[Concatenate[C, P], Coroutine[object, object, R]]], Command[C, P, R]]:
    """Declare the decorated coroutine method as a command; it gets one validated value for each argument, in order.

    A `safe` one only asks and changes nothing: it has FETCH, too, whose answers need not be sent again if unchanged.
    """

    def declare(method: Callable[Concatenate[C, P], Coroutine[object, object, R]]) -> Command[C, P, R]:
        return Command(
            method, arguments, answer=answer, name=name, title=title, text=text, legacy_get=legacy_get, safe=safe
        )

    return declare


def lookup(
    argument: Argument, answer: DataType[R], *, title: str, text: str = "", name: str | None = None
) -> Callable[[Callable[[C, str], Coroutine[object, object, R]]], Lookup[C, R]]:
    """Declare the decorated coroutine method as what GETs of `<name>/<argument>` answer."""

    def declare(method: Callable[[C, str], Coroutine[object, object, R]]) -> Lookup[C, R]:
        return Lookup(method, argument, answer, name=name, title=title, text=text)

    return declare


def _check_parameters(function: Callable[..., object], count: int) -> None:
    parameters = len(inspect.signature(function).parameters) - 1
    if parameters != count:
        raise TypeError(f"{function.__qualname__} takes {parameters} arguments, but {count} are declared")


def _check_coroutine(method: Method, count: int) -> Method:
    if not inspect.iscoroutinefunction(method):
        raise TypeError(f"{method.__qualname__} has to be a coroutine function (async def)")
    _check_parameters(method, count)
    return method


def _check_observable(getter: Callable[..., object], datatype: DataType[object], *, large: bool) -> None:
    if inspect.iscoroutinefunction(getter):
        raise TypeError(f"{getter.__qualname__} is observable, so it has to be a plain function")
    if large:
        return
    size = datatype.max_size()
    if size is None or size > MAX_OBSERVABLE:
        raise TypeError(
            f"{getter.__qualname__} is observable, so its type has to limit it to {MAX_OBSERVABLE} bytes"
            f" (it is {'without limit' if size is None else size})"
        )
