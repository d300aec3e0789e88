"""schemathesis against the running service: whatever fits the OpenAPI document is answered as it says, whatever does not is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from serving.commands import in_store
from serving.settings import Settings
from serving.store.keys import make
from tests.test_serving_server import service

ADMIN = ["admin"]


# The coverage phase walks through the document, which is the same with and without a key: once is enough.
@pytest.mark.parametrize(
    ("with_key", "phases"), [(False, "examples,fuzzing"), (True, "examples,coverage,fuzzing")], ids=["open", "with a key"]
)
def test_schemathesis_finds_nothing(tmp_path: Path, with_key: bool, phases: str) -> None:
    settings = Settings(store=f"sqlite:///{tmp_path / 'store.db'}", hash_key="k" * 32)
    headers = []
    if with_key:
        key = in_store(settings, lambda connection: make(connection, "tests", ADMIN, "tests", 1))
        headers = ["--header", f"Authorization: Bearer {key}"]
    with service(store=settings.store, hash_key="k" * 32, log_requests=False) as (_, address):
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", *headers]
        options = ["--checks", "all", "--phases", phases, "--max-examples", "15", "--seed", "1", "--no-color"]
        result = subprocess.run([*command, *options], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]
