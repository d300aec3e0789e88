"""Finds what only its cue word makes personal: contract and account numbers, login and confirmation codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from data.spans import Reading, Span

# A string of letters and digits, with the dashes, slashes and spaces that people put inside a number.
_NUMBER = (
    r"(?<![\w*#])((?:№\s?)?(?:[a-zа-я]{1,5}[\-/]?)?\d(?:[\d\-/.]|[ ]\d|[ ]?[\-–/][ ]?\d|(?<=[\d\-/])[a-zа-я]{1,3}(?=[\d\-/])){2,30}"
    r"(?:[\-/]?[a-zа-я]{1,3})?)(?!\w)"
)
_PAUSE = r"[\s:;,.=\-–—\"«»(№#]"
# Words that say that the number to come is an amount, an order or something to dial.
_NO_FILLER = (
    r"(?:(?:ошиб|руб|стоит|цен[аыу]|заказ|заявк|обращен|тикет|комби|набра|набир|коротк|пополн|полож|кину|закин|внес|внос|заплат|оплат|спис|увел|ушл|снял"
    r"|баланс|кошел)[а-я]*|balans[a-z]*|до|за|через|уже)\b"
)
_AFTER = re.compile(rf"({_PAUSE}{{0,4}}(?:(?!{_NO_FILLER})[a-zа-я]{{1,16}}{_PAUSE}{{1,4}}){{0,6}}?){_NUMBER}")
_ANOTHER = re.compile(rf"[\s,]{{1,3}}(?:(?:и|или|потом|затем|а|еще|второй|другой|теперь)\s){{0,2}}{_NUMBER}")
_UNIT = re.compile(
    r"[\s\-]{0,2}(?:р\b|р\.|руб|₽|коп(?:\b|е[ей])|тыс|тг\b|тенге|сум\b|гб|мб|гиг|мег|мин|шт|раза?\b|км|ru?b|gb|mb|%|год|г\.|лет|мес|дн|недел|час"
    r"|сек|симв|цифр|знач|янв|фев|мар|апр|ма[йя]\b|июн|июл|авг|сен|окт|ноя|дек|номер[ае]?\b)"
)
_SERIES = re.compile(r"(?<!\w)[A-ZА-Я]{1,4}[ №]{1,2}\Z")
_SHORT_SERIES = re.compile(r"(?<!\w)[A-ZА-Я]{1,2}[ №]{1,2}\Z")
_YEAR = re.compile(r"19\d\d|20[0-2]\d")
_DATE = re.compile(rf"(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])(?:[./-](?:{_YEAR.pattern}|\d\d))?")
_IN_A_YEAR = re.compile(r"\b(?:в|с|от|за|на|до)[\s.]")
_PHONE = re.compile(r"(?:[78][\s\-]?)?9\d\d[\s\-]?\d{3}[\s\-]?\d\d[\s\-]?\d\d")


@dataclass(frozen=True)
class _Rule:
    """What names a datum of `kind`: its `cue` (`signs`: one of them must occur), what stands before the cue, how many digits it has."""

    kind: str
    signs: tuple[str, ...]
    cue: re.Pattern[str]
    before: re.Pattern[str]
    least: int
    most: int
    stop_after: re.Pattern[str] | None = None
    stop_before: re.Pattern[str] | None = None


_CONTRACT = _Rule(
    "CONTRACT",
    ("говор", "гавор", "контракт", "дог.", "лиц", "л/с", "л / с", "лс", "л.с", "счет", "абон", "аккаунт", "аб.", "dogovor", "schet"),
    re.compile(
        r"\b(?:(?:до|да)гов[оа]р[а-я]*|контракт[а-я]*|дог\.|лиц[а-я.]*[\s\-]{0,2}(?:сч[ео]?т?[а-я]*\b|/с)|л\s?/\s?сч?[а-я]*|л\.\s?с\.?|лс"
        r"|лицев(?:ой|ого|ому|ом|ые)|(?:номер|№)[а-я]?\s(?:моего\s)?(?:счета|аккаунта|абонента|клиента)|абонентск[а-я]+\s(?:номер|счет|договор)[а-я]*"
        r"|счет[а-я]?\s(?:номер|№|n|абонента|клиента)|аб\.\s?номер|аккаунт[а-я]*|dogovor[a-z]?|(?:licevoi|licevoy|lic)\s?s[ch]+et)(?!\w)"
    ),
    re.compile(
        r"(?<![\w.,*#\-])(?<!\d )(\d[\d\-/]{4,18}\d)(?=[\s,\-–—:]{1,4}(?:это |вот |мой |мои |номер |№ |наш ){0,3}"
        r"(?:договор|контракт|лицев|л/с|лс\b|аккаунт))"
    ),
    least=5,
    most=30,
)
_CODE = _Rule(
    "CODE",
    ("код", "code", "kod", "парол", "parol", "пин", "пук", "pin", "puk", "otp", "логин", "login", "password"),
    re.compile(
        r"(?<!\w)(?:(?:смс|sms|пин|пук|pin|puk|пак)?[\s\-]?код[а-я]{0,3}|code|kod|парол[а-я]{1,3}|parol|пин|пук|pin\d?|puk\d?|otp|логин[а-я]{0,3}"
        r"|login|password|кодовое слово)(?!\w)"
    ),
    re.compile(
        r"(?<![\w.,*#\-])(?<!\d )(\d{3}[\s\-]\d{3}|\d{2}[\s\-]\d{2}|\d{4,8})(?=[\s,\-–—:]{1,4}(?:это |вот |мой |ваш |пришел |такой ){0,2}"
        r"(?:(?:смс|sms|пин)?[\s\-]?код|пароль|пин|код)(?!\w))"
    ),
    least=4,
    most=12,
    stop_after=re.compile(
        r"[\s\-:]{0,3}(?:ошиб|отказ|город|стран|регион|тариф|услуг|ussd|товар|сбо|операт|област|валют|ответ|акци|подраздел|запрос|команд|error"
        r"|неисправ|устройств|модел)"
    ),
    stop_before=re.compile(
        r"(?:ошибк[а-я]{0,3}|ussd|юссд|промо|штрих|qr|куар|сбой|error|http|статус|неисправност[а-я]+)[\s\-,:]{0,3}(?:с |и |под )?\Z"
    ),
)


def contracts(reading: Reading) -> Iterator[Span]:
    """Numbers of at least five digits after a word for a contract or an account."""
    return _after(reading, _CONTRACT)


def codes(reading: Reading) -> Iterator[Span]:
    """Login and confirmation codes, PIN and PUK, of 4 to 12 digits; codes of errors, towns and tariffs stay."""
    return _after(reading, _CODE)


def named_behind(reading: Reading) -> Iterator[Span]:
    """Contracts and codes whose name follows («12345678 это договор»); to be asked when all else is found."""
    for rule in (_CONTRACT, _CODE):
        if reading.has_digit and any(sign in reading.lower for sign in rule.signs):
            for match in rule.before.finditer(reading.lower):
                cue = rule.cue.search(reading.lower, match.end())
                if cue and not _is_other(match[1], "в ") and not _is_stopped(reading.lower, cue, rule):
                    yield Span(*match.span(1), rule.kind)


def _after(reading: Reading, rule: _Rule) -> Iterator[Span]:
    lower = reading.lower
    if not reading.has_digit or not any(sign in lower for sign in rule.signs):
        return
    for cue in rule.cue.finditer(lower):
        match = None if _is_stopped(lower, cue, rule) else _AFTER.match(lower, cue.end())
        size = 0
        while match:
            token = match[match.lastindex or 0].rstrip("-/. ")
            start = match.start(match.lastindex or 0)
            digits = sum(char.isdigit() for char in token)
            between = lower[cue.end() : start] if rule.kind == "CODE" else "в "
            unlike = not rule.least <= digits <= rule.most or size not in {0, digits}
            if unlike or _is_other(token, between) or _UNIT.match(lower, start + len(token)):
                break
            yield Span(_with_series(reading.text, cue, start), start + len(token), rule.kind)
            size = digits
            match = _ANOTHER.match(lower, start + len(token))


def _is_stopped(lower: str, cue: re.Match[str], rule: _Rule) -> bool:
    """Whether the words around a cue say that it names something of everybody («код города»)."""
    behind = rule.stop_after and rule.stop_after.match(lower, cue.end())
    ahead = rule.stop_before and rule.stop_before.search(lower, max(0, cue.start() - 24), cue.start())
    return bool(behind or ahead)


def _with_series(text: str, cue: re.Match[str], start: int) -> int:
    """Where a number begins that capital letters lead («ПД 12345»); where all is written in capitals, only two of them are a series."""
    form = _SHORT_SERIES if text[cue.start() : cue.end()].isupper() else _SERIES
    series = form.search(text, max(cue.end(), start - 8), start)
    return series.start() if series else start


def _is_other(token: str, between: str) -> bool:
    """Whether a token is a date, a phone, or by the words between it and its cue a year, rather than what the cue names."""
    year = _YEAR.fullmatch(token) and _IN_A_YEAR.search(between + " ")
    return bool(year or _DATE.fullmatch(token) or _PHONE.fullmatch(token))
