"""Where callbacks may go: what is public and what the operator allows, judged when the connection is made."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.receiver import receiving
from vivavoce.server.callbacks.addresses import Address, may_be_called
from vivavoce.server.callbacks.network import Forbidden, GuardedBackend
from vivavoce.server.callbacks.urls import literal_address, problem_with

LOOPBACK = [ip_network("127.0.0.0/8")]


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_public_may_not_be_called(address: str) -> None:
    assert not may_be_called(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "93.184.215.14", "::ffff:1.1.1.1", "2606:4700::1111", "2a00:1450::1"]
)
def test_what_is_public_may_be_called(address: str) -> None:
    assert may_be_called(ip_address(address))


@given(st.ip_addresses())
def test_nothing_may_be_called_that_python_holds_to_be_special(address: Address) -> None:
    assume(getattr(address, "ipv4_mapped", None) is None)
    if may_be_called(address):
        assert address.is_global
        special = address.is_multicast or address.is_private or address.is_reserved
        assert not special


@given(st.ip_addresses(v=4))
def test_an_address_is_the_same_when_it_is_mapped(address: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{address}")
    assert may_be_called(mapped) == may_be_called(address)
    assert may_be_called(mapped, [ip_network(f"{address}/32")])


@given(st.ip_addresses(v=4), st.sampled_from(["64:ff9b::", "64:ff9b:1::", "::"]))
def test_no_address_in_another_gets_through(address: IPv4Address, prefix: str) -> None:
    assert not may_be_called(IPv6Address(int(IPv6Address(prefix)) | int(address)))


@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 32))
def test_what_is_allowed_may_be_called_and_nothing_else_is_by_that(
    address: Address, of_network: Address, prefix: int
) -> None:
    network = ip_network((of_network, prefix), strict=False)
    assume(getattr(address, "ipv4_mapped", None) is None)
    inside = address.version == network.version and address in network
    assert may_be_called(address, [network]) == (inside or may_be_called(address))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("db.localhost", "127.0.0.1"),
        ("localhost.", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_an_address_is_recognised_however_it_is_written(host: str, address: str) -> None:
    assert literal_address(host) == ipaddress.ip_address(address)


@given(st.text(max_size=80))
def test_whatever_is_given_as_a_url_is_judged(text: str) -> None:
    for url in (text, f"http://{text}", f"https://{text}/", f"http://example.org/{text}"):
        problem = problem_with(url, ())
        assert problem is None or problem.startswith("must ")


def connect(host: str, port: int, *answers: Sequence[str]) -> list[str]:
    """Connect once for each of the answers that looking the host up gives; whom it reached."""
    looked_up = iter(answers)

    async def run() -> list[str]:
        backend = GuardedBackend(
            LOOPBACK, lambda _host, _port: [ip_address(each) for each in next(looked_up)]
        )
        reached = []
        for _ in answers:
            try:
                stream = await backend.connect_tcp(host, port)
            except Forbidden:
                reached.append("forbidden")
            else:
                reached.append(stream.get_extra_info("server_addr")[0])
                await stream.aclose()
        backend.close()
        return reached

    return asyncio.run(run())


def test_a_name_is_judged_by_what_it_means_when_it_is_called() -> None:
    with receiving() as receiver:
        port = int(receiver.url.rstrip("/").rpartition(":")[2])
        answers = [["127.0.0.1"], ["10.0.0.1"], ["::1", "169.254.169.254"], ["10.0.0.1", "127.0.0.1"], []]
        assert connect("example.org", port, *answers) == [
            "127.0.0.1",
            "forbidden",
            "forbidden",
            "127.0.0.1",
            "forbidden",
        ]


def test_a_name_that_is_unknown_cannot_be_called() -> None:
    def unknown(host: str, _: int) -> Sequence[Address]:
        raise OSError(f"{host} is not known")

    async def run() -> None:
        backend = GuardedBackend((), unknown)
        with pytest.raises(httpcore.ConnectError, match="cannot be looked up"):
            await backend.connect_tcp("example.org", 80)
        backend.close()

    asyncio.run(run())
