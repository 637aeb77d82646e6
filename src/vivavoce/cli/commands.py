"""All commands, and how their failures are shown."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vivavoce.cli import (
    bench,
    deliveries,
    doctor,
    eval,
    keys,
    mic,
    models,
    replay,
    serve,
    sessions,
    transcribe,
    webhooks,
)
from vivavoce.cli.terminal import advised, fail
from vivavoce.errors import VivavoceError


class Commands(TyperGroup):
    """Shows what is wrong as one message that says what to do, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except VivavoceError as error:
            fail(advised(error))
        except typer.BadParameter as error:
            # Typer shows how pydantic words it.
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    name="vivavoce",
    cls=Commands,
    help="Live speech-to-text that you run yourself.",
    epilog="Exit codes: 0 done, 1 something failed, 2 the command is wrong, 130 cut off by Ctrl-C. "
    "SIGTERM: 143, or 130 where a server of the command's own was stopped first.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("transcribe")(transcribe.transcribe)
app.command("mic")(mic.mic)
app.add_typer(sessions.app, name="sessions")
app.command("replay")(replay.replay)
app.add_typer(keys.app, name="keys")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(models.app, name="models")
app.command("bench")(bench.bench)
app.command("eval")(eval.evaluate)
app.command("doctor")(doctor.doctor)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vivavoce {version('vivavoce')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Live speech-to-text that you run yourself."""
