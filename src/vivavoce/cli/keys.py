"""`vivavoce keys`: API keys, in this machine's data directory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from vivavoce.cli.data import with_storage
from vivavoce.cli.terminal import fail, say, show_table

if TYPE_CHECKING:
    from vivavoce.storage.keys import KeyStore
    from vivavoce.storage.records import ApiKey

app = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)

T = TypeVar("T")


@app.command("create")
def create_key(
    name: Annotated[
        str | None, typer.Option(help="Whose it is, or what for; otherwise its plan and the date.")
    ] = None,
    plan: Annotated[Literal["free", "paid", "enterprise"], typer.Option(help="Its limits.")] = "paid",
) -> None:
    """Make a key. It is shown once, and cannot be had again."""
    called = name or f"{plan} {datetime.now(UTC):%Y-%m-%d}"

    async def create(keys: KeyStore) -> tuple[bool, ApiKey, str]:
        return not await keys.any(), *await keys.create(called, plan)

    is_first, key, secret = _with_keys(create)
    typer.echo(secret)
    say(f"Key {key.id} ({plan}) for {called}. Keep it: only its hash is stored.")
    if is_first:
        say("It is the first: from now on every call needs a key, even after this one is revoked.")


@app.command("list")
def list_keys() -> None:
    """List all keys, revoked ones too, without their secrets."""
    keys = _with_keys(lambda keys: keys.list())
    states = ["revoked" if key.revoked_at else "in force" for key in keys]
    rows = [
        [key.id, key.name, key.plan, f"{key.created_at:%Y-%m-%d %H:%M}", state]
        for key, state in zip(keys, states, strict=True)
    ]
    show_table(["id", "name", "plan", "created (UTC)", "state"], rows)


@app.command("rotate")
def rotate_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key, as the list shows it.")],
) -> None:
    """Give a key a new secret; its sessions stay its own, and the old secret opens nothing any more."""
    secret = _with_keys(lambda keys: keys.rotate(key_id))
    if secret is None:
        fail(f"there is no key {key_id} in force; see `vivavoce keys list`")
    typer.echo(secret)
    say(f"Key {key_id} has this secret now. Keep it: only its hash is stored.")


@app.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key, as the list shows it.")],
) -> None:
    """Revoke a key; what it was used for stays, and can be read with no other."""
    if not _with_keys(lambda keys: keys.revoke(key_id)):
        fail(f"there is no key {key_id} in force; see `vivavoce keys list`")
    say(f"Key {key_id} is revoked.")


def _with_keys(action: Callable[[KeyStore], Awaitable[T]]) -> T:
    return with_storage(lambda storage: action(storage.keys))
