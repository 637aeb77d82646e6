"""Wrong keys: a few at once, then slowly, however they are sent; who has a right one is not kept out."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from server import peers
from server.harness import URL, Server, create, serving
from vivavoce.server.guessing import AT_ONCE, EVERY, MOST_ADDRESSES, MOST_KEYS, Guessing

HERE, THERE = IPv4Network("192.0.2.1/32"), ip_network("2001:db8::/64")
moments = st.lists(st.floats(0.0, 5.0), min_size=1, max_size=200)


def guess(guessing: Guessing, now: float, address: IPv4Network = HERE) -> bool:
    """Whether a wrong key was looked at."""
    if guessing.wait(address, "wrong", now):
        return False
    guessing.wrong(address, "wrong", now)
    return True


@given(moments)
def test_however_they_come_no_more_are_looked_at_than_a_few_and_one_for_every_while(
    pauses: list[float],
) -> None:
    guessing, now, looked_at = Guessing(), 0.0, 0
    for pause in pauses:
        now += pause
        looked_at += guess(guessing, now)
        assert looked_at <= AT_ONCE + now / EVERY


@given(moments)
def test_who_waits_as_long_as_it_is_told_is_heard(pauses: list[float]) -> None:
    guessing, now = Guessing(), 0.0
    for pause in pauses:
        now += pause
        if wait := guessing.wait(HERE, "key", now):
            assert wait <= EVERY
            assert not guessing.wait(HERE, "key", now + wait + 1e-6)
        guess(guessing, now)


@given(st.integers(AT_ONCE, 10 * AT_ONCE))
def test_keys_that_were_looked_at_together_make_nobody_wait_for_longer(many: int) -> None:
    guessing = Guessing()
    for _ in range(many):
        guessing.wrong(HERE, "wrong", 0.0)
    assert 0.0 < guessing.wait(HERE, "key", 0.0) <= EVERY
    assert not guessing.wait(HERE, "key", AT_ONCE * EVERY)


def test_a_key_that_has_worked_is_heard_where_others_wait_until_it_is_wrong_itself() -> None:
    guessing = Guessing()
    guessing.right("right")
    while guess(guessing, 0.0):
        pass
    assert guessing.wait(HERE, "another", 0.0)
    assert not guessing.wait(HERE, "right", 0.0)
    guessing.wrong(HERE, "right", 0.0)
    assert guessing.wait(HERE, "right", 0.0)


def test_other_addresses_do_not_wait() -> None:
    guessing = Guessing()
    while guess(guessing, 0.0):
        pass
    assert not guessing.wait(THERE, "key", 0.0)


def test_what_it_remembers_is_bounded() -> None:
    guessing = Guessing()
    for number in range(MOST_ADDRESSES + 100):
        guessing.wrong(IPv4Network(number), "wrong", 0.0)
        guessing.right(str(number))
    assert len(guessing._forgotten) == MOST_ADDRESSES
    assert len(guessing._worked) == MOST_KEYS


def test_an_address_that_guesses_keys_is_told_to_wait_and_its_own_good_keys_go_on(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        key_id, http = await server.key()
        _, unused = await server.key()
        assert (await http.get("/v2/live")).status_code == 200
        statuses = []
        with capture_logs() as logs:
            for number in range(AT_ONCE + 2):
                wrong = {"x-gladia-key": f"vv_{key_id}_{number}"}
                response = await server.http.get("/v2/live", headers=wrong)
                statuses.append(response.status_code)
        [warning] = [entry for entry in logs if entry["log_level"] == "warning"]
        assert (warning["event"], warning["address"]) == ("too_many_wrong_keys", "127.0.0.1/32")
        assert statuses == [401] * AT_ONCE + [429] * 2
        assert 1 <= int(response.headers["retry-after"]) <= EVERY
        assert response.json()["statusCode"] == 429
        # A right one says no more than a wrong one, unless it was known before.
        assert (await unused.get("/v2/live")).status_code == 429
        assert (await http.get("/v2/live")).status_code == 200
        # Who sends none is told so; health has no keys.
        assert (await server.http.get("/v2/live")).status_code == 401
        assert (await server.http.get("/livez")).status_code == 200
        async with server.calling(address="127.0.0.2") as other:
            assert (await other.get("/v2/live", headers={"x-gladia-key": "wrong"})).status_code == 401
        await server.services.storage.keys.revoke(key_id)
        assert (await http.get("/v2/live")).status_code == 401
        assert (await http.get("/v2/live")).status_code == 429

    serving(tmp_path, body)


def test_an_address_that_guesses_tokens_is_told_to_wait_and_its_own_sessions_go_on(tmp_path: Path) -> None:
    urls: list[str] = []

    async def before(http: httpx.AsyncClient) -> None:
        urls.append((await create(http))["url"])

    async def closed(url: str) -> int | None:
        async with peers.connected(url) as peer:
            await peer.rest()
            return peer.closed[0]

    async def acknowledged(url: str, size: int) -> None:
        async with peers.connected(url) as peer:
            await peer.send(bytes(size))
            await peer.acknowledged(size)

    async def guesses(http: httpx.AsyncClient) -> None:
        created = await create(http)
        wrong = f"{created['url']}wrong"
        codes = [await closed(wrong) for _ in range(AT_ONCE)]
        assert codes == [4401] * AT_ONCE
        with pytest.raises(InvalidStatus) as refused:
            await closed(wrong)
        assert refused.value.response.status_code == 429
        assert 1 <= int(refused.value.response.headers["retry-after"]) <= EVERY
        assert b"too many wrong session tokens" in (refused.value.response.body or b"")
        # Sessions of before a restart are known, too.
        port = urlsplit(created["url"]).netloc
        before_restart = urls[0].replace(urlsplit(urls[0]).netloc, port)
        for url in (created["url"], before_restart, (await create(http))["url"]):
            await acknowledged(url, 3200)
        assert (await http.get("/v2/live")).status_code == 200

    with peers.network_server(tmp_path) as server:
        server.run(before)
    with peers.network_server(tmp_path) as server:
        server.run_beside_another_session(guesses)


@pytest.mark.parametrize(
    ("peer", "forwarded", "same_peer", "same_forwarded", "shared"),
    [
        ("192.0.2.1", "", "192.0.2.1", "", True),
        ("192.0.2.1", "", "192.0.2.2", "", False),
        # A client that is no proxy may write what it likes.
        ("192.0.2.1", "198.51.100.1", "192.0.2.1", "198.51.100.2", True),
        # Of what comes from a proxy only what it wrote itself counts, at the end.
        ("10.0.0.1", "198.51.100.1", "10.0.0.1", "198.51.100.2", False),
        ("10.0.0.1", "203.0.113.5, 198.51.100.1", "10.0.0.1", "203.0.113.6, 198.51.100.1", True),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "10.0.0.3", "198.51.100.1", True),
        ("10.0.0.1", "unknown", "10.0.0.1", "", True),
        # One customer has all of an IPv6 /64.
        ("2001:db8::1", "", "2001:db8::2", "", True),
        ("2001:db8:0:1::1", "", "2001:db8:0:2::1", "", False),
        ("::ffff:192.0.2.1", "", "::ffff:192.0.2.2", "", False),
    ],
)
def test_whose_wrong_keys_they_are_is_what_the_network_and_trusted_proxies_say(
    tmp_path: Path, peer: str, forwarded: str, same_peer: str, same_forwarded: str, shared: bool
) -> None:
    async def body(server: Server) -> None:
        await server.key()

        async def status(address: str, client: str) -> int:
            headers = {"x-gladia-key": "wrong"} | ({"x-forwarded-for": client} if client else {})
            async with server.calling(URL, address=address) as http:
                return (await http.get("/v2/live", headers=headers)).status_code

        while await status(peer, forwarded) != 429:
            pass
        assert await status(same_peer, same_forwarded) == (429 if shared else 401)

    serving(tmp_path, body, trusted_proxies="10.0.0.0/8")
