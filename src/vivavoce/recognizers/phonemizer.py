"""Asks how words sound, of processes that know a language each.

Loading a language takes up to four seconds, in which g2p2 holds the interpreter's lock: in the server's own
process everything would stand still for that long.

Only a few languages stay loaded. What they told is remembered here, so that one that had to make room is
loaded again for new words alone: entries of a vocabulary and what is said all the time are known. Partials
cannot wait and may have misheard the language: for them nothing is loaded, and no language makes room.
"""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Event, Lock, Timer

from vivavoce.errors import NotLoaded, RecognizerError
from vivavoce.recognizers.phonemes import languages

# A language takes 40 to 210 MB. The one that was not asked for the longest makes room.
MOST_LANGUAGES = 4
# Of all languages together, 20 MB; those that were not asked for the longest are forgotten.
_MOST_WORDS = 100_000
# A word takes half a millisecond, one of 100 letters 16.
_AT_ONCE = 100
# Seconds, of which loading takes up to four.
_PATIENCE = 10.0
# The same for those who cannot wait, as `_AT_ONCE` of the longest words take 1.6; and until others have been
# told, whose words are mostly few.
_PATIENCE_AT_HAND, _TURN_AT_HAND = 2.0, 0.1
# Sounds that speakers, spellings and g2p2 itself interchange.
_NEAR = str.maketrans("ɚɝɜɐʌɘɪyjʊwɛæɑɒɔɡɹ", "əəəəəəiiiuueaaoogr")


class Phonemizer:
    """Tells how words sound. Calls from several threads wait for one another in one language only.

    A process that does not answer within `patience`, in seconds, is ended, and its call fails.
    """

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._lock = Lock()
        self._speakers: OrderedDict[str, _Speaker] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def sounds(self, words: Sequence[str], language: str) -> list[str]:
        """Each word in IPA without length, stress and tone; nothing where the language cannot tell.

        Loads the language for words that are new, which takes up to four seconds. Raises `RecognizerError`.
        """
        return self._sounds(words, language, self._ask)

    def sounds_at_hand(self, words: Sequence[str], language: str) -> list[str]:
        """The same for those who cannot wait.

        Raises `NotLoaded` where it would take loading, or waiting for another call, and `RecognizerError`.
        """
        return self._sounds(words, language, self._ask_loaded)

    def load(self, language: str) -> None:
        """Has a language loaded before it is asked for words. Raises `RecognizerError`."""
        if language in languages():
            self._ask([], language)

    def close(self) -> None:
        """End all processes; they are started again when they are asked again."""
        with self._lock:
            speakers = list(self._speakers.values())
            self._speakers.clear()
        for speaker in speakers:
            speaker.close()

    def _sounds(
        self, words: Sequence[str], language: str, ask: Callable[[Sequence[str], str], list[str]]
    ) -> list[str]:
        if language not in languages():
            return [""] * len(words)
        spelled = [word.casefold() for word in words]
        known = self._recall(spelled, language)
        unknown = [word for word in dict.fromkeys(spelled) if word not in known]
        for first in range(0, len(unknown), _AT_ONCE):
            asked = unknown[first : first + _AT_ONCE]
            told = dict(zip(asked, ask(asked, language), strict=True))
            self._remember(told, language)
            known |= told
        return [known[word] for word in spelled]

    def _recall(self, words: Iterable[str], language: str) -> dict[str, str]:
        with self._lock:
            known = {word: self._known[language, word] for word in words if (language, word) in self._known}
            for word in known:
                self._known.move_to_end((language, word))
        return known

    def _remember(self, told: Mapping[str, str], language: str) -> None:
        with self._lock:
            self._known.update({(language, word): sound for word, sound in told.items()})
            while len(self._known) > _MOST_WORDS:
                self._known.popitem(last=False)

    def _ask(self, words: Sequence[str], language: str) -> list[str]:
        while True:
            try:
                return self._speaker(language).ask(words)
            except _Gone:
                continue

    def _ask_loaded(self, words: Sequence[str], language: str) -> list[str]:
        with self._lock:
            speaker = self._speakers.get(language)
        try:
            if speaker and speaker.loaded:
                return speaker.ask_at_hand(words)
        except _Gone:
            pass
        raise NotLoaded(f"{language} is not loaded or tells others")

    def _speaker(self, language: str) -> _Speaker:
        with self._lock:
            speaker = self._speakers.setdefault(language, _Speaker(language, self._patience))
            self._speakers.move_to_end(language)
            oldest = self._speakers.popitem(last=False)[1] if len(self._speakers) > MOST_LANGUAGES else None
        if oldest:
            oldest.close()
        return speaker


class _Gone(Exception):  # noqa: N818 - a state of the speaker
    """It had to make room before it could be asked, or is busy, or has ended and is not to be started."""


class _Speaker:
    """A process that knows one language, started when it is first asked. `loaded`: it has answered."""

    def __init__(self, language: str, patience: float) -> None:
        self.loaded = False
        self._language = language
        self._patience = patience
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._closed = False

    def ask(self, words: Sequence[str]) -> list[str]:
        """How they sound. Raises `RecognizerError`, or `_Gone`."""
        with self._lock:
            # One that was killed, for want of memory say, is started anew, once.
            for _ in range(2):
                if self._closed:
                    raise _Gone
                if told := self._answer(words, self._patience):
                    return self._heard(told)
                self._stop()
        raise RecognizerError(f"how words sound in {self._language} could not be found out: see the log")

    def ask_at_hand(self, words: Sequence[str]) -> list[str]:
        """The same of a process that is there and soon has nothing else to do, and answers soon."""
        if not self._lock.acquire(timeout=_TURN_AT_HAND):
            raise _Gone
        try:
            if self._process and (told := self._answer(words, min(self._patience, _PATIENCE_AT_HAND))):
                return self._heard(told)
            self._stop()
        finally:
            self._lock.release()
        raise _Gone

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._stop()

    def _heard(self, told: str) -> list[str]:
        self.loaded = True
        return [_plain(ipa) for ipa in json.loads(told)]

    def _answer(self, words: Sequence[str], patience: float) -> str:
        """The line it says within `patience`, of one that has ended nothing."""
        try:
            process = self._process = self._process or _start(self._language)
        except OSError as error:
            raise RecognizerError(f"no process for {self._language} could be started: {error}") from error
        assert process.stdin, "it is a pipe"
        assert process.stdout, "it is a pipe"
        hangs = Event()

        def give_up() -> None:
            hangs.set()
            process.kill()

        # What is killed ends both writing to it and reading from it.
        timer = Timer(patience, give_up)
        timer.start()
        try:
            process.stdin.write(json.dumps(words) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        # Of one that is killed while it answers there is only part of a line.
        if answer.endswith("\n"):
            return answer
        if hangs.is_set():
            self._stop()
            raise RecognizerError(f"how words sound in {self._language} was not said in {patience:g} s")
        return ""

    def _stop(self) -> None:
        self.loaded = False
        if self._process:
            _end(self._process)
            self._process = None


def _start(language: str) -> subprocess.Popen[str]:
    # -P: code is not taken from wherever the server was started.
    command = [sys.executable, "-P", "-m", "vivavoce.recognizers.phonemes", language]
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
