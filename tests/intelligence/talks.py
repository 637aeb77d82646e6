"""Talks as a recogniser gives them: every line is an utterance, and its letter says on which channel."""

from __future__ import annotations

from functools import cache

from vivavoce.intelligence.embeddings import Embedder
from vivavoce.protocol.languages import WRITTEN_WITHOUT_SPACES
from vivavoce.protocol.stream import Utterance, Word

SECONDS_A_WORD = 0.35
PAUSE = 0.6


@cache
def embedder() -> Embedder:
    return Embedder()


def talk(lines: str, language: str = "en") -> list[Utterance]:
    """A line may begin with "A: ", and is in another language after "A fr: "."""
    utterances: list[Utterance] = []
    now = 0.0
    for line in filter(None, map(str.strip, lines.splitlines())):
        head, colon, text = line.partition(": ")
        speaker, _, other = head.partition(" ") if colon and len(head) in (1, 4) else ("A", "", "")
        text = text if colon and len(head) in (1, 4) else line
        utterances.append(spoken(text, now, other or language, ord(speaker) - ord("A")))
        now = utterances[-1].end + PAUSE
    return utterances


def spoken(text: str, start: float = 0.0, language: str = "en", channel: int = 0) -> Utterance:
    space = "" if language in WRITTEN_WITHOUT_SPACES else " "
    words = tuple(
        Word(space + word, start + n * SECONDS_A_WORD, start + (n + 0.8) * SECONDS_A_WORD, 0.9)
        for n, word in enumerate(text.split())
    )
    return Utterance(f"{channel:02}_{start}", channel, start, words[-1].end, language, words)


MEETING = """
A: Good morning everyone, can you all hear me?
B: Yes. Hi.
A: Great. So let's start with the release. Where are we?
B: Um, the new billing page is finished, and the testers found only two small bugs in it.
B: One of the bugs is about rounding, so a customer could pay a cent too much.
B: I will fix both bugs today, and then the release can go out on Thursday at noon.
A: Okay, good. So we agreed that the release goes out on Thursday.
A: Next topic is the office move. The lease of our building ends in June.
B: I looked at three buildings, and the one near the station is the best, because it has parking.
A: How much is the rent?
B: The rent is nine thousand euros a month, which is two thousand less than we pay now.
A: Then we take the building near the station, and I call the landlord tomorrow.
A: Finally, let's talk about the summer party.
B: Last year we were on a boat, and half of the people were seasick.
B: I would rather have a barbecue in the garden of the museum, they rent it for six hundred euros.
A: A barbecue is a nice idea. Please book the garden for the twelfth of July.
B: Sure. Bye.
"""

BAUSTELLE = """
Guten Morgen zusammen.
Also, ähm, zuerst zum Stand der Baustelle. Das Dach ist seit letzter Woche dicht.
Die Fenster kommen erst in vier Wochen, weil dem Lieferanten das Glas fehlt.
Wir schließen die Öffnungen mit Folie, damit die Elektriker am Montag anfangen können.
Die Elektriker brauchen für alle Wohnungen ungefähr sechs Wochen.
Kommen wir zu den Kosten. Der Preis für Stahl ist um dreißig Prozent gestiegen.
Wir liegen deshalb acht Prozent über dem Plan, und die Bank will einen neuen Finanzplan sehen.
Den Finanzplan schreibt Sabine bis Ende des Monats, dann erhöht die Bank den Kredit.
Ohne den höheren Kredit können wir die Rechnungen für den Stahl nicht bezahlen.
"""
