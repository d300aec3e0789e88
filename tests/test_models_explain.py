from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from data.errors import DataError
from data.masking import mask
from data.messages import Message
from data.parsing import example_parser
from data.readers import corpus_files, read
from data.taxonomy import load_taxonomy
from models import bundle
from models.__main__ import app
from models.alignment import Alignment
from models.attribution import MAX_PHRASES, occlusion, sparse_shares, words
from models.encoders import EDGE, Vectors
from models.explain import CORPUS, Explanation, Phrase, explain
from models.explanation_view import coloured, show
from models.features import TextFeatures
from models.openset import Neighbours
from models.prepare import Preparation
from models.tagger import Tagger
from training.config import Config

PREPARE = Preparation()


class CountingEncoder:
    """A vector is (how often «нет» stands in the text, its length); keeps what it was asked."""

    version = "counting"
    dimension = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.asarray([[text.count("нет"), len(text)] for text in texts], dtype=np.float32).reshape(len(texts), 2)


@pytest.fixture(scope="module")
def tagger(tiny_bundle: Path) -> Tagger:
    return bundle.load(tiny_bundle)


@pytest.fixture(scope="module")
def encoding_tagger(tmp_path_factory: pytest.TempPathFactory, tiny_config: Config) -> Tagger:
    """A model with the real encoder, learned from a few messages of the bundled corpus."""
    from training.fit import fit
    from training.material import prepare, split_authors
    from training.progress import Progress

    progress = Progress(quiet=True)
    examples = [example for path in corpus_files(CORPUS)[:5] for example in read([path], example_parser(None)).records[:36]]
    config = replace(tiny_config, model=replace(tiny_config.model, encoder="use", repair="all"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("cache"))
        parts = {part: prepare(members, config, progress) for part, members in split_authors(examples, config, {}).items()}
    return fit(parts, load_taxonomy(), config, progress).tagger


def place_of(text: str, word: str, preparation: Preparation = PREPARE) -> str:
    """What stands in the client's masked text where `word` stands in the prepared one."""
    prepared = preparation(text)
    start, end = Alignment.of(text, preparation).place(prepared.text.index(word), prepared.text.index(word) + len(word))
    return prepared.masked[start:end]


@pytest.mark.parametrize(
    ("text", "word", "own"),
    [
        ("как поменять тариф", "поменять", "поменять"),
        ("rfr gjvtyznm nfhba", "поменять", "gjvtyznm"),
        ("какпоменятьтариф", "поменять", "поменять"),
        ("т а р и ф сменить", "тариф", "т а р и ф"),
        ("номер 8 904 155-30-27 не работает", "<PHONE>", "<PHONE>"),
        ("номер 8 904 155-30-27 не работает", "работает", "работает"),
        ("мой 8 9O4 155 3O 27 rfr gjvtyznm nfhba", "тариф", "nfhba"),
        ("срооочно верните", "верните", "верните"),
    ],
)
def test_a_prepared_word_is_found_in_the_clients_own_masked_text(text: str, word: str, own: str) -> None:
    assert place_of(text, word) == own


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60) | st.text("абвт 8904155327rfgh<b>&;😀\n", max_size=60))
def test_every_prepared_word_lies_inside_the_masked_text_in_order(text: str) -> None:
    prepared, alignment = PREPARE(text), Alignment.of(text, PREPARE)
    places = [alignment.place(start, end) for start, end in words(prepared.text)]
    assert places == sorted(places)
    assert all(0 <= start <= end <= len(prepared.masked) for start, end in places)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([(None, (2, 4), False), ((1, 2), None, False), ((1, 3), (1, 5), True)]), st.text("аб вгт,.!İΣё<PHONE>\n5", max_size=40)
)
def test_the_shares_of_all_characters_sum_to_the_sparse_score_exactly(
    blocks: tuple[tuple[int, int] | None, tuple[int, int] | None, bool], text: str
) -> None:
    known = ["абв гт аба, абв", "где таб? аб! <PHONE> 5", "в гт İ Σ ё", text]
    features = TextFeatures("ru", *blocks, min_documents=1).fit([*known, "а б"])
    draw = np.random.default_rng(0)
    columns = sum(len(block.vocabulary_) for block in features.blocks_.values())
    weights = draw.normal(size=(columns, 3)).astype(np.float32)
    direction = np.asarray([1.0, -0.5, 0.25])
    score = float((features.transform([text]) @ weights @ direction)[0])
    shares = sparse_shares(features, text, weights, direction)
    assert shares.shape == (len(text),)
    assert shares.sum() == pytest.approx(score, abs=1e-5)
    assert all(share == pytest.approx(0, abs=1e-9) for share, char in zip(shares, text, strict=True) if char.isspace())


def test_a_features_share_falls_on_the_characters_it_stems_from() -> None:
    features = TextFeatures("ru", (1, 1), None).fit(["верните деньги сразу"])
    weights = np.zeros((3, 1), dtype=np.float32)
    weights[features.blocks_["word"].vocabulary_["деньги"]] = 6.0
    shares = sparse_shares(features, "Деньги верните, деньги", weights, np.ones(1))
    value = 6.0 * features.transform(["Деньги верните, деньги"])[0, features.blocks_["word"].vocabulary_["деньги"]]
    assert shares[:6].sum() == pytest.approx(value / 2)
    assert shares[16:].sum() == pytest.approx(value / 2)
    assert np.abs(shares[6:16]).max() == pytest.approx(0, abs=1e-9)


