"""What is learned from labelled conversations: a handful of numbers, and what was proven with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data.errors import BundleError
from models.classifier import Scores, softmax
from models.conversation_shift import SIGNALS
from models.conversation_state import frozen
from models.sparse_sums import Sparse

GROUPS = ("1", "2", "3-4", "5+")


def group(clients: int) -> int:
    """Position in GROUPS of a number of client turns, from 1."""
    return min(max(clients, 1), 3) - 1 if clients < 5 else 3


@dataclass(frozen=True)
class ConversationWeights:
    """Numbers of the running topic, all learned on authors other than those they are measured on.

        logit of leaf l = (joined * score of the client's joined words + evidence * summed evidence of the turns + bias[topic of l])
                          * sharpness[client turns so far]
        log odds of a shift = shift . signals + shift_bias

    auto: from which probability on, by GROUPS, None: never (empty: never at all); no_request: likewise, one number. shift_from: from which log
    odds on. candidates: by GROUPS, values of `auto` that may be tested on other authors. bounds: what was measured at `auto`, by GROUPS, and "end".
    """

    joined: float = 4.0
    evidence: float = 0.5
    bias: tuple[float, ...] = ()
    sharpness: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    shift: tuple[float, ...] = (0.0, 4.0, *[0.0] * (len(SIGNALS) - 2))
    shift_bias: float = -2.8
    shift_from: float = 0.0
    auto: tuple[float | None, ...] = ()
    no_request: float | None = None
    candidates: tuple[tuple[float, ...], ...] = ((), (), (), ())
    bounds: Mapping[str, Any] = field(default_factory=dict)

    def logits(self, joined: Scores, evidence: Scores, leaf_topics: npt.NDArray[np.intp]) -> Scores:
        """(n, leaves) logits before sharpening, from (n, leaves) scores of the joined words and summed evidence in logits."""
        bias = np.asarray(self.bias)[leaf_topics] if self.bias else 0.0
        return np.asarray(self.joined * joined + self.evidence * evidence + bias)

    def leaves(self, joined: Scores, evidence: Sparse, clients: int, leaf_topics: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """(leaves,) probabilities after `clients` client turns, from (leaves,) scores and evidence in hundredths."""
        total = np.zeros(len(leaf_topics))
        for leaf, hundredths in evidence:
            total[leaf] = hundredths / 100
        logits = self.logits(joined[None], total[None], leaf_topics)
        return np.asarray(softmax(self.sharpness[group(clients)] * logits)[0])

    def auto_from(self, clients: int) -> float | None:
        """From which probability on an answer after so many client turns is auto; None: never."""
        return self.auto[group(clients)] if self.auto else None

    def shifted(self, signals: Sequence[float]) -> bool:
        """Whether these signals (models.conversation_shift) say that the client moved to another request."""
        return float(np.dot(self.shift, signals)) + self.shift_bias >= self.shift_from

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a bundle."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of `as_dict`.

        Raises:
            BundleError: unknown or missing members.
        """
        try:
            weights = cls(**{name: frozen(value) for name, value in raw.items()})
        except TypeError as error:
            raise BundleError(f"weights of conversations: {error}; train the model again with this version") from error
        if len(weights.shift) != len(SIGNALS):
            found = f"{len(weights.shift)} weights of a shift, expected {len(SIGNALS)}"
            raise BundleError(f"weights of conversations: {found}; train the model again with this version")
        return weights
