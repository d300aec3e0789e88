"""The bundles that are measured: the champion, and one learned from the same messages without a sentence encoder."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import typer

from data.errors import BundleError
from models import bundle

WORDS_ONLY = Path(".cache/words-only")
CONFIG, TAXONOMY, MESSAGES = Path("experiments/configs/default.toml"), Path("data/taxonomy.yaml"), Path("data/corpus/messages")


def champion() -> Path:
    """The promoted bundle; BundleError if there is none."""
    bundle.read_manifest(bundle.CHAMPION)
    return bundle.CHAMPION.resolve()


def words_only() -> Path:
    """A bundle of TF-IDF features only, learned where there is none yet, it cannot be read, or what it is learned from has changed."""
    try:
        bundle.load(WORDS_ONLY)
        fresh = max(path.stat().st_mtime for path in (CONFIG, TAXONOMY, *_files())) < (WORDS_ONLY / bundle.MANIFEST).stat().st_mtime
    except BundleError:
        fresh = False
    if not fresh:
        typer.echo("learning a bundle without an encoder (a minute, once) ...", err=True)
        _learn(WORDS_ONLY)
    return WORDS_ONLY.resolve()


def _learn(place: Path) -> None:
    """Train in a folder that goes away, so that the runs of this project are not added to."""
    config = re.sub(r'(?m)^encoder = "\w+"', 'encoder = "none"', CONFIG.read_text(encoding="utf-8"))
    config = re.sub(r'(?m)^(taxonomy|data) = "(.*)"', lambda match: f'{match[1]} = "{Path(match[2]).resolve()}"', config)
    files = [word for path in _files() for word in ("--data", str(path.resolve()))]
    with tempfile.TemporaryDirectory(prefix="rubricator-bench-") as folder:
        Path(folder, "words_only.toml").write_text(config, encoding="utf-8")
        command = [sys.executable, "-m", "training", "train", "words_only.toml", "--folds", "0", "--quiet", *files]
        subprocess.run([*command, "--output", str(place.resolve())], cwd=folder, check=True)


def _files() -> list[Path]:
    return sorted(MESSAGES.glob("*.jsonl"))
