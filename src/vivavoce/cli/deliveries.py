"""`vivavoce deliveries`: what is kept for callbacks and webhooks, in this machine's data directory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from vivavoce.cli.data import tell_server, with_storage
from vivavoce.cli.terminal import fail, say, show_table

if TYPE_CHECKING:
    from vivavoce.storage.records import KeptDelivery
    from vivavoce.storage.stores import Storage

app = typer.Typer(help="See what callbacks and webhooks have not taken; send it again.", no_args_is_help=True)


@app.command("list")
def list_deliveries(
    dead: Annotated[bool, typer.Option("--dead", help="Only what is tried no more.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, from the oldest on.")] = 1000,
) -> None:
    """List what is waiting, and what has been given up."""

    async def kept(storage: Storage) -> list[KeptDelivery]:
        found: list[KeptDelivery] = []
        async for delivery in storage.deliveries.list(dead_only=dead):
            found.append(delivery)
            if len(found) == limit:
                break
        return found

    rows = [
        [
            each.id,
            "dead" if each.died_at else "pending",
            each.event,
            each.session_id,
            f"{each.created_at:%Y-%m-%d %H:%M}",
            str(each.attempts),
            each.url,
            each.problem or "",
        ]
        for each in with_storage(kept)
    ]
    columns = ["id", "state", "event", "session", "since (UTC)", "attempts", "url", "last problem"]
    show_table(columns, rows)


@app.command("resend")
def resend(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID…", help="Dead ones, as the list shows them.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that are dead.")] = False,
) -> None:
    """Send again what was given up, ahead of what came after it."""
    if bool(ids) == all_:
        raise typer.BadParameter("name deliveries, or say --all")
    chosen = None if all_ else ids
    count = with_storage(lambda storage: storage.deliveries.resend(chosen, datetime.now(UTC)))
    heard = tell_server()
    if ids and count < len(set(ids)):
        fail(f"{count} of {len(set(ids))} are dead and go again; see `vivavoce deliveries list --dead`")
    say(f"{count} to send{'' if heard else ', when the server runs'}.")
