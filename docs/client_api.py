"""The types of the synchronous client and the reference of both, from the code of the asynchronous one."""

from __future__ import annotations

import ast
import builtins
import inspect
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from piccolo3 import client
from piccolo3.client import (
    batch,
    catalogue,
    changes,
    failures,
    fields,
    link,
    mirror,
    result,
    running,
    schedule,
    tree,
    values,
)

__all__ = ["page", "stub"]

PACKAGE = Path(client.__file__).parent
# in the order of the reference; those that the synchronous client mirrors
MIRRORED: tuple[type, ...] = (
    client.Piccolo,
    client.Control,
    running.Batch,
    client.Schedule,
    client.DataDirectory,
    client.Run,
    client.Spectrometers,
    client.Spectrometer,
    client.Shutters,
    client.Shutter,
    client.Sysinfo,
    values.Reading,
    values.Value,
    values.Setting,
    values.ChannelValues,
    values.ChannelSettings,
    changes.Changes,
    tree.Tree,
)
PLAIN: tuple[type, ...] = (
    result.Result,
    result.Reflectance,
    batch.Progress,
    batch.Outcome,
    schedule.Job,
    schedule.JobRun,
    schedule.ComingStart,
    schedule.Halt,
    link.LinkChange,
    catalogue.SpectrumInfo,
    catalogue.BatchInfo,
    catalogue.Latest,
    catalogue.LatestRow,
    mirror.Synced,
    mirror.Copied,
    tree.Described,
    tree.Argument,
    running.BatchFailed,
    failures.TimedOut,
)
_HIDDEN = {"connection", "follow", "segments", "parse", "command", "of"}
_ALIASES = {
    "JsonValue": "piccolo3.wire",
    "Path": "piccolo3.client.connection",
    "When": "piccolo3.client.schedule",
    "TracebackType": "types",
}
_HEAD = '''"""Types of `piccolo3.client.sync`; written by `make docs` from the asynchronous client."""

{imports}

__all__ = {names}

T = TypeVar("T")
'''


def _tree(kind: type) -> ast.ClassDef:
    found = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(found, ast.ClassDef)
    return found


def _members(kind: type) -> Iterator[tuple[str, ast.stmt, str]]:
    """Name, statement and documentation of what is public, in the order of the code."""
    body = _tree(kind).body
    for index, statement in enumerate(body):
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            dunder = statement.name in ("__getitem__", "__getattr__", "__call__", "__iter__")
            if (not statement.name.startswith("_") or dunder) and statement.name not in _HIDDEN:
                yield statement.name, statement, ast.get_docstring(statement) or ""
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name not in _HIDDEN and isinstance(getattr(kind, name, None), fields.Field):
                following = body[index + 1] if index + 1 < len(body) else None
                text = ""
                if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
                    text = inspect.cleandoc(str(following.value.value))
                yield name, statement, text


def _field_type(kind: type, name: str, statement: ast.Assign) -> str:
    make = statement.value
    assert isinstance(make, ast.Call)
    assert isinstance(make.func, ast.Name)
    box = {
        "reading": "Reading",
        "value": "Value",
        "setting": "Setting",
        "channel_values": "ChannelValues",
        "channel_settings": "ChannelSettings",
    }[make.func.id]
    declared = inspect.getattr_static(kind, name)
    return f"{box}[{declared.parse.__annotations__['return']}]"


def _is_property(statement: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(one, ast.Name) and one.id == "property" for one in statement.decorator_list)


def _signature(statement: ast.FunctionDef | ast.AsyncFunctionDef, *, sync: bool) -> str:
    returns = "None" if statement.returns is None else ast.unparse(statement.returns)
    prefix = "async def" if isinstance(statement, ast.AsyncFunctionDef) else "def"
    if returns.startswith("AsyncIterator"):  # an async generator is not awaited
        prefix = "def"
    if sync:
        prefix = "def"
        returns = returns.replace("AsyncIterator", "Iterator").replace("Observation", "Changes[JsonValue]")
    return f"{prefix} {statement.name}({ast.unparse(statement.args)}) -> {returns}"


def _bases(kind: type) -> str:
    if kind is changes.Changes:
        return "(Iterator[T], Generic[T])"
    if kind is values.Reading or kind is values.ChannelValues:
        return "(Generic[T])"
    base = kind.__bases__[0]
    return f"({base.__name__}[T])" if base in MIRRORED else ""


def _quoted(text: str, indent: str) -> list[str]:
    lines = text.replace("\\", "\\\\").split("\n")
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:]), f'{indent}"""']


def _class(kind: type) -> list[str]:
    lines = [f"class {kind.__name__}{_bases(kind)}:"]
    text = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
    lines += _quoted(text, "    ")
    if kind is client.Piccolo:
        init = next(one for one in _tree(kind).body if isinstance(one, ast.FunctionDef) and one.name == "__init__")
        lines.append(f"    def __init__({ast.unparse(init.args)}) -> None: ...")
        rooms = ("control: Control", "schedule: Schedule", "spectrometers: Spectrometers", "shutters: Shutters")
        lines += [f"    {room}" for room in (*rooms, "data_dir: DataDirectory", "sysinfo: Sysinfo", "url: str")]
        lines += ["    def close(self) -> None:", '        """End the connection; what the server does goes on."""']
    if kind is changes.Changes:
        lines.append("    def __next__(self) -> T: ...")
    if kind in (client.Piccolo, changes.Changes):
        lines += [
            "    def __enter__(self) -> Self: ...",
            "    def __exit__(",
            "        self,",
            "        kind: type[BaseException] | None,",
            "        value: BaseException | None,",
            "        traceback: TracebackType | None,",
            "    ) -> None: ...",
        ]
    for name, statement, text in _members(kind):
        if name == "aclose":
            continue
        if isinstance(statement, ast.Assign):
            lines += ["    @property", f"    def {name}(self) -> {_field_type(kind, name, statement)}:"]
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            lines += ["    @property"] if _is_property(statement) else []
            lines.append(f"    {_signature(statement, sync=True)}:")
        lines += _quoted(text, "        ") if text else []
        if not text:
            lines[-1] += " ..."
    for name, annotation in _attributes(kind):
        lines.append(f"    {name}: {annotation}")
    return lines


