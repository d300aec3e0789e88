"""Finds personal data in a client's message and writes typed placeholders in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from data.masking_addresses import addresses
from data.masking_births import birth_dates
from data.masking_cues import codes, contracts, named_behind
from data.masking_emails import emails
from data.masking_names import names
from data.masking_numbers import numbers
from data.spans import KINDS, Reading, Span, mask_spans

__all__ = ["KINDS", "Masked", "Span", "find", "mask", "mask_spans"]

# What is found earlier is not found again as something else: dates and contracts before numbers, streets («Карла Маркса») before names.
_FINDERS: tuple[Callable[[Reading], Iterator[Span]], ...] = (
    emails,
    birth_dates,
    contracts,
    codes,
    numbers,
    named_behind,
    addresses,
    names,
)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal data; `spans` say where it stood in the original, `text` has `<KIND>` there."""

    text: str
    spans: tuple[Span, ...]


def mask(text: str) -> Masked:
    """Replace personal data by placeholders; masking the result again changes nothing.

    Prices, volumes, dates, tariffs, USSD codes and short numbers stay. Placeholders that the text already holds stay too.
    """
    spans: tuple[Span, ...] = ()
    masked = text
    # A placeholder is shorter than what it hides, so words come nearer to each other: look again until nothing more is found.
    while fresh := _find_once(masked):
        spans = _to_original(spans, fresh)
        masked = mask_spans(text, spans)
    return Masked(masked, spans)


def find(text: str) -> tuple[Span, ...]:
    """Spans of personal data, sorted, not overlapping, in offsets of the text."""
    return mask(text).spans


def _find_once(text: str) -> list[Span]:
    reading = Reading.of(text)
    found: list[Span] = []
    for finder in _FINDERS:
        fresh: list[Span] = []
        for span in sorted(finder(reading), key=lambda span: span.start):
            if reading.is_free(span.start, span.end) and (not fresh or fresh[-1].end <= span.start):
                fresh.append(span)
        if fresh:
            reading = reading.without(fresh)
            found += fresh
    return sorted(found, key=lambda span: span.start)


def _to_original(spans: tuple[Span, ...], fresh: list[Span]) -> tuple[Span, ...]:
    """Spans of the masked text added to those of the original; neither touches the other."""
    if not spans:
        return tuple(fresh)
    moved: list[Span] = []
    queue = list(fresh)
    shift = 0
    for known in spans:
        place = known.start + shift
        while queue and queue[0].start < place:
            span = queue.pop(0)
            moved.append(Span(span.start - shift, span.end - shift, span.kind))
        moved.append(known)
        shift += len(known.kind) + 2 - (known.end - known.start)
    moved.extend(Span(span.start - shift, span.end - shift, span.kind) for span in queue)
    return tuple(moved)
