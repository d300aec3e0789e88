"""The saved model: a folder of plain arrays and JSON with a manifest that is written last and checked first."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import BundleError
from data.taxonomy import Taxonomy
from models.calibration import Calibration
from models.classifier import TopicClassifier
from models.conversation_weights import ConversationWeights
from models.decision import Candidates, Decider, Thresholds
from models.encoders import make_encoder
from models.features import TextFeatures
from models.openset import Neighbours
from models.tagger import Tagger

FORMAT = 1
MANIFEST = "manifest.json"
CHAMPION = Path("models/artifacts/champion")
# What a bundle may hold and what it is read with: never taken from the bundle itself.
ARRAYS = ("weights", "encoder_weights", "intercept", "prototypes", "prototype_leaves", "idf_word", "idf_char", "idf_lemma")
TEXTS = ("vocabulary", "prototype_ids", "conversation")
# A change of the first two parts of these versions can change what a bundle answers.
LIBRARIES = ("numpy", "scipy", "scikit-learn", "spacy", "pymorphy3")


@dataclass(frozen=True)
class Manifest:
    """What is known of a bundle beside its arrays.

    `parameters` of the classifier, `calibration`, `thresholds`, `taxonomy`, the order of `topics` and `leaves`; `metrics` and `card` are what
    training measured; `provenance` names commit, data fingerprint, seed, times.
    """

    version: str
    parameters: Mapping[str, Any]
    topics: tuple[str, ...]
    leaves: tuple[tuple[str, str], ...]
    calibration: Mapping[str, Any]
    thresholds: Mapping[str, Any]
    candidates: Mapping[str, Any]
    taxonomy: Mapping[str, Any]
    encoder_version: str
    libraries: Mapping[str, str]
    metrics: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def library_versions() -> dict[str, str]:
    """Installed versions of the libraries that a bundle's answers rest on."""
    return {name: metadata.version(name) for name in LIBRARIES}


