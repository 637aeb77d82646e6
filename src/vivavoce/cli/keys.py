"""`vivavoce keys`: API keys, in this machine's data directory."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from vivavoce.cli.data import DataDir, reading, settings, with_storage
from vivavoce.cli.terminal import DAMAGED, Yes, confirm, fail, say, show_table

if TYPE_CHECKING:
    from vivavoce.storage.records import ApiKey, Damaged
    from vivavoce.storage.stores import Storage

app = typer.Typer(help="Make, list, rotate and revoke API keys.", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key, as the list shows it.")]
_LONGEST_ID = 16


@app.command("create")
def create_key(
    name: Annotated[
        str | None, typer.Option(help="Whose it is, or what for; otherwise its plan and the date.")
    ] = None,
    plan: Annotated[Literal["free", "paid", "enterprise"], typer.Option(help="Its limits.")] = "paid",
    data_dir: DataDir = None,
) -> None:
    """Make a key. It is shown once, and cannot be had again."""
    called = name or f"{plan} {datetime.now(UTC):%Y-%m-%d}"

    async def create(storage: Storage) -> tuple[bool, bool, ApiKey, str]:
        from vivavoce.storage.records import SessionFilter

        is_first = not await storage.keys.any()
        page = await storage.sessions.list(None, SessionFilter(), offset=0, limit=1)
        return is_first, bool(page.items), *await storage.keys.create(called, plan)

    is_first, leaves_sessions, key, secret = with_storage(data_dir, create, may_create=True)
    typer.echo(secret)
    say(f"Key {key.id} ({plan}) for {called}. Keep it: only its hash is stored.")
    if is_first:
        say("It is the first: from now on every call needs a key, even after this one is revoked.")
    if is_first and leaves_sessions:
        directory = shlex.quote(str(settings(data_dir).data_dir))
        say(
            "What was recorded until now is of no key. To see and to delete it:\n"
            f"  vivavoce sessions list --data-dir {directory}\n"
            f"  vivavoce sessions delete --data-dir {directory} ID..."
        )


@app.command("list")
def list_keys(data_dir: DataDir = None) -> None:
    """List all keys, revoked ones too, without their secrets."""
    keys = reading(data_dir, lambda storage: storage.keys.list())
    rows = [_row(key) for key in keys]
    making = f"`vivavoce keys create{settings(data_dir).data_dir_option}`"
    none = f"There are no keys: this machine needs none, others are refused. {making} makes one."
    show_table(["id", "name", "plan", "created (UTC)", "state"], rows, none)


@app.command("rotate")
def rotate_key(key_id: KeyId, data_dir: DataDir = None) -> None:
    """Give a key a new secret; its sessions stay its own, and the old secret opens nothing any more."""
    secret = with_storage(data_dir, lambda storage: storage.keys.rotate(key_id))
    if secret is None:
        no_such_key(key_id, data_dir)
    typer.echo(secret)
    say(f"Key {key_id} has this secret now. Keep it: only its hash is stored.")


@app.command("revoke")
def revoke_key(key_id: KeyId, yes: Yes = False, data_dir: DataDir = None) -> None:
    """Revoke a key; what it was used for stays, and can be read with no other."""
    name = with_storage(data_dir, lambda storage: storage.keys.name(key_id))
    if name is None:
        no_such_key(key_id, data_dir)
    confirm(f"Revoke the key {key_id}, {name}? Nothing makes it valid again.", yes)
    if not with_storage(data_dir, lambda storage: storage.keys.revoke(key_id)):
        no_such_key(key_id, data_dir)
    say(f"Key {key_id} is revoked.")


def _row(key: ApiKey | Damaged) -> list[str]:
    from vivavoce.storage.records import Damaged

    if isinstance(key, Damaged):
        return [key.id, "", "", "", f"{DAMAGED}: {key.problem}"]
    state = "revoked" if key.revoked_at else "in force"
    return [key.id, key.name, key.plan, f"{key.created_at:%Y-%m-%d %H:%M}", state]


def no_such_key(key_id: str, data_dir: Path | None) -> NoReturn:
    """End the command since no key in force has that id. What may be a secret is not repeated."""
    here = settings(data_dir)
    listing = f"`vivavoce keys list{here.data_dir_option}`"
    if len(key_id) > _LONGEST_ID:
        fail(
            "that is no key's id, and looks like its secret. The id is between the first two underscores,\n"
            f"       as in vv_ID_…, and {listing} shows it with the key's name"
        )
    fail(f"there is no key {key_id} in force in {here.data_dir}; see {listing}")
