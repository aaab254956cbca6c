"""The whole tree of a server as it describes itself: `tree.spectrometer.S_dummy_A.min_time.get()`.

What is known beforehand has typed classes (`rig.control`, `rig.spectrometers`, ...); the tree also has what a newer
server may have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from piccolo3.client import answers
from piccolo3.client.changes import Changes
from piccolo3.client.connection import GET, POST, PUT, Connection, arguments
from piccolo3.client.values import Setting, keep
from piccolo3.errors import InvalidValue, NotAllowed, NotFound
from piccolo3.wire import JsonValue

__all__ = ["Argument", "Described", "Tree", "attribute_name", "parse_description"]

Schema = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a setting or command; `schema` is a subset of JSON Schema, with `unit`."""

    name: str
    schema: Schema
    text: str = ""
    required: bool = True
    default: JsonValue = None


@dataclass(frozen=True, slots=True)
class Described:
    """What the server says of one resource; a part of the path in angle brackets stands for any name."""

    path: tuple[str, ...]
    kind: str
    title: str
    text: str
    observable: bool
    methods: tuple[str, ...]
    type: Schema | None
    arguments: tuple[Argument, ...]
    answer: Schema | None

    @property
    def is_value(self) -> bool:
        """Whether it can be read; what old clients call by GET is no value."""
        return self.kind != "command"

    @property
    def settable(self) -> bool:
        """Whether it is a value with a PUT."""
        return self.kind == "value" and "PUT" in self.methods

    @property
    def sentence(self) -> str:
        """Title and text, with unit and limits of the value."""
        limits = describe(self.type) if self.is_value else ""
        more = "; ".join(part for part in (self.text, limits) if part)
        return f"{self.title} ({more})" if more else self.title


def describe(schema: Schema | None) -> str:
    """Unit, limits and choices of a schema, in words."""
    if schema is None:
        return ""
    found = []
    enum = schema.get("enum")
    if isinstance(enum, list):
        found.append("one of " + ", ".join(str(item) for item in enum if item is not None))
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        found.append(f"{low} to {high}")
    elif low is not None:
        found.append(f"from {low}")
    elif high is not None:
        found.append(f"up to {high}")
    if schema.get("unit"):
        found.append(f"in {schema['unit']}")
    return ", ".join(found)


def parse_description(body: JsonValue) -> tuple[Described, ...]:
    """Read the description; what is not understood of it is left out. InvalidValue where it is none."""
    entries = answers.mapping(body, "description").get("resources")
    if not isinstance(entries, list):
        raise InvalidValue("the server's description has no resources")
    return tuple(_described(answers.mapping(entry, "description")) for entry in entries)


def _described(entry: Mapping[str, JsonValue]) -> Described:
    def schema(key: str) -> Schema | None:
        found = entry.get(key)
        return found if isinstance(found, Mapping) else None

    given = entry.get("arguments")
    return Described(
        path=tuple(answers.text(entry.get("path"), "path").split("/")),
        kind=str(entry.get("kind") or "value"),
        title=str(entry.get("title") or ""),
        text=str(entry.get("text") or ""),
        observable=bool(entry.get("observable")),
        methods=answers.texts(entry.get("methods") or ["GET"], "methods"),
        type=schema("type"),
        arguments=tuple(_argument(one) for one in given if isinstance(one, Mapping)) if isinstance(given, list) else (),
        answer=schema("answer"),
    )


def _argument(entry: Mapping[str, JsonValue]) -> Argument:
    rest = {key: item for key, item in entry.items() if key not in ("name", "text", "default")}
    name = answers.text(entry.get("name"), "name of an argument")
    return Argument(name, rest, str(entry.get("text") or ""), "default" not in entry, entry.get("default"))


def attribute_name(segment: str) -> str:
    """A segment of a path as a name of Python: what can't be in one becomes `_`."""
    name = "".join(character if character.isalnum() or character == "_" else "_" for character in segment)
    return f"_{name}" if not name or name[0].isdigit() else name


@dataclass(frozen=True, slots=True)
class _Node:
    resources: list[Described] = field(default_factory=list)  # a command and a lookup may have the same path
    children: dict[str, _Node] = field(default_factory=dict)

    def add(self, path: Sequence[str], described: Described) -> None:
        node = self
        for segment in path:
            node = node.children.setdefault(segment, _Node())
        node.resources.append(described)

    def child(self, name: str) -> _Node | None:
        if name in self.children:
            return self.children[name]
        return next((node for segment, node in self.children.items() if segment.startswith("<")), None)


