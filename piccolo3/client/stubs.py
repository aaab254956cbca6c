"""A typed module for one rig, written from what its server says of itself."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from piccolo3.client.tree import Argument, Described, attribute_name, describe
from piccolo3.wire import JsonValue

__all__ = ["write"]

Schema = Mapping[str, JsonValue]

_HEAD = """{intro}

from __future__ import annotations

from piccolo3.client import answers
from piccolo3.client.fields import Room, reading, room, setting, value
from piccolo3.client.values import Reading, keep
from piccolo3.wire import JsonValue

__all__ = ["Rig"]
"""
_PARSERS = {  # by JSON type: the function of `answers`, and what it returns
    "integer": ("integer", "int"),
    "number": ("number", "float"),
    "string": ("text", "str"),
    "boolean": ("truth", "bool"),
}


@dataclass
class _Node:
    segment: str
    resources: list[Described] = field(default_factory=list)
    children: dict[str, _Node] = field(default_factory=dict)
    class_name: str = ""

    @property
    def is_any(self) -> bool:
        """Whether it stands for any name."""
        return self.segment.startswith("<")

    @property
    def value(self) -> Described | None:
        return next((one for one in self.resources if one.is_value), None)

    @property
    def command(self) -> Described | None:
        return next((one for one in self.resources if one.kind == "command"), None)


def write(resources: Sequence[Described], url: str, version: str) -> str:
    """The text of a module with the class `Rig`, whose attributes are the tree of the server at `url`."""
    root = _Node("")
    for one in resources:
        node = root
        for segment in one.path:
            node = node.children.setdefault(segment, _Node(segment))
        node.resources.append(one)
    root.class_name = "Rig"
    taken = {"Rig", "Room", "Reading", "JsonValue"}
    for name, child in root.children.items():
        _name_classes(child, attribute_name(name), taken)
    intro = (
        f"The rig at {url}, with piccolo3 {version}; written by `piccolo3-client stubs`.\n\n::\n\n"
        f"    async with Piccolo({_quoted(url)}) as piccolo:\n"
        "        rig = Rig(piccolo.connection)\n"
        "        print(await rig.control.status.get())\n"
    )
    parts = [_HEAD.format(intro=_docstring(intro, "", block=True))]
    parts += [_class_of(node, f"What is below {_path(resources, node)}.") for node in _inner(root)]
    parts.append(_class_of(root, f"The rig at {url}."))
    return "\n\n".join(parts)


def _name_classes(node: _Node, prefix: str, taken: set[str]) -> None:
    name = "".join(part[:1].upper() + part[1:] for part in prefix.split("_") if part) or "Any"
    while name in taken:
        name += "_"
    taken.add(name)
    node.class_name = name
    for segment, child in node.children.items():
        _name_classes(child, f"{prefix}_{attribute_name(segment.strip('<>'))}", taken)


def _inner(node: _Node) -> Iterable[_Node]:
    """Nodes with something below them, the innermost first."""
    for child in node.children.values():
        yield from _inner(child)
        if child.children:
            yield child


def _path(resources: Sequence[Described], node: _Node) -> str:
    for one in resources:
        if node.segment in one.path and any(node.children):
            index = one.path.index(node.segment)
            if len(one.path) > index + 1 and one.path[index + 1] in node.children:
                return "/".join(one.path[: index + 1])
    return node.segment


def _class_of(node: _Node, text: str) -> str:
    lines = [f"class {node.class_name}(Room):", _docstring(text, "    ")]
    if node.value is not None:
        lines += ["", *_field("here", "", node.value)]
    if node.command is not None:
        lines += ["", *_method("__call__", "", node.command)]
    for segment, child in node.children.items():
        lines += ["", *_member(segment, child)]
    return "\n".join(lines) + "\n"


def _member(segment: str, child: _Node) -> list[str]:
    if child.is_any:
        return _item(child)
    name = attribute_name(segment)
    name += "_" if keyword.iskeyword(name) or name in ("segments", "connection") else ""
    if child.children:
        return [f"    {name} = room({_quoted(segment)}, {child.class_name})"]
    if child.command is not None:
        return _method(name, segment, child.command)
    return _field(name, segment, child.resources[0])


def _item(child: _Node) -> list[str]:
    name = attribute_name(child.segment.strip("<>"))
    name += "_" if keyword.iskeyword(name) or name in ("self", "answers", "keep") else ""
    if child.children:
        kind, made = child.class_name, f"{child.class_name}(self.connection, (*self.segments, {name}))"
    else:
        parser, result = _parser(child.resources[0].type)
        kind, made = f"Reading[{result}]", f"Reading(self.connection, (*self.segments, {name}), {parser})"
    lines = [f"    def __getitem__(self, {name}: str) -> {kind}:"]
    if child.resources:
        lines.append(_docstring(child.resources[0].sentence, "        "))
    return [*lines, f"        return {made}"]


def _field(name: str, segment: str, one: Described) -> list[str]:
    make = "setting" if one.settable else "value" if one.observable else "reading"
    parser, _ = _parser(one.type)
    return [f"    {name} = {make}({_quoted(segment)}, {parser})", _docstring(one.sentence, "    ")]


def _method(name: str, segment: str, one: Described) -> list[str]:
    parser, result = _parser(one.answer) if one.answer is not None else ("", "None")
    names = {argument.name: _argument_name(argument.name) for argument in one.arguments}
    lines = [f"    async def {name}(", "        self,"]
    lines += [f"        {names[one.name]}: {_annotation(one)}," for one in one.arguments]
    lines.append(f"    ) -> {result}:")
    texts = [f"{names[a.name]}: {text}" for a in one.arguments if (text := _meaning(a))]
    body = f"{one.title}{f' ({one.text})' if one.text else ''}." + "".join(f"\n\n{text}" for text in texts)
    lines.append(_docstring(body, "        ", block=bool(texts)))
    given = ", ".join(f"{_quoted(key)}: {value}" for key, value in names.items())
    call = f"await self.command({_quoted(segment)}, {{{given}}})"
    path = _quoted("/".join(one.path))
    lines.append(f"        {call}" if result == "None" else f"        return {parser}({call}, {path})")
    return lines


def _argument_name(name: str) -> str:
    found = attribute_name(name)
    return f"{found}_" if keyword.iskeyword(found) or found in ("self", "answers", "keep") else found


def _meaning(argument: Argument) -> str:
    return ", ".join(part for part in (argument.text, describe(argument.schema)) if part)


def _annotation(argument: Argument) -> str:
    kind = _parser(argument.schema)[1].replace("tuple[str, ...]", "JsonValue")
    if argument.required:
        return kind
    if isinstance(argument.default, str):
        return f"{kind} = {_quoted(argument.default)}"
    plain = argument.default is None or isinstance(argument.default, bool | int | float)
    return f"{kind} = {argument.default!r}" if plain else f"{kind} | None = None"


def _parser(schema: Schema | None) -> tuple[str, str]:
    """What reads a value of this schema, and the type of what comes out."""
    kind = None if schema is None else schema.get("type")
    kinds = [kind] if isinstance(kind, str) else list(kind) if isinstance(kind, list) else []
    optional = "null" in kinds
    plain = [one for one in kinds if one != "null"]
    if len(plain) == 1 and plain[0] in _PARSERS:
        name, result = _PARSERS[str(plain[0])]
        return (f"answers.optional_{name}", f"{result} | None") if optional else (f"answers.{name}", result)
    items = schema.get("items") if schema is not None else None
    if plain == ["array"] and not optional and isinstance(items, Mapping) and items.get("type") == "string":
        return "answers.texts", "tuple[str, ...]"
    return "keep", "JsonValue"


def _quoted(text: str) -> str:
    """As a literal with double quotes; repr of Python has single ones, which formatters change."""
    body = repr(text)[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{body}"'


def _docstring(text: str, indent: str, *, block: bool = False) -> str:
    """What comes from the server is text of a docstring and never gets out of it."""
    clean = text.replace("\\", "\\\\").replace('"""', "'''")
    clean = "".join(character for character in clean if character.isprintable() or character == "\n").strip()
    clean = clean[:1].upper() + clean[1:]
    if not clean.endswith((".", "\n")) and not block:
        clean += "."
    if clean.endswith('"'):
        clean += " "
    lines = [f"{indent}{line}".rstrip() for line in clean.split("\n")]
    first = f'{indent}"""{lines[0].strip()}'
    if len(lines) == 1:
        return f'{first}"""'
    return "\n".join([first, *lines[1:], f'{indent}"""'])
