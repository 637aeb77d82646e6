"""`vivavoce models`: which models there are, and whether their files are as published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vivavoce.cli.terminal import needs_server_extra, report, show_table, stdout
from vivavoce.errors import ModelError

if TYPE_CHECKING:
    from vivavoce.recognizers.registry import ModelRegistry
    from vivavoce.settings import Settings

app = typer.Typer(help="List and verify speech models.", no_args_is_help=True)


@app.command("list")
def list_models() -> None:
    """List the models that there are, and what the server uses them for."""
    registry, settings = registry_and_settings()
    uses = {settings.partials_name: "partials alone"}
    uses |= dict.fromkeys(settings.served, "served") | {settings.served[0]: "default, also solaria-1"}
    rows = [[name, uses.get(name, ""), settings.places.get(name, "")] for name in registry.names()]
    show_table(["model", "use", "place"], rows)


@app.command("verify")
def verify_models(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME...", help="The models; those that are loaded if none.")
    ] = None,
) -> None:
    """Check that models are complete and, where a sum is published or declared, that they have it."""
    registry, settings = registry_and_settings()
    from vivavoce.recognizers.layout import is_transducer
    from vivavoce.recognizers.whisper.checkpoint import Checkpoint

    failed = False
    for name in names or settings.weights:
        try:
            verification = registry.verify(name, full=True)
            if not is_transducer(verification.files.directory):
                Checkpoint(verification.files.directory)
        except ModelError as error:
            report(error)
            failed = True
            continue
        if not verification.ok:
            report(verification.problem)
            failed = True
            continue
        known = "as published or declared" if verification.expected else "no sum to compare with"
        stdout().print(f"{name}  {verification.size / 1e6:.0f} MB  sha256 {verification.sha256}  ({known})")
    if failed:
        raise typer.Exit(1)


def registry_and_settings() -> tuple[ModelRegistry, Settings]:
    """The registry that the server would use, and the settings that name its models."""
    with needs_server_extra():
        from vivavoce.server.models import model_registry
        from vivavoce.settings import Settings
    settings = Settings.from_environment()
    return model_registry(settings), settings
