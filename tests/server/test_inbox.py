"""The order in which a session deals with what it is told."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.live.add_ons import AddOnDone, AllDone
from vivavoce.live.record import Said
from vivavoce.protocol.add_ons import AddOnResult
from vivavoce.protocol.stream import Progress
from vivavoce.server.inbox import Inbox


@given(st.lists(st.booleans(), max_size=20))
def test_recognition_waits_for_no_add_on_and_either_keeps_its_order(is_added: list[bool]) -> None:
    added: list[Said] = [AddOnDone(AddOnResult("translation", str(n)), None) for n in range(sum(is_added))]
    added.append(AllDone())
    heard: list[Said] = [Progress(float(n)) for n in range(is_added.count(False))]

    async def order() -> list[Said]:
        inbox = Inbox()
        of_add_ons, of_recognition = iter(added), iter(heard)
        for each in is_added:
            inbox.take(next(of_add_ons if each else of_recognition))
        inbox.take(next(of_add_ons))
        return [inbox.pop() for _ in range(len(inbox))]

    assert asyncio.run(order()) == heard + added
