"""What is waited for between kills: a service that is ready, a tag that is kept, processes that have gone."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

PATIENCE = 60.0


def wait_until(true: Callable[[], bool], what: str, seconds: float = PATIENCE) -> float:
    """Seconds until it was; SystemExit if it takes too long."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise SystemExit(f"{what} took longer than {seconds:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - began


def is_ready(port: int) -> bool:
    """Whether the service says that it can predict."""
    return _asked(urllib.request.Request(f"http://127.0.0.1:{port}/health/ready")) is not None


def is_kept(port: int, name: str) -> bool:
    """Whether a message of this id is tagged and the tag stored."""
    body = json.dumps({"id": name, "channel": "app", "text": "заблокируйте сим"}).encode()
    headers = {"content-type": "application/json"}
    answer = _asked(urllib.request.Request(f"http://127.0.0.1:{port}/v1/tags", data=body, headers=headers))
    return answer is not None and bool(answer.get("stored"))


def are_gone(pids: Sequence[int]) -> bool:
    """Whether none of these processes is alive; one that nobody has collected yet counts as gone."""
    return not any(_state(pid) not in ("", "Z", "X") for pid in pids)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _asked(request: urllib.request.Request) -> dict[str, object] | None:
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            value: dict[str, object] = json.loads(answer.read())
            return value if answer.status == 200 else None
    except (OSError, ValueError):
        return None
