"""Load on a service from another process, as the one who measures sees it: started, ended early, its outcomes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from tests.bench.job import Job, Outcomes


class Load:
    """Load that has begun; `finish` waits for its end, `stop` ends it before its time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def finish(self) -> Outcomes:
        """What came of it."""
        assert self._process.stdout
        return Outcomes.read(self._process.stdout.read())

    def stop(self) -> Outcomes:
        """End it now; what came of it."""
        assert self._process.stdin
        self._process.stdin.close()
        return self.finish()


@contextmanager
def loaded(job: Job) -> Iterator[Load]:
    """Load that has begun when the block is entered, and has ended when it is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.generator"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(asdict(job)) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "started\n":
            raise SystemExit("the load generator did not begin; its own words stand above")
        yield Load(process)
    finally:
        process.kill()
        process.wait()


def load(job: Job) -> Outcomes:
    """Load from beginning to end."""
    with loaded(job) as running:
        return running.finish()


def write_bodies(path: Path, texts: Sequence[str]) -> str:
    """A file of bodies of POST /v1/tags."""
    bodies = (json.dumps({"id": "@ID@", "channel": "app", "text": text}, ensure_ascii=False) for text in texts)
    path.write_text("\n".join(bodies) + "\n", encoding="utf-8")
    return str(path)
