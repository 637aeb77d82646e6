"""Asks how words sound, of processes that know a language each.

Loading a language takes up to two seconds, in which g2p2 holds the interpreter's lock: in the server's own
process everything would stand still for that long.
"""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock

from vivavoce.errors import RecognizerError
from vivavoce.recognizers.phonemes import languages

# A language takes 40 to 210 MB. The one that was not asked for the longest makes room.
MOST_LANGUAGES = 4
_MOST_WORDS = 20_000
# Sounds that speakers, spellings and g2p2 itself interchange.
_NEAR = str.maketrans("ɚɝɜɐʌɘɪyjʊwɛæɑɒɔɡɹ", "əəəəəəiiiuueaaoogr")


class Phonemizer:
    """Tells how words sound. Calls from several threads wait for one another in one language only."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._speakers: OrderedDict[str, _Speaker] = OrderedDict()

    def sounds(self, words: Sequence[str], language: str) -> list[str]:
        """Each word in IPA without length, stress and tone; nothing where the language cannot tell.

        The first call for a language loads it, which takes up to three seconds. Raises `RecognizerError`.
        """
        if language not in languages():
            return [""] * len(words)
        while True:
            try:
                return self._speaker(language).sounds(words)
            except _Gone:
                continue

    def close(self) -> None:
        """End all processes; they are started again when they are asked again."""
        with self._lock:
            speakers = list(self._speakers.values())
            self._speakers.clear()
        for speaker in speakers:
            speaker.close()

    def _speaker(self, language: str) -> _Speaker:
        with self._lock:
            speaker = self._speakers.setdefault(language, _Speaker(language))
            self._speakers.move_to_end(language)
            oldest = self._speakers.popitem(last=False)[1] if len(self._speakers) > MOST_LANGUAGES else None
        if oldest:
            oldest.close()
        return speaker


class _Gone(Exception):  # noqa: N818 - a state of the speaker
    """It had to make room before it could be asked."""


class _Speaker:
    """A process that knows one language, started when it is first asked."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._known: dict[str, str] = {}
        self._closed = False

    def sounds(self, words: Iterable[str]) -> list[str]:
        spelled = [word.casefold() for word in words]
        with self._lock:
            if self._closed:
                raise _Gone
            unknown = list(dict.fromkeys(word for word in spelled if word not in self._known))
            if unknown:
                if len(self._known) + len(unknown) > _MOST_WORDS:
                    self._known.clear()
                    unknown = list(dict.fromkeys(spelled))
                self._known.update(zip(unknown, self._ask(unknown), strict=True))
            return [self._known[word] for word in spelled]

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._process:
                _end(self._process)
                self._process = None

    def _ask(self, words: list[str]) -> list[str]:
        # One that was killed, for want of memory say, is started anew, once.
        for _ in range(2):
            try:
                process = self._process = self._process or _start(self._language)
            except OSError as error:
                raise RecognizerError(f"no process for {self._language} could be started: {error}") from error
            assert process.stdin, "it is a pipe"
            assert process.stdout, "it is a pipe"
            try:
                process.stdin.write(json.dumps(words) + "\n")
                process.stdin.flush()
                # Of one that is killed while it answers there is only part of a line.
                if (answer := process.stdout.readline()).endswith("\n"):
                    return [_plain(ipa) for ipa in json.loads(answer)]
            except BrokenPipeError:
                pass  # it has ended, as when it does not answer
            _end(process)
            self._process = None
        raise RecognizerError(f"how words sound in {self._language} could not be found out: see the log")


def _start(language: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vivavoce.recognizers.phonemes", language]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    # Reads what is left, closes the pipes and waits.
    process.communicate()


def _plain(ipa: str) -> str:
    """Without what modifies a sound (length, stress, tone, aspiration), with the most alike as one."""
    letters = unicodedata.normalize("NFD", ipa)
    return "".join(c for c in letters if unicodedata.category(c) in ("Ll", "Lo")).translate(_NEAR)
