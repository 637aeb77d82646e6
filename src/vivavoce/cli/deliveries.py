"""`vivavoce deliveries`: what is kept for callbacks and webhooks, in this machine's data directory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from vivavoce.cli.data import DataDir, reading, settings, tell_server, with_storage
from vivavoce.cli.terminal import DAMAGED, fail, say, show_entries

if TYPE_CHECKING:
    from vivavoce.storage.records import Damaged, KeptDelivery
    from vivavoce.storage.stores import Storage

app = typer.Typer(help="See what callbacks and webhooks have not taken; send it again.", no_args_is_help=True)

_NONE = (
    "Nothing is waiting and nothing was given up. What a callback's or webhook's receiver has not taken yet "
    "appears here."
)
_NONE_DEAD = (
    "Nothing was given up. What a receiver has not taken for VIVAVOCE_CALLBACK_PERSISTENCE seconds, or has "
    "answered 410, appears here."
)


@app.command("list")
def list_deliveries(
    dead: Annotated[bool, typer.Option("--dead", help="Only what is tried no more.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, from the oldest on.")] = 1000,
    data_dir: DataDir = None,
) -> None:
    """List what is waiting, and what has been given up, and why. Times are UTC.

    For other programs: id, state, event, session, time, attempts, URL, problem and time of the next attempt,
    separated by tabs.
    """

    async def kept(storage: Storage) -> list[KeptDelivery | Damaged]:
        found: list[KeptDelivery | Damaged] = []
        async for delivery in storage.deliveries.list(dead_only=dead):
            found.append(delivery)
            if len(found) == limit:
                break
        return found

    show_entries(list(map(_row, reading(data_dir, kept))), _lines, _NONE_DEAD if dead else _NONE)


@app.command("resend")
def resend(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID…", help="Deliveries, as the list shows them.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="All that are dead.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Send again what was given up, ahead of what came after it; what waits for its next attempt, now."""
    if bool(ids) == all_:
        raise typer.BadParameter("name deliveries, or say --all")
    chosen = frozenset(ids or ())

    async def again(storage: Storage) -> tuple[Collection[str], int, str]:
        kept = await storage.deliveries.kept(chosen)
        count = await storage.deliveries.resend(None if all_ else chosen, datetime.now(UTC))
        pending, _ = await storage.deliveries.counts()
        return kept, count, _waiting(pending, await storage.deliveries.next_due())

    kept, count, waiting = with_storage(data_dir, again)
    heard = tell_server(data_dir)
    if count:
        say(f"{count} to send{'' if heard else ', when the server runs'}.")
    elif all_:
        say(f"Nothing is dead; {waiting}.")
    problems = [
        f"there is no delivery {one}: it was taken or went with its session, if it was ever there"
        for one in sorted(chosen.difference(kept))
    ]
    if problems:
        fail(
            "\n       ".join(
                [*problems, f"see `vivavoce deliveries list{settings(data_dir).data_dir_option}`"]
            )
        )


def _waiting(pending: int, due_at: datetime | None) -> str:
    if due_at is None:
        return "nothing is pending"
    are = "is" if pending == 1 else "are"
    return f"{pending} {are} pending, the next at {due_at:%H:%M:%S} UTC (`resend ID` tries it now)"


def _row(delivery: KeptDelivery | Damaged) -> list[str]:
    from vivavoce.storage.records import Damaged

    if isinstance(delivery, Damaged):
        return [delivery.id, DAMAGED, *[""] * 5, delivery.problem, ""]
    return [
        delivery.id,
        "dead" if delivery.died_at else "pending",
        delivery.event,
        delivery.session_id,
        f"{delivery.created_at:%Y-%m-%d %H:%M}",
        str(delivery.attempts),
        delivery.url,
        delivery.problem or "",
        f"{delivery.due_at:%Y-%m-%d %H:%M:%S}" if delivery.due_at else "",
    ]


def _lines(
    id_: str,
    state: str,
    event: str,
    session_id: str,
    since: str,
    attempts: str,
    url: str,
    problem: str,
    due: str,
) -> list[str]:
    if state == DAMAGED:
        return [f"{id_}  {state}", problem]
    tried = f"{attempts} attempt{'' if attempts == '1' else 's'}"
    # The longest delay is an hour.
    next_ = f", next at {due.partition(' ')[2]}" if due else ", waits its turn" if state == "pending" else ""
    return [
        f"{id_}  {since} UTC  {state}, {tried}",
        f"{event} of {session_id}{next_}",
        f"{url}: {problem}" if problem else url,
    ]
