"""How words sound is known in every language, whatever happens to the processes that know it."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vivavoce.errors import NotLoaded, RecognizerError
from vivavoce.recognizers import phonemes
from vivavoce.recognizers.phonemizer import Phonemizer
from vivavoce.recognizers.whisper import WhisperRecognizer


@pytest.fixture
def phonemizer() -> Iterator[Phonemizer]:
    phonemizer = Phonemizer()
    yield phonemizer
    phonemizer.close()


def speakers() -> list[int]:
    """The processes of this one that know a language."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    found = (int(number) for listed in children for number in listed.read_text().split())
    return [pid for pid in found if b"recognizers.phonemes" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_words_sound_as_the_language_says_them(phonemizer: Phonemizer) -> None:
    assert phonemizer.sounds(["night", "Knight", ""], "en") == ["nait", "nait", ""]
    [english] = phonemizer.sounds(["chat"], "en")
    [french] = phonemizer.sounds(["chat"], "fr")
    assert english != french
    assert phonemizer.sounds(["2"], "de") == phonemizer.sounds(["zwei"], "de")


def test_no_code_is_taken_from_the_directory_that_the_server_was_started_in(
    phonemizer: Phonemizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('of somebody else')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert phonemizer.sounds(["night"], "en") == ["nait"]


def test_a_language_that_nobody_can_pronounce_has_no_sounds(phonemizer: Phonemizer) -> None:
    assert phonemizer.sounds(["a", "b"], "xx") == ["", ""]


def test_every_language_of_the_model_can_be_pronounced(whisper: WhisperRecognizer) -> None:
    assert whisper.capabilities.languages <= phonemes.languages()


@pytest.mark.parametrize("language", ["en", "is", "ja", "zh"])
def test_the_data_of_a_language_are_those_that_were_tried(language: str) -> None:
    assert phonemes.read(language)


def test_what_was_killed_is_started_again(phonemizer: Phonemizer) -> None:
    before = phonemizer.sounds(["night"], "en")
    [speaker] = speakers()
    os.kill(speaker, signal.SIGKILL)
    assert phonemizer.sounds(["night", "sky"], "en")[:1] == before
    assert len(speakers()) == 1


def test_what_does_not_answer_in_time_is_ended() -> None:
    impatient = Phonemizer(patience=0)
    with pytest.raises(RecognizerError, match="was not said in 0 s"):
        impatient.sounds(["night"], "en")
    assert speakers() == []


def test_a_fifth_language_makes_the_first_one_leave_and_it_may_come_back(phonemizer: Phonemizer) -> None:
    for language in ("it", "pt", "ja", "ko", "is", "it"):
        assert phonemizer.sounds(["a"], language)
        assert len(speakers()) <= 4


def test_what_a_language_told_is_known_when_it_has_left(phonemizer: Phonemizer) -> None:
    told = phonemizer.sounds(["Ciao", "mare"], "it")
    for language in ("pt", "ja", "ko", "is"):
        phonemizer.load(language)
    loaded = speakers()
    assert phonemizer.sounds(["mare", "ciao"], "it") == told[::-1]
    assert speakers() == loaded


def test_what_is_at_hand_loads_nothing_and_makes_no_language_leave(phonemizer: Phonemizer) -> None:
    for language in ("it", "pt", "ja", "ko"):
        phonemizer.load(language)
    loaded = speakers()
    with pytest.raises(NotLoaded):
        phonemizer.sounds_at_hand(["a"], "is")
    assert phonemizer.sounds_at_hand(["mare"], "it") == phonemizer.sounds(["mare"], "it")
    assert speakers() == loaded


def test_what_was_killed_is_not_at_hand(phonemizer: Phonemizer) -> None:
    known = phonemizer.sounds(["mare"], "it")
    [speaker] = speakers()
    os.kill(speaker, signal.SIGKILL)
    with pytest.raises(NotLoaded):
        phonemizer.sounds_at_hand(["ciao"], "it")
    assert speakers() == []
    assert phonemizer.sounds_at_hand(["mare"], "it") == known
    assert phonemizer.sounds(["ciao"], "it")
    assert phonemizer.sounds_at_hand(["amico"], "it")


def test_what_others_are_told_for_long_is_not_at_hand(phonemizer: Phonemizer) -> None:
    phonemizer.load("it")
    [speaker] = speakers()
    os.kill(speaker, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as thread, open(f"/proc/{speaker}/fd/0") as asked:
        told = thread.submit(phonemizer.sounds, ["ciao"], "it")
        select.select([asked], [], [])
        with pytest.raises(NotLoaded):
            phonemizer.sounds_at_hand(["mare"], "it")
        os.kill(speaker, signal.SIGCONT)
        assert told.result() == phonemizer.sounds_at_hand(["ciao"], "it")
    assert speakers() == [speaker]


def test_many_threads_may_ask_at_once(phonemizer: Phonemizer) -> None:
    asked = [(f"word{i}", language) for i in range(40) for language in ("it", "pt")]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda one: phonemizer.sounds([one[0]], one[1]), asked))
    assert answers == [phonemizer.sounds([word], language) for word, language in asked]


def test_nothing_is_left_running(phonemizer: Phonemizer) -> None:
    phonemizer.sounds(["a"], "it")
    phonemizer.close()
    assert speakers() == []
