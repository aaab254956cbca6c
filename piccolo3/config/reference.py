"""The reference documentation, written from the declaration: `python -m piccolo3.config.reference`."""

from __future__ import annotations

import sys

from piccolo3.config.declaration import Option, Section, where
from piccolo3.config.options import INSTRUMENT, SERVER
from piccolo3.config.options_web import WEB

__all__ = ["reference"]

_HEAD = """\
# Configuration

Two files configure the daemon: the server file (`piccolo3-server -s FILE`) and the instrument file, which it names.
Both are in the syntax of ConfigObj: `[section]`, `[[section in a section]]`, `option = value`, `# comment`; a value
with a comma or `#` in it goes into quotes, a list has commas between its items. Files are in UTF-8. Everything that is
not given has its default. `piccolo3-server --check` tells every mistake in both files with its line, and
`piccolo3-server --show-config` prints what is in force and where each value comes from.

The web front end has a file of its own, `piccolo3-web -c FILE`, with `--check` and `--show-config`, too.

<!-- Written by `python -m piccolo3.config.reference`; the declarations are in piccolo3/config/options.py. -->
"""


def reference() -> str:
    """The page with every section and option of both files, in Markdown."""
    parts = [_HEAD, _file("Server file", SERVER), _file("Instrument file", INSTRUMENT), _file("Web file", WEB)]
    return "\n".join(parts)


def _file(title: str, root: Section) -> str:
    parts = [f"## {title}\n\n{root.text}\n"]
    for path, section in root.walk():
        if path:
            parts.append(f"### `{where(path)}`\n\n{section.text}\n")
        if section.options:
            parts.append(_table(section.options))
        if section.names is not None:
            parts.append(f"The name of the section must be {section.names.allowed}.\n")
        if section.obsolete.names or section.obsolete.prefix:
            parts.append(_obsolete(section))
    return "\n".join(parts)


def _table(options: tuple[Option, ...]) -> str:
    rows = ["| option | allowed | default | meaning |", "|---|---|---|---|"]
    rows += [
        f"| `{option.name}` | {option.kind.allowed} | {option.default_text} | {option.text} |" for option in options
    ]
    return "\n".join(rows) + "\n"


def _obsolete(section: Section) -> str:
    names = [f"`{name}`" for name in section.obsolete.names]
    if section.obsolete.prefix:
        names.append(f"everything starting with `{section.obsolete.prefix}`")
    return f"Of old rigs, read with a warning and without effect: {', '.join(names)}.\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
