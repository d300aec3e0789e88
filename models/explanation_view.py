"""An explanation on a terminal: the message in colours, then repairs, ranking and evidence."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from models.explain import Explanation, Phrase

STRONG = 0.5  # of the strongest weight: such phrases are bold


def coloured(explanation: Explanation) -> Text:
    """The client's masked text on one line: green speaks for the topic given, red for the next likely one."""
    line = Text(_printable(explanation.text))
    phrases = (*explanation.supporting, *explanation.opposing)
    strongest = max((abs(phrase.weight) for phrase in phrases), default=0.0)
    for phrase in phrases:
        colour = "green" if phrase.weight > 0 else "red"
        line.stylize(f"bold {colour}" if abs(phrase.weight) >= STRONG * strongest else colour, phrase.start, phrase.end)
    return line


def show(console: Console, explanation: Explanation) -> None:
    """Print an explanation; the weights of phrases are log-odds of the topic given against the next likely one."""
    tag = explanation.tag
    rows = [
        ("topic", f"{explanation.given}{f' / {tag.need}' if tag.need else ''}  {tag.confidence:.4f}  {tag.status} ({tag.reason})"),
        ("repairs", ", ".join(explanation.repairs) or "none"),
        ("for", _listed(explanation.supporting) or "no word"),
        ("against", _listed(explanation.opposing) or "no word"),
        ("ranking", "  ".join(f"{topic} {probability:.4f}" for topic, probability in tag.ranking)),
    ]
    console.print(coloured(explanation), soft_wrap=True, highlight=False)
    for name, value in rows:
        console.print(Text(f"{name:8} {value}"), soft_wrap=True, highlight=False)
    console.print(Text(f"weights are log-odds of {explanation.given} against {explanation.instead_of}", style="dim"), soft_wrap=True)
    for item in explanation.evidence:
        words = "(text not at hand)" if item.text is None else _printable(item.text)
        leaf = f"{item.topic} / {item.need}" if item.need else item.topic
        console.print(Text(f"like     {item.similarity:.3f}  {item.id}  {leaf}  {words}"), soft_wrap=True, highlight=False)


def _listed(phrases: tuple[Phrase, ...]) -> str:
    return "  ".join(f"«{_printable(phrase.text)}» {phrase.weight:+.2f}" for phrase in phrases)


def _printable(text: str) -> str:
    """A text of the same length whose line breaks and control characters cannot reach a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
