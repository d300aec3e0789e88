"""Characters: odd Unicode, capitals, and emoji that say a word."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from data.spans import KINDS
from models.lexicon import fold, lexicon
from models.repair_draft import Draft, Edit

_ODD = re.compile("[^\t\n\r -~а-яА-ЯёЁ«»—–№„“”’…₽€°]+")
_MARKED = re.compile("([а-яА-ЯёЁA-Za-z]?)([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+)")
_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\ufeff\uffa0") | {
    chr(c)
    for c in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE0080))
}
_WORDS = """
    сеть:📶📡 нет_сети:📵 интернет:🌐 вайфай:🛜 телефон:📱📲☎ звонок:📞 деньги:💸💰💵💴💶🤑🪙 карта:💳 банкомат:🏧
    чек:🧾 заблокировано:🔒 пароль:🔐🔑🗝 разблокировать:🔓 нельзя:🚫⛔ нет:❌❎ да:✅ хорошо:👍👌 плохо:👎
    пожалуйста:🙏 ?:❓❔ !:❗❕ роуминг:✈🛫 поездка:🧳 отпуск:🏖 батарея:🔋🪫 почта:📧 письмо:✉ сообщение:📩💬
    подарок:🎁 медленно:🐌 помогите:🆘 привет:👋 спасибо:🤝 игра:🎮 парковка:🅿 автобус:🚌 метро:🚇
"""
EMOJI = {sign: word.replace("_", " ") for word, signs in (pair.split(":") for pair in _WORDS.split()) for sign in signs}
"""Emoji that carry a request's meaning, and the word for each."""
_EMOJI = re.compile("|".join(map(re.escape, EMOJI)))
_SHOUTED = re.compile(r"(?<![\w-])(?:[А-ЯЁ]{4,}|[а-яё][А-ЯЁ]{3,})(?![\w-])")
_CASES = re.compile("[A-ZА-ЯЁ]")
_PLACEHOLDER = re.compile(rf"(<(?:{'|'.join(KINDS)})>)")
_SMALL = re.compile("[a-zа-яё]")


def unicode(draft: Draft) -> Draft:
    """NFKC by character, without zero-width characters and combining marks (but й stays); lone surrogates become U+FFFD, ё becomes е."""
    if _ODD.search(draft.text):
        marks = ((m.start(), m.end(), _composed(m[1], m[2])) for m in list(_MARKED.finditer(draft.text)))
        draft = draft.edited(marks)
        draft = draft.edited((m.start(), m.end(), "".join(map(_plain, m[0]))) for m in list(_ODD.finditer(draft.text)) if _changes(m[0]))
    text = draft.text
    if "ё" in text or "Ё" in text:
        draft = draft.same_length(text.replace("ё", "е").replace("Ё", "Е"))
    return draft


def _composed(base: str, marks: str) -> str:
    return unicodedata.normalize("NFC", base + marks[0]) if base and base in "иИ" and marks[0] == "\u0306" else base


def _changes(run: str) -> bool:
    return any(_plain(letter) != letter for letter in run)


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    if "\ud800" <= letter <= "\udfff":
        return "\ufffd"
    category = unicodedata.category(letter)
    if letter in _INVISIBLE or category in ("Mn", "Me", "Cc"):
        return ""
    return " " if category == "Zs" else unicodedata.normalize("NFKC", letter)


def emoji(draft: Draft) -> Draft:
    """Write the Russian word in place of an emoji that carries a meaning; repeats once, others stay."""
    edits: list[Edit] = []
    text, said, last = draft.text, "", -1
    for match in _EMOJI.finditer(text):
        word = EMOJI[match[0]]
        start, end = match.span()
        if word == said and start == last:
            edits.append((start, end, ""))
        else:
            lead = " " if start and not text[start - 1].isspace() and word.isalpha() else ""
            tail = " " if end < len(text) and text[end].isalnum() else ""
            edits.append((start, end, lead + word + tail))
        said, last = word, end
    return draft.edited(edits)


def capitals(draft: Draft) -> Draft:
    """Lower-case a text written in capitals, and known words shouted in an ordinary one; abbreviations and codes stay."""
    text = draft.text
    # Placeholders of masking, at the odd places, are nobody's shouting.
    pieces = _PLACEHOLDER.split(text) if "<" in text else [text]
    words = "".join(pieces[::2])
    if not _SHOUTED.search(words) and not (len(words) < 40 and words.isupper()):
        return draft
    large, small = len(_CASES.findall(words)), len(_SMALL.findall(words))
    if large > 3 and large > 2 * small:
        lower = "".join(piece if place % 2 else piece.lower() for place, piece in enumerate(pieces))
        return draft.same_length(lower) if len(lower) == len(text) else draft
    known = lexicon().known
    return draft.edited((m.start(), m.end(), m[0].lower()) for m in list(_SHOUTED.finditer(text)) if known(fold(m[0])))
