"""What is remembered of a conversation: a sum of what lies far back, and the last turns, which late messages may still rearrange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from data.errors import DataError
from models.conversation_shift import Spoken
from models.conversation_text import tail
from models.sparse_sums import Sparse, added, largest, maxima, pack, strongest, unpack

FORMAT = 3
WINDOW = 3  # turns that a late message may still be put before
REMEMBERED = 24  # message ids that are known again
JOINED_BYTES = 240  # of all the client's turns together: the last of them, for a model that must read them anew
LETTERS = 240  # so many last letters of the client's words count in their joined scores
FADING = (
    0.3  # of the letters before it, that a turn which is a request lets go; chosen by author-grouped cross-validation (experiments/LOG.md)
)
CUE_BYTES = 400  # of the choices and the question of an agent's or bot's line
SUMMED, SAID, TRAIL, TOPICS = 32, 32, 12, 10  # most leaves (of evidence, of scores), client turns and topics that are kept
PACKED = ("said", "evidence")


@dataclass(frozen=True, slots=True)
class Heard:
    """One turn as it was taken in; numbers are whole (percents, or hundredths of a logit), so that a saved state is the same state.

    key: of the message id, "" if it had none; sent: seconds since 1970, None if unknown; client: whose turn.
    text: the client's prepared words, at most TEXT_BYTES of them (`cut`: not all).
    choices, asked, numbered: what an agent's line offers (models.elliptical).
    said, letters: its share in the joined scores, see `heard_on`.
    evidence: by leaf, in hundredths; request: how much of a request it is, in percent; own: by topic, of this turn alone, in percent.
    meant: the choice that a short answer stands for, "" if the words stand for themselves; marked: whether it says that something else
    follows; length: 100 from five words on.
    running: by topic, of the conversation up to here, in percent; label: position of the label given here; auto: whether surely.
    """

    key: str = ""
    sent: float | None = None
    client: bool = False
    text: str = ""
    cut: bool = False
    choices: tuple[tuple[int, str], ...] = ()
    asked: str = ""
    numbered: bool = False
    meant: str = ""
    said: Sparse = ()
    letters: int = 0
    evidence: Sparse = ()
    request: int = 0
    own: Sparse = ()
    marked: bool = False
    length: int = 0
    running: Sparse = ()
    label: int = -1
    auto: bool = False

    @property
    def joins(self) -> str:
        """The words it adds to the joined text."""
        return self.meant or self.text


@dataclass(frozen=True, slots=True)
class Summary:
    """Turns added up in their order; what `fold` needs to go on.

    trail: the last client turns in numbers; decided: label and turn since which it has been surely given; best: by topic, the turn that spoke
    for it most.
    """

    turns: int = 0
    clients: int = 0
    joined: str = ""
    choices: tuple[tuple[int, str], ...] = ()
    asked: str = ""
    said: Sparse = ()
    letters: int = 0
    evidence: Sparse = ()
    request: int = 0
    own: Sparse = ()
    best: Sparse = ()
    running: Sparse = ()
    trail: tuple[Spoken, ...] = ()
    decided: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """The last answer: by label and by leaf, in ten-thousandths."""

    labels: tuple[int, ...] = ()
    leaves: Sparse = ()


@dataclass(frozen=True, slots=True)
class State:
    """All that is kept of a conversation, under 4 KB as JSON: `before` sums the turns that are settled, `window` holds the last ones.

    Labels and leaves stand in it by their positions: `labels` names the model's lists of them (ConversationReader.labels; "": nothing has
    been read), so that a model with other lists does not take one topic for another (models.conversation_adoption).
    """

    before: Summary = Summary()
    window: tuple[Heard, ...] = ()
    seen: tuple[str, ...] = ()
    given: Given | None = None
    labels: str = ""

    @property
    def now(self) -> Summary:
        """The sum of all turns."""
        summary = self.before
        for heard in self.window:
            summary = fold(summary, heard)
        return summary

    def settle(self) -> State:
        """The same with all but the last WINDOW turns summed."""
        before, window = self.before, self.window
        while len(window) > WINDOW:
            before, window = fold(before, window[0]), window[1:]
        return replace(self, before=before, window=window, seen=self.seen[-REMEMBERED:])

    def without_words(self) -> State:
        """The same without anything that was said: numbers alone go on."""
        window = tuple(replace(heard, text="", cut=False, choices=(), asked="", meant="") for heard in self.window)
        return replace(self, before=replace(self.before, joined="", choices=(), asked=""), window=window)

    def as_dict(self) -> dict[str, Any]:
        """JSON values; members that hold their defaults are left out."""
        return {
            "format": FORMAT,
            "labels": self.labels,
            "before": _plain(self.before),
            "window": [_plain(heard) for heard in self.window],
            "seen": list(self.seen),
            "given": None if self.given is None else asdict(self.given),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`, before or after JSON.

        Raises:
            DataError: it is none of this format.
        """
        try:
            if raw["format"] != FORMAT:
                raise DataError(f"conversation state of format {raw['format']!r}, this version reads {FORMAT}; begin the conversation anew")
            given = raw["given"]
            return cls(
                Summary(**_members(raw["before"])),
                tuple(Heard(**_members(heard)) for heard in raw["window"]),
                tuple(raw["seen"]),
                None if given is None else Given(**{name: frozen(value) for name, value in given.items()}),
                str(raw["labels"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise DataError(f"not the state of a conversation ({type(error).__name__}: {error}); begin the conversation anew") from error


def fold(summary: Summary, heard: Heard) -> Summary:
    """The sum with one more turn; plain arithmetic, no model."""
    turn = summary.turns
    if not heard.client:
        renewed = bool(heard.choices) or heard.numbered
        return replace(summary, turns=turn + 1, choices=heard.choices if renewed else summary.choices, asked=heard.asked)
    decided = None
    if heard.auto:
        decided = summary.decided if summary.decided and summary.decided[0] == heard.label else (heard.label, turn)
    own, best = dict(summary.own), dict(summary.best)
    for topic, percent in heard.own:
        if percent > own.get(topic, 0):
            own[topic], best[topic] = percent, turn
    kept = largest(own.items(), TOPICS)
    said, letters = heard_on(summary, heard)
    return replace(
        summary,
        turns=turn + 1,
        clients=summary.clients + 1,
        joined=join(summary, heard),
        choices=() if heard.meant else summary.choices,
        said=said,
        letters=letters,
        evidence=largest(added(summary.evidence, heard.evidence).items(), SUMMED),
        request=max(summary.request, heard.request),
        own=kept,
        best=tuple((topic, best[topic]) for topic, _ in kept),
        running=largest(maxima(summary.running, heard.running).items(), TOPICS),
        trail=(*summary.trail, _spoken(turn, heard))[-TRAIL:],
        decided=decided,
    )


def heard_on(summary: Summary, heard: Heard) -> tuple[Sparse, int]:
    """The joined scores with one more turn: a sum by leaf, in hundredths, and how many letters it stands for.

    A turn of n letters adds sqrt(n) times its scores, so that the sum over sqrt(all letters) is what a linear model gives the texts joined
    if they share no n-gram: the length of a TF-IDF row grows with the root of its n-grams. Earlier words fade the more the turn is a request
    (what a conversation comes to is said late), and more than LETTERS are never kept.
    """
    letters = min(round((1 - FADING * heard.request / 100) * summary.letters), LETTERS - heard.letters)
    fading = (letters / summary.letters) ** 0.5 if summary.letters else 0.0
    before = tuple((leaf, round(fading * value)) for leaf, value in summary.said)
    return strongest(added(before, heard.said).items(), SAID), letters + heard.letters


def join(summary: Summary, heard: Heard) -> str:
    """The client's joined text with one more turn."""
    return tail("\n".join(filter(None, (summary.joined, heard.joins))), JOINED_BYTES)


def _spoken(turn: int, heard: Heard) -> Spoken:
    factor = heard.request * (30 + 70 * heard.length / 100) / 10_000
    two = sorted(heard.own, key=lambda pair: (-pair[1], pair[0]))[:2]
    return Spoken(turn, heard.request, heard.marked, *(value for topic, percent in two for value in (topic, round(percent * factor))))


def _plain(value: Summary | Heard) -> dict[str, Any]:
    kept = {member.name: content for member in fields(value) if (content := getattr(value, member.name)) != member.default}
    return {name: pack(content) if name in PACKED else content for name, content in kept.items()}


def _members(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: unpack(value) if name in PACKED else tuple(Spoken(*said) for said in value) if name == "trail" else frozen(value)
        for name, value in raw.items()
    }


def frozen(value: Any) -> Any:
    """A JSON value with tuples in place of lists."""
    return tuple(frozen(item) for item in value) if isinstance(value, (list, tuple)) else value
