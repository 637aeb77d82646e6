"""What is remembered of the messages that a broken connection may have lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.live.delivery import Delivery

LONGEST = 1024 * 1024


def after_a_break(messages: list[str]) -> list[str]:
    """What waits for the next connection when the client has seen nothing but the start."""
    delivery = Delivery()
    delivery.acknowledged(3200)
    for message in messages:
        delivery.send(message)
    delivery.connected()
    delivery.resume(0, told=False)
    return [sent.message for sent in delivery.release()]


@given(st.lists(st.text(max_size=5), max_size=50))
def test_all_that_was_missed_goes_again_in_order(messages: list[str]) -> None:
    assert after_a_break(messages) == messages


def test_what_is_remembered_does_not_grow_with_the_number_of_messages() -> None:
    messages = [str(number) for number in range(5000)]
    assert after_a_break(messages) == messages[-1024:]


def test_what_is_remembered_does_not_grow_with_the_length_of_messages() -> None:
    messages = [f"{number:02}" + "x" * (LONGEST // 8) for number in range(20)]
    assert after_a_break(messages) == messages[-7:]


def test_the_last_message_is_remembered_however_long() -> None:
    messages = ["a", "b" * 3 * LONGEST]
    assert after_a_break(messages) == messages[-1:]


@given(
    st.lists(st.integers(1, LONGEST // 3), max_size=12),
    st.integers(0, 12),
    st.lists(st.integers(1, LONGEST // 3), max_size=6),
)
def test_nothing_that_was_not_received_gives_way_to_how_the_session_ends(
    finals: list[int], received: int, rest: list[int]
) -> None:
    delivery = Delivery()
    sent = [delivery.send("f" * size) for size in finals]
    delivery.confirmed(received)
    delivery.ending = True
    remembered = sent[_first_kept(finals) :]
    sent += [delivery.send("e" * size) for size in [*rest, 2 * LONGEST, 1]]
    delivery.connected()
    delivery.resume_unseen()
    unseen = [*remembered, *sent[len(finals) :]]
    assert [one.message for one in delivery.release()] == [
        one.message for one in unseen if one.number > received
    ]


def _first_kept(sizes: list[int]) -> int:
    """The index of the oldest of them that is remembered."""
    return next(at for at in range(len(sizes) + 1) if sum(sizes[at:]) <= LONGEST)


def test_what_was_received_gives_way_at_the_end_too() -> None:
    delivery = Delivery(ending=True)
    sent = [delivery.send(f"{number:04}") for number in range(3000)]
    delivery.confirmed(2500)
    delivery.send("the end")
    delivery.connected()
    delivery.resume(0, told=True)
    assert [one.message for one in delivery.release()] == [*(one.message for one in sent[-1023:]), "the end"]


def test_what_went_again_counts_once() -> None:
    delivery = Delivery()
    message = "x" * (LONGEST // 2)
    delivery.acknowledged(3200)
    delivery.send(message)
    for _ in range(5):
        delivery.connected()
        delivery.resume(0, told=False)
        delivery.acknowledged(3200)
        assert [sent.message for sent in delivery.release()] == [message]
