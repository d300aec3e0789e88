"""The running tag of a conversation from the tags of its client messages; its state is small and holds no text.

Until models.conversation is there, the ranking is the mean of the rankings of those client messages that ask for something.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

_KEPT = ("topic", "need", "confidence", "status", "reason", "queue", "priority")


@dataclass
class RunningState:
    """What is remembered between two messages: under 4 KB as JSON.

    `turns` counts all messages, `asked` the client's that ask for something; `sums` are the sums of their probabilities by topic; `best` is
    the tag to act on; `decided_at` the turn from which on it has been sure; `topics` all sure topics in their order.
    """

    turns: int = 0
    asked: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    best: dict[str, Any] | None = None
    decided_at: int | None = None
    topics: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, text: str | None) -> RunningState:
        """The inverse of `text`; None is the beginning."""
        return cls(**json.loads(text)) if text else cls()

    def text(self) -> str:
        """As compact JSON."""
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)

    def add(self, role: str, tag: Mapping[str, Any]) -> None:
        """One more message; only a client's words decide."""
        turn, self.turns = self.turns, self.turns + 1
        if role != "client":
            return
        asks = tag["status"] != "no_request"
        if asks:
            self.asked += 1
            for share in tag["ranking"]:
                self.sums[share["topic"]] = round(self.sums.get(share["topic"], 0.0) + share["probability"], 4)
        if self._is_better(tag, asks):
            if tag["status"] == "auto":
                # The last sure request is the one to act on; where it is another than before, being sure begins anew.
                if self.best is None or self.best["status"] != "auto" or self.best["topic"] != tag["topic"]:
                    self.decided_at = turn
                if tag["topic"] not in self.topics:
                    self.topics.append(tag["topic"])
            self.best = {name: tag[name] for name in _KEPT}

    def tag(self, conversation_id: str, last: Mapping[str, Any]) -> dict[str, Any]:
        """The conversation's tag; `last` is the tag of its last message."""
        best = self.best or {name: last[name] for name in _KEPT}
        ordered = sorted(self.sums.items(), key=lambda pair: -pair[1])
        return {
            "id": conversation_id,
            **{name: best[name] for name in _KEPT[:5]},
            "also": [topic for topic in self.topics if topic != best["topic"]],
            **{name: best[name] for name in _KEPT[5:]},
            "ranking": [{"topic": topic, "probability": round(total / self.asked, 4)} for topic, total in ordered] or list(last["ranking"]),
            "model": last["model"],
            "decided_at": self.decided_at,
            "shift": len(self.topics) > 1,
        }

    def _is_better(self, tag: Mapping[str, Any], asks: bool) -> bool:
        if self.best is None or tag["status"] == "auto":
            return True
        if not asks or self.best["status"] == "auto":
            return False
        return bool(self.best["status"] == "no_request" or tag["confidence"] >= self.best["confidence"])


def advance(state: str | None, conversation_id: str, role: str, tag: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The state and the conversation's tag after one more message with this tag; `state` is what the last call returned, or None."""
    running = RunningState.read(state)
    running.add(role, tag)
    return running.text(), running.tag(conversation_id, tag)
