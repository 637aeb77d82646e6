"""The entities of an utterance: its words are read as written text, rules and a model look at it, the surer wins."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from vivavoce.errors import ModelError
from vivavoce.intelligence.base import AddOnError, Capability, Mention
from vivavoce.intelligence.entities import amounts, calendar, groups, inverse, numbers, people, places, spoken
from vivavoce.intelligence.entities.base import PERSON_TYPES, Found, Rule, any_of, apply, rule
from vivavoce.intelligence.entities.lists import lines, names
from vivavoce.intelligence.entities.model import PACKAGED, EntityModel, Labelled
from vivavoce.intelligence.entities.reading import Reading, Token, tokens_of
from vivavoce.protocol.stream import Word

_CAPITAL: Final = re.compile(r"[A-ZÀ-ÖØ-Þ]|[^\W\d_a-zA-Zß-öø-ÿÀ-ÖØ-Þ]")
# Words that are read at once: more than a minute of speech.
_LONGEST: Final = 300
# Characters before a mention that may say what it is.
_BEFORE: Final = 80
_EDGES: Final = ' \t\n.,;:!?"“”„«»¿¡…。、，！？'
_ABBREVIATED: Final = re.compile(r"(?:\b\w\.){2,}$")
_MEDICAL_PLACE: Final = re.compile(
    r"\b(?:hospital|clinic|pharmacy|medical cent(?:er|re)|health cent(?:er|re)|infirmary|hospice|hôpital|clinique|pharmacie)\b",
    re.IGNORECASE,
)
_DIRECT: Final = {
    "LANGUAGE": "LANGUAGE",
    "EVENT": "EVENT",
    "PRODUCT": "PRODUCT",
    "NORP": "ORIGIN",
    "ORG": "ORGANIZATION",
    "FAC": "LOCATION",
}
_NARROWER: Final = {
    "NAME": ("NAME_GIVEN", "NAME_FAMILY", "NAME_MEDICAL_PROFESSIONAL"),
    "DATE": ("DOB",),
    "ORGANIZATION": ("ORGANIZATION_MEDICAL_FACILITY",),
    "LOCATION": tuple(
        f"LOCATION_{kind}" for kind in ("ADDRESS", "CITY", "COORDINATE", "COUNTRY", "STATE", "ZIP")
    ),
    "CREDIT_CARD": ("CREDIT_CARD_EXPIRATION", "CVV"),
}
_EMPLOYER: Final = re.compile(
    r"\b(?:work(?:s|ed|ing)? (?:\w+ ){0,4}?(?:at|for|with)|at the|employed (?:at|by)|calling|job (?:at|with)|"
    r"customer of|account (?:at|with)|bought (?:it )?(?:at|from)|ceo of|founder of)(?: the)? $",
    re.IGNORECASE,
)
_FACILITIES: Final = (
    Rule(
        "ORGANIZATION_MEDICAL_FACILITY",
        re.compile(
            r"\b(?!(?:The|A|My|Our|This|That|At)\b)(?:[A-Z][\w'’-]*\.? )+(?:of )?"
            r"(?:(?:General |Memorial |Medical |Children's |Community |Health )?(?:Hospital|Clinic|Pharmacy|Infirmary|Medical Cent(?:er|re)|Health Cent(?:er|re)))\b"
        ),
    ),
    rule("ORGANIZATION_MEDICAL_FACILITY", r"\b(?:saint|st\.?|mount) [a-z]+(?:'s)? (?:hospital|clinic|medical center)\b"),
    Rule("ORGANIZATION", re.compile(r"\b(?:[A-Z][\w'’-]* )+(?:University|Bank|Inc|LLC|Ltd|GmbH|Corporation|Insurance|Airlines|Airways|College|Institute|Foundation)\b|\bUniversity of [A-Z]\w+(?: [A-Z]\w+)*")),
)  # fmt: skip
_KNOWN_ORGANIZATIONS: Final = re.compile(rf"\b{any_of(lines('organizations'))}\b", re.IGNORECASE)


class Entities:
    """Finds entities in any language: by rules, and by a model in those that have one.

    `directories` says where the spaCy models of further languages are, or of those that come with the
    server. A model is loaded when its language is first heard, unless `load` did it.
    """

    def __init__(self, directories: Mapping[str, Path] | None = None) -> None:
        self._directories = dict(directories or {})
        self._models: dict[str, EntityModel] = {}
        self._problems: dict[str, str] = {}
        self._loading = Lock()

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of the languages that have a model."""
        return tuple(sorted(PACKAGED.keys() | self._directories.keys()))

    def capability(self) -> Capability:
        models = ", ".join(self.languages)
        detail = f"people, organizations and places in {models}; numbers, dates, money and addresses of the net in all"
        return Capability(
            "named_entity_recognition", "model directory" if self._directories else "embedded", None, detail
        )

    def has(self, *languages: str) -> bool:
        """Whether nothing more can be loaded for these languages, or for any."""
        wanted = set(self.languages).intersection(languages) if languages else set(self.languages)
        return wanted <= self._models.keys() | self._problems.keys()

    def load(self, *languages: str) -> None:
        """Loads the models of these languages, where there are, or of all. Raises `ModelError`."""
        for language in languages or self.languages:
            self._model(language)

    def find(self, words: Sequence[Word], language: str) -> list[Mention]:
        """The entities among the words of an utterance, by their first word; a name, then its parts.

        Raises `AddOnError` when the language's model is missing or damaged.
        """
        return self._mentions(words, language, None)

    def sensitive(self, words: Sequence[Word], language: str, types: Collection[str]) -> list[Mention]:
        """What may be of these types, for redaction: rather a word too many than one too few.

        Beside what `find` finds, any longer number is something, and what stops short, as partials do. A type
        stands for its narrower ones too: DATE for DOB, LOCATION for LOCATION_CITY. Raises `AddOnError`.
        """
        wanted = set(types).union(*(_NARROWER.get(one, ()) for one in types))
        if wanted & {"NAME_GIVEN", "NAME_FAMILY"}:
            found = self._mentions(words, language, wanted | set(PERSON_TYPES))
            return [mention for mention in found if mention.entity_type in wanted]
        return self._mentions(words, language, wanted)

    def _mentions(self, words: Sequence[Word], language: str, wanted: set[str] | None) -> list[Mention]:
        tokens = tokens_of(words)
        found = [
            mention for part in _stretches(tokens) for mention in self._read(words, part, language, wanted)
        ]
        # A name stands before its parts.
        return sorted(found, key=lambda mention: (mention.words.start, -mention.words.stop))

    def _read(
        self, words: Sequence[Word], tokens: Sequence[Token], language: str, wanted: set[str] | None
    ) -> Iterator[Mention]:
        read = spoken.written(tokens) if language == "en" else inverse.written(tokens, language)
        reading = Reading.of(read)
        levels: Iterable[list[Found]] = self._candidates(reading.text, language, eager=wanted is not None)
        if wanted is not None:
            # What nobody asked for must not stand before what was asked for.
            levels = ([one for one in level if one.entity_type in wanted] for level in levels)
        for found in _settled(levels):
            for one in (found, *_parts(reading.text, found)):
                yield _mention(words, reading, one)

    def _candidates(self, text: str, language: str, *, eager: bool) -> Iterator[list[Found]]:
        """The surer first."""
        english = language == "en"
        cased = _is_cased(text)
        yield from apply(numbers.NET, text)
        if eager:
            yield from apply(numbers.BEGUN, text)
        yield from apply(numbers.CARDS, text)
        yield from apply(numbers.CUED, text)
        yield from apply(places.ADDRESSES, text)
        yield from apply(amounts.ANYWHERE, text)
        if english:
            yield from apply(amounts.ENGLISH, text)
        for one in apply(_dates(language), text):
            yield [_born(found, text) for found in one]
        yield list(numbers.phones(text, language))
        yield from apply(numbers.LOOSE, text)
        yield [one for one in people.titled(text, cased=cased) if one.entity_type != "NAME"]
        if english:
            for one in apply(groups.ENGLISH, text):
                yield [groups.settle(found, text) for found in one]
        yield from self._named(text, language, cased=cased, eager=eager)
        if eager:
            yield from apply(
                (*numbers.EAGER, *people.EAGER, *calendar.EAGER, *groups.EAGER, *amounts.EAGER), text
            )

    def _named(self, text: str, language: str, *, cased: bool, eager: bool) -> Iterator[list[Found]]:
        yield list(people.titled(text, cased=cased))
        yield from apply(_FACILITIES, text)
        yield list(_organizations(text, cased=cased))
        try:
            model = self._model(language)
        except ModelError as error:
            # A client is not told where the server keeps its files.
            problem = f"the model for entities in {language} cannot be loaded; `vivavoce doctor` says why"
            raise AddOnError(problem, 501) from error
        read = text if cased else _recased(text)
        labelled = model.find(read) if model else []
        of_model = [one for entity in labelled if (one := _mapped(entity, read)) is not None]
        yield [one for one in of_model if one.entity_type in {"EVENT", "LANGUAGE", "PRODUCT", "ORIGIN"}]
        yield from apply(places.LANDSCAPE, text)
        yield [one for one in of_model if one.entity_type.startswith("ORGANIZATION")]
        placed = list(places.named(text, cased=cased, eager=eager))
        yield [one for one in placed if " " in text[one.start : one.end]]
        yield list(people.listed(text, cased=cased, eager=eager))
        yield list(people.cued(text, cased=cased))
        yield placed
        yield of_model

    def _model(self, language: str) -> EntityModel | None:
        if language not in self._directories and language not in PACKAGED:
            return None
        loaded = self._models.get(language)
        if loaded is not None:
            return loaded
        with self._loading:
            if language in self._problems:
                raise ModelError(self._problems[language])
            if language not in self._models:
                try:
                    directory = self._directories.get(language) or PACKAGED[language].locate()
                    self._models[language] = EntityModel(directory)
                except ModelError as error:
                    # To try again with each utterance would cost a second every time.
                    self._problems[language] = str(error)
                    raise
            return self._models[language]


