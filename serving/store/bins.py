"""Fixed logarithmic bins for waits and times to resolve: counts can be added over days, and quantiles read from them."""

from __future__ import annotations

import math

PER_DOUBLING = 4  # a bin is 19 % wide
LOWEST = 0.25  # seconds; everything shorter shares the first bin
LAST = 4 * 22  # bins up to 0.25 * 2 ** 22 s, about twelve days; everything longer shares the last


def bin_of(seconds: float) -> int:
    """Number of the bin, 0 to LAST; bin i holds (upper(i - 1), upper(i)]."""
    if seconds <= LOWEST:
        return 0
    # Rounding keeps a time that is exactly a bin's upper end inside that bin.
    return min(LAST, math.ceil(round(PER_DOUBLING * math.log2(seconds / LOWEST), 9)))


def upper(number: int) -> float:
    """Upper end of a bin in seconds."""
    return math.inf if number >= LAST else LOWEST * 2 ** (number / PER_DOUBLING)
