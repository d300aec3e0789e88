"""README.md is true: its commands run, its make targets, links and API sample exist."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from serving.app import create_app
from serving.schemas import MessageIn
from serving.settings import Settings
from tests.serving_fakes import FakePredictor, calling


def lines_of(block: str) -> list[str]:
    """Lines of a shell block; one that is continued is one line."""
    return block.replace("\\\n", " ").splitlines()


def words_of(line: str) -> list[str]:
    """Words of a shell line without its comment."""
    return shlex.split(line, comments=True)


ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
LINES = [line for block in BLOCKS for line in lines_of(block)]
# The commands of each block that has some.
GROUPS = [group for block in BLOCKS if (group := [line for line in map(words_of, lines_of(block)) if line[:2] == ["python", "-m"]])]
COMMANDS = [words for group in GROUPS for words in group]
# Text in backticks, blocks left out.
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE))
AUTHORS, EACH = 10, 24
# A tenth of the time: the commands are on trial here, not the model.
QUICK = 'jobs = 1\n[model]\nencoder = "none"\n[split]\nfolds = 0\n'
QUESTIONS = {
    "card": ("my card is lost", "block the card", "where is my card"),
    "hours": ("when do you open", "opening hours please", "are you open today"),
    "oos": ("tell me a joke", "who won the game", "sing me a song"),
}


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    said: str


def corpus(folder: Path) -> None:
    """A part of the bundled corpus as a corpus of its own, and files of a user's own messages."""
    messages: list[str] = []
    (folder / "data/corpus/messages").mkdir(parents=True)
    for path in sorted((ROOT / "data/corpus/messages").glob("*.jsonl"))[:AUTHORS]:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        # Authors write topic by topic: every n-th line is a bit of everything.
        taken = lines[:: max(1, len(lines) // EACH)][:EACH]
        (folder / "data/corpus/messages" / path.name).write_text("".join(taken), encoding="utf-8")
        messages += taken[:6]
    for name in ("ours.jsonl", "messages.jsonl"):
        (folder / name).write_text("".join(messages), encoding="utf-8")


def foreign(folder: Path) -> None:
    """Labelled messages of another kind, in three files."""
    for name in ("train", "val", "test"):
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            for label, texts in QUESTIONS.items():
                for number in range(8):
                    row = {"id": f"{name}-{label}-{number}", "text": f"{texts[number % 3]} {name} {number}", "label": label}
                    file.write(json.dumps(row) + "\n")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, migrated_store: Path) -> dict[str, Ran]:
    """All commands in the order of the README, in one folder: each finds what those before it made.

    The first block makes the champion; those that follow need it, but not each other, and run side by side.
    """
    folder = tmp_path_factory.mktemp("reader")
    corpus(folder)
    foreign(folder)
    shutil.copy(ROOT / "data/taxonomy.yaml", folder / "data")
    (folder / "experiments/configs").mkdir(parents=True)
    (folder / "experiments/configs/default.toml").write_text(QUICK, encoding="utf-8")
    (folder / "experiments/runs").mkdir()
    shutil.copy(migrated_store, folder / "experiments/runs/mlflow.db")
    first, *others = ([words[1:] for words in group] for group in GROUPS)
    result = run_all(folder, first)
    with ThreadPoolExecutor(2) as pool:
        for more in pool.map(partial(run_all, folder), others):
            result |= more
    return result


def run_all(folder: Path, commands: list[list[str]]) -> dict[str, Ran]:
    """Run commands one after the other."""
    result = {}
    for words in commands:
        run = subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        result[shlex.join(words)] = Ran(run.returncode, run.stdout + run.stderr)
    return result


@pytest.mark.parametrize("command", [shlex.join(words[1:]) for words in COMMANDS])
def test_a_command_of_the_readme_runs(command: str, ran: dict[str, Ran]) -> None:
    assert ran[command].code == 0, ran[command].said[-3000:]
    assert "Traceback" not in ran[command].said


def test_the_readme_shows_commands_of_every_floor_that_has_them() -> None:
    assert {words[2] for words in COMMANDS} >= {"data", "models", "experiments", "training"}


def test_a_command_named_in_passing_exists() -> None:
    named = [shlex.split(span)[2:4] for span in SPANS if span.startswith("python -m ")]
    assert named
    for floor, command in named:
        assert command in get_command(import_module(f"{floor}.__main__").app).commands, f"python -m {floor} {command}"  # type: ignore[attr-defined]


def test_every_make_target_named_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {match[1] for code in (*SPANS, *LINES) if (match := re.match(r"make ([a-z]+)", code))}
    assert {"demo", "test"} <= named <= targets


def test_every_file_linked_exists() -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in link]
    assert "data/corpus/DATASHEET.md" in links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_sample_request_fits_the_schema_and_is_answered() -> None:
    (words,) = [words for line in LINES if (words := words_of(line))[:1] == ["curl"]]
    body, header = words[words.index("-d") + 1], words[words.index("-H") + 1]
    address = next(word for word in words if word.startswith("http://127.0.0.1:8000"))
    assert MessageIn.model_validate_json(body).text
    name, value = header.split(": ")
    with calling(create_app(FakePredictor(), Settings())) as client:
        response = client.post(address.removeprefix("http://127.0.0.1:8000"), content=body.encode(), headers={name: value})
    assert response.status_code == 200
    assert response.json()["id"] == json.loads(body)["id"]