def test_a_word_weighs_what_is_lost_without_it() -> None:
    encoder = CountingEncoder()
    text = "связи нет вообще"
    shares = occlusion(encoder, text, encoder.encode([text])[0], np.asarray([2.0, 0.0]))
    assert shares.tolist() == [0.0, 2.0, 0.0]
    assert encoder.asked[1:] == ["нет вообще", "связи  вообще", "связи нет"]


def test_at_most_twelve_phrases_are_left_out_whatever_the_length() -> None:
    encoder = CountingEncoder()
    text = " ".join(["слово"] * 29 + ["нет"])
    shares = occlusion(encoder, text, encoder.encode([text])[0], np.asarray([1.0, 0.0]))
    assert len(encoder.asked) == 1 + MAX_PHRASES
    assert shares.tolist() == [0.0] * 28 + [0.5, 0.5]


def test_of_a_long_text_only_the_edges_that_the_encoder_reads_weigh() -> None:
    encoder = CountingEncoder()
    text = "нет " + "слово " * 300 + "нет"
    shares = occlusion(encoder, text, encoder.encode([f"{text[:EDGE]} {text[-EDGE:]}"])[0], np.asarray([1.0, 0.0]))
    assert max(map(len, encoder.asked)) == 2 * EDGE + 1
    assert shares.sum() == pytest.approx(2.0)
    assert shares[0] > 0 < shares[-1]
    assert not shares[80:-80].any()


@pytest.mark.parametrize("text", ["", " \n"])
def test_nothing_to_read_has_no_shares(text: str) -> None:
    assert occlusion(CountingEncoder(), text, np.zeros(2, dtype=np.float32), np.ones(2)).tolist() == []


def test_the_weights_of_a_message_sum_to_the_margin_of_its_topic(tagger: Tagger) -> None:
    text = "верните деньги за подписку"
    explanation, prediction = explain(tagger, text), tagger.predict([text])
    assert (explanation.given, explanation.instead_of) == (explanation.tag.ranking[0][0], explanation.tag.ranking[1][0])
    total = sum(phrase.weight for phrase in (*explanation.supporting, *explanation.opposing))
    mean = {}
    for topic in (explanation.given, explanation.instead_of):
        mine = [number for number, (name, _) in enumerate(tagger.classifier.leaves_) if name == topic]
        share = prediction.leaves[0, mine] / prediction.leaves[0, mine].sum()
        mean[topic] = float((prediction.scores[0, mine] - tagger.classifier.intercept_[mine]) @ share)
    margin = tagger.calibration.sharpness * (mean[explanation.given] - mean[explanation.instead_of])
    assert total == pytest.approx(margin, abs=0.02)  # weights are rounded, and those near zero are not told of


def test_phrases_are_words_of_the_masked_text_strongest_first(tagger: Tagger) -> None:
    explanation = explain(tagger, "верните деньги, номер 8 904 155-30-27, сеть не ловит")
    assert explanation.text == "верните деньги, номер <PHONE>, сеть не ловит"
    assert explanation.repairs == ()
    assert [phrase.weight for phrase in explanation.supporting] == sorted((p.weight for p in explanation.supporting), reverse=True)
    assert [phrase.weight for phrase in explanation.opposing] == sorted(p.weight for p in explanation.opposing)
    assert all(phrase.weight > 0 for phrase in explanation.supporting)
    assert all(phrase.weight < 0 for phrase in explanation.opposing)
    for phrase in (*explanation.supporting, *explanation.opposing):
        assert explanation.text[phrase.start : phrase.end] == phrase.text
    weights = {phrase.text: phrase.weight for phrase in (*explanation.supporting, *explanation.opposing)}
    assert explanation.given == "money"
    assert weights["деньги,"] > 0 > weights["ловит"]


def test_a_model_without_an_encoder_has_no_evidence(tagger: Tagger) -> None:
    assert explain(tagger, "верните деньги").evidence == ()


def test_an_empty_text_is_explained_by_nothing(tagger: Tagger) -> None:
    explanation = explain(tagger, "")
    assert (explanation.text, explanation.supporting, explanation.opposing, explanation.evidence) == ("", (), (), ())


def test_a_lone_surrogate_cannot_spoil_what_is_sent_on(tagger: Tagger) -> None:
    assert json.dumps(explain(tagger, "верните \ud83d деньги").as_dict(), ensure_ascii=False).encode("utf-8")


def test_an_answer_is_explained_only_on_demand(tagger: Tagger) -> None:
    message = Message("1", "верните деньги")
    (plain,), (told,) = tagger.answer([message]), tagger.answer([message], explain=True)
    assert plain.tag.explanation is None
    assert "explanation" not in plain.tag.as_dict()
    assert told.masked == plain.masked
    assert replace(told.tag, explanation=None) == plain.tag
    assert json.loads(json.dumps(told.tag.as_dict()))["explanation"] == explain(tagger, message.text).as_dict()


