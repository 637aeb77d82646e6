"""The acknowledgement is written by hand; its model must not see a difference."""

from __future__ import annotations

from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from vivavoce.live.outgoing import Outgoing
from vivavoce.protocol.messages import AudioChunkAckData, AudioChunkAckMessage
from vivavoce.protocol.requests import LiveRequest
from vivavoce.protocol.responses import timestamp

OFFSETS = st.integers(0, 2**40)
SECONDS = st.floats(0, 11_000)


@given(
    st.uuids(),
    st.tuples(OFFSETS, OFFSETS),
    st.tuples(SECONDS, SECONDS),
    st.floats(1_700_000_000, 2_000_000_000),
)
@example(UUID(int=0), (0, 0), (0.0, 0.0), 1700000000.9999998)
def test_an_acknowledgement_reads_as_its_model_writes_it(
    session_id: UUID, span: tuple[int, int], times: tuple[float, float], now: float
) -> None:
    written = Outgoing(str(session_id), LiveRequest()).ack(span, times, now)
    assert written is not None
    model = AudioChunkAckMessage(
        session_id=str(session_id),
        created_at=timestamp(now),
        acknowledged=True,
        data=AudioChunkAckData(byte_range=span, time_range=times),
    )
    assert written.text == model.model_dump_json()
