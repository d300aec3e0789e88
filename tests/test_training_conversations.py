from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from data.errors import DataError
from data.messages import Conversation, Example, LabelledConversation, Turn
from data.parsing import Fields
from data.taxonomy import Taxonomy
from experiments import conversation_metrics as metrics
from experiments.conversation_metrics import evaluate_conversations
from experiments.conversation_report import save_conversations, show_conversations
from experiments.conversation_rows import ConversationRow, Said
from models.conversation_weights import ConversationWeights, group
from models.decision import Decider, Thresholds
from tests.conftest import AUTHORS, MESSAGES
from training.config import Config, DecisionConfig
from training.conversation_deal import Dealt
from training.conversation_fit import Table, Told, fit_sharpness, fit_shift, fit_sums, folds, leaf_topics_of, retelling
from training.conversation_proof import prove_conversations
from training.conversation_run import Learned, holds_turns, learn_conversations, read_conversations
from training.conversation_thresholds import _candidates
from training.conversations import cross_rows, hear, learn_weights, rows_of
from training.fit import fit_classifier, fit_on
from training.material import TOLD, Material, prepare
from training.progress import Progress

QUIET = Progress(quiet=True)


def _conversations() -> list[LabelledConversation]:
    """Six conversations an author: one of each need that is a request, greeted first, agents naming other topics; every third one shifts."""
    result = []
    requests = [(label, need) for label, need in MESSAGES if label != "silent"]
    for author, name in enumerate(AUTHORS):
        for number, (label, need) in enumerate(requests):
            text = MESSAGES[label, need][author]
            other_label, other_need = requests[(number + 3) % len(requests)]
            shift = number % 3 == 0
            turns = [
                Turn("client", MESSAGES["silent", "hello"][author]),
                Turn("agent", "Интернет, деньги или работа?"),
                *([Turn("client", MESSAGES[other_label, other_need][author])] if shift else []),
                Turn("client", f"теперь другое, {text}" if shift else text),
                Turn("agent", "Проверяю"),
                Turn("client", text),
                Turn("client", MESSAGES["silent", "thanks"][author]),
            ]
            also = (other_label,) if shift and other_label != label else ()
            first = 3 if shift else 2
            result.append(
                LabelledConversation(
                    Conversation(f"{name}-{number}", tuple(turns)), label, need, also, first, bool(also), author=name, labeller="tests"
                )
            )
        silent = (Turn("client", MESSAGES["silent", "hello"][author]), Turn("client", MESSAGES["silent", "thanks"][author]))
        result.append(LabelledConversation(Conversation(f"{name}-silent", silent), "silent", "thanks", author=name))
    return result


@pytest.fixture(scope="module")
def material(tiny_examples: list[Example], tiny_config: Config) -> Material:
    return prepare(tiny_examples, tiny_config, QUIET)


@pytest.fixture(scope="module")
def decider(material: Material, tiny_taxonomy: Taxonomy, tiny_config: Config) -> Decider:
    classifier = fit_classifier(material, tiny_config)
    return Decider(tiny_taxonomy, tiny_taxonomy.labels, tuple(classifier.leaves_), Thresholds(), "tiny+0")


@pytest.fixture(scope="module")
def told(material: Material, decider: Decider, tiny_config: Config) -> list[Told]:
    return hear(_conversations(), material, fit_classifier(material, tiny_config), decider, tiny_config, QUIET)


def test_no_message_model_reads_an_author_it_learned_from(material: Material, decider: Decider, tiny_config: Config) -> None:
    classifier, learned_from = fit_classifier(material, tiny_config), []

    def spying(matrix: object, learn: Material, config: Config) -> object:
        learned_from.append({example.author for example in learn.examples})
        return fit_on(matrix, learn, config)

    half = material.take([n for n, example in enumerate(material.examples) if example.author in AUTHORS[:4]])
    found = hear(_conversations(), half, classifier, decider, tiny_config, QUIET, fit=spying)  # type: ignore[arg-type]
    assert len(found) == len(_conversations())
    assert [one.conversation.id for one in found] == sorted(one.conversation.id for one in found)
    # Every author of the four is left out by exactly one of the models.
    assert {name: sum(name not in names for names in learned_from) for name in AUTHORS[:4]} == dict.fromkeys(AUTHORS[:4], 1)


