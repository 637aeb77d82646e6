"""People by what is said before their names, and by names that are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vivavoce.intelligence.entities.base import Found
from vivavoce.intelligence.entities.lists import names

_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*\w|[^\W\d_]")
_MEDICAL: Final = re.compile(
    r"\b(?:dr|doctor|nurse|docteur|doktor|doctora|dottore|dottoressa|doutor|doutora)\b\.? ", re.IGNORECASE
)
_TITLE: Final = re.compile(
    r"\b(?:mr|mrs|ms|mx|miss|mister|missus|professor|prof|sir|madam|captain|senator|president|monsieur|madame|mademoiselle|"
    r"herr|frau|señor|señora|sr|sra|signor|signora|senhor|senhora|don|doña)\b\.? ",
    re.IGNORECASE,
)
_CUE: Final = re.compile(
    r"\b(?:my|his|her|the|your|their|first|last|full|middle|maiden|real)? ?name(?:'s| is| was|:) (?:is )?|"
    r"\bunder the name (?:of )?|\b(?:he|she|i)(?:'m| am|'s| is) (?:called|named) |\b(?:named|called) |"
    r"\b(?:speak|talk|speaking|talking|spoke|talked|meet|meeting) (?:to|with) |\breservation (?:for|under) |"
    r"\b(?:je m'appelle|mon nom est|je suis|ich heiße|mein name ist|ich bin|me llamo|mi nombre es|soy|mi chiamo|"
    r"il mio nome è|sono|meu nome é|me chamo|eu sou|ik heet|mijn naam is)\b ",
    re.IGNORECASE,
)
# These introduce a name only if it is one that is known.
_WEAK_CUE: Final = re.compile(
    r"\b(?:this is|i'm|i am|it's|hi|hello|hey|thanks|thank you|dear|with|from|to|for|and|by|yes|ask|tell|call|called|"
    r"met|saw|know|see|love|son|daughter|mother|mom|mum|father|dad|brother|sister|husband|wife|friend|colleague|boss|"
    r"good morning|good afternoon|good evening|bye|goodbye|okay|well|so|but|is|was)\b,? ",
    re.IGNORECASE,
)
# Given names that are other words, or places, more often.
_OTHER_WORDS: Final = frozenset(
    ["will", "may", "mark", "grace", "hope", "joy", "faith", "summer", "april", "june", "august", "dawn", "rose", "lily", "art", "bill", "bob", "drew", "frank", "gene", "grant", "guy", "jack", "joy", "king", "lane", "long", "love", "man", "major", "mercy", "miles", "misty", "my", "no", "an", "so", "see", "do", "le", "li", "ha", "in", "my", "man", "mi", "na", "ma", "mai", "min", "pat", "penny", "pearl", "precious", "prince", "ray", "rich", "rob", "rod", "rocky", "ruby", "rusty", "sandy", "sky", "star", "sterling", "sunny", "sue", "summer", "tad", "tiny", "tony", "tip", "trinity", "ty", "van", "victor", "violet", "virgil", "wade", "west", "wes", "young", "you", "lou", "ok", "chance", "chase", "christian", "clay", "cliff", "cody", "dale", "dean", "dick", "dusty", "earl", "early", "ester", "fern", "flo", "forest", "gay", "genesis", "glory", "golden", "gale", "hall", "happy", "harmony", "heath", "honey", "hunter", "ivory", "ivy", "jade", "jasmine", "jewel", "jesus", "jean", "joe", "jan", "kitty", "lacy", "laurel", "leigh", "lexus", "lucky", "magnolia", "marine", "max", "melody", "merry", "mickey", "mike", "mo", "olive", "oral", "page", "paris", "paul", "pearl", "pepper", "pete", "pok", "porter", "queen", "raven", "reed", "river", "robin", "royal", "sage", "sal", "sherry", "shelly", "sierra", "son", "song", "stormy", "sugar", "tawny", "tea", "temple", "tyson", "tuan", "un", "vale", "vi", "wan", "waltraud", "yes", "yu", "yi", "yan", "china", "israel", "georgia", "india", "america", "asia", "africa", "london", "chelsea", "florence", "sydney", "victoria", "charlotte", "madison", "austin", "dallas", "houston", "jordan", "kenya", "virginia", "carolina", "dakota", "montana", "savannah", "phoenix", "brooklyn", "carol", "candy", "amber", "angel", "alma", "amp", "any", "bo", "boy", "buddy", "buck", "burl", "buster", "cherry", "crystal", "daisy", "dee", "del", "don", "dot", "else", "era", "erie", "even", "fe", "france", "garland", "hai", "he", "her", "hi", "hong", "hoa", "is", "ja", "jin", "joya", "june", "kay", "ken", "kim", "kit", "kum", "la", "lan", "lawn", "lean", "lee", "less", "levi", "les", "line", "loan", "lore", "lu", "luz", "mac", "mammie", "march", "maria", "matt", "mee", "mica", "might", "mei", "mina", "ming", "more", "my", "na", "nan", "ned", "neva", "nick", "noble", "nova", "nell", "of", "ola", "on", "ona", "or", "oma", "over", "pa", "page", "pam", "pilar", "pin", "raj", "rea", "see", "shad", "shan", "shin", "si", "so", "ta", "tam", "than", "the", "then", "theo", "this", "tom", "tod", "tu", "val", "vito", "voice", "wen", "were", "while", "won", "work", "wynn", "yen", "yer", "yon", "you", "zen", "shaun", "sung", "dona", "mercedes", "porsche", "alexis", "lexus"]
) - frozenset(
    ["maria", "mike", "joe", "paul", "pete", "tom", "nick", "carol", "kim", "ken", "matt", "bob", "jack", "frank", "tony", "rob", "ray", "ned", "pam", "tod", "kay", "max", "jan", "jean", "sue", "robin", "drew", "dean", "levi", "victor", "theo", "lee", "raj", "mei", "mina", "ming", "shaun", "val", "kit", "nan", "nell", "bill", "pat", "joya", "jin", "wes"]
)
_NEVER: Final = frozenset(
    ["a", "an", "the", "i", "i'm", "it", "he", "she", "we", "you", "they", "not", "is", "was", "are", "be", "been", "so", "just", "here", "there", "this", "that", "these", "those", "very", "really", "going", "calling", "sorry", "sure", "fine", "good", "great", "ok", "okay", "yes", "no", "from", "at", "in", "on", "of", "for", "and", "or", "but", "my", "your", "his", "her", "our", "their", "what", "who", "how", "why", "when", "where", "about", "with", "by", "to", "do", "did", "does", "have", "has", "had", "can", "could", "will", "would", "should", "if", "as", "all", "someone", "somebody", "everyone", "anyone", "somewhere", "manager", "customer", "service", "support", "today", "tomorrow", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "please", "thanks", "thank", "hello", "hi", "hey", "well", "now", "then", "too", "also", "new", "old"]
)
_PARTICLES: Final = frozenset(
    ["de", "da", "del", "della", "di", "van", "von", "der", "den", "la", "le", "el", "al", "bin", "ibn", "o", "mc", "mac", "st", "san", "dos", "du", "ter", "ten"]
)
_LONGEST: Final = 4


def listed(text: str, *, cased: bool, eager: bool = False) -> Iterator[Found]:
    """People, surest first: with a title, after a cue, by a name that is known."""
    for match in _MEDICAL.finditer(text):
        end = _name_end(text, match.end(), cased=cased, loose=cased)
        if end:
            yield Found("NAME_MEDICAL_PROFESSIONAL", match.start(), end)
    for pattern in (_TITLE, _CUE):
        for match in pattern.finditer(text):
            end = _name_end(text, match.end(), cased=cased, loose=True)
            if end:
                yield Found("NAME", match.end(), end)
    for word in _WORD.finditer(text):
        if _is_given(word[0], cased=cased, eager=eager) and (
            cased
            or eager
            or _WEAK_CUE.search(text[: word.start()], max(0, word.start() - 20)) is not None
            or _followed(text, word.end())
        ):
            end = _name_end(text, word.start(), cased=cased, loose=False)
            if end:
                yield Found("NAME", word.start(), end)


def _is_given(word: str, *, cased: bool, eager: bool) -> bool:
    lower = word.lower()
    if lower not in names("given_names") or (
        lower in _OTHER_WORDS and not (eager and word[0].isupper() and cased)
    ):
        return False
    return word[0].isupper() or not cased


def _followed(text: str, end: int) -> bool:
    """Whether a family name comes next."""
    after = _WORD.match(text, end + 1)
    return text[end : end + 1] == " " and after is not None and after[0].lower() in names("family_names")


def _name_end(text: str, start: int, *, cased: bool, loose: bool) -> int | None:
    """Where the name that begins at `start` ends. `loose`: its first word need not be a name that is known."""
    end = None
    at = start
    for count in range(_LONGEST):
        word = _WORD.match(text, at)
        if word is None or not _goes_on(text, word, count, cased=cased, loose=loose):
            break
        if word[0].lower() not in _PARTICLES:
            end = word.end()
        at = word.end()
        if text[at : at + 1] == "." and len(word[0]) == 1:
            at += 1
        if text[at : at + 1] != " ":
            break
        at += 1
    if end is not None and text[max(start, end - 2) : end] in {"'s", "’s"}:
        end -= 2
    return end


def _goes_on(text: str, word: re.Match[str], count: int, *, cased: bool, loose: bool) -> bool:
    lower = word[0].lower().removesuffix("'s").removesuffix("’s")
    if lower in _NEVER:
        return False
    known = lower in names("given_names") or lower in names("family_names")
    if cased:
        return word[0][0].isupper() or (count > 0 and lower in _PARTICLES)
    if count == 0:
        return lower in names("given_names") or lower in names("family_names") or (loose and "'" in lower)
    if count == 1:
        return known and lower not in _OTHER_WORDS
    return False


def parts(text: str, found: Found) -> Iterator[Found]:
    """The given and the family name in a person's name."""
    words = [word for word in _WORD.finditer(text, found.start, found.end)]
    if found.entity_type == "NAME_MEDICAL_PROFESSIONAL" and len(words) > 1:
        words = words[1:]
    if not words:
        return
    titled = found.entity_type == "NAME_MEDICAL_PROFESSIONAL" or _TITLE.search(
        text[max(0, found.start - 14) : found.start]
    )
    only = words[0][0].lower()
    if len(words) == 1:
        family = titled or (only in names("family_names") and only not in names("given_names"))
        yield Found("NAME_FAMILY" if family else "NAME_GIVEN", words[0].start(), words[0].end())
        return
    yield Found("NAME_GIVEN", words[0].start(), words[0].end())
    yield Found("NAME_FAMILY", words[1].start(), words[-1].end())
