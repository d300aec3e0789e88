"""Finds e-mail addresses, also dictated ones («ivanov собака mail точка ru»)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.spans import Reading, Span

# Every part is bounded, and looked at once for a sign: a text of signs alone costs no more than its length.
_AT = re.compile(r"(?<=[\w.+\-])(?:@\s?|\s@\s|\s?[(\[](?:a|а|at|эт|собака)[)\]]\s?|\s(?:собак[аиу]|собачка|эт|at)\s)(?=\w)")
_AT_SIGNS = ("@", "собак", "собач", "(a", "(а", "[a", "(эт", " at ", " эт ")
_SPOKEN_SIGNS = r"(?:точка|dot|тире|дефис|минус|нижнее подчеркивание|подчеркивание|подчерк)"
_LOCAL = re.compile(rf"(?<![\w.+\-])(?:[\w.+\-]{{1,64}}\s{_SPOKEN_SIGNS}\s){{0,3}}[\w.+\-]{{1,64}}\Z")
_LOCAL_REACH = 200
_TOP = r"(?:ru|com|net|org|su|by|ua|kz|uz|рф|ру|ком|нет)(?!\w)"
_DOT = r"(?:\s?[.,]\s?|\s(?:точка|dot)\s|\s)"
_HOST = (
    r"(?:g-?mail|e-?mail|mail|yandex|ya|yahoo|bk|list|inbox|internet|rambler|icloud|hotmail|outlook|live|proton(?:mail)?|tut|ukr|"
    r"г?м[аеэ][ий]?л|дж?и ?м[еэ]йл|яндекс|рамблер|инбокс|лист|бк|аутлук|хотмейл|айклауд|яху)(?!\w)"
)
_KNOWN_DOMAIN = re.compile(rf"{_HOST}(?:{_DOT}{_TOP})?")
_DOMAIN = re.compile(
    rf"[\w\-]{{1,63}}(?:[.,][a-z0-9\-]{{2,63}}){{1,4}}(?![\w\-])|[\w\-]{{1,63}}{_DOT}{_TOP}|{_HOST}|[\w\-]{{2,63}}(?:\.[\w\-]{{2,63}}){{0,3}}"
)


def emails(reading: Reading) -> Iterator[Span]:
    """E-mail addresses; a lone @name is a nickname and stays."""
    lower = reading.lower
    if not any(sign in lower for sign in _AT_SIGNS):
        return
    done = 0
    for at in _AT.finditer(lower):
        if at.start() < done:
            continue
        spoken = at[0].strip().isalpha() or at[0] == "@ "
        domain = (_KNOWN_DOMAIN if spoken else _DOMAIN).match(lower, at.end())
        begin = max(done, at.start() - _LOCAL_REACH)
        local = _LOCAL.search(lower[begin : at.start()]) if domain else None
        if domain and local:
            done = domain.end()
            yield Span(begin + local.start(), done, "EMAIL")
