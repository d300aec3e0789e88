"""Whole numbers by position, only the telling ones kept: what a small state can hold of sums over turns."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable

Sparse = tuple[tuple[int, int], ...]
"""(position, whole number) pairs, positions ascending."""
MOST = 32_000
"""Farthest from zero that a packed number may be."""


def added(a: Sparse, b: Sparse) -> dict[int, int]:
    """The sum of two."""
    result = dict(a)
    for position, value in b:
        result[position] = result.get(position, 0) + value
    return result


def maxima(a: Sparse, b: Sparse) -> dict[int, int]:
    """The larger of two at every position; what is missing is zero."""
    result = dict(a)
    for position, value in b:
        result[position] = max(value, result.get(position, 0))
    return result


def largest(pairs: Iterable[tuple[int, int]], count: int) -> Sparse:
    """The `count` largest positive values, at most MOST, by position."""
    return strongest(((position, value) for position, value in pairs if value > 0), count)


def strongest(pairs: Iterable[tuple[int, int]], count: int) -> Sparse:
    """The `count` values farthest from zero, at most MOST, by position."""
    kept = sorted((pair for pair in pairs if pair[1]), key=lambda pair: (-abs(pair[1]), pair[0]))[:count]
    return tuple(sorted((position, max(-MOST, min(MOST, value))) for position, value in kept))


def pack(pairs: Sparse) -> str:
    """Pairs as text, six characters each at most: little-endian 16-bit numbers in base64."""
    return base64.b64encode(struct.pack(f"<{2 * len(pairs)}h", *(number for pair in pairs for number in pair))).decode("ascii")


def unpack(text: str) -> Sparse:
    """The inverse of `pack`; ValueError if it is none."""
    content = base64.b64decode(text, validate=True)
    if len(content) % 4:
        raise ValueError("not packed pairs")
    numbers = struct.unpack(f"<{len(content) // 2}h", content)
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
