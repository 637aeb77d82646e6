"""`vivavoce doctor`: is everything in order, and what to do where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vivavoce.cli.terminal import escape, stdout

STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}


def doctor(
    speech: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A short recording of speech for the self-test.")
    ] = None,
) -> None:
    """Check the installation, the model and this machine, and say what to do about what is wrong."""
    from vivavoce.cli.checks import findings

    console = stdout()
    healthy = True
    for finding in findings(speech):
        healthy &= finding.state != "wrong"
        style = STYLES[finding.state]
        console.print(f"[{style}]{finding.state:<5}[/]  {finding.subject:<11}  {escape(finding.detail)}")
        if finding.remedy:
            console.print(f"{'':20}[bold]→ {escape(finding.remedy)}[/]")
    if not healthy:
        raise typer.Exit(1)