def test_folds_that_only_measure_change_nothing_that_is_learned(
    told: list[Told], material: Material, decider: Decider, tiny_config: Config
) -> None:
    for number in (0, 2):
        config = replace(tiny_config, split=replace(tiny_config.split, folds=number))
        again = hear(_conversations(), material, fit_classifier(material, config), decider, config, QUIET)
        assert learn_weights(again, decider, config) == learn_weights(told, decider, tiny_config)


def test_answers_weigh_by_how_much_can_be_told(told: list[Told], decider: Decider) -> None:
    shifted = next(one for one in told if one.conversation.shift)
    table = Table.of([shifted], decider)
    assert table.weight.tolist() == [0.25, 0.25, 1.0, 1.0, 1.0]
    assert table.clients.tolist() == [0, 1, 2, 2, 3]
    allowed = [{topic for topic, right in zip(decider.topics, row, strict=True) if right} for row in table.right]
    gold = shifted.conversation
    assert allowed == [{gold.label, *gold.also}] * 2 + [{gold.label}] * 3


def test_learning_finds_the_topic_and_uses_both_sources(told: list[Told], decider: Decider, tiny_config: Config) -> None:
    weights = learn_weights(told, decider, tiny_config)
    assert weights.joined > 0
    assert weights.evidence > 0
    rows = rows_of(told, retelling(decider, weights), "all")
    assert metrics.end_accuracy(rows) > metrics.first_turn_accuracy(rows) + 0.3
    assert learn_weights(told, decider, tiny_config) == weights


def test_likelihood_is_at_its_top(told: list[Told], decider: Decider) -> None:
    table, places = Table.of(told, decider), leaf_topics_of(decider)

    def loss(weights: ConversationWeights) -> float:
        logits = weights.logits(table.joined, table.evidence, places)
        leaves = np.exp(logits - logits.max(axis=1, keepdims=True))
        leaves /= leaves.sum(axis=1, keepdims=True)
        hit = (leaves * table.right[:, places]).sum(axis=1)
        penalty = 0.1 * (weights.joined**2 + weights.evidence**2) + 0.5 * float(np.dot(weights.bias, weights.bias))
        return float(-(table.weight * np.log(hit)).sum() + penalty)

    best = fit_sums(table, places, len(decider.topics))
    for change in ({"joined": best.joined * 1.05}, {"joined": best.joined * 0.95}, {"evidence": best.evidence + 0.05}):
        assert loss(replace(best, **change)) > loss(best)


def test_sharpness_undoes_a_factor(told: list[Told], decider: Decider) -> None:
    table, places = Table.of(told, decider), leaf_topics_of(decider)
    logits = fit_sums(table, places, len(decider.topics)).logits(table.joined, table.evidence, places)
    plain, doubled = fit_sharpness(logits, table, places), fit_sharpness(2 * logits, table, places)
    assert all(twice < once for once, twice in zip(plain, doubled, strict=True))


def test_shifts_are_learned_only_from_enough_of_them(told: list[Told], decider: Decider) -> None:
    weights = ConversationWeights(joined=3.0, evidence=0.7)
    assert fit_shift(told[:5], decider, weights) == weights
    learned = fit_shift(told, decider, weights)
    rows = rows_of(told, retelling(decider, learned), "all")
    assert metrics.shift_f1(rows) > 0.7


def test_folds_keep_groups_whole_and_even() -> None:
    place = folds(["a", "b", "a", "c", "d", "e", "f"], seed=0)
    assert sorted(place) == list("abcdef")
    assert sorted(place.values()) == [0, 0, 1, 2, 3, 4]


def test_certifying_says_what_is_proven_and_what_not(told: list[Told], decider: Decider) -> None:
    sure = ConversationWeights(joined=4.0, evidence=1.0, auto=(0.0,) * 4, no_request=0.5, candidates=((), (0.0, 0.5), (0.0, 0.5), ()))
    few, proofs = prove_conversations(told[:6], decider, sure, DecisionConfig())
    assert few.bounds["proven"] is False
    assert few.bounds["end"] == [0, 0, 0.0]
    assert few.auto == (None,) * 4  # what is not shown is not acted on
    assert few.no_request is None
    assert {proof.threshold for proof in proofs.values()} == {None}
    many, proofs = prove_conversations(told, decider, sure, DecisionConfig(target_precision=0.5))
    assert many.bounds["proven"] is True
    # Every number of client turns has its own proof, or none: with one turn and with five nothing was to be tested.
    assert many.auto == (None, proofs["2"].threshold, proofs["3-4"].threshold, None)
    assert proofs["3-4"].threshold in sure.candidates[2]
    assert many.bounds["3-4"][:2] == [proofs["3-4"].n, proofs["3-4"].n - proofs["3-4"].errors]
    assert proofs["1"].total == len(told)