def _attributes(kind: type) -> list[tuple[str, str]]:
    known = {
        client.Spectrometer: [("name", "str")],
        client.Shutter: [("direction", "str")],
        client.Run: [("name", "str")],
        running.Batch: [("run", "str | None"), ("number", "int | None"), ("scheduled", "bool")],
    }
    return known.get(kind, [])


def stub() -> str:
    """Return the text of piccolo3/client/sync.pyi, before it is formatted."""
    names = [kind.__name__ for kind in MIRRORED]
    parts = ["\n".join(_class(kind)) for kind in MIRRORED]
    parts.append('class Mirror:\n    """What all of these are."""')
    imports = _imports("\n".join(parts))
    parts.insert(0, _HEAD.format(names=sorted([*names, "Mirror"]), imports=imports))
    return _formatted("\n\n".join(parts) + "\n")


def _imports(body: str) -> str:
    """Of every name that is used and not defined, from where the code of the client has it."""
    names = [node for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)]
    used = {node.id for node in names if isinstance(node.ctx, ast.Load)} | {"TypeVar"}
    known = {name: thing for kind in MIRRORED for name, thing in vars(sys.modules[kind.__module__]).items()}
    found: dict[str, set[str]] = {}
    for name in used - {kind.__name__ for kind in MIRRORED} - set(dir(builtins)) - {"T", "property"}:
        if name in ("Generic", "Self", "TypeVar", "Unpack"):
            module = "typing"
        elif name in ("Iterator", "Mapping", "Sequence", "Callable"):
            module = "collections.abc"
        elif isinstance(known[name], ModuleType):
            module = known[name].__name__.rpartition(".")[0]
        elif isinstance(known[name], type) and known[name].__module__ != "builtins":
            module = known[name].__module__
        else:  # an alias of a type
            module = _ALIASES[name]
        found.setdefault(module, set()).add(name)
    return "\n".join(f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(found.items()))


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff"]
    options = ["--quiet", "--stdin-filename", str(PACKAGE / "sync.pyi")]
    for step in (["check", "--select", "I", "--fix"], ["format"]):
        whole = [*command, *step, *options, "-"]
        done = subprocess.run(whole, input=text, capture_output=True, text=True, check=True)  # noqa: S603
        text = done.stdout
    return text


def _entry(kind: type) -> str:
    """A section of the reference."""
    lines = [f"### {kind.__name__}", "", _markdown(inspect.cleandoc(kind.__doc__ or "")), ""]
    rows = []
    for name, statement, text in _members(kind):
        if isinstance(statement, ast.Assign):
            head = f"{name}: {_field_type(kind, name, statement)}"
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            if _is_property(statement):
                returns = "" if statement.returns is None else ast.unparse(statement.returns)
                head = f"{name}: {returns}"
            else:
                head = _signature(statement, sync=False).replace("(self, ", "(").replace("(self)", "()")
                head = head.replace("async def ", "await ").replace("def ", "")
        rows.append(f"- `{head}`" + (f"\n\n{textwrap.indent(_markdown(text), '  ')}" if text else ""))
    rows += [
        f"- `{field.target.id}: {ast.unparse(field.annotation)}`"
        for field in _tree(kind).body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id[0] != "_"
    ]
    return "\n".join([*lines, *rows]) + "\n"


def _markdown(text: str) -> str:
    """A docstring as Markdown: what comes after `::` is code."""
    found: list[str] = []
    code = False
    for line in text.split("\n"):
        if line.strip() == "::":
            found.append("```python")
            code = True
            continue
        if code and line and not line.startswith("    "):
            while found and not found[-1]:
                found.pop()
            found += ["```", ""]
            code = False
        if code and not line and found[-1] == "```python":
            continue
        found.append(line.removeprefix("    ") if code else line)
    if code:
        while found and not found[-1]:
            found.pop()
        found.append("```")
    return "\n".join(found)


_PAGE = """# The Python client

Written by `make docs` from the code. [A tutorial](../tutorials/reflectance.ipynb) shows it at work.

`piccolo3.client` is for programs with `async` and `await`. `piccolo3.client.sync` has the same classes for notebooks
and simple scripts: what is awaited below is simply called there, what is iterated with `async for` with `for`, and
`Piccolo(...)` connects at once and is left with `close()`. What fails raises one of the classes of `piccolo3.errors`,
the same that the server has raised; without an answer that is `ConnectionFailed`, with a sentence that says what to
check.

`piccolo3-client stubs coap://rig -o rig.py` writes a module with everything that one rig has, with types, units and
limits, for editors and mypy; `await rig.tree()` is the same without types.

Values that are observed outlast restarts of server and network: the client looks whether the server is there when
nothing was heard of it for 4 s, observes everything again when it is back, and says so in its log
(`piccolo3.client.link`), to `on_link`, and by `connected`. A server that never says when it was started (before 0.6) is
asked for each value instead.

## What is used

"""


def page() -> str:
    """Return the text of docs/reference/client.md."""
    return (
        _PAGE
        + "\n".join(_entry(kind) for kind in MIRRORED)
        + "\n## What comes back\n\n"
        + "\n".join(_entry(kind) for kind in PLAIN)
    )
