"""Components: named nodes of the tree of resources.

    rig = Group("", [SystemInformation(...), Group("shutter", [Shutter("upwelling"), Shutter("downwelling")])])

The path of a resource is the names of its components and its own; the root's name does not count. Children that come
and go override `children` (what is listed) and, where more can be found than is listed, `find`:

    class Runs(Component):
        def children(self) -> Mapping[str, Component]:
            return {name: self._run(name) for name in self._writer.newest(20)}

        def find(self, name: str) -> Component | None:
            return self._run(name)          # its getters may be `async def` and raise NotFound

        def prototype(self) -> Component:
            return self._run("run")         # described as runs/<run>/...

A component says that a value may have changed with `announce`; those who observe it hear of it if it really differs.
Everything here is to be used in the event loop's thread only.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import ClassVar

from piccolo3.components.datatypes import JsonValue
from piccolo3.components.declaration import Command, Lookup, Member, Value
from piccolo3.errors import PiccoloError

__all__ = ["Component", "Group"]

_logger = logging.getLogger(__name__)


class Component:
    """A node of the tree: resources that are declared in the class, and children.

    `listed` says whether its resources and those of its children appear in listings; they are served anyway.
    """

    members: ClassVar[Mapping[str, Value[object, object] | Command[object, ..., object]]] = MappingProxyType({})
    lookups: ClassVar[Mapping[str, Lookup[object, object]]] = MappingProxyType({})
    listed: bool = True

    def __init__(self, name: str, *, title: str = "", children: Iterable[Component] = ()) -> None:
        self.name = name
        self.title = title
        self._children = {child.name: child for child in children}
        self._announcers: dict[str, _Announcer] = {}

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        declared: dict[str, Member] = {}
        for base in reversed(cls.__mro__):
            declared.update({key: member for key, member in vars(base).items() if isinstance(member, Member)})
        members = [member for member in declared.values() if isinstance(member, Value | Command)]
        lookups = [member for member in declared.values() if isinstance(member, Lookup)]
        cls.members = MappingProxyType({member.name: member for member in members})
        cls.lookups = MappingProxyType({member.name: member for member in lookups})
        if len(cls.members) < len(members) or len(cls.lookups) < len(lookups):
            raise TypeError(f"{cls.__qualname__} declares two resources with one name")

    def children(self) -> Mapping[str, Component]:
        """Return the children that are listed, by name, in the order of listings."""
        return MappingProxyType(self._children)

    def find(self, name: str) -> Component | None:
        """Return the child with this name, also if it is not listed."""
        return self.children().get(name)

    def prototype(self) -> Component | None:
        """Return a component that stands for all children in descriptions, if they come and go.

        Its name says what theirs are, e.g. `run`.
        """
        return None

    def announce(self, name: str) -> None:
        """Tell those who observe the value of this name (as in its path), if it differs from the last announced."""
        self._announcer(name).announce()

    def subscribe(self, name: str, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when the value of this name has changed; return the function that ends it."""
        return self._announcer(name).subscribe(listener)

    def _announcer(self, name: str) -> _Announcer:
        announcer = self._announcers.get(name)
        if announcer is None:
            member = self.members.get(name)
            if not isinstance(member, Value) or not member.observable:
                raise ValueError(f"{type(self).__qualname__} has no observable value {name!r}")
            announcer = self._announcers[name] = _Announcer(lambda: member.type.dump(member.getter(self)))
        return announcer


class Group(Component):
    """A component that only has children."""

    def __init__(self, name: str, children: Iterable[Component] = (), *, title: str = "") -> None:
        super().__init__(name, title=title, children=children)


class _Announcer:
    """Remembers the last announced state of one value, and who wants to know of the next."""

    def __init__(self, read: Callable[[], JsonValue]) -> None:
        self._read = read
        self._listeners: list[Callable[[], None]] = []
        self._last: str | None = None

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        if self._listeners:
            self.announce()  # the newcomer sees the present state, so the others have to know it as well
        else:
            self._last = self._state()
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def announce(self) -> None:
        if not self._listeners:
            return
        state = self._state()
        if state == self._last:
            return
        self._last = state
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception:
                _logger.exception("an observer failed")

    def _state(self) -> str:
        """Return the JSON text (1, 1.0 and true differ as JSON, though not in Python), or what went wrong."""
        try:
            return json.dumps(self._read())
        except PiccoloError as error:
            return f"{type(error).__name__}: {error}"
