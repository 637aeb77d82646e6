"""A session that waits long for its first connection is admitted when it comes."""

from __future__ import annotations

from pathlib import Path

from server.harness import Server, connected, create, serving


def test_sessions_made_one_after_the_other_do_not_all_begin_at_once(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        _, http = await server.key("free")
        async with http:
            first, second = await create(http), await create(http)
        async with connected(server, first["url"]), connected(server, second["url"]) as late:
            assert await late.receive() == {"closed": 4429}

    # Nobody connects within a microsecond, so the first does not count when the second is made.
    serving(tmp_path, body, abandon_after=1e-6)


def test_a_token_is_worth_no_more_than_its_key(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        key_id, http = await server.key()
        async with http:
            created = await create(http)
        await server.services.storage.keys.revoke(key_id)
        async with connected(server, created["url"]) as socket:
            assert await socket.receive() == {"closed": 4401}

    serving(tmp_path, body)
