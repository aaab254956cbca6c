"""`piccolo completion`: what makes a shell complete commands and options, from the options themselves."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Iterator

from piccolo3.cli.front.options import parser

__all__ = ["run", "script", "words"]


def run(options: Namespace) -> int:
    """Print it."""
    sys.stdout.write(script(options.shell))
    return 0


def words() -> dict[str, list[str]]:
    """What may come after each command, such as "data list": further commands and options."""
    return dict(_words("", parser()))


def _words(path: str, command: argparse.ArgumentParser) -> Iterator[tuple[str, list[str]]]:
    found: list[str] = []
    for action in command._actions:  # noqa: SLF001 - argparse has no other way to look at it
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            found += action.choices
            for name, inner in action.choices.items():
                yield from _words(f"{path} {name}".strip(), inner)
        else:
            found += [option for option in action.option_strings if option.startswith("--")]
            found += [str(choice) for choice in action.choices or () if not action.option_strings]
    yield path, sorted(found)


def script(shell: str) -> str:
    """A script for bash, zsh or fish."""
    if shell == "fish":
        return _fish()
    cases = "\n".join(f'        "{path}") words="{" ".join(found)}" ;;' for path, found in sorted(words().items()))
    head = "autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else ""
    return f"""{head}_piccolo() {{
    local path="" word words known=" {" ".join(path for path in words() if path)} "
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in -*) continue ;; esac
        if [[ -z "$path" && "$known" == *" $word "* ]]; then path="$word"
        elif [[ "$known" == *" $path $word "* ]]; then path="$path $word"; fi
    done
    case "$path" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -o default -F _piccolo piccolo
"""


def _fish() -> str:
    lines = ["complete -c piccolo -f"]
    for path, found in sorted(words().items()):
        seen = "; and ".join(f"__fish_seen_subcommand_from {part}" for part in path.split()) or "__fish_use_subcommand"
        for word in found:
            what = f"-l {word[2:]}" if word.startswith("--") else f"-a {word}"
            lines.append(f'complete -c piccolo -n "{seen}" {what}')
    return "\n".join(lines) + "\n"
