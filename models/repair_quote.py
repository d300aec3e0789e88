"""Tells a forwarded operator's SMS or a quotation from the client's own words."""

from __future__ import annotations

import re

Span = tuple[int, int]

_GUARD = re.compile(
    r"[«\"“„>]|пересла|forwarded|fwd|fw:|original message|написал\(?а?\)?:|wrote:|(?:смс|sms|сообщение|такое|такая|текст)[^\n]{0,40}:",
    re.IGNORECASE,
)
_LINE = re.compile(r"^[ \t]*>[^\n]*$", re.MULTILINE)
_MARKED = re.compile(r"«[^«»]{25,2000}»|“[^“”]{25,2000}”|„[^„“”]{25,2000}[“”]|\"[^\"\n]{25,2000}\"")
_FORWARD = re.compile(
    r"^[ \t\-—*]*(?:переслан[а-яё]*[^\n]{0,60}|(?:begin )?forwarded[^\n]{0,60}|(?:fwd?|пересл)\s?:[^\n]{0,60}"
    r"|-+ ?(?:original message|исходное сообщение)[^\n]{0,20})$"
    r"|^[^\n]{0,80}(?:написал(?:\(а\)|а)?|wrote)\s*:[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_CUE = re.compile(
    r"(?:пришл[ао]|приход(?:ит|ят)|прислали|получил[аи]?|пишут|пишет|написано|написали|текст|такое|такая|вот)[^\n.!?:]{0,40}"
    r"(?:смс(?:ка|ку)?|sms|сообщени[ея]|уведомлени[ея]|текст|такое|такая)?[^\n.!?:]{0,20}:\s*(?=[A-ZА-ЯЁ«\"])",
    re.IGNORECASE,
)
_OPERATOR = re.compile(
    r"уважаемый абонент|вам (?:подключен|начислен|доступн)|услуга .{0,40}(?:подключена|отключена)|списан[оаы]|баланс\b.{0,12}\d|"
    r"подробн(?:ее|ости)|пополните|ваш (?:код|баланс|тариф)|код подтверждения|никому не сообщайте|перейдите по ссылке|\*\d{3}[\d*]*#",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n\s*\n")


def quoted(text: str) -> tuple[Span, ...]:
    """Spans that repeat somebody else's words, sorted, not overlapping, () in most messages: e-mail quotation lines, long quotation
    marks, what follows a forwarding header, an operator's message after «пришла смс:»."""
    if not _GUARD.search(text):
        return ()
    spans = [match.span() for match in _LINE.finditer(text)]
    spans += [match.span() for match in _MARKED.finditer(text) if _OPERATOR.search(match[0]) or len(match[0]) > 80]
    forward = _FORWARD.search(text)
    if forward:
        after = _PARAGRAPH.search(text, forward.end() + 2)
        spans.append((forward.start(), after.start() if after else len(text)))
    cue = _CUE.search(text)
    if (
        cue
        and not any(start == cue.end() for start, _ in spans)
        and (quote := _OPERATOR.search(text, cue.end()))
        and quote.start() - cue.end() < 200
    ):
        after = re.compile(r"\n").search(text, quote.end())
        spans.append((cue.end(), after.start() if after else len(text)))
    return _merged(spans)


def own(text: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """What the quotations leave: the client's own words, without blank pieces."""
    pieces: list[Span] = []
    at = 0
    for start, end in (*spans, (len(text), len(text))):
        if text[at:start].strip(' \n\t«»"“”„:-—.,'):
            pieces.append((at, start))
        at = end
    return tuple(pieces)


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
