"""`vivavoce webhooks`: where the sessions of a key are announced, and what proves that it was this server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from vivavoce.cli.data import DataDir, reading, settings, with_storage
from vivavoce.cli.keys import no_such_key
from vivavoce.cli.terminal import DAMAGED, Yes, confirm, fail, needs_server_extra, say, show_table

if TYPE_CHECKING:
    from vivavoce.storage.records import Damaged, Webhook
    from vivavoce.storage.stores import Storage

app = typer.Typer(help="Announce sessions to a URL; secrets of callbacks and webhooks.", no_args_is_help=True)

KeyId = Annotated[
    str | None,
    typer.Option("--key-id", metavar="ID", help="The API key, as `vivavoce keys list` shows it."),
]


@app.command("add")
def add_webhook(
    url: Annotated[str, typer.Argument(help="Where to post to.")],
    key_id: KeyId = None,
    data_dir: DataDir = None,
) -> None:
    """Announce every session of a key, or of a server without keys. The secret is shown once."""
    with needs_server_extra():
        from vivavoce.server.callbacks.addresses import EVERYWHERE
        from vivavoce.server.callbacks.urls import problem_with
    if problem := problem_with(url, settings().callback_allow):
        # What is wrong with it where all is allowed, too, no setting can mend.
        more = "" if problem_with(url, EVERYWHERE) else "; set it for this command, too"
        fail(f"the URL {problem}{more}")

    async def add(storage: Storage) -> tuple[Webhook, str]:
        await _check_key(storage, key_id, data_dir)
        return await storage.webhooks.add(key_id, url)

    # Where nothing is stored there is no key.
    webhook, secret = with_storage(data_dir, add, may_create=key_id is None)
    typer.echo(secret)
    say(f"Webhook {webhook.id}, for sessions that are created from now on. This is its secret: keep it.")


@app.command("list")
def list_webhooks(data_dir: DataDir = None) -> None:
    """List all webhooks, without their secrets."""
    webhooks = reading(data_dir, lambda storage: storage.webhooks.list())
    rows = [_row(each) for each in webhooks]
    adding = f"`vivavoce webhooks add URL{settings(data_dir).data_dir_option}`"
    none = f"There are no webhooks: sessions are announced nowhere. {adding} adds one."
    show_table(["id", "key", "created (UTC)", "url"], rows, none)


@app.command("remove")
def remove_webhook(
    webhook_id: Annotated[str, typer.Argument(metavar="ID", help="The webhook, as the list shows it.")],
    yes: Yes = False,
    data_dir: DataDir = None,
) -> None:
    """Remove a webhook with all that it has not taken."""
    webhooks = with_storage(data_dir, lambda storage: storage.webhooks.list())
    url = next((_row(each)[-1] for each in webhooks if each.id == webhook_id), None)
    if url is None:
        _no_such_webhook(webhook_id, data_dir)
    confirm(f"Remove the webhook {webhook_id} to {url}, and drop what it has not taken?", yes)
    dropped = with_storage(data_dir, lambda storage: storage.webhooks.remove(webhook_id))
    if dropped is None:
        _no_such_webhook(webhook_id, data_dir)
    say(f"Webhook {webhook_id} is removed; {dropped} deliver{'y' if dropped == 1 else 'ies'} dropped.")


def _row(webhook: Webhook | Damaged) -> list[str]:
    from vivavoce.storage.records import Damaged

    if isinstance(webhook, Damaged):
        return [webhook.id, "", "", f"{DAMAGED}: {webhook.problem}"]
    return [webhook.id, webhook.key_id or "–", f"{webhook.created_at:%Y-%m-%d %H:%M}", webhook.url]


def _no_such_webhook(webhook_id: str, data_dir: Path | None) -> NoReturn:
    here = settings(data_dir)
    listing = f"`vivavoce webhooks list{here.data_dir_option}`"
    fail(f"there is no webhook {webhook_id} in {here.data_dir}; see {listing}")


@app.command("secret")
def show_secret(
    key_id: KeyId = None,
    new: Annotated[bool, typer.Option("--new", help="Another, from now on.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Print what callbacks of a key's sessions are signed with, or those of a server without keys."""

    async def secret(storage: Storage) -> str:
        await _check_key(storage, key_id, data_dir)
        return await storage.webhooks.callback_secret(key_id, new=new)

    typer.echo(with_storage(data_dir, secret))


async def _check_key(storage: Storage, key_id: str | None, data_dir: Path | None) -> None:
    if key_id is None and await storage.keys.any():
        listing = f"`vivavoce keys list{settings(data_dir).data_dir_option}`"
        fail(f"this server has keys: say with --key-id for which one; see {listing}")
    if key_id is not None and await storage.keys.name(key_id) is None:
        no_such_key(key_id, data_dir)