class Tree:
    """One place in the tree: what is below it as attributes or items, and what can be done with it itself.

    `tree.control.delay.get()`, `tree["control/delay"].set(3)`, `tree.control.record_sequence(nsequence=2)`.
    """

    def __init__(self, connection: Connection, node: _Node, path: tuple[str, ...]) -> None:
        self._connection = connection
        self._node = node
        self._segments = path

    @classmethod
    def of(cls, connection: Connection, resources: Sequence[Described]) -> Tree:
        """The root."""
        root = _Node()
        for described in resources:
            root.add(described.path, described)
        return cls(connection, root, ())

    @property
    def path(self) -> str:
        """Where it is."""
        return "/".join(self._segments)

    @property
    def described(self) -> tuple[Described, ...]:
        """What the server says of it; nothing for what only has something below it."""
        return tuple(self._node.resources)

    def __getitem__(self, path: str) -> Tree:
        """What is there; `path` may have several segments. NotFound if the server has nothing of the kind."""
        found = self
        for segment in path.split("/"):
            node = found._node.child(segment)
            if node is None:
                known = ", ".join(found._node.children) or "nothing"
                raise NotFound(f"{found.path or 'the server'} has no {segment!r}, it has {known}")
            found = Tree(self._connection, node, (*found._segments, segment))
        return found

    def __getattr__(self, name: str) -> Tree:
        if name.startswith("__"):
            raise AttributeError(name)
        for segment in self._node.children:
            if attribute_name(segment) == name:
                return self[segment]
        known = ", ".join(attribute_name(segment) for segment in self._node.children) or "nothing"
        raise AttributeError(f"{self.path or 'the server'} has no {name!r}, it has {known}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(attribute_name(segment) for segment in self._node.children)})

    def __iter__(self) -> Iterator[str]:
        """The segments below it."""
        return iter(self._node.children)

    def __repr__(self) -> str:
        lines = [f"<{self.path or self._connection.address}>"]
        lines += [f"{one.kind}: {one.sentence}" for one in self._node.resources]
        for segment, node in self._node.children.items():
            titles = ", ".join(one.sentence for one in node.resources)
            lines.append(f"  {segment}{'/' if node.children else ''}{': ' if titles else ''}{titles}")
        return "\n".join(lines)

    async def get(self) -> JsonValue:
        """Read the value. NotAllowed where there is none."""
        if not any(one.is_value for one in self._node.resources):
            raise NotAllowed(f"{self.path} is no value")
        return await self._connection.request(GET, self._segments)

    async def set(self, value: JsonValue) -> JsonValue:
        """Set the value; what the server answers, mostly None. NotAllowed where it can't be set."""
        if not any(one.settable for one in self._node.resources):
            raise NotAllowed(f"{self.path} can't be set")
        return await self._connection.request(PUT, self._segments, arguments([value], {}))

    def observe(self) -> Changes[JsonValue]:
        """First the value, then its changes. NotAllowed where it can't be observed."""
        if not any(one.observable for one in self._node.resources):
            raise NotAllowed(f"{self.path} can't be observed")
        return self._value().observe()

    async def wait_for(self, wanted: JsonValue, timeout: float | None = None) -> JsonValue:  # noqa: ASYNC109
        """Wait until it is `wanted`. TimedOut after `timeout` seconds (None: never)."""
        return await self._value().wait_for(wanted, timeout)

    async def __call__(self, *args: JsonValue, **kwargs: JsonValue) -> JsonValue:
        """Call the command, return its answer; of a value, read it. InvalidValue for unknown arguments."""
        command = next((one for one in self._node.resources if one.kind == "command"), None)
        if command is None:
            return await self.get()
        known = [argument.name for argument in command.arguments]
        unknown = [name for name in kwargs if name not in known]
        if unknown or len(args) > len(known):
            what = ", ".join(unknown) or f"{len(args)} arguments"
            raise InvalidValue(f"{self.path} does not take {what}; it takes {', '.join(known) or 'nothing'}")
        method = POST if "POST" in command.methods else PUT
        return await self._connection.request(method, self._segments, arguments(args, kwargs))

    def _value(self) -> Setting[JsonValue]:
        return Setting(self._connection, self._segments, keep)
