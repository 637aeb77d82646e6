"""Sessions share the threads that redact them: none holds up another's finals."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue

from intelligence.finders import RuleFinder, said
from server.peers import PATIENCE
from vivavoce.intelligence.base import Mention
from vivavoce.intelligence.redaction import Redactor
from vivavoce.protocol.stream import Final, Partial, SpeechStart, Up, Word
from vivavoce.server.redaction_stage import Stage

SENTENCE = "I told Jonathan about it and then we all went home again"
Begin = Callable[[RuleFinder, "Future[None]"], tuple[Stage, "Queue[Up]"]]


class Held(RuleFinder):
    """Finds when it may."""

    def __init__(self) -> None:
        self.asked, self.may = threading.Event(), threading.Event()

    def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
        self.asked.set()
        assert self.may.wait(PATIENCE)
        return super().sensitive(words, language, types)


@contextmanager
def sessions() -> Iterator[Begin]:
    with ThreadPoolExecutor(1) as finals, ThreadPoolExecutor(1) as partials:

        def begin(finder: RuleFinder, ready: Future[None]) -> tuple[Stage, Queue[Up]]:
            heard: Queue[Up] = Queue()
            redactor = Redactor(finder, frozenset({"NAME"}), mask=False)
            return Stage(redactor, heard.put, ready, finals, partials), heard

        yield begin


def loaded() -> Future[None]:
    done: Future[None] = Future()
    done.set_result(None)
    return done


def text(up: Up) -> str:
    assert isinstance(up, Partial | Final)
    return up.utterance.text.strip()


def test_partials_are_shown_without_names_and_finals_with_markers() -> None:
    with sessions() as begin:
        stage, heard = begin(RuleFinder(), loaded())
        stage.deliver(SpeechStart(0, 0.0))
        stage.deliver(Partial(said(SENTENCE)))
        assert heard.get(timeout=PATIENCE) == SpeechStart(0, 0.0)
        assert text(heard.get(timeout=PATIENCE)).startswith("I told [NAME_1] about it")
        stage.deliver(Final(said(SENTENCE), 1))
        assert text(heard.get(timeout=PATIENCE)) == SENTENCE.replace("Jonathan", "[NAME_1]")


def test_a_final_waits_for_no_partial_of_another_session() -> None:
    with sessions() as begin:
        finder = Held()
        busy, heard_busy = begin(finder, loaded())
        other, heard = begin(RuleFinder(), loaded())
        busy.deliver(Partial(said(SENTENCE)))
        assert finder.asked.wait(PATIENCE)
        other.deliver(Final(said("Jonathan called"), 1))
        assert text(heard.get(timeout=PATIENCE)) == "[NAME_1] called"
        assert heard_busy.empty()
        finder.may.set()
        assert text(heard_busy.get(timeout=PATIENCE))


def test_a_session_whose_models_still_load_holds_up_no_other() -> None:
    with sessions() as begin:
        loading: Future[None] = Future()
        waiting, heard_late = begin(RuleFinder(), loading)
        other, heard = begin(RuleFinder(), loaded())
        waiting.deliver(Final(said("Jonathan called"), 1))
        waiting.deliver(Final(said("Priya came", at=5), 2))
        other.deliver(Final(said("Jonathan called"), 1))
        assert text(heard.get(timeout=PATIENCE)) == "[NAME_1] called"
        assert heard_late.empty()
        loading.set_result(None)
        late = [text(heard_late.get(timeout=PATIENCE)) for _ in range(2)]
        assert late == ["[NAME_1] called", "[NAME_2] came"]


def test_what_cannot_be_loaded_leaves_nothing_waiting() -> None:
    with sessions() as begin:
        loading: Future[None] = Future()
        stage, heard = begin(RuleFinder(), loading)
        stage.deliver(Final(said("Jonathan called"), 1))
        loading.set_exception(OSError("no such file"))
        assert text(heard.get(timeout=PATIENCE)) == "[NAME_1] called"


def test_everything_comes_in_the_order_in_which_it_was_said() -> None:
    with sessions() as begin:
        finder = Held()
        stage, heard = begin(finder, loaded())
        stage.deliver(Partial(said(SENTENCE)))
        assert finder.asked.wait(PATIENCE)
        for number in range(20):
            stage.deliver(SpeechStart(0, float(number)))
            stage.deliver(Partial(said(SENTENCE, at=number)))
            stage.deliver(Final(said(f"call number {number}", at=number), number))
        finder.may.set()
        first, *rest = [heard.get(timeout=PATIENCE) for _ in range(41)]
        assert isinstance(first, Partial)
        assert rest[::2] == [SpeechStart(0, float(number)) for number in range(20)]
        assert [final.resume_offset for final in rest[1::2] if isinstance(final, Final)] == list(range(20))
