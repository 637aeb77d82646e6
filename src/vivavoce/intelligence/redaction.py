"""Redaction of what is personal, while it is being said.

A final is redacted with what was said right before it at hand, so that a number or a name which an
utterance's end cuts in two goes on both sides. Where one may be cut, it counts as one: pieces of numbers at
either end of an utterance go, too. A partial shows less than its final will: what may still become an entity
is held back until it is clear.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from vivavoce.intelligence import markers
from vivavoce.intelligence.base import EntityFinder, Mention
from vivavoce.intelligence.capitals import capitalised, name_end
from vivavoce.intelligence.cuts import (
    beginning_of_date,
    introduces,
    stand_in,
    unfinished_address,
    unfinished_age,
    unfinished_birthday,
    unfinished_street,
)
from vivavoce.intelligence.runs import (
    Run,
    held_back,
    is_sign,
    may_be_birthday,
    neighbours_of_signs,
    passwords,
    runs_of,
    says_birth,
    stands_for_itself,
    with_local_part,
)
from vivavoce.intelligence.spelled import LANGUAGES, Kind, digits
from vivavoce.protocol.redaction import NAMED
from vivavoce.protocol.stream import Utterance, Word

_NUMBERS = frozenset(
    [
        "ACCOUNT_NUMBER",
        "BANK_ACCOUNT",
        "CREDIT_CARD",
        "CVV",
        "DRIVER_LICENSE",
        "HEALTHCARE_NUMBER",
        "IP_ADDRESS",
        "NUMERICAL_PII",
        "PASSPORT_NUMBER",
        "PHONE_NUMBER",
        "ROUTING_NUMBER",
        "SSN",
        "VEHICLE_ID",
        "ORGANIZATION_ID",
    ]
)
_SPELLED = frozenset(["EMAIL_ADDRESS", "URL", "USERNAME", "PASSWORD", "NAME", "NAME_FAMILY", "NAME_GIVEN"])
_REACHED = frozenset({"EMAIL_ADDRESS", "URL"})
# What they begin with is an ordinary word until the "at" or the "dot" after it.
_ADDRESSES = frozenset({"EMAIL_ADDRESS", "URL", "USERNAME"})
_NAMES = frozenset({"NAME", "NAME_GIVEN", "NAME_FAMILY"})
_STREETS = frozenset({"LOCATION_ADDRESS", "LOCATION_ADDRESS_STREET"})
# After which a number may be of them, too.
_OPEN = _NUMBERS | _SPELLED | {"CREDIT_CARD_EXPIRATION", "DOB", "LOCATION_ZIP"}
# Words of what was said before that are at hand, and seconds after which they are no part of it any more.
_CONTEXT, _LATELY = 12, 15.0
# In so many languages an utterance is looked at: the label of a short one is often wrong.
_LANGUAGES = 3
# So many digits in one go are an identifying number, whatever kind it is, and may be one in a partial.
_SPELLED_OUT = 3
_SURELY, _PERHAPS, _IN_A_PARTIAL = 7, 5, 3


@dataclass(frozen=True, slots=True)
class _Span:
    """Words to redact: from `first`, up to `end` exclusive. `goes_on`: with what was said before them. The
    type of a `vague` one is a guess."""

    first: int
    end: int
    entity_type: str
    goes_on: bool = False
    vague: bool = False


@dataclass(frozen=True, slots=True)
class _Before:
    """The last words of a channel, with the label of each one's language, and the marker at their end, after
    which a piece of that may follow; `joint` if that was a sign, as "dot" is."""

    words: tuple[Word, ...]
    labels: tuple[str, ...]
    marker: str | None = None
    joint: bool = False


class Redactor:
    """What the listeners of one session may read of it.

    `types`: of the entities to redact. With `mask` their characters become `#`, else they become markers
    such as `[NAME_1]`, with a number that is the entity's for the whole session. Utterances of a channel come
    in their order, partials before the final that they are of. Thread-safe.
    """

    def __init__(self, finder: EntityFinder, types: Collection[str], *, mask: bool = False) -> None:
        self._finder = finder
        self._types = frozenset(types)
        # Which dates are birthdays is seen here, too.
        self._asked = self._types | ({"DATE"} if "DOB" in self._types else frozenset())
        self._mask = mask
        self._lock = Lock()
        self._numbering = markers.Numbering()
        self._named: dict[str, str] = {}
        self._said: dict[int, _Before] = {}
        self._partly: dict[int, list[Utterance]] = {}

    def resume(self, finals: Iterable[Utterance]) -> None:
        """After a restart: these were redacted before. Numbers go on after theirs."""
        with self._lock:
            finals = list(finals)
            self._numbering.resume(finals)
            for final in finals:
                if final.words:
                    marker = markers.marker_in(final.words[-1].text)
                    if marker is None and markers.is_redacted(final.words[-1].text):
                        marker = self._number_of(final.words[-1:])
                    # Whether that was said to its end is not known any more: a word goes with it.
                    self._remember(final, tuple(map(stand_in, final.words)), marker, marker is not None)

    def failed(self, utterance: Utterance) -> None:
        """A final that could not be redacted, of which nothing is shown: its end counts as a number's."""
        if utterance.words:
            with self._lock:
                self._remember(utterance, utterance.words, self._number_of(utterance.words[-1:]))

    def _remember(
        self, utterance: Utterance, words: Sequence[Word], marker: str | None, joint: bool = False
    ) -> None:
        """What the next utterance of the channel may go on from."""
        before = self._before(utterance)
        said = (*(before.words if before else ()), *words)[-_CONTEXT:]
        labels = (*(before.labels if before else ()), *[utterance.language] * len(words))[-_CONTEXT:]
        self._said[utterance.channel] = _Before(said, labels, marker, joint)

    def _number_of(self, words: Sequence[Word]) -> str:
        """The marker of words that may be of a number."""
        return self._marker(self._numbering, _Span(0, len(words), "NUMERICAL_PII"), words)

    def final(self, utterance: Utterance) -> Utterance:
        """The utterance as it may be read. Raises what the finder raises: then nothing of it may be."""
        if not utterance.words:
            return utterance
        with self._lock:
            words, language = utterance.words, utterance.language
            before = self._before(utterance)
            alone = self._finder.sensitive(words, language, self._asked)
            spans = _merged(self._of_final(words, language, before, alone))
            written, last = self._written(words, spans, before, self._numbering)
            for span in spans:
                if span.entity_type in _NAMES:
                    names = markers.name_words(words[span.first : span.end], language)
                    self._named |= dict.fromkeys(names, span.entity_type)
            self._remember(utterance, words, last, is_sign(words[-1].text))
            return replace(utterance, words=tuple(written))

    def partial(self, utterance: Utterance) -> Utterance:
        """As much of the utterance as is clear, as it may be read. Raises what the finder raises."""
        with self._lock:
            words, language = utterance.words, utterance.language
            before = self._before_partial(utterance)
            alone = self._finder.sensitive(words, language, self._asked)
            sure = self._of_final(words, language, before, alone)
            languages = _languages(language, before)
            spans = _merged([*sure, *self._perhaps(words, languages)])
            # A cue may have been said before.
            lead = before.words if before else ()
            doubtful = _places(spans, len(lead))
            found = _places([span for span in spans if not span.vague], len(lead))
            unclear = 2 if self._types & _ADDRESSES else 1
            shown = max(0, held_back((*lead, *words), languages, doubtful, found, unclear) - len(lead))
            shown = min([shown, *self._birthdays(words, alone, language)])
            spans = [span for span in spans if span.end <= shown]
            numbering = self._numbering.copy() if spans and not self._mask else self._numbering
            written, _ = self._written(words[:shown], spans, before, numbering)
            return replace(utterance, words=tuple(written))

    def _before(self, utterance: Utterance) -> _Before | None:
        before = self._said.get(utterance.channel)
        if before is None or not utterance.words:
            return None
        return before if utterance.words[0].start - before.words[-1].end <= _LATELY else None

    def _before_partial(self, utterance: Utterance) -> _Before | None:
        """As `_before`; the final of the utterance before may still be missing, and a partial has to do."""
        partly = [each for each in self._partly.get(utterance.channel, ()) if each.id != utterance.id][-1:]
        self._partly[utterance.channel] = [*partly, utterance]
        before = self._before(utterance)
        if not partly or not partly[0].words or not utterance.words:
            return before
        last = partly[0].words[-1].end
        if (before and before.words[-1].end >= last) or utterance.words[0].start - last > _LATELY:
            return before
        words = partly[0].words[-_CONTEXT:]
        return _Before(words, (partly[0].language,) * len(words))

    def _of_final(
        self, words: Sequence[Word], language: str, before: _Before | None, alone: Sequence[Mention]
    ) -> Iterator[_Span]:
        """`alone`: what the finder finds in the words by themselves."""
        found = list(self._found(words, alone, 0, language))
        lead = before.words if before else ()
        together = *lead, *words
        reached = [mention.words.stop + len(lead) for mention in alone if mention.entity_type in _REACHED]
        for each in _languages(language, before) if before else ():
            mentions = self._finder.sensitive(together, each, self._asked)
            if each != language:
                mentions = [one for one in mentions if one.entity_type not in NAMED or _follows(one, lead)]
            found += self._found(together, mentions, len(lead), each)
            reached += [mention.words.stop for mention in mentions if mention.entity_type in _REACHED]
        yield from found
        named = [span for span in found if span.entity_type in _NAMES]
        for index, word in enumerate(words):
            name = markers.as_named(word)
            if entity_type := self._named.get(name) or self._named.get(name.casefold()):
                named.append(_Span(index, index + 1, entity_type))
        if "NAME" in self._types:
            named += self._by_capitals(words, language, _places([*found, *named], 0))
        # What follows a name and is written as one belongs to it.
        yield from (replace(span, end=name_end(words, span.first, span.end, language)) for span in named)
        yield from self._in_pieces(words, language, before)
        if "PASSWORD" in self._types:
            yield from (_Span(first, end, "PASSWORD") for first, end in passwords(words))
        for first, entity_type in self._unfinished(together, language, max(reached, default=0)):
            start = max(first - len(lead), 0)
            yield _Span(start, len(words), entity_type, goes_on=first < len(lead), vague=True)

    def _unfinished(self, words: Sequence[Word], language: str, reached: int) -> Iterator[tuple[int, str]]:
        """What the end may have cut in two, beside numbers: where it begins, and what it is of. `reached`:
        where the last address ends that was found."""
        begins: dict[str, int | None] = {}
        if "EMAIL_ADDRESS" in self._types:
            begins["EMAIL_ADDRESS"] = unfinished_address(words, reached)
        if self._types & _STREETS:
            begins["LOCATION_ADDRESS"] = unfinished_street(words, language)
        if "DOB" in self._types:
            begins["DOB"] = unfinished_birthday(words, language)
        if "AGE" in self._types:
            begins["AGE"] = unfinished_age(words, language)
        yield from ((first, entity_type) for entity_type, first in begins.items() if first is not None)

    def _found(
        self, words: Sequence[Word], mentions: Sequence[Mention], skipped: int, language: str
    ) -> Iterator[_Span]:
        """The entities to redact among the words after the first, which are `skipped`."""
        for mention in mentions:
            first, end = mention.words.start, mention.words.stop
            entity_type = mention.entity_type
            if entity_type == "DATE" and "DOB" in self._types and says_birth(words, mention.words):
                entity_type = "DOB"
            vague = entity_type == "NUMERICAL_PII"
            if entity_type in _NAMES and end == skipped:
                end = name_end(words, first, end, language)
            is_amount = vague and stands_for_itself(words, Run(first, end, frozenset()))
            if entity_type not in self._types or end <= skipped or is_amount:
                continue
            if entity_type in _REACHED:
                first = with_local_part(words, first)
            label = self._label(entity_type)
            yield _Span(max(first - skipped, 0), end - skipped, label, goes_on=first < skipped, vague=vague)

    def _by_capitals(self, words: Sequence[Word], language: str, known: Collection[int]) -> Iterator[_Span]:
        """Names that nobody knows, by how they are written, unless they are `known` to go already."""
        if all(index in known for index in capitalised(words, language, {})):
            return
        others = {i: each.entity_type for each in self._finder.find(words, language) for i in each.words}
        for index in capitalised(words, language, others):
            yield _Span(index, index + 1, "NAME")

    def _label(self, entity_type: str) -> str:
        return "NAME" if entity_type in _NAMES and "NAME" in self._types else entity_type

    def _in_pieces(self, words: Sequence[Word], language: str, before: _Before | None) -> Iterator[_Span]:
        """What is said piece by piece, and is surely a number, or may go on beyond the utterance."""
        follows = before is not None and _type_of(before.marker or "") in _OPEN
        for run in runs_of(words, *_languages(language, before)):
            label = self._label_of(run)
            if label is None:
                continue
            size = digits(words[run.first : run.end]) if Kind.DIGITS in run.kinds else 0
            enough = _PERHAPS if "NUMERICAL_PII" in self._types else _SURELY
            if (
                run.may_go_on(words)
                or (size >= enough and not stands_for_itself(words, run))
                or run.letters(words) >= _SPELLED_OUT
            ):
                yield _Span(run.first, run.end, label, vague=True)
        for run in runs_of(words, *LANGUAGES, language) if follows else ():
            if not run.first and (label := self._label_of(run)):
                yield _Span(0, run.end, label, goes_on=True, vague=True)
        if before is not None and before.marker and before.joint:
            yield _Span(0, 1, _type_of(before.marker), goes_on=True, vague=True)

    def _perhaps(self, words: Sequence[Word], languages: Sequence[str]) -> Iterator[_Span]:
        """What is shown in no partial, though a final may show it."""
        for run in runs_of(words, *languages):
            label = self._label_of(run)
            # What it begins with may go on from an utterance whose final is not there yet.
            if label and (not run.first or digits(words[run.first : run.end]) >= _IN_A_PARTIAL):
                yield _Span(run.first, run.end, label, vague=True)
        if self._types & _SPELLED:
            for index in neighbours_of_signs(words):
                yield _Span(index, index + 1, "EMAIL_ADDRESS", vague=True)

    def _birthdays(self, words: Sequence[Word], mentions: Sequence[Mention], language: str) -> Iterator[int]:
        """Where dates begin that may turn out to be somebody's birthday."""
        for mention in mentions:
            is_asked = mention.entity_type == "DATE" and "DOB" in self._types
            if is_asked and may_be_birthday(words, mention.words):
                yield beginning_of_date(words, mention.words.start, language)

    def _label_of(self, run: Run) -> str | None:
        """As what a run of pieces goes; None if nothing is asked for that it may be of."""
        if Kind.DIGITS in run.kinds and (asked := self._types & _NUMBERS):
            return next(iter(asked)) if len(asked) == 1 else "NUMERICAL_PII"
        if run.kinds & {Kind.LETTERS, Kind.JOINT} and (asked := self._types & _SPELLED):
            return "EMAIL_ADDRESS" if "EMAIL_ADDRESS" in asked else sorted(asked)[0]
        return None

    def _written(
        self,
        words: Sequence[Word],
        spans: Sequence[_Span],
        before: _Before | None,
        numbering: markers.Numbering,
    ) -> tuple[list[Word], str | None]:
        """What to write, and the marker of a span that is the last."""
        written: list[Word] = []
        place, last = 0, None
        for span in (*spans, _Span(len(words), len(words), "")):
            between = words[place : span.first]
            written += between
            said = words[span.first : span.end]
            last = None if between else last
            if said:
                goes_on = span.goes_on and before is not None and before.marker is not None
                last = before.marker if goes_on and before else self._marker(numbering, span, said)
                written += map(markers.masked, said) if self._mask else [markers.marked(said, last or "")]
            place = span.end
        return written, last

    def _marker(self, numbering: markers.Numbering, span: _Span, said: Sequence[Word]) -> str:
        return span.entity_type if self._mask else numbering.marker(span.entity_type, said)


