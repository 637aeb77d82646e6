"""`vivavoce models`: which models there are, and whether their files are as published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vivavoce.cli.terminal import needs_server_extra, report, show_table, stdout
from vivavoce.errors import ModelError

if TYPE_CHECKING:
    from vivavoce.recognizers.registry import ModelRegistry

app = typer.Typer(help="List and verify speech models.", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """List the models that can be asked for."""
    registry, loaded = registry_and_models()
    rows = []
    for name in registry.names():
        use = "default" if name == loaded[0] else "served" if name in loaded else ""
        rows.append([name, use])
    show_table(["model", "use"], rows)


@app.command("verify")
def verify_models(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="The models; those that are served if none.")
    ] = None,
) -> None:
    """Check that models are complete and, where a sum is published, what was published."""
    registry, served = registry_and_models()
    failed = False
    for name in names or served:
        try:
            verification = registry.verify(name, full=True)
        except ModelError as error:
            report(error)
            failed = True
            continue
        if not verification.ok:
            report(verification.problem)
            failed = True
            continue
        known = "as published" if verification.expected else "no published sum to compare with"
        stdout().print(f"{name}  {verification.size / 1e6:.0f} MB  sha256 {verification.sha256}  ({known})")
    if failed:
        raise typer.Exit(1)


def registry_and_models() -> tuple[ModelRegistry, tuple[str, ...]]:
    """The registry that the server would use, and the names of the models that it would load."""
    with needs_server_extra():
        from vivavoce.server.models import model_registry
        from vivavoce.settings import Settings
    settings = Settings.from_environment()
    return model_registry(settings), settings.models
