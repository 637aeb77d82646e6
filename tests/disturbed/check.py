"""What a disturbed session must share with an undisturbed one."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

import httpx

from disturbed import add_ons
from disturbed.clients import Outcome
from vivavoce.audio.formats import AudioFormat
from vivavoce.audio.wav import wav_header

Final = dict[str, Any]

_NUMBER = re.compile(r"(?<=[A-Z])_\d+(?=])")


@dataclass(frozen=True, slots=True)
class Stored:
    """A session as the server has it. `finals` are its transcripts, as it stored them, with identifiers.

    `recording` is a file, or nothing where there is no audio. `hidden` are words that a session without
    redaction shows, and this one nowhere.
    """

    status: str
    utterances: Sequence[Final]
    finals: Sequence[tuple[str, Final]]
    recording: bytes
    messages: Sequence[add_ons.Message] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @property
    def firsts(self) -> dict[str, Final]:
        """Each final as it was stored first."""
        found: dict[str, Final] = {}
        for final_id, utterance in self.finals:
            found.setdefault(final_id, utterance)
        return found

    @property
    def words(self) -> frozenset[str]:
        """All that can be read anywhere in it."""
        return add_ons.words_in([add_ons.blocks(self.result), self.messages])

    @classmethod
    def of(cls, url: str, session_id: str) -> Stored:
        session = _get(f"{url}/v2/live/{session_id}").json()
        recording = _get(f"{url}/v2/live/{session_id}/file", expected=(200, 404))
        result = session["result"]
        messages = [json.loads(text) for text in result["messages"]]
        said = [m["data"] for m in messages if m["type"] == "transcript" and m["data"]["is_final"]]
        # Each channel has its order; between them is none.
        finals = sorted(
            ((data["id"], data["utterance"]) for data in said), key=lambda final: final[1]["channel"]
        )
        utterances = result["transcription"]["utterances"]
        file = recording.content if recording.status_code == 200 else b""
        return cls(session["status"], utterances, finals, file, messages, result)

    def hiding(self, plain: Stored) -> Stored:
        """The same, told what redaction has to hide: the words of `plain` that it does not show."""
        spoken = add_ons.words_in([utterance["text"] for utterance in plain.utterances])
        return replace(self, hidden=spoken - self.words)


def differences(
    stored: Stored,
    expected: Stored,
    recorded: bytes,
    format: AudioFormat,
    *,
    sent: bool = True,
    broken: int = 0,
    restarts: int = 0,
) -> Iterator[str]:
    """In what the stored session is not as an undisturbed one of the same audio.

    Messages are stored when they are `sent`: once, and at most once more after each `broken` connection.
    `restarts` of the server, of a session that is redacted, make up for the finals that may differ.
    """
    if stored.status != "done":
        yield f"it is {stored.status}"
    whole = wav_header(format, len(recorded)) + recorded if recorded else b""
    if stored.recording != whole:
        yield f"the recording differs: {_where(stored.recording, whole)}"
    firsts = stored.firsts
    if restarts:
        # What was said is not stored then, so finals are promised but for the first after a restart, which
        # is heard without the words before it. Markers may have other numbers, and with the words changes
        # what is made of them: that it is of one piece is looked at elsewhere.
        if _unlike(stored.utterances, expected.utterances) > restarts:
            yield f"utterances differ: {_first(stored.utterances, expected.utterances)}"
    else:
        if stored.utterances != expected.utterances:
            yield f"utterances differ: {_first(stored.utterances, expected.utterances)}"
        if sent and list(firsts.items()) != expected.finals:
            yield f"finals differ: {_first(list(firsts.items()), expected.finals)}"
        # A frame that was cut off is not in the recording, but counts in its duration.
        aside = {"transcription"} if sent else {"transcription", "metadata"}
        found, wanted = add_ons.blocks(stored.result), add_ons.blocks(expected.result)
        yield from (
            f"{name} differs: {found.get(name)} instead of {wanted.get(name)}"
            for name in sorted({*found, *wanted} - aside)
            if found.get(name) != wanted.get(name)
        )
        if sent and dict(add_ons.contents(stored.messages)) != dict(add_ons.contents(expected.messages)):
            yield "add-ons said something else"
    if shown := expected.hidden & stored.words:
        yield f"redacted words are stored: {sorted(shown)}"
    told = Counter(final_id for final_id, _ in stored.finals)
    told.update(" ".join(key) for key, _ in add_ons.contents(stored.messages))
    for what, count in told.items():
        if count > 1 + broken:
            yield f"{what} is stored {count} times, after {broken} connections that broke"
    if others := [final for final in stored.finals if final[1] != firsts[final[0]]]:
        yield f"finals are stored again in other words: {_short(others[0])}"


@dataclass(frozen=True, slots=True)
class Telling:
    """How a session's finals came to its client: how many did not, or twice, or otherwise than they are."""

    missing: int
    repeated: int
    disordered: bool
    wrong: int

    @classmethod
    def of(cls, outcome: Outcome, expected: Stored) -> Telling:
        texts = {final_id: utterance["text"] for final_id, utterance in expected.finals}
        told = Counter(final_id for final_id, _ in outcome.finals)
        # An identifier begins with its channel.
        firsts = sorted(dict.fromkeys(final_id for final_id, _ in outcome.finals), key=lambda name: name[:2])
        return cls(
            missing=len(set(texts) - set(told)),
            repeated=sum(count - 1 for count in told.values()),
            disordered=firsts != [final_id for final_id in texts if final_id in told],
            wrong=sum(texts.get(final_id) != text for final_id, text in outcome.finals),
        )

    @classmethod
    def of_add_ons(cls, outcome: Outcome, truth: Stored) -> Telling:
        """The same of what add-ons said, and of each step of the end."""
        said, told = dict(add_ons.contents(truth.messages)), add_ons.contents(outcome.messages)
        first = {key for key, _ in told}
        return cls(
            missing=len(set(said) - first) + len(set(add_ons.END) - {*add_ons.WHOLE, *outcome.kinds}),
            repeated=len(told) - len(first),
            disordered=bool(add_ons.disorder(outcome.messages)),
            wrong=sum(said.get(key) != content for key, content in told),
        )

    @property
    def exact(self) -> bool:
        return not (self.missing or self.repeated or self.disordered or self.wrong)