def test_candidates_begin_where_a_proof_is_likeliest() -> None:
    wrong = {0.995, 0.40, 0.39, 0.38}
    answers = [(value, value not in wrong) for value in (number / 1000 for number in range(360, 1000, 5))]
    config = DecisionConfig(target_precision=0.9)
    # One error at the very top: nearly all answers together are proven more likely than the strictest few.
    steps = _candidates(answers, 200, config)
    assert 0.40 < max(steps) < 0.5
    assert min(steps) == 0.36
    # Fewer than could prove anything (29 without an error for 0.9): no start is better than another, so the strictest, a quarter of them, stays.
    assert max(_candidates(answers, 20, config)) == 0.8362
    assert _candidates([], 200, config) == ()


def test_cross_validation_answers_every_conversation_once(told: list[Told], decider: Decider, tiny_config: Config) -> None:
    rows = cross_rows(told, decider, tiny_config, "cross", inner=False)
    assert [row.id for row in rows] == [one.conversation.id for one in told]
    assert {row.set for row in rows} == {"cross"}


def test_a_run_learns_from_some_authors_and_measures_on_others(material: Material, decider: Decider, tiny_config: Config) -> None:
    class Holder:
        classifier = fit_classifier(material, tiny_config)

    Holder.decider = decider  # type: ignore[attr-defined]

    def part(*names: str) -> Material:
        return material.take([n for n, example in enumerate(material.examples) if example.author in names])

    parts = {"fit": part("anna", "boris", "clara"), "calibrate": part("dina"), "certify": part("egor"), "test": part("fedor")}
    examples = {name: members.examples for name, members in parts.items()}

    def learned(conversations: list[LabelledConversation], *named: str) -> tuple[Learned | None, dict[str, set[str]]]:
        dealt = Dealt.of(conversations, examples, named)
        found = learn_conversations(dealt, parts, Holder, tiny_config, QUIET)  # type: ignore[arg-type]
        names = found.evaluations if found else ()
        return found, {one.name: {row.author for row in found.rows if row.set == one.name} for one in names} if found else {}

    found, by_set = learned([*_conversations(), *_more()])
    assert found is not None
    assert by_set["conversations test"] == {"fedor"}
    # Of the few others' conversations none can be spared: who left no message is learned from.
    assert by_set["conversations certify"] == {"egor"}
    assert by_set["conversations"] == {"anna", "boris", "clara", "dina", "guest"}
    assert found.weights.bounds["target"] == tiny_config.decision.target_precision
    assert learned(_conversations()[:5]) == (None, {})

    _, by_set = learned([*_conversations(), *_more()], "guest")
    assert by_set["conversations certify"] == {"guest"}
    assert by_set["conversations"] == {"anna", "boris", "clara", "dina", "egor"}
    # Names of another corpus mean nothing here.
    _, by_set = learned([*_conversations(), *_more()], "somebody")
    assert by_set["conversations certify"] == {"egor"}


def test_the_message_model_reads_conversations_of_authors_it_is_not_measured_on(tiny_examples: list[Example]) -> None:
    parts = {
        name: [example for example in tiny_examples if example.author in authors]
        for name, authors in {"fit": ("anna", "boris", "clara"), "calibrate": ("dina",), "certify": ("egor",), "test": ("fedor",)}.items()
    }
    few = [replace(one, author="second") for one in _more()]
    dealt = Dealt.of([*_conversations(), *_more(), *few], parts, ["guest"])
    texts = dealt.texts(parts)
    assert {example.author for example in texts} == {"anna", "boris", "clara", "second"}
    assert {example.slice for example in texts} == {TOLD}
    first = next(one for one in dealt.learning if one.id == texts[0].id.removesuffix("~told"))
    assert texts[0].text.split("\n") == [turn.text for turn in first.conversation.turns if turn.is_client]
    assert (texts[0].label, texts[0].need) == (first.label, first.need)
    # Where messages have needs, a conversation without one would be a leaf of its own.
    bare = Dealt.of([replace(one, need=None) for one in _conversations()], parts)
    assert bare.texts(parts) == []


@pytest.mark.parametrize(("name", "reason"), [("nobody", "has no conversation"), ("anna", "has messages too")])
def test_certifying_authors_named_must_be_strangers(name: str, reason: str, tiny_examples: list[Example]) -> None:
    with pytest.raises(DataError, match=f"'{name}', which {reason}"):
        Dealt.of([*_conversations(), *_more()], {"fit": tiny_examples}, ["guest", name])


