"""experiments/promote.py: a link that is swapped in one step, and never to a bundle that cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from data.errors import BundleError
from experiments.promote import promote
from models import bundle


@pytest.fixture
def candidate(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle that a test may spoil."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "run"))


def test_the_champion_is_a_link_to_a_verified_copy(candidate: Path, tmp_path: Path) -> None:
    champion = tmp_path / "artifacts" / "champion"
    champion.parent.mkdir()
    assert promote(candidate, champion) == "tiny+0"
    assert champion.readlink() == Path("promoted/tiny+0"), "relative: the folder may be moved as a whole"
    shutil.rmtree(candidate)
    assert bundle.load(champion).version == "tiny+0"
    assert sorted(path.name for path in champion.parent.iterdir()) == ["champion", "promoted"], "nothing temporary is left"
    assert [path.name for path in (champion.parent / "promoted").iterdir()] == ["tiny+0"]


def test_a_promotion_replaces_the_link_and_keeps_the_old_model(candidate: Path, tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    promote(candidate, champion)
    second = tmp_path / "second"
    bundle.save(bundle.load(candidate).with_decider(model="tiny+1"), second)
    assert promote(second, champion) == "tiny+1"
    assert bundle.read_manifest(champion).version == "tiny+1"
    assert sorted(path.name for path in (tmp_path / "promoted").iterdir()) == ["tiny+0", "tiny+1"]
    assert promote(candidate, champion) == "tiny+0", "and back again"


def damaged(folder: Path) -> None:
    path = folder / "weights.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")


def foreign(folder: Path) -> None:
    raw = json.loads((folder / bundle.MANIFEST).read_text(encoding="utf-8"))
    (folder / bundle.MANIFEST).write_text(json.dumps({**raw, "format": 99}), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (damaged, r"weights\.npy: digest differs"),
        (foreign, "format 99, this version reads format"),
        (lambda folder: (folder / "vocabulary.json").unlink(), r"vocabulary\.json: missing"),
        (lambda folder: (folder / "extra.bin").touch(), r"extra\.bin: not a part of a bundle"),
        (shutil.rmtree, r"no model there \(manifest\.json is missing\)"),
    ],
    ids=["damaged", "foreign", "incomplete", "with a stranger", "missing"],
)
def test_a_bundle_that_cannot_be_used_never_takes_over(spoil, message: str, candidate: Path, tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    promote(candidate, champion)
    spoil(candidate)
    with pytest.raises(BundleError, match=message):
        promote(candidate, champion)
    assert bundle.load(champion).version == "tiny+0"


def test_a_damaged_copy_on_the_shelf_is_noticed(candidate: Path, tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    promote(candidate, champion)
    champion.unlink()
    damaged(tmp_path / "promoted" / "tiny+0")
    with pytest.raises(BundleError, match="digest differs"):
        promote(candidate, champion)
    assert not champion.exists()


def test_a_folder_in_the_champions_place_is_not_overwritten(candidate: Path, tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    champion.mkdir()
    with pytest.raises(BundleError, match="champion: a folder or file stands there; move it away, promotions keep a link at this place"):
        promote(candidate, champion)


def test_a_link_to_nothing_is_replaced(candidate: Path, tmp_path: Path) -> None:
    champion = tmp_path / "champion"
    champion.symlink_to("promoted/long gone")
    promote(candidate, champion)
    assert bundle.read_manifest(champion).version == "tiny+0"