def _follows(mention: Mention, lead: Sequence[Word]) -> bool:
    """Whether it goes on from what was said before, in another language; read as that one, any word may be a
    name."""
    return mention.words.start < len(lead) + introduces(lead[-1])


def _languages(language: str, before: _Before | None) -> tuple[str, ...]:
    """In which to look at an utterance and what was said before it: its own, then the last ones."""
    return tuple(dict.fromkeys((language, *reversed(before.labels if before else ()))))[:_LANGUAGES]


def _type_of(marker: str) -> str:
    """The type in a marker, which has no number where entities are masked."""
    return marker.rpartition("_")[0] if marker[-1:].isdigit() else marker


def _places(spans: Iterable[_Span], lead: int) -> frozenset[int]:
    """The indices of their words where `lead` words come before, which those are part of that go on."""
    places = (range(0 if span.goes_on else span.first + lead, span.end + lead) for span in spans)
    return frozenset(index for span in places for index in span)


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """Those that overlap become one, of the type of the longest that is not vague; in order."""
    merged: list[_Span] = []
    for span in sorted(spans, key=lambda each: (each.first, -each.end)):
        last = merged[-1] if merged else None
        if last is None or span.first >= last.end:
            merged.append(span)
            continue
        surest = max(last, span, key=lambda each: (not each.vague, each.end - each.first))
        goes_on = last.goes_on or span.goes_on
        merged[-1] = replace(surest, first=last.first, end=max(last.end, span.end), goes_on=goes_on)
    return merged
