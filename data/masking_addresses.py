"""Finds postal addresses with a house number, from «ул. Баумана, д. 5, кв. 12» to «живу на гагарина 15»."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.spans import Reading, Span

_GAP = r"[\s,.;:]{1,3}"
_NAME_WORD = r"(?:\d{1,2}(?:-?[а-я]{1,2})?\s(?:лет\s)?)?[а-я][а-я\-]{2,24}"
# «пр», «площадь», «линия» and the like mean other things too: they need a house marked as one, or a capital.
_STREET = (
    r"(?:улиц[аеуы]|ул|проспект[ауе]?|просп|пр-?к?т|переул[а-я]*|пер|бульвар[ае]?|б-р|бул|шоссе|набережн[а-я]+|наб|микрорайон[ае]?|мкрн?|м-н|мкр-н|квартал[а-я]?|"
    r"тракт[ае]?|снт|жк)"
)
_LOOSE_STREET = r"(?:пр|проезд[ае]?|площад[ьи]|пл|лини[яи]|алле[яи]|тупик|ш|поселок|пос|деревн[яеи]|дер|сел[ое]|с)"
_HOUSE_MARK = r"(?:дом[аеу]?|д|дм|домик)"
_HOUSE = rf"(?:№\s?)?\d{{1,4}}(?:\s?[/\-–]\s?\d{{1,4}}[а-я]?(?![а-я])|\s?[а-я](?![\w.]))?(?:\s?[ксл]\.?\s?\d{{1,3}})?(?!\d)"
_PART = (
    r"(?:корп[а-я]*|стр[а-я]*|литер[а-я]?|лит|под[ъь]?езд[а-я]?|под|этаж[а-я]?|эт|кв[а-я]{0,8}|оф[а-я]*|комн[а-я]*|помещ[а-я]*|блок|секци[яи]|вход|к|п)"
    r"(?![а-я])"
)
_TAIL = rf"(?:{_GAP}?[\s,]{{0,2}}{_PART}[\s.,:№\-]{{0,3}}(?:\d{{1,4}}(?:[\-/]\d{{1,3}})?\s?[а-я]?(?!\w)|[а-я](?!\w))|{_GAP}\d{{1,4}}\s?(?:кв[а-я]*|квартира|этаж|под[ъь]езд)(?!\w)){{0,5}}"
_MARKED_HOUSE = rf"{_HOUSE_MARK}[\s.,№\-:]{{0,3}}{_HOUSE}{_TAIL}"
_ANY_HOUSE = rf"(?:{_MARKED_HOUSE}|{_HOUSE}{_TAIL})"
_NOT_A_NAME = (
    r"(?!(?:\d+ ?-?[а-я]{0,2} )?(?:дом[а-я]?|корпус[а-я]?|квартир[а-я]|этаж[а-я]?|подъезд[а-я]?|на|не|по|за|от|до|для|мне|где|или|номер|стоит|адрес[а-я]?|в|живу|наш|мой"
    r"|нашем|моем|шоу|передач[а-я]|про|это|весь|всем|один|одном)\b)"
)
_NAME = rf"{_NOT_A_NAME}{_NAME_WORD}(?:\s(?!{_HOUSE_MARK}\b){_NAME_WORD}){{0,2}}"
_TYPED = re.compile(
    rf"\b(?:{_STREET}\b[\s.,]{{0,3}}{_NAME}|(?:\w[\w\-]{{2,24}}\s)?\w{{2,24}}(?:ой|ая|ую|ий|ый|ом|ое|ского|ого|ому|ем)\s{_STREET}\b)[\s.,]{{0,3}}{_ANY_HOUSE}"
)
_LOOSE = re.compile(
    rf"\b(?:{_LOOSE_STREET}\b[\s.,]{{0,3}}{_NAME}|\w{{2,24}}(?:ой|ая|ую|ий|ый|ом|ое|ого|ому|ем)\s{_LOOSE_STREET}\b)[\s.,]{{0,3}}(?:(?P<marked>{_MARKED_HOUSE})|{_HOUSE}{_TAIL})"
)
_BLOCK = re.compile(rf"\b(?:{_STREET})\b[\s.,№\-]{{0,3}}\d{{1,3}}[а-я]?{_GAP}{_MARKED_HOUSE}")
_MARKED = re.compile(
    rf"\b(?:{_NAME_WORD}\s)?{_NOT_A_NAME}{_NAME_WORD}{_GAP}(?:{_MARKED_HOUSE}|(?=\d{{1,4}}[\w/\-]{{0,4}}[\s,.]{{1,3}}(?:кв|корп|к\b|под[ъь]|стр\b)){_HOUSE}{_TAIL})"
)
_FLAT = re.compile(rf"\b{_MARKED_HOUSE}")
_FLAT_PART = re.compile(r"\b(?:кв|квартир)")
_FAMOUS = (
    "ленин|баумана|пушкин|гагарин|киров|мир|советск|побед|чехов|гогол|горьк|маркса|декабрист|ямашев|строител|космонавт|молодежн|садов|школьн|лесн|центральн|"
    "заводск|комсомольск|октябрьск|первомайск|пролетарск|фрунзе|чапаев|калинин|маяковск|лермонтов|толст|некрасов|островск|куйбышев|свердлов|дзержинск|жуков|"
    "суворов|кутузов|матросов|чкалов|королев|энгельс|марта|тукая|чуйков|амирхан|вахитов|тельман|крупск|менделеев|ломоносов|невск|восстан|декабр|революц|красн|"
    "рабоч|труда|дружб|юбилейн|солнечн|полев|зелен|новосел|шевченк|тургенев|достоевск|есенин|крылов|мичурин|циолковск|титова|терешков|кольцов|стахановск|"
    "профсоюзн|московск|петербургск|казанск|северн|южн|вишнев|березов|цветочн|луговая|речн|нагорн|горн|парков|спортивн|кооперативн|колхозн|совхозн|железнодорожн|вокзальн"
)
_KNOWN = re.compile(
    rf"\b(?:(?:карла|розы|маршала|генерала|академика|героя|красной|красноармейск[а-я]+|8|\d{{1,2}} лет|больш[а-я]+|мал[а-я]+|нов[а-я]+)\s)?(?:{_FAMOUS})(?:а|у|ы|о|ой|ая|ую|ого|ий|ов|ей|и|ьева|ева|ова|ых|ского|ин|ина)?"
    rf"{_GAP}{_HOUSE}{_TAIL}"
)
_HOME_CUE = re.compile(
    r"\b(?:адрес[а-я]{0,3}|прожив[а-я]+|живу|живем|прописан[а-я]?|прописк[а-я]+|зарегистрирован[а-я]?|подключен[а-я]*|доставк[а-я]+|доставьте|подключите|находится|курьер[а-я]?)"
    r"(?:[\s:,\-–—]{1,3}(?:по|на|в|во|адресу|у|меня|нас|мой|наш|мы|я|сейчас|тоже|это|мне)(?!\w)){0,4}[\s:,\-–—]{1,3}"
)
_AT_HOME = re.compile(
    rf"(?:(?:г|город|гор)[\s.]{{1,2}}[а-я\-]{{3,20}}[\s,]{{1,3}})?(?:{_NOT_A_NAME}{_NAME_WORD}[\s,]{{1,3}}){{0,2}}{_NOT_A_NAME}[а-я\-]{{2,24}}(?:а|я|ой|ей|ая|ов|ев|ы|и|о|ий|ого|их|ых|ка|ко)[\s,]{{1,3}}{_ANY_HOUSE}"
)
_UNIT = re.compile(
    r"[\s\-]{0,2}(?:р\b|р\.|руб|₽|коп|тыс|гб|мб|гиг|мег|мин|шт|раз[а]?\b|км|метр|м\b|кв\.?\s?м|gb|mb|%|год|лет|мес|дн|ден|недел|час|сек|числ|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек|балл|класс|школ|человек|:\d\d|[.,]\d)"
)
_BEFORE = re.compile(
    r"(?:(?:\b\d{6}[\s,]{1,3})|(?:\b(?:росси[яи]|рф)[\s,]{1,3})|(?:\b(?:респ(?:ублика)?\.?\s)?[а-я\-]{3,24}\s?(?:обл(?:асть|асти)?|край|края|район[ае]?|р-н)[\s.,]{1,3})|(?:\bресп(?:ублика)?\.?\s[а-я\-]{3,24}[\s,]{1,3})"
    r"|(?:\b(?:город[ае]?|гор|г|пос[а-я]*|пгт|дер[а-я]*|д|сел[ое]|с|ст)[\s.]{1,2}[а-я\-]{3,24}(?:\s(?:новгород|челны|посад|ола))?[\s,.]{1,3}(?:на\s)?)|(?:\b[а-я\-]{3,24},\s)){1,5}\Z"
)
_PLACE = re.compile(r"([а-я\-]{3,24}),\s\Z")
_SIGNS = (
    "ул",
    "пр",
    "пер",
    "бул",
    "б-р",
    "шос",
    "наб",
    "мкр",
    "микр",
    "м-н",
    "кварт",
    "кв",
    "дом",
    " д",
    "тракт",
    "лини",
    "алле",
    "пл",
    "адрес",
    "жив",
    "пропис",
    "ш",
    "пос",
    "сел",
    "снт",
    "жк",
    " с",
    "регистр",
)
_REACH = 120


def addresses(reading: Reading) -> Iterator[Span]:
    """Addresses with a house number; the town, region and index before the street and the flat after it belong to them."""
    lower = reading.lower
    if not reading.has_digit:
        return
    done = 0
    for start, end in sorted(_candidates(reading)):
        if end <= done or _UNIT.match(lower, end):
            continue
        begin = _with_town(lower, max(done, start))
        yield Span(max(done, begin), end, "ADDRESS")
        done = end


def _candidates(reading: Reading) -> Iterator[tuple[int, int]]:
    lower = reading.lower
    if any(sign in lower for sign in _SIGNS):
        for pattern in (_TYPED, _BLOCK):
            yield from (match.span() for match in pattern.finditer(lower))
        for match in _LOOSE.finditer(lower):
            if match["marked"] or any(char.isupper() for char in reading.text[match.start() + 1 : match.end()]):
                yield match.span()
        for match in _MARKED.finditer(lower):
            yield match.span()
        for match in _FLAT.finditer(lower):
            if _FLAT_PART.search(match[0]):
                yield match.span()
        for cue in _HOME_CUE.finditer(lower):
            match = _AT_HOME.match(lower, cue.end())
            if match:
                yield match.span()
    yield from (match.span() for match in _KNOWN.finditer(lower))


def _with_town(lower: str, start: int) -> int:
    """Where an address begins that continues at `start` with its street."""
    begin = max(0, start - _REACH)
    match = _BEFORE.search(lower[begin:start])
    return begin + match.start() if match else start
