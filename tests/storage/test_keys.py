"""Keys open what they should, and their secrets are nowhere on the disk."""

from __future__ import annotations

from pathlib import Path

from storage.running import Run
from vivavoce.storage.records import ApiKey, KeyInForce
from vivavoce.storage.stores import Storage


def test_a_key_authenticates_by_its_whole_text_only(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        key, text = await storage.keys.create("laptop", "paid")
        other, other_text = await storage.keys.create("phone", "free")
        assert await storage.keys.authenticate(text) == KeyInForce(key.id, "paid")
        assert await storage.keys.authenticate(other_text) == KeyInForce(other.id, "free")
        secret = text.removeprefix(f"vv_{key.id}_")
        for wrong in (
            "",
            "vv",
            secret,
            text[:-1],
            f"{text}x",
            f"vv_{other.id}_{secret}",
            f"xx_{key.id}_{secret}",
        ):
            assert await storage.keys.authenticate(wrong) is None

    run(body)


def test_a_revoked_key_opens_nothing_and_stays_listed(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        key, text = await storage.keys.create("laptop", "enterprise")
        assert await storage.keys.revoke(key.id)
        assert not await storage.keys.revoke(key.id)
        assert not await storage.keys.revoke("nobody")
        assert await storage.keys.authenticate(text) is None
        (listed,) = await storage.keys.list()
        assert isinstance(listed, ApiKey)
        assert (listed.id, listed.name, listed.plan) == (key.id, "laptop", "enterprise")
        assert listed.revoked_at is not None

    run(body)


def test_a_rotated_key_has_a_new_secret_and_the_old_one_opens_nothing(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        key, old = await storage.keys.create("laptop", "paid")
        new = await storage.keys.rotate(key.id)
        assert new is not None
        assert new != old
        assert await storage.keys.authenticate(new) == KeyInForce(key.id, "paid")
        assert await storage.keys.authenticate(old) is None
        assert await storage.keys.rotate("nothing") is None
        await storage.keys.revoke(key.id)
        assert await storage.keys.rotate(key.id) is None
        assert await storage.keys.authenticate(new) is None

    run(body)


def test_revoking_the_last_key_does_not_bring_back_the_keyless_mode(run: Run[None]) -> None:
    async def body(storage: Storage) -> None:
        assert not await storage.keys.any()
        key, _ = await storage.keys.create("laptop", "free")
        await storage.keys.revoke(key.id)
        assert await storage.keys.any()

    run(body)


def test_the_secret_is_not_on_the_disk(run: Run[str], tmp_path: Path) -> None:
    async def body(storage: Storage) -> str:
        _, text = await storage.keys.create("laptop", "free")
        await storage.keys.authenticate(text)
        return text

    secret = run(body).split("_", 2)[2].encode()
    assert not any(secret in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
