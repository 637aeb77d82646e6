"""Where fuzzing of each part begins: inputs that are right or nearly so."""

from __future__ import annotations

import random

from fuzz.heads import MAGIC
from fuzz.texts import STOP, any_text, odd_message
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header
from vivavoce.protocol import LiveRequest

_RNG = random.Random(5)
_FORMATS = [
    AudioFormat("wav/pcm", depth, rate, channels)
    for depth, rate, channels in ((16, 16_000, 1), (24, 44_100, 3))
] + [AudioFormat("wav/alaw", 8, 8000, 2)]
_HEADERS = [wav_header(format_, size) for format_ in _FORMATS for size in (1000, 2**40)]
_TEXTS = [STOP.encode(), *(odd_message(_RNG, b"abc").encode() for _ in range(9))] + [
    any_text(_RNG)[:2000].encode("utf-8", "surrogatepass") for _ in range(30)
]
_MESSAGES = [
    b'{"session_id":"s","created_at":"t","acknowledged":true,"error":null,"type":"audio_chunk",'
    b'"data":{"byte_range":[0,1],"time_range":[0.0,0.1]}}',
    b'{"session_id":"s","created_at":"t","type":"speech_start","data":{"time":0.5,"channel":0}}',
    b'{"session_id":"s","created_at":"t","type":"end_recording","data":{"recording_duration":1}}',
    b'{"type":"later","data":[]}',
]
_CHOICES = bytes(range(11))
"""Read as the format and the cuts."""
_AUDIO = [_CHOICES + head + _RNG.randbytes(200) for head in [*_HEADERS, *MAGIC, b""]]

SEEDS: dict[str, list[bytes]] = {
    "client_message": _TEXTS,
    "server_message": _MESSAGES + _TEXTS,
    "live_request": [LiveRequest().model_dump_json().encode(), b"{}", *_TEXTS],
    "stream_head": _AUDIO,
    "wav_header": _HEADERS,
    "decoder": _AUDIO,
    "resumption": [_RNG.randbytes(700) for _ in range(20)],
    "live_session": [bytes([0, 0]) + _RNG.randbytes(size) for size in (10, 50, 200, 500) for _ in range(5)],
}
