"""What programs leave in a text: mojibake, HTML, Markdown, addresses of pages."""

from __future__ import annotations

import re
from html import unescape

from data.spans import KINDS
from models.repair_draft import Draft, Edit

_BLOCK = frozenset(re.findall(r"\w+", "blockquote br div h1 h2 h3 h4 h5 h6 hr li ol p table tr ul"))
_INLINE = """a abbr address article b big body center code em font footer head header html i img meta pre q s section small span strike
    strong style sub sup tbody td th thead title tt u"""
_TAGS = "|".join([*sorted(_BLOCK), *re.findall(r"\w+", _INLINE)])
# <CODE> and <ADDRESS> are placeholders too, and were written by masking.
_TAG = re.compile(
    rf"(?!(?-i:<(?:{'|'.join(KINDS)})>))</?({_TAGS})(?:\s[^<>]{{0,300}})?/?>|<!--[^<>]{{0,300}}-->|<!doctype[^<>]{{0,99}}>", re.I
)
_CODE = re.compile(r"<(style|script)[^<>]{0,200}>[^<]{0,5000}</\1>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d{0,2});", re.IGNORECASE)
_MARKDOWN = re.compile(
    r"(?<![\w*#])\*{1,3}(?=[^\W\d])|(?<=[^\W\d]|[.!?…])\*{1,3}(?![\w*#])"  # bold and italic, never USSD codes
    r"|(?<!\w)__(?=\w)|(?<=\w)__(?!\w)|~~"
    r"|```[a-z]{0,10}|`(?=[а-яё0-9*])|(?<=[а-яё0-9#])`"  # beside a Latin letter it may be a mistyped ё
    r"|^#{1,6} "
    r"|!?\[(?=[^\[\]\n]{1,100}\]\()|\]\((?:https?://|/)[^\s()]{0,300}\)",
    re.MULTILINE,
)
_URL = re.compile(r"https?://(?:www\.)?([\w.\-]{1,80})(?::\d{1,5})?(?:[/?#][^\s<>\"«»)]*)?", re.IGNORECASE)
_TRAILER = re.compile(
    r"^[ \t]*(?:отправлено (?:с|из) (?:моего |мобильной |яндекс|mail|iphone|ipad|android|samsung|почты)[^\n]{0,60}|"
    r"sent from (?:my|mail|outlook)[^\n]{0,60}|get outlook for [^\n]{0,20}|(?:from|to|cc|date|sent|от|кому|копия|дата): [^\n]{0,120})$\n?",
    re.IGNORECASE | re.MULTILINE,
)
_MOJIBAKE = re.compile(
    "(?:[РС][\u0080-\u00bf\u0400-\u040f\u0450-\u045f\u0490\u0491\u2010-\u2122]){2}|(?:[ÐÑÃÂ][\u0080-\u00bf\u0152-\u0192\u02c6-\u2122]){2}|[À-ÿ]{4}"
)
_ACCENTED = re.compile("[À-ÿ]{4}")
_CHUNK = re.compile(r"[^ \t\r\n]+")


def mojibake(draft: Draft) -> Draft:
    """Read text decoded with a wrong table again: UTF-8 taken for Windows-1251 or Latin-1, and Windows-1251 taken for Latin-1."""
    if not _MOJIBAKE.search(draft.text):
        return draft
    import ftfy.bad_codecs  # noqa: F401 registers the sloppy code pages

    edits: list[Edit] = []
    accented = _ACCENTED.search(draft.text) is not None
    for match in _CHUNK.finditer(draft.text):
        if _MOJIBAKE.search(match[0]) or (accented and "À" <= max(match[0]) <= "ÿ"):
            edits += [(match.start() + start, match.start() + end, new) for start, end, new in _decoded(match[0])]
    return draft.edited(edits)


def _decoded(chunk: str) -> list[Edit]:
    for table in ("sloppy-windows-1251", "sloppy-windows-1252", "latin-1"):
        try:
            text = chunk.encode(table).decode("utf-8")
        except UnicodeError:
            continue
        edits, at = [], 0
        for letter in text:
            size = len(letter.encode("utf-8"))
            edits.append((at, at + size, letter))
            at += size
        return edits
    try:
        text = chunk.encode("latin-1").decode("sloppy-windows-1251")
    except UnicodeError:
        return []
    if len(re.findall("[а-яё]", text, re.IGNORECASE)) * 10 < len(text) * 8:
        return []
    return [(0, len(chunk), text)]


def markup(draft: Draft) -> Draft:
    """Take HTML tags, entities, Markdown signs, mail headers and «Отправлено с iPhone» away, and leave a page's host of its address."""
    text = draft.text
    if "<" in text:
        draft = draft.edited((m.start(), m.end(), " ") for m in list(_CODE.finditer(text)))
        draft = draft.edited((m.start(), m.end(), "\n" if (m[1] or "").lower() in _BLOCK else "") for m in list(_TAG.finditer(draft.text)))
    if "&" in draft.text:
        draft = draft.edited((m.start(), m.end(), unescape(m[0])) for m in list(_ENTITY.finditer(draft.text)) if unescape(m[0]) != m[0])
    if "*" in draft.text or "`" in draft.text or "_" in draft.text or "~" in draft.text or "#" in draft.text or "[" in draft.text:
        draft = draft.edited((m.start(), m.end(), "") for m in list(_MARKDOWN.finditer(draft.text)))
    if "://" in draft.text:
        draft = draft.edited((m.start(), m.end(), m[1]) for m in list(_URL.finditer(draft.text)))
    if "\n" in draft.text:
        draft = draft.edited((m.start(), m.end(), "") for m in list(_TRAILER.finditer(draft.text)))
    return draft
