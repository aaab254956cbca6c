"""Resources as a binding sees them: bound, read-only, found by walking the tree or by path."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from piccolo3.components.arguments import Argument, bind_arguments
from piccolo3.components.component import Component
from piccolo3.components.datatypes import DataType, JsonValue
from piccolo3.components.declaration import Command, Lookup, Value
from piccolo3.errors import NotAllowed

__all__ = ["Kind", "Resource", "resolve", "walk"]


class Kind(StrEnum):
    """What a resource is."""

    VALUE = "value"
    COMMAND = "command"
    LOOKUP = "lookup"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a component.

    `type` is that of what GET answers (None: null), `arguments` those of PUT and POST, `answer` the type of what these
    answer (None: nothing). A lookup found by path has its last segment in `item`; one found by walking has None there
    and stands for all of them.
    """

    path: tuple[str, ...]
    component: Component
    member: Value[object, object] | Command[object, ..., object] | Lookup[object, object]
    item: str | None = None

    @property
    def kind(self) -> Kind:
        """Value, command or lookup."""
        if isinstance(self.member, Value):
            return Kind.VALUE
        return Kind.COMMAND if isinstance(self.member, Command) else Kind.LOOKUP

    @property
    def title(self) -> str:
        """A few words for people."""
        return self.member.title

    @property
    def text(self) -> str:
        """What else there is to know, for people."""
        return self.member.text

    @property
    def observable(self) -> bool:
        """Whether changes are announced to subscribers."""
        return isinstance(self.member, Value) and self.member.observable

    @property
    def large(self) -> bool:
        """Whether an observable value may be larger than a datagram."""
        return isinstance(self.member, Value) and self.member.large

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it has: of GET, PUT, POST, FETCH."""
        member = self.member
        if isinstance(member, Value):
            if member.set_method is None:
                return ("GET",)
            return ("GET", "PUT", "POST") if member.post else ("GET", "PUT")
        if isinstance(member, Command):
            methods = ("PUT", "POST", "FETCH") if member.safe else ("PUT", "POST")
            return methods if member.legacy_method is None else ("GET", *methods)
        return ("GET",)

    @property
    def type(self) -> DataType[object] | None:
        """Type of what GET answers."""
        member = self.member
        if isinstance(member, Value):
            return member.type
        return member.legacy_answer if isinstance(member, Command) else member.answer

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Arguments of PUT and POST."""
        return () if isinstance(self.member, Lookup) else self.member.arguments

    @property
    def item_argument(self) -> Argument | None:
        """Of a lookup, the argument that is the last segment of its path."""
        return self.member.argument if isinstance(self.member, Lookup) else None

    @property
    def answer(self) -> DataType[object] | None:
        """Type of what PUT and POST answer."""
        return None if isinstance(self.member, Lookup) else self.member.answer

    async def get(self) -> JsonValue:
        """Return the value, or do what the old GET form of a command does. Raises NotAllowed and what that raises."""
        member = self.member
        if isinstance(member, Value):
            value = member.getter(self.component)
            return member.type.dump(await value if inspect.isawaitable(value) else value)
        if isinstance(member, Lookup):
            if self.item is None:
                raise NotAllowed(f"{'/'.join(self.path)} needs one more path segment")
            argument = cast("str", member.argument.validate(self.item))
            return member.answer.dump(await member.method(self.component, argument))
        if member.legacy_method is None:
            raise NotAllowed(f"{'/'.join(self.path)} is a command, to be given with PUT or POST")
        defaults = [argument.default for argument in member.arguments] if member.legacy_method is member.method else []
        return _dumped(member.legacy_answer, await member.legacy_method(self.component, *defaults))

    async def set(self, positional: Sequence[JsonValue], named: Mapping[str, JsonValue]) -> JsonValue:
        """Validate the arguments and ask for the value; return the answer. Raises NotAllowed, InvalidValue and more."""
        if not isinstance(self.member, Value) or self.member.set_method is None:
            raise NotAllowed(f"{'/'.join(self.path)} can't be set")
        arguments = bind_arguments("/".join(self.path), self.member.arguments, positional, named)
        return _dumped(self.member.answer, await self.member.set_method(self.component, *arguments))

    async def call(self, positional: Sequence[JsonValue], named: Mapping[str, JsonValue]) -> JsonValue:
        """Validate the arguments and do the command; return the answer. Raises NotAllowed, InvalidValue and more."""
        if not isinstance(self.member, Command):
            raise NotAllowed(f"{'/'.join(self.path)} is no command")
        arguments = bind_arguments("/".join(self.path), self.member.arguments, positional, named)
        return _dumped(self.member.answer, await self.member.method(self.component, *arguments))

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when the value has changed; return the function that ends it."""
        return self.component.subscribe(self.member.name, listener)


def _dumped(answer: DataType[object] | None, value: object) -> JsonValue:
    return None if answer is None else answer.dump(value)


def walk(
    root: Component, path: tuple[str, ...] = (), *, unlisted: bool = True, prototypes: bool = False
) -> Iterator[Resource]:
    """Yield all resources of the tree below `root`, whose own name is not part of their paths.

    Without `unlisted`, components that don't want to be listed are left out. With `prototypes`, the prototype of a
    component stands for children that come and go, its name in angle brackets.
    """
    for name, member in root.members.items():
        yield Resource((*path, name) if name else path, root, member)
    for name, found in root.lookups.items():
        yield Resource((*path, name), root, found)
    prototype = root.prototype() if prototypes else None
    children = root.children() if prototype is None else {f"<{prototype.name}>": prototype}
    for name, child in children.items():
        if child.listed or unlisted:
            yield from walk(child, (*path, name), unlisted=unlisted, prototypes=prototypes)


def resolve(root: Component, path: Sequence[str]) -> Resource | None:
    """Return the resource at `path`, also if it is not listed; None if there is none."""
    component: Component | None = root
    for depth, name in enumerate(path):
        if component is None:
            return None
        rest = len(path) - depth - 1
        if rest == 0 and name and name in component.members:
            return Resource(tuple(path), component, component.members[name])
        if rest == 1 and name in component.lookups:
            return Resource(tuple(path), component, component.lookups[name], item=path[-1])
        component = component.find(name)
    if component is None or "" not in component.members:
        return None
    return Resource(tuple(path), component, component.members[""])
