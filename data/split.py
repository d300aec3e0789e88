"""Seeded, stratified splits that never tear a group (an author, a conversation) apart."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from data.errors import DataError
from data.messages import Example


def by_group(examples: Sequence[Example], shares: Mapping[str, float], seed: int = 0) -> dict[str, list[Example]]:
    """Split examples into named parts of about the given shares, whole groups only.

    Groups are dealt largest first (ties by a keyed hash, so that neither the order of lines nor of files matters) to the part whose label
    counts are furthest below its share.

    Args:
        examples: any order; the parts come out sorted by id.
        shares: part name -> share, summing to 1.
        seed: another seed deals other groups to the parts.

    Raises:
        DataError: there are fewer groups than parts.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.group].append(example)
    if len(groups) < len(shares):
        raise DataError(f"{len(groups)} groups (authors) cannot be split into {len(shares)} parts ({', '.join(shares)}); give more authors")
    total = Counter(example.label for example in examples)
    have: dict[str, Counter[str]] = {part: Counter() for part in shares}
    parts: dict[str, list[Example]] = {part: [] for part in shares}

    def lack(part: str, counts: Counter[str]) -> float:
        """How much nearer to its share of every label a part comes by these counts."""
        return sum(
            count * (shares[part] - have[part][label] / total[label]) / max(shares[part], 1e-9) for label, count in sorted(counts.items())
        )

    order = sorted(groups, key=lambda group: (-len(groups[group]) // 8, _hash(seed, group)))
    for group in order:
        counts = Counter(example.label for example in groups[group])
        part = max(shares, key=lambda name: (lack(name, counts), shares[name], name))
        have[part].update(counts)
        parts[part].extend(groups[group])
    return {part: sorted(members, key=lambda example: example.id) for part, members in parts.items()}


def folds(groups: Sequence[str], labels: Sequence[str], count: int, seed: int = 0) -> list[int]:
    """Fold number (0 .. count-1) of every example for grouped cross-validation.

    Raises:
        DataError: fewer groups than folds, or a label with fewer examples than folds.
    """
    rare = [f"{label!r} ({n})" for label, n in Counter(labels).items() if n < count]
    if rare:
        raise DataError(f"fewer examples than the {count} folds: {', '.join(sorted(rare)[:5])}; add examples or lower `folds`")
    examples = [
        Example(id=f"{number:09d}", text="", label=label, author=group)
        for number, (group, label) in enumerate(zip(groups, labels, strict=True))
    ]
    parts = by_group(examples, {str(number): 1 / count for number in range(count)}, seed)
    numbers = {int(example.id): int(part) for part, members in parts.items() for example in members}
    return [numbers[number] for number in range(len(examples))]


def _hash(seed: int, group: str) -> str:
    return hashlib.sha256(f"{seed}\0{group}".encode()).hexdigest()
