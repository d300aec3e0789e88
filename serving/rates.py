"""How much one caller may ask for: a bucket of requests that fills steadily."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from serving.problems import ProblemError


class RateLimit:
    """At most `rate` requests a second for each name, and `burst` seconds' worth at once; 0 is no limit.

    Names are those of keys, so their number is small and nothing has to be forgotten.
    """

    def __init__(self, rate: float, burst: float = 2.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._size, self._clock = rate, max(1.0, rate * burst), clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Count one request; ProblemError 429 says when the next is possible."""
        if not self._rate:
            return
        now = self._clock()
        left, at = self._buckets.get(name, (self._size, now))
        left = min(self._size, left + (now - at) * self._rate)
        if left < 1.0:
            self._buckets[name] = (left, now)
            wait = (1.0 - left) / self._rate
            headers = {"Retry-After": str(max(1, math.ceil(wait)))}
            raise ProblemError(429, f"this key may send {self._rate:g} requests a second", headers=headers)
        self._buckets[name] = (left - 1.0, now)
