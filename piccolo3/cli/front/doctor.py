"""`piccolo doctor`: whether this machine is ready for a rig."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from dataclasses import asdict

from rich.markup import escape

from piccolo3.cli import logs
from piccolo3.cli.front.checks import Finding, Machine, State, examine
from piccolo3.cli.front.rigs import console

__all__ = ["run"]

_STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


def run(options: Namespace) -> int:
    """Print a line for each check; 1 if one has failed."""
    logs.setup(bool(options.debug))
    findings = examine(Machine(), options.server_configuration)
    failed = any(finding.state is State.FAIL for finding in findings)
    if options.json:
        checks = [asdict(finding) for finding in findings]
        sys.stdout.write(json.dumps({"ok": not failed, "checks": checks}) + "\n")
    else:
        for finding in findings:
            _show(finding)
    return int(failed)


def _show(finding: Finding) -> None:
    style = _STYLES[finding.state]
    screen = console()
    screen.print(f"[{style}]{finding.state:<4}[/]  {finding.name:<14} {escape(finding.sentence)}", soft_wrap=True)
    if finding.advice:
        screen.print(f"{'':21}{escape(finding.advice)}", soft_wrap=True)
