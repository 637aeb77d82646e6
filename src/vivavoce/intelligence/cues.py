"""Words by which speech shows its joints, in six languages: where a topic begins, what matters, what is chatter.

In other languages nothing is known of these; there the embeddings decide alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from stopwordsiso import stopwords


@dataclass(frozen=True, slots=True)
class Cues:
    """Each is matched without regard to case.

    `openers` begin a spoken sentence and say nothing; `fillers` say nothing anywhere. `topic` announces what comes
    next, and `named` captures it. `weight`: decisions, reasons, problems, results. `dangling` sentences begin with
    a word that is nothing without what was said before. `chatter` is said to each other, not of a matter.
    `articles` come before a noun, `within` between two.
    """

    openers: re.Pattern[str]
    fillers: re.Pattern[str]
    topic: re.Pattern[str]
    named: re.Pattern[str]
    weight: re.Pattern[str]
    dangling: re.Pattern[str]
    chatter: re.Pattern[str]
    articles: frozenset[str]
    within: frozenset[str]


def _words(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)


def _start(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"\W*(?:{alternatives})\b", re.IGNORECASE)


def _openers(always: str, before_comma: str) -> re.Pattern[str]:
    return re.compile(rf"\W*(?:(?:{always})\b,?|(?:{before_comma})\b\s*[,.!…-]+)\s+(?=\w)", re.IGNORECASE)


def _named(announcing: str, skipped: str) -> re.Pattern[str]:
    """What follows an announcement, up to the end of the clause."""
    return re.compile(rf"\b(?:{announcing})\s+(?=(?:(?:{skipped})\s+)*([^,.;:!?…]+))", re.IGNORECASE)


_EN = Cues(
    openers=_openers(
        "so|and|but|um+|uh+|er+|hm+|because|or",
        "okay|ok|well|yeah|yes|yep|no|right|alright|all right|now|like|you know|i mean|actually|oh|great|good|sure"
        "|exactly|thanks|thank you|perfect|cool|nice|basically|anyway|honestly|also|then|first of all|hey|hi|hello"
        "|finally|absolutely|of course|true|fine|i see|i understand|got it|look|listen|i think",
    ),
    fillers=re.compile(r",?\s*\b(?:um+|uh+|erm+|hm+|mhm|you know)\b,?", re.IGNORECASE),
    topic=_words(
        r"next (?:topic|item|point|thing|question|up)|let's (?:start|begin|talk|move|turn|get into|go|look at|discuss)"
        r"|(?:moving|move) on|last (?:thing|point|topic|item)|final (?:point|topic|item)|another (?:thing|topic|point)"
        r"|anything else|on my side|switch(?:ing)? (?:gears|topics?)|turn(?:ing)? to|coming to|(?:first|second|third)ly"
        r"|the (?:first|second|third|last) (?:topic|item|point)|i'd like to (?:talk|say something|start)|speaking of"
    ),
    named=_named(
        r"(?:next|first|second|third|last|final) (?:topic|item|point|thing|one)(?: on (?:the|our) \w+)? (?:is|are|was)"
        r"|(?:let's|let us|want to|wanted to|going to|like to) (?:talk|speak) about"
        r"|let's (?:start|begin) with|(?:move|moving|go) on(?:to| to)|turn(?:ing)? to|coming to|something about"
        r"|let's (?:discuss|look at)",
        r"the|our|a|an|my|your|this|that|these",
    ),
    weight=_words(
        r"agree(?:d)?|decid(?:e|ed)|decision|will|need(?:s|ed)? to|have to|must|should|because|problem|issue|important"
        r"|result(?:s|ed)?|propos(?:e|al)|plan|turned out|found|caused?|reason|means|costs?|increased?|decreased?"
        r"|risk|deadline|so we|most|main|advice|best|worst|first|never|percent|thousand|million|therefore|instead"
    ),
    dangling=_start(
        r"it|this|that|these|those|they|he|she|him|her|them|its|their|his|which|who|there|then|such|both|neither"
        r"|(?:some|most|one|all|both|part|half|none) of (?:it|them|these|those|that)|the (?:other|same|latter|former)|with that|after (?:such|that)|for (?:that|this)|not yet"
        r"|it's|that's|they're|he's|she's|as well|i (?:do|did|don't|didn't)"
    ),
    chatter=_words(
        r"thank(?:s| you)|welcome|good (?:morning|afternoon|evening|night)|hello|bye|see you|have a (?:nice|great|good)"
        r"|how are you|can you (?:all )?hear|nice to meet|sorry|no (?:problem|worries)|(?:take care)|you too|one moment"
        r"|anything else|help you|let's wait|let me (?:have a look|check|see)|of course|congratulations|makes sense|sounds good"
        r"|that's (?:amazing|incredible|great|good|perfect)|i don't know|my name is|tell (?:me|us)|listening"
    ),
    articles=frozenset(
        "a an the this that these those our your my his her their its some any no every each of in on for about with "
        "from to at by and new".split()
    ),
    within=frozenset({"of"}),
)
_DE = Cues(
    openers=_openers(
        "also|und|aber|äh+m?|öh+m?|hm+|ne|denn|oder",
        "ja|nein|genau|gut|okay|ok|richtig|doch|schön|klar|alles klar|naja|na ja|stimmt|super|danke|tja|ach|oh je"
        "|ach so|natürlich|prima|eben|nun|weißt du|sag mal",
    ),
    fillers=re.compile(r",?\s*\b(?:äh+m?|öh+m?|hm+|mhm)\b,?", re.IGNORECASE),
    topic=_words(
        r"kommen wir|nächste[rsn]? (?:punkt|thema)|zuerst zum?|zunächst zum?|und dann noch|letzte[rsn]? (?:punkt|thema)"
        r"|zum schluss|als nächstes|fangen wir|reden wir|sprechen wir|weiter geht|machen wir weiter|anderes thema"
        r"|noch etwas|außerdem wollte ich|kommen zum?|wenden wir uns|zum thema"
    ),
    named=_named(
        r"kommen wir (?:jetzt |nun |dann )?(?:zu|zum|zur)|(?:zuerst|zunächst) (?:zu|zum|zur)|und dann noch"
        r"|(?:nächste|letzte|erste|zweite)[rsn]? (?:punkt|thema) (?:ist|sind|wäre)|zum thema|(?:reden|sprechen) wir über"
        r"|fangen wir (?:an )?mit",
        r"der|die|das|den|dem|ein|eine|einen|unser|unsere|unseren",
    ),
    weight=_words(
        r"beschl(?:ießen|ossen)|entsch(?:eiden|ieden)|vereinbart|müssen|muss|soll(?:en|te)?|weil|problem|wichtig\w*"
        r"|ergebnis\w*|vorschlag|schlage vor|plan|prozent|tausend|million\w*|kosten|kostet|deshalb|deswegen|grund"
        r"|hauptsächlich|größte\w*|beste\w*|gestiegen|gesunken|machen wir das so|bis ende|frist|risiko"
    ),
    dangling=_start(
        r"er|sie|es|das|dies\w*|dann|da|damit|dabei|dafür|daran|davon|dazu|darüber|deren|dessen|ihm|ihr|ihnen|ihn|denen"
        r"|beide|dort|so|deshalb|deswegen|außerdem|auch"
    ),
    chatter=_words(
        r"danke|bitte|guten (?:morgen|tag|abend)|hallo|tschüss|auf wiedersehen|bis (?:nächste|morgen|bald|dann)"
        r"|schönen (?:tag|abend)|könnt ihr mich hören|freut mich|entschuldigung|kein problem|herzlich willkommen"
        r"|drücken wir die daumen|das war's|einen moment|oh je"
    ),
    articles=frozenset(
        "der die das den dem des ein eine einen einem einer eines kein keine unser unsere im am zum zur vom beim ins in "
        "an auf mit für von über und neue neuen".split()
    ),
    within=frozenset(),
)
_FR = Cues(
    openers=_openers(
        "et|mais|donc|alors|euh+|ben|hein|or|car",
        "oui|non|bon|bien|ok|okay|d'accord|voilà|ah|oh|enfin|ensuite|puis|très bien|exactement|effectivement|écoutez"
        "|bah|parfait|merci|bonjour|tout à fait|en fait|du coup|eh bien|justement",
    ),
    fillers=re.compile(r",?\s*\b(?:euh+|hein|hum+)\b,?", re.IGNORECASE),
    topic=_words(
        r"passons|commençons|(?:point|sujet|thème) suivant|prochain (?:point|sujet)|dernier (?:point|sujet)|venons-en"
        r"|parlons|pour finir|pour terminer|premier (?:point|sujet)|autre (?:point|sujet|chose)|enfin, l[ae]|abordons"
        r"|en ce qui concerne"
    ),
    named=_named(
        r"(?:passons|venons-en|passer)(?: maintenant| à présent)? (?:à|au|aux)|commençons par|parlons (?:de|du|des)"
        r"|(?:point|sujet) (?:suivant )?(?:est|c'est|concerne)|abordons|en ce qui concerne|enfin,",
        r"le|la|les|un|une|des|notre|nos|du|de",
    ),
    weight=_words(
        r"décid\w+|décision|il faut|doi(?:t|vent|s)|parce qu\w*|problème|important\w*|résultat\w*|propos\w+|pour cent"
        r"|mille|millions?|coût\w*|c'est pourquoi|raison|principal\w*|surtout|première? fois|change|augment\w+|baiss\w+"
        r"|danger\w*|grâce à|plus de|moitié|fois plus"
    ),
    dangling=_start(
        r"il|elle|ils|elles|ça|cela|c'est|ce|ceci|celui\w*|celle\w*|ceux|lui|leur|y|en|on l'|on la|on les|là|ensuite|puis"
        r"|alors|aussi|ainsi|c'est pourquoi"
    ),
    chatter=_words(
        r"merci|bonjour|bonsoir|au revoir|salut|bienvenue|bonne (?:journée|soirée)|à bientôt|s'il vous plaît|enchanté\w*"
        r"|pas de souci|de rien|vous m'entendez|désolé\w*|un instant|la semaine prochaine nous"
    ),
    articles=frozenset(
        "le la les un une des du de au aux ce cette ces mon ma mes son sa ses notre nos votre vos leur leurs dans en sur "
        "pour avec par et".split()
    ),
    within=frozenset({"d'", "d’", "de", "du", "des"}),
)
_ES = Cues(
    openers=_openers(
        "y|pero|pues|entonces|eh+|este|porque|o",
        "sí|no|bueno|bien|vale|claro|ok|okay|mira|oye|a ver|ya|perfecto|exacto|gracias|hola|de acuerdo|muy bien|ah|oh"
        "|es decir|o sea|la verdad",
    ),
    fillers=re.compile(r",?\s*\b(?:eh+|em+|mmm+|o sea)\b,?", re.IGNORECASE),
    topic=_words(
        r"(?:siguiente|próximo|primer|segundo|tercer|último) (?:punto|tema)|pasamos|pasemos|por último|hablemos|empecemos"
        r"|vamos (?:a hablar|con el)|otro (?:tema|punto)|otra cosa|para (?:terminar|acabar)|en cuanto a|cambiando de tema"
    ),
    named=_named(
        r"(?:siguiente|próximo|primer|segundo|tercer|último) (?:punto|tema)(?: es|,)?|por último,|hablemos (?:de|del|sobre)"
        r"|vamos a hablar (?:de|del|sobre)|empecemos (?:con|por)|pasamos (?:a|al)|en cuanto a",
        r"el|la|los|las|un|una|nuestro|nuestra|a|al|de|del",
    ),
    weight=_words(
        r"decid\w+|acord\w+|acuerdo|aprueb\w+|hay que|tenemos que|tiene que|debe\w*|porque|problema\w*|importante\w*"
        r"|resultado\w*|propon\w+|propuesta|por ciento|mil|millones|cuesta|coste|por eso|razón|sobre todo|mayor\w*|plazo"
        r"|límite|causa|estará"
    ),
    dangling=_start(
        r"él|ella|ellos|ellas|eso|esto|esa|ese|esos|esas|esta|este|estos|lo|la que|le|les|también|tampoco|entonces|así|ahí"
        r"|allí|luego|después|es|son|ya"
    ),
    chatter=_words(
        r"gracias|buen[oa]s (?:días|tardes|noches)|hola|adiós|hasta (?:luego|mañana|pronto)|de nada|por favor|perdón"
        r"|lo siento|bienvenid[oa]s?|me (?:oyen|escuchan|oís)|encantad[oa]|un momento|ya lo sé|me parece muy bien"
        r"|vamos a empezar"
    ),
    articles=frozenset(
        "el la los las un una unos unas del al de en con por para su sus mi nuestro nuestra este esta esos y sin".split()
    ),
    within=frozenset({"de", "del"}),
)
_IT = Cues(
    openers=_openers(
        "e|ma|quindi|allora|ehm+|eh+|beh|però|perché|o",
        "sì|no|bene|certo|ok|okay|va bene|ecco|ah|oh|perfetto|esatto|grazie|ciao|d'accordo|capito|insomma|cioè|guarda"
        "|senti|infatti|giusto|vabbè|ottimo|ottima idea",
    ),
    fillers=re.compile(r",?\s*\b(?:ehm+|eh+|mmm+|uhm+)\b,?", re.IGNORECASE),
    topic=_words(
        r"(?:prossimo|primo|secondo|terzo|ultimo) (?:punto|argomento|tema)|l'ultima cosa|passiamo|partiamo|cominciamo"
        r"|parliamo|arriviamo|infine|per (?:finire|concludere)|un'altra cosa|per quanto riguarda|iniziamo"
    ),
    named=_named(
        r"(?:prossimo|primo|secondo|terzo|ultimo) (?:punto|argomento|tema) è|l'ultima cosa è|passiamo (?:a|al|alla|alle"
        r"|ai|agli)|(?:partiamo|cominciamo|iniziamo) (?:da|dal|dalla|dalle|dai|con)|parliamo (?:di|del|della|delle|dei)"
        r"|arriviamo (?:a|al|alla|alle|ai)|per quanto riguarda",
        r"il|lo|la|i|gli|le|un|una|nostro|nostra",
    ),
    weight=_words(
        r"deci\w+|dobbiamo|deve|bisogna|perché|problema|important\w+|risultat\w+|propon\w+|proposta|per cento|mila|milion\w+"
        r"|costa|costo|spes[ae]|per questo|motivo|soprattutto|entro|firmiamo|merito|rischio|scadenza|troppo"
    ),
    dangling=_start(
        r"lui|lei|loro|esso|essa|questo|questa|questi|quello|quella|ciò|lo|li|ne|anche|allora|così|lì|là|poi|"
        r"dopo|è|sono"
    ),
    chatter=_words(
        r"grazie|buon(?:giorno|asera|anotte)|buon (?:lavoro|pomeriggio)|ciao|arrivederci|prego|per favore|scusa\w*|piacere"
        r"|benvenut\w+|mi sentite|ci siamo tutti|un momento|a (?:presto|domani)|d'accordo"
    ),
    articles=frozenset(
        "il lo la i gli le un uno una del dello della dei degli delle al alla dal dalla nel nella di in con per su un' "
        "questo questa nostro nostra e".split()
    ),
    within=frozenset({"d'", "d’", "da", "dei", "del", "dell'", "dell’", "della", "delle", "di"}),
)
_PT = Cues(
    openers=_openers(
        "e|mas|então|portanto|eh+|ã+h?|hum+|porque|ou",
        "sim|não|bem|bom|certo|ok|okay|pois|claro|olha|olhe|ah|oh|perfeito|exato|obrigad[oa]|olá|está bem|muito bem"
        "|tá|né|enfim|ou seja|quer dizer|na verdade|muita coisa",
    ),
    fillers=re.compile(r",?\s*\b(?:eh+|hum+|hã|né)\b,?", re.IGNORECASE),
    topic=_words(
        r"(?:próximo|primeiro|segundo|terceiro|último) (?:ponto|tema|assunto)|passamos|passemos|vamos (?:falar|passar)"
        r"|por (?:último|fim)|outr[oa] (?:coisa|assunto|tema)|para (?:terminar|acabar)|fala-se|quanto ao?|comecemos"
        r"|vamos começar"
    ),
    named=_named(
        r"(?:próximo|primeiro|segundo|terceiro|último) (?:ponto|tema|assunto) é|vamos falar (?:de|do|da|dos|das|sobre)"
        r"|fala-se (?:muito )?(?:de|do|da|dos|das)|passamos (?:a|ao|à|aos|às)|(?:comecemos|vamos começar) (?:com|por|pelo"
        r"|pela)|quanto (?:a|ao|à|aos|às)",
        r"o|a|os|as|um|uma|nosso|nossa",
    ),
    weight=_words(
        r"decid\w+|temos (?:de|que)|tem (?:de|que)|deve\w*|é preciso|porque|problema|importante\w*|resultado\w*|prop\w+"
        r"|por cento|mil|milhões|custa|custo|por isso|razão|sobretudo|maior|prazo|causa|precisamos|melhor"
    ),
    dangling=_start(
        r"ele|ela|eles|elas|isso|isto|esse|essa|este|esta|aquilo|também|então|assim|lá|ali|aí|"
        r"depois|é|são|já|primeiro"
    ),
    chatter=_words(
        r"obrigad[oa]|bom dia|boa (?:tarde|noite)|olá|adeus|tchau|até (?:logo|amanhã|lá|breve)|de nada|por favor|desculp\w+"
        r"|bem-vind[oa]s?|me (?:ouvem|escutam)|prazer|um momento|que incrível"
    ),
    articles=frozenset(
        "o a os as um uma uns umas do da dos das ao à no na nos nas de em com por para pelo pela seu sua meu minha nosso "
        "nossa este esta e".split()
    ),
    within=frozenset({"de", "do", "da", "dos", "das"}),
)

CUES: Final[Mapping[str, Cues]] = MappingProxyType(
    {"de": _DE, "en": _EN, "es": _ES, "fr": _FR, "it": _IT, "pt": _PT}
)
DULL: Final = frozenset(
    "second seconds minute minutes hour hours day days week weeks month months year years percent dollar dollars euro "
    "euros monday tuesday wednesday thursday friday saturday sunday hundred thousand million thing things lot guys kind "
    "sekunde sekunden minute minuten stunde stunden tag tage woche wochen monat monate monats jahr jahre jahren prozent "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag komma millionen morgen ende moment "
    "seconde secondes heure heures jour jours semaine semaines mois année années ans pour-cent lundi mardi mercredi jeudi "
    "vendredi samedi dimanche cent cents mille millions fois chose choses "
    "segundo segundos minuto minutos hora horas día días semana semanas mes meses año años lunes martes miércoles jueves "
    "viernes sábado domingo ciento cien mil millones vez veces cosa cosas "
    "secondo secondi minuti ora ore giorno giorni settimana settimane mese mesi anno anni lunedì martedì mercoledì giovedì "
    "venerdì sabato domenica cento mila milione milioni volta volte cose "
    "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty "
    "seventy eighty ninety third fourth fifth sixth seventh eighth ninth tenth twentieth thirtieth "
    "last next letzte letzten nächste nächsten dernier dernière prochain prochaine último última próximo próxima ultimo "
    "ultima prossimo prossima dia dias mês ano anos segunda terça quarta quinta sexta milhão milhões vezes coisa coisas".split()
)
"""Words for time, money and numbers, which are no keywords."""

_STUTTER = re.compile(r"\b(\w{1,2}|the|and)(?:,? \1)+\b", re.IGNORECASE)
_MOST_OPENERS = 4


@cache
def stop_words(language: str) -> frozenset[str]:
    """In lower case; none for a language whose are not known."""
    return frozenset(stopwords(language))


def readable(text: str, language: str) -> str:
    """A spoken sentence as one would write it: without what begins it and says nothing, without fillers."""
    cues = CUES.get(language)
    if cues is None:
        return text.strip()
    for _ in range(_MOST_OPENERS):
        opener = cues.openers.match(text)
        if not opener:
            break
        text = text[opener.end() :]
    text = cues.fillers.sub(lambda filler: _instead_of(filler, stop_words(language)), text)
    text = " ".join(_STUTTER.sub(r"\1", text).split()).lstrip(" ,.;:!?…-")
    return text[:1].upper() + text[1:]


def _instead_of(filler: re.Match[str], stops: frozenset[str]) -> str:
    """A comma between two, unless none would be there: "is, uh, done", "we met, um, Tom was there"."""
    before = filler.string[: filler.start()].split()
    between = filler[0].startswith(",") and filler[0].endswith(",")
    return "," if between and before and before[-1].lower() not in stops else ""


def announced(texts: Iterable[str], language: str) -> str | None:
    """The topic that the first of these texts names which announces one, as it was said."""
    cues = CUES.get(language)
    if cues is None:
        return None
    found = (match[1].strip() for text in texts for match in cues.named.finditer(text))
    return next((named for named in found if not cues.topic.search(named)), None)
