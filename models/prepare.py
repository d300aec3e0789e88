"""What happens to every text before a model sees it: repair, then masking of personal data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data.masking import Span, find, mask, mask_spans
from models.text import STEPS, Repaired, TextRepair


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text made ready.

    `text` is repaired and masked: what features and encoder read. `masked` is the client's own text with only personal data replaced: what
    may be stored and shown. `repairs` names what was mended; `cut` says that the middle of a long text was left out.
    """

    text: str
    masked: str
    repairs: tuple[str, ...]
    cut: bool


class Preparation:
    """Repair by the given steps ("all", "none" or names of models.text.STEPS joined by commas), then mask."""

    def __init__(self, repair: str = "all", lang: str = "ru") -> None:
        steps = STEPS if repair == "all" else () if repair == "none" else tuple(repair.split(","))
        self.repair = TextRepair(steps, lang)

    def __call__(self, text: str) -> Prepared:
        """Prepare one text; personal data found only after repair (a phone with look-alike letters) is masked in the original too."""
        text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate can neither be tokenised nor stored
        repaired = self.repair(text)
        found = mask(repaired.text)
        if not repaired.repairs:
            return Prepared(found.text, mask(text).text if repaired.text != text else found.text, (), repaired.cut)
        return Prepared(found.text, mask_spans(text, personal_data(repaired, found.spans)), repaired.repairs, repaired.cut)


def personal_data(repaired: Repaired, found: Iterable[Span]) -> list[Span]:
    """Personal data in the client's own text: what is seen there, and what was `found` in the repaired text; they may overlap."""
    seen = find(repaired.original)
    if not repaired.repairs:
        return list(seen)
    return [*seen, *(Span(*repaired.to_original(span.start, span.end), span.kind) for span in found)]