def _more() -> list[LabelledConversation]:
    """The same by an author of whom no message is known."""
    return [
        replace(one, author="guest", conversation=replace(one.conversation, id=f"guest-{number}"))
        for number, one in enumerate(_conversations()[:7])
    ]


def test_conversations_of_any_labels_and_fields_are_read(tmp_path: Path, tiny_taxonomy: Taxonomy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # rows put aside are written where the command runs
    good = {"id": "a", "dialog": [{"role": "client", "text": "нет сети"}], "theme": "Net"}
    bad = {"id": "b", "dialog": [], "theme": "Net"}
    path = tmp_path / "talks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (good, bad)), encoding="utf-8")
    assert holds_turns(path, "dialog")
    assert not holds_turns(path, "turns")
    fields = Fields(turns="dialog", label="theme", rename={"Net": "network"})
    (one,) = read_conversations([path], tiny_taxonomy, fields, QUIET)
    assert (one.id, one.label) == ("a", "network")
    with pytest.raises(DataError, match="no usable conversations"):
        read_conversations([path], tiny_taxonomy, Fields(), QUIET)


def _said(turn: int, label: str, status: str = "review", joined: str = "x") -> Said:
    return Said(turn, label, 0.9, status, joined)


def _row(label: str, *said: Said, **members: object) -> ConversationRow:
    values = {
        "id": label,
        "set": "s",
        "author": "",
        "label": label,
        "need": "n",
        "also": (),
        "first": 2,
        "shift": False,
        "said": said,
        "said_need": "n",
        "said_shift": False,
        "decided_at": None,
        "bare": label,
    }
    return ConversationRow(**{**values, **members})  # type: ignore[arg-type]


def test_figures_count_turns_from_the_first_informative_one() -> None:
    row = _row("a", _said(0, "b", "auto"), _said(2, "b"), _said(4, "a", "auto"), _said(6, "a", "auto"), decided_at=4)
    assert row.after_first() == row.said[2]
    assert metrics.soon_accuracy([row]) == 1.0
    assert metrics.soon_joined_accuracy([row]) == 0.0
    assert metrics.too_early([row]) == 1.0
    assert metrics.turns_late([row]) == 1.0
    assert metrics.end_gain([row]) == 1.0
    assert [values[1:] for values in metrics.curve([row]).values()][:3] == [(0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 1.0)]


def test_figures_of_shifts_of_misleading_and_of_silence() -> None:
    rows = [
        _row("a", _said(0, "a"), shift=True, said_shift=True),
        _row("b", _said(0, "a"), said_shift=True, bare="b"),
        _row("c", _said(0, "c"), shift=True, bare="a"),
        _row("silent", _said(0, "silent", "no_request"), first=None, need=None),
    ]
    assert (metrics.shift_precision(rows), metrics.shift_recall(rows), metrics.shift_f1(rows)) == (0.5, 0.5, 0.5)
    assert (metrics.misled(rows), metrics.helped(rows)) == (0.25, 0.25)
    assert (metrics.swallowed(rows), metrics.no_request_recall(rows)) == (0.0, 1.0)


def test_bounds_take_each_conversation_once_a_group() -> None:
    row = _row("a", _said(0, "b", "auto"), _said(2, "a", "auto"), _said(3, "a", "auto"), _said(4, "a", "auto"), also=("b",), first=2)
    found = metrics.bounds([row] * 40)
    assert [group(turns) for turns in (1, 2, 3, 4, 5, 9)] == [0, 1, 2, 2, 3, 3]
    assert {name: values[:2] for name, values in found.items()} == {
        "1": (40, 40),
        "2": (40, 40),
        "3-4": (40, 40),
        "5+": (0, 0),
        "end": (40, 40),
    }
    assert found["end"][2] == pytest.approx(0.05 ** (1 / 40))


def test_a_report_shows_and_keeps_no_text(tmp_path: Path) -> None:
    rows = [_row("a", _said(0, "a"), author="x"), _row("b", _said(2, "a", joined="b"), author="y")]
    console = Console(record=True, width=140, file=(tmp_path / "screen").open("w"))
    show_conversations(console, evaluate_conversations(rows, "held out", rounds=20))
    shown = console.export_text()
    assert "held out: 2 conversations by 2 authors" in shown
    assert "gain over the joined text" in shown
    save_conversations(rows, tmp_path / "rows.jsonl")
    assert [json.loads(line)["label"] for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()] == ["a", "b"]
    console.file.close()