def save(tagger: Tagger, folder: Path, metrics: Mapping[str, Any] | None = None, provenance: Mapping[str, Any] | None = None) -> Manifest:
    """Write a bundle: into a temporary folder beside it, fsynced, then renamed; an older bundle at that place is replaced."""
    classifier, decider = tagger.classifier, tagger.decider
    arrays, texts = _parts(tagger)
    encoder = make_encoder(classifier.encoder)
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        files: dict[str, str] = {}
        for name, array in arrays.items():
            np.save(temporary / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
        for name, value in texts.items():
            _write_json(temporary / f"{name}.json", value)
        for path in sorted(temporary.iterdir()):
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        parameters = {name: value for name, value in classifier.get_params().items() if name != "encodings"}
        manifest = Manifest(
            version=decider.model,
            parameters=parameters,
            topics=decider.topics,
            leaves=decider.leaves,
            calibration=tagger.calibration.as_dict(),
            thresholds=decider.thresholds.as_dict(),
            candidates=asdict(decider.candidates),
            taxonomy=decider.taxonomy.as_dict(),
            encoder_version=encoder.version if encoder else "none",
            libraries=library_versions(),
            metrics=metrics or {},
            provenance=provenance or {},
            files=files,
        )
        _write_json(temporary / MANIFEST, {"format": FORMAT, **manifest.__dict__}, indent=1)
        for path in temporary.iterdir():
            _sync(path)
        _sync(temporary)
        temporary.chmod(0o755)
        swap(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


def _parts(tagger: Tagger) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
    classifier, neighbours = tagger.classifier, tagger.neighbours
    vocabulary, idf = classifier.features_.state()
    arrays = {
        "weights": classifier.weights_,
        "encoder_weights": classifier.encoder_weights_,
        "intercept": classifier.intercept_,
        "prototypes": neighbours.vectors.astype(np.float16),
        "prototype_leaves": neighbours.leaves.astype(np.int32),
        **{f"idf_{name}": values for name, values in idf.items()},
    }
    texts: dict[str, Any] = {"vocabulary": vocabulary, "prototype_ids": neighbours.ids}
    if tagger.conversation is not None:
        texts["conversation"] = tagger.conversation.as_dict()
    return arrays, texts


def fingerprint(tagger: Tagger) -> str:
    """sha256 of all that was learned, thresholds included: the same for the same data, seed and versions."""
    arrays, texts = _parts(tagger)
    rules = [tagger.calibration.as_dict(), tagger.decider.thresholds.as_dict(), tagger.decider.taxonomy.as_dict()]
    digest = hashlib.sha256(json.dumps([texts, rules], ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"))
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def swap(new: Path, place: Path) -> None:
    """Put a complete folder where another may stand; a reader sees the old one or the new one, or for an instant none, never a mixture."""
    old = place.with_name(f".{place.name}-old-{os.getpid()}")
    if place.exists():
        os.replace(place, old)
    os.replace(new, place)
    _sync(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def read_manifest(folder: Path) -> Manifest:
    """Read a manifest without loading the model.

    Raises:
        BundleError: there is none, or it is of another format.
    """
    path = Path(folder) / MANIFEST
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{folder}: no model there ({MANIFEST} is missing); train and promote one with: make train") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: damaged ({type(error).__name__}); train the model again or restore the folder") from error
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else None
        raise BundleError(f"{path}: format {found!r}, this version reads format {FORMAT}; train the model again with this version")
    try:
        raw.pop("format")
        return Manifest(**{**raw, "topics": tuple(raw["topics"]), "leaves": tuple((topic, need) for topic, need in raw["leaves"])})
    except (TypeError, KeyError, ValueError) as error:
        raise BundleError(f"{path}: damaged: {error}; train the model again or restore the folder") from error


def verify(folder: Path, manifest: Manifest) -> None:
    """Refuse a bundle whose files, encoder or libraries are not those it was made with."""
    folder = Path(folder)
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    allowed = {f"{name}.npy" for name in ARRAYS} | {f"{name}.json" for name in TEXTS}
    for name in sorted(set(manifest.files) | present):
        if name not in allowed:
            raise BundleError(f"{folder / name}: not a part of a bundle; a foreign file is never read: remove it")
        if name not in present:
            raise BundleError(f"{folder / name}: missing; restore the folder or train the model again")
        if name not in manifest.files:
            raise BundleError(f"{folder / name}: not listed in {MANIFEST}; restore the folder or train the model again")
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != manifest.files[name]:
            raise BundleError(
                f"{folder / name}: digest differs from {MANIFEST}: damaged or altered; restore the folder or train the model again"
            )
    for name, installed in library_versions().items():
        made = manifest.libraries.get(name, "unknown")
        if made.split(".")[:2] != installed.split(".")[:2]:
            raise BundleError(f"{folder}: made with {name} {made}, installed is {installed}; install that version or train the model again")


def load(folder: Path | str = CHAMPION) -> Tagger:
    """Verify and read a bundle.

    Raises:
        BundleError: missing, damaged, foreign, or made with other versions; the message says which and how to mend it.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    verify(folder, manifest)
    try:
        arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in ARRAYS if f"{name}.npy" in manifest.files}
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        ids = json.loads((folder / "prototype_ids.json").read_text(encoding="utf-8"))
        parameters: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in manifest.parameters.items()
        }
        classifier = TopicClassifier(**parameters)
        encoder = make_encoder(classifier.encoder)
        version = encoder.version if encoder else "none"
        if version != manifest.encoder_version:
            raise BundleError(
                f"{folder}: made with the encoder {manifest.encoder_version}, installed is {version}; install that or train the model again"
            )
        classifier.classes_ = np.asarray(sorted({topic for topic, _ in manifest.leaves}))
        classifier.leaves_ = list(manifest.leaves)
        classifier.weights_, classifier.encoder_weights_ = arrays["weights"], arrays["encoder_weights"]
        classifier.intercept_ = arrays["intercept"]
        classifier.features_ = TextFeatures(classifier.lang, classifier.words, classifier.characters, classifier.lemmas).restore(
            vocabulary, {name.removeprefix("idf_"): array for name, array in arrays.items() if name.startswith("idf_")}
        )
        neighbours = Neighbours(arrays["prototypes"].astype(np.float32), arrays["prototype_leaves"].astype(np.intp), ids)
        decider = Decider(
            taxonomy=Taxonomy.from_dict(manifest.taxonomy),
            topics=manifest.topics,
            leaves=manifest.leaves,
            thresholds=Thresholds(**manifest.thresholds),
            model=manifest.version,
            candidates=Candidates(**{name: tuple(values) for name, values in manifest.candidates.items()}),
        )
        conversation = None
        if "conversation.json" in manifest.files:
            conversation = ConversationWeights.from_dict(json.loads((folder / "conversation.json").read_text(encoding="utf-8")))
        return Tagger(classifier, Calibration.from_dict(manifest.calibration), neighbours, decider, conversation)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise BundleError(f"{folder}: damaged: {type(error).__name__}: {error}; train the model again") from error


def _write_json(path: Path, value: object, indent: int | None = None) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=indent) + "\n", encoding="utf-8")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
