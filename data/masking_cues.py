"""Finds what only its cue word makes personal: birth dates, contract and account numbers, login and confirmation codes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.spans import Reading, Span

_MONTH = r"(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)[а-я]{0,6}"
_YEAR = r"(?:19\d\d|20[0-2]\d)"
_NUMBER_WORD = (
    r"(?:перв|втор|трет|четв[её]рт|пят|шест|седьм|восьм|девят|десят|[а-я]{2,9}надцат|двадцат|тридцат|сорок|девяност|сот|тысяч|две|сто|восемь|семь|"
    r"[а-я]{3,7}десят|девятьсот|год|двухтысячн|двух)[а-я]{0,6}"
)
_DATE = (
    rf"(?:\d{{1,2}}[\s]?[.,/\-\s][\s]?\d{{1,2}}[\s]?[.,/\-\s][\s]?(?:{_YEAR}|\d\d)(?!\d)(?:[ ]?г(?:од[а-я]*)?\b\.?)?|{_YEAR}[.\-/]\d\d?[.\-/]\d\d?(?!\d)"
    rf"|\d{{1,2}}(?:-?го|-?ого|-?е)?\s{{0,2}}{_MONTH},?\s{{0,2}}(?:(?:{_YEAR}|\d\d(?!\d))(?:\s?г(?:од[а-я]*)?\b\.?)?)?|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:{_YEAR}|\d\d)(?!\d)"
    rf"|(?:{_NUMBER_WORD}\s){{1,2}}{_MONTH}(?:\s{_NUMBER_WORD}){{0,5}}(?:\s{_YEAR}|\s\d\d(?!\d))?|{_YEAR}(?!\d))"
)
_BIRTH_CUE = re.compile(
    r"\b(?:дат[а-я]{1,3}\s(?:моего\s|его\s|ее\s)?рожд[а-я]*|рожд[а-я]+|родил[а-я]+|род\.|д\.?\s?р\.?(?!\w)|г\.\s?р\.?(?!\w)|др(?!\w)|днюха|birth(?:day)?|рожд\.)"
)
_BIRTH_SIGNS = ("рожд", "родил", "род.", "др", "д.р", "д. р", "д р", "г.р", "г. р", "гр", "birth", "днюх")
_BIRTH_AFTER = re.compile(rf"[\s:;,.\-–—(]{{0,4}}(?:(?!не\b)[а-я]{{1,14}}[\s:;,.\-–—(]{{1,4}}){{0,4}}?(?<![\d.,])({_DATE})")
_BIRTH_BEFORE = re.compile(
    rf"(?<![\d.]){_DATE}(?=[\s,.\-–—(]{{0,3}}(?:г\.?\s?р(?!\w)|года?\s?рожд|г\.?\s?рожд|рожд|д\.?\s?р(?!\w)|родил|дата рожд|мо[яй] д))"
)

# A token of letters and digits, with the dashes, slashes and spaces that people put inside a number.
_TOKEN = r"(?<![\w*#])((?:№\s?)?(?:[a-zа-я]{1,5}[\-/]?)?\d(?:[\d\-/.]|[ ]\d|[ ]?[\-–/][ ]?\d|(?<=[\d\-/])[a-zа-я]{1,3}(?=[\d\-/])){2,30}(?:[\-/]?[a-zа-я]{1,3})?)(?!\w)"
_CONTRACT_CUE = re.compile(
    r"\b(?:(?:до|да)гов[оа]р[а-я]*|контракт[а-я]*|дог\.|лиц[а-я.]*[\s\-]{0,2}(?:сч[еёо]?т?[а-я]*\b|/с)|л\s?/\s?сч?[а-я]*|л\.\s?с\.?|лс|лицевой|лицевого|лицевому|лицевом"
    r"|(?:номер|№)[а-я]?\s(?:моего\s)?(?:сч[её]та|аккаунта|абонента|клиента)|абонентск[а-я]+\s(?:номер|сч[её]т|договор)[а-я]*|сч[её]т[а-я]?\s(?:номер|№|n)|аб\.\s?номер"
    r"|номер\sсчета|аккаунт[а-я]*)(?!\w)"
)
_CONTRACT_SIGNS = ("говор", "гавор", "контракт", "дог.", "лиц", "л/с", "л / с", "лс", "л.с", "счет", "абон", "аккаунт", "аб.")
_CODE_CUE = re.compile(
    r"(?<![\w])(?:(?:смс|sms|пин|пук|pin|puk|пак)?[\s\-]?код[а-я]{0,3}|code|парол[а-я]{1,3}|пин|пук|pin\d?|puk\d?|otp|логин[а-я]{0,3}|login|password|кодовое слово|цифры)(?!\w)"
)
_CODE_SIGNS = ("код", "code", "парол", "пин", "пук", "pin", "puk", "otp", "логин", "login", "password", "цифры")
_NO_CODE_AFTER = re.compile(
    r"[\s\-:]{0,3}(?:ошиб|отказ|город|стран|регион|тариф|услуг|ussd|товар|сбо|операт|област|валют|ответ|акци|подраздел|оквэд|запрос|команд|error|неисправ|устройств|модел)"
)
_NO_CODE_BEFORE = re.compile(
    r"(?:ошибк[а-я]{0,3}|ussd|юссд|промо|штрих|qr|куар|сбой|error|http|статус|неисправност[а-я]+)[\s\-,:]{0,3}(?:с |и |под )?\Z"
)
_FILLERS = r"[\s:;,.=\-–—\"«(№#]{0,4}(?:(?!(?:ошиб|руб|до|за|через|уже|стоит|цен|заказ|заявк|обращен|тикет|комби|набра|набир|короткий)[а-я]*\b)[a-zа-я]{1,16}[\s:;,.=\-–—\"«»(№#]{1,4}){0,6}?"
_AFTER_CUE = re.compile(_FILLERS + _TOKEN)
_UNIT_AFTER = re.compile(
    r"[\s\-]{0,2}(?:р\b|р\.|руб|₽|коп|тыс|тг\b|тенге|сум\b|гб|мб|гиг|мег|мин|шт|раз[а]?\b|км|gb|mb|%|год|г\.|лет|мес|дн|недел|час|сек|симв|цифр|знач|янв|фев|мар|апр|ма[йя]\b|июн|июл|авг|сен|окт|ноя|дек|номер[ае]?\b)"
)
_BACKWARD_CODE = re.compile(
    r"(?<![\w.,*#\-])(\d{3}[\s\-]\d{3}|\d{2}[\s\-]\d{2}|\d{4,8})(?=[\s,\-–—:]{1,4}(?:это |вот |мой |ваш |пришел |такой ){0,2}(?:(?:смс|sms|пин)?[\s\-]?код|пароль|пин|код)(?!\w))"
)
_BACKWARD_CONTRACT = re.compile(
    r"(?<![\w.,*#\-])(\d[\d\-/]{4,18}\d)(?=[\s,\-–—:]{1,4}(?:это |вот |мой |мои |номер |№ |наш ){0,3}(?:договор|контракт|лицев|л/с|лс\b|аккаунт))"
)
_SERIES = re.compile(r"(?<!\w)[A-ZА-Я]{1,4}[ №]{1,2}\Z")
_DATE_ONLY = re.compile(rf"(?:{_YEAR}|(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])(?:[./-](?:{_YEAR}|\d\d))?)")
_PHONE_ONLY = re.compile(r"(?:[78][\s\-]?)?9\d\d[\s\-]?\d{3}[\s\-]?\d\d[\s\-]?\d\d")


def birth_dates(reading: Reading) -> Iterator[Span]:
    """Dates, or a year alone, after a word of birth («дата рождения», «родилась») or before one («1985 г.р.»)."""
    lower = reading.lower
    if not any(sign in lower for sign in _BIRTH_SIGNS):
        return
    for cue in _BIRTH_CUE.finditer(lower):
        match = _BIRTH_AFTER.match(lower, cue.end())
        if match:
            yield Span(*match.span(1), "BIRTHDATE")
    if reading.has_digit:
        for match in _BIRTH_BEFORE.finditer(lower):
            yield Span(*match.span(), "BIRTHDATE")


def contracts(reading: Reading) -> Iterator[Span]:
    """Numbers of at least five digits named as a contract or an account."""
    lower = reading.lower
    if reading.has_digit and any(sign in lower for sign in _CONTRACT_SIGNS):
        yield from _named(reading, _CONTRACT_CUE, "CONTRACT", least=5, most=30)
        for match in _BACKWARD_CONTRACT.finditer(lower):
            if not _plain(match[1]):
                yield Span(*match.span(1), "CONTRACT")


def codes(reading: Reading) -> Iterator[Span]:
    """Login and confirmation codes of 4 to 12 characters, PIN and PUK; codes of errors, towns and tariffs stay."""
    lower = reading.lower
    if reading.has_digit and any(sign in lower for sign in _CODE_SIGNS):
        yield from _named(reading, _CODE_CUE, "CODE", least=4, most=12)
        for match in _BACKWARD_CODE.finditer(lower):
            cue = _CODE_CUE.search(lower, match.end())
            if not _plain(match[1]) and not (cue and _NO_CODE_AFTER.match(lower, cue.end())):
                yield Span(*match.span(1), "CODE")


def _named(reading: Reading, cue: re.Pattern[str], kind: str, least: int, most: int) -> Iterator[Span]:
    lower = reading.lower
    for name in cue.finditer(lower):
        foreign = kind == "CODE" and (
            _NO_CODE_AFTER.match(lower, name.end()) or _NO_CODE_BEFORE.search(lower, max(0, name.start() - 24), name.start())
        )
        match = None if foreign else _AFTER_CUE.match(lower, name.end())
        if not match:
            continue
        token = match[1].rstrip("-/. ")
        start = _with_series(reading.text, match.start(1))
        digits = sum(char.isdigit() for char in token)
        end = match.start(1) + len(token)
        if least <= digits <= most and not _plain(token) and not _UNIT_AFTER.match(lower, end):
            yield Span(start, end, kind)


def _with_series(text: str, start: int) -> int:
    """Where a number begins that capital letters lead («ПД 12345»)."""
    series = _SERIES.search(text, max(0, start - 8), start)
    return series.start() if series else start


def _plain(token: str) -> bool:
    """Whether a token is a date, a year or a phone rather than what its cue names."""
    return bool(_DATE_ONLY.fullmatch(token) or _PHONE_ONLY.fullmatch(token))