def _get(url: str, expected: Sequence[int] = (200,)) -> httpx.Response:
    """A server that is not there will be soon."""
    for _ in range(300):
        try:
            # To load certificates that nothing is compared with would take 0.05 s each time.
            response = httpx.get(url, trust_env=False, verify=False, timeout=60)
            if response.status_code != 503:
                break
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    assert response.status_code in expected, f"{url}: {response.status_code} {response.text}"
    return response


def _where(found: bytes, expected: bytes) -> str:
    same = next(
        (at for at, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b and at >= 100),
        min(len(found), len(expected)),
    )
    return f"{len(found)} bytes instead of {len(expected)}, from {same} on"


def _first(found: Sequence[Any], expected: Sequence[Any]) -> str:
    for index, (a, b) in enumerate(zip(found, expected, strict=False)):
        if a != b:
            return f"{index}: {_short(a)} instead of {_short(b)}"
    return f"{len(found)} instead of {len(expected)}"


def _unlike(found: Sequence[Final], expected: Sequence[Final]) -> int:
    """How many are not the same, whatever the numbers of their markers."""
    pairs = zip_longest(found, expected, fillvalue={"text": ""})
    return sum(_NUMBER.sub("", a["text"]) != _NUMBER.sub("", b["text"]) for a, b in pairs)


def _short(final: Any) -> str:
    final_id, utterance = final if isinstance(final, tuple) else ("", final)
    return f"{final_id} {utterance['start']}-{utterance['end']} {utterance['text']!r}"