def _stretches(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """All of an utterance, or where it is very long what fits, up to the end of a sentence if there is one."""
    start = 0
    while start < len(tokens):
        end = start + _LONGEST
        if end < len(tokens):
            ends = (
                i
                for i in range(end, start + _LONGEST // 2, -1)
                if tokens[i - 1].text.endswith((".", "?", "!"))
            )
            end = next(ends, end)
        yield tokens[start:end]
        start = end


def _dates(language: str) -> tuple[Rule, ...]:
    if language == "en":
        return calendar.ENGLISH
    known = calendar.OTHERS.get(language)
    return known.rules() if known else calendar.ANYWHERE


def _born(found: Found, text: str) -> Found:
    dated = found.entity_type in {"DATE", "DATE_INTERVAL"}
    if (
        dated
        and calendar.BIRTH.search(text[max(0, found.start - _BEFORE) : found.start]) is not None
        and found.entity_type == "DATE"
    ):
        return Found("DOB", found.start, found.end)
    return found


def _is_cased(text: str) -> bool:
    """Whether the recogniser writes capitals: some word beside "I" has one, and not all have nothing else."""
    return not text.isupper() and any(
        word[:1].isupper() and word.partition("'")[0] != "I" for word in text.split()
    )


def _recased(text: str) -> str:
    """With capitals where words are known as names and as nothing else; as long as it was."""
    known = names("given_names", "family_names", "cities", "countries", "states", "organizations", "origins")
    other = names("also_words")

    def capital(match: re.Match[str]) -> str:
        word = match[0].lower()
        named = len(word) > 3 and word in known and word not in other
        return match[0][0].upper() + match[0][1:].lower() if named else word

    recased = re.sub(r"[^\W\d_]+", capital, text)
    return recased if len(recased) == len(text) else text


def _organizations(text: str, *, cased: bool) -> Iterator[Found]:
    for match in _KNOWN_ORGANIZATIONS.finditer(text):
        name = match[0].lower()
        if (match[0][0].isupper() and cased) or not (cased or name in names("also_words")):
            yield Found("ORGANIZATION", match.start(), match.end())


def _mapped(entity: Labelled, text: str) -> Found | None:
    """The model's label as one of the API's types; None for what it is not trusted with."""
    start, end = entity.start, entity.end
    name = text[start:end]
    if name.lower().startswith("the ") and entity.label != "EVENT":
        start, name = start + 4, name[4:]
    if name.endswith(("'s", "’s")):
        end, name = end - 2, name[:-2]
    lower = name.lower().strip(_EDGES)
    if not _CAPITAL.search(name) or lower in names("no_entities"):
        return None
    kind = _DIRECT.get(entity.label, "")
    if (
        entity.label in {"ORG", "GPE", "LOC"} and people.is_given(name) and places.kind_of(name) is None
    ) or entity.label in {"PERSON", "PER"}:
        kind = "NAME"
    elif entity.label in {"GPE", "LOC"}:
        kind = places.kind_of(name) or _of_no_list(text[max(0, start - _BEFORE) : start], entity.label)
    if any(map(str.isdigit, name)) and kind in {"NAME", "ORGANIZATION"}:
        return None
    if kind in {"ORGANIZATION", "LOCATION"} and _MEDICAL_PLACE.search(name):
        kind = "ORGANIZATION_MEDICAL_FACILITY"
    return Found(kind, start, end) if kind else None


def _of_no_list(before: str, label: str) -> str:
    """What a place may be that no list knows: whom people work at, or call, is no city."""
    if _EMPLOYER.search(before):
        return "ORGANIZATION"
    return "LOCATION_CITY" if label == "GPE" else "LOCATION"


def _settled(candidates: Iterable[list[Found]]) -> list[Found]:
    """Those that overlap none that is surer, or as sure and longer."""
    taken: list[Found] = []
    for level in candidates:
        for one in sorted(level, key=lambda found: found.start - found.end):
            if not any(one.start < other.end and other.start < one.end for other in taken):
                taken.append(one)
    return taken


def _parts(text: str, found: Found) -> Iterator[Found]:
    if found.entity_type in PERSON_TYPES:
        yield from people.parts(text, found)


def _mention(words: Sequence[Word], reading: Reading, found: Found) -> Mention:
    which = reading.words(found.start, found.end)
    said = "".join(words[i].text for i in which).strip()
    written = reading.text[found.start : found.end]
    text = written if written in said else _stripped(said)
    return Mention(found.entity_type, text, which, words[which.start].start, words[which.stop - 1].end)


def _stripped(text: str) -> str:
    return text.lstrip(_EDGES) if _ABBREVIATED.search(text) else text.strip(_EDGES)