def test_an_attachment_has_no_explanation(tagger: Tagger) -> None:
    messages = [Message("1", "", attachments=("photo",)), Message("2", "верните деньги")]
    first, second = tagger.answer(messages, explain=True)
    assert first.tag.explanation is None
    assert second.tag.explanation is not None


def test_the_json_of_an_explanation_has_the_documented_members(tagger: Tagger) -> None:
    found = explain(tagger, "верните деньги").as_dict()
    assert list(found) == ["text", "topic", "instead_of", "for", "against", "repairs", "evidence"]
    assert {tuple(phrase) for phrase in found["for"]} == {("text", "start", "end", "weight")}


def test_repairs_are_named_and_their_words_keep_the_clients_spelling(encoding_tagger: Tagger) -> None:
    explanation = explain(encoding_tagger, "rfr gjvtyznm nfhba")
    assert explanation.repairs == ("layout",)
    assert {phrase.text for phrase in (*explanation.supporting, *explanation.opposing)} <= {"rfr", "gjvtyznm", "nfhba"}


def test_evidence_is_the_nearest_messages_with_texts_of_the_bundled_corpus_only(encoding_tagger: Tagger) -> None:
    corpus = {example.id: example for example in read(corpus_files(CORPUS), example_parser(None)).records}
    name = encoding_tagger.neighbours.ids[0]
    evidence = explain(encoding_tagger, corpus[name].text).evidence
    assert len(evidence) == 3
    assert [item.similarity for item in evidence] == sorted((item.similarity for item in evidence), reverse=True)
    for item in evidence:
        assert (item.topic, item.need) == (corpus[item.id].label, corpus[item.id].need)
        assert item.text == mask(corpus[item.id].text).text
    assert explain(encoding_tagger, corpus[name].text).as_dict()["evidence"][0]["id"] == evidence[0].id


def test_the_text_of_a_foreign_message_is_never_shown(encoding_tagger: Tagger) -> None:
    known = encoding_tagger.neighbours
    for ids in ([f"client-{number}" for number in range(len(known.ids))], [f"{name}~typos" for name in known.ids]):
        foreign = Tagger(
            encoding_tagger.classifier, encoding_tagger.calibration, Neighbours(known.vectors, known.leaves, ids), encoding_tagger.decider
        )
        shown = [item.text for item in explain(foreign, "как поменять тариф").evidence]
        # A noisy copy shows the corpus message that it was made of.
        assert all(shown) if ids[0].endswith("~typos") else shown == [None] * 3


def explanation_of(tagger: Tagger, text: str) -> Explanation:
    """An explanation with hand-made weights: the first word speaks for, the last one weakly against."""
    first, *_, last = text.split()
    return replace(
        explain(tagger, text),
        supporting=(Phrase(first, 0, len(first), 2.0),),
        opposing=(Phrase(last, len(text) - len(last), len(text), -0.5),),
    )


def test_green_speaks_for_and_red_against_and_the_strong_are_bold(tagger: Tagger) -> None:
    line = coloured(explanation_of(tagger, "верните деньги\nсразу"))
    assert line.plain == "верните деньги сразу"
    assert [(span.start, span.end, str(span.style)) for span in line.spans] == [(0, 7, "bold green"), (15, 20, "red")]


def test_control_characters_do_not_reach_the_terminal(tagger: Tagger) -> None:
    console = Console(width=200, file=StringIO())
    show(console, explanation_of(tagger, "деньги\x1b[31m верните\x07"))
    assert console.file.getvalue().splitlines()[0] == "деньги [31m верните "
    assert not {"\x1b", "\x07"} & set(console.file.getvalue())


def test_the_command_prints_message_topic_repairs_ranking(tiny_bundle: Path) -> None:
    result = CliRunner().invoke(app, ["explain", "верните деньги", "--model", str(tiny_bundle)])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "верните деньги"
    assert [line.split()[0] for line in lines[1:]] == ["topic", "repairs", "for", "against", "ranking", "weights"]
    assert lines[1].split()[1] == "money"
    assert lines[2] == "repairs  none"


def test_the_command_gives_json_and_reads_standard_input(tiny_bundle: Path) -> None:
    given = CliRunner().invoke(app, ["explain", "верните деньги", "--json", "--model", str(tiny_bundle)])
    read_in = CliRunner().invoke(app, ["explain", "-", "--json", "--model", str(tiny_bundle)], input="верните деньги\n")
    assert given.exit_code == read_in.exit_code == 0
    assert given.output == read_in.output
    tag = json.loads(given.output)
    assert (tag["topic"], tag["repairs"], tag["explanation"]["text"]) == ("money", [], "верните деньги")


def test_nothing_to_explain_is_one_clear_error(tiny_bundle: Path) -> None:
    result = CliRunner().invoke(app, ["explain", "-", "--model", str(tiny_bundle)], input=" \n")
    assert isinstance(result.exception, DataError)
    assert str(result.exception).startswith("nothing to explain: give a message")
