"""What happens to every text before a model sees it: repair, then masking of personal data."""

from __future__ import annotations

from dataclasses import dataclass

from data.masking import Span, find, mask_spans
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
        """Prepare one text; personal data found before or after repair (a phone with look-alike letters) is masked in both texts."""
        text = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate can neither be tokenised nor stored
        repaired = self.repair(text)
        inside, own = personal_data(repaired)
        return Prepared(mask_spans(repaired.text, inside), mask_spans(text, own), repaired.repairs, repaired.cut)


def personal_data(repaired: Repaired) -> tuple[list[Span], list[Span]]:
    """Personal data in the repaired text and in the client's own: what is seen in one of them is hidden in both; spans may overlap."""
    found = list(find(repaired.text))
    if repaired.text == repaired.original:
        return found, found
    # Repair can also hide what it was known by: a cue in Latin letters that reads as another word, a patronymic beside a mended name.
    seen = list(find(repaired.original))
    moved = [Span(*repaired.from_original(span.start, span.end), span.kind) for span in seen]
    back = [Span(*repaired.to_original(span.start, span.end), span.kind) for span in found]
    return [*found, *(span for span in moved if span.start < span.end)], [*seen, *(span for span in back if span.start < span.end)]
