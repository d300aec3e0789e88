from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import DataError
from data.messages import Conversation, Turn
from data.taxonomy import Need, Taxonomy, Topic
from models import bundle
from models.bulk import tag_file
from models.conversation import ConversationReader
from models.conversation_batch import ConversationBatch, Going
from models.conversation_explain import explain_conversation
from models.conversation_state import WINDOW, State
from models.conversation_text import TEXT_BYTES, in_order, seconds
from models.conversation_weights import ConversationWeights
from models.decision import Decider, Thresholds

LEAVES = (("money", "fee"), ("money", "refund"), ("network", "outage"), ("other", "job"), ("silent", "hello"))
WORDS = {"плата": 0, "верните": 1, "сеть": 2, "работа": 3, "привет": 4, "ок": 4}
SURE = ConversationWeights(auto=(0.9, 0.9, 0.9, 0.9), no_request=0.9)
ROLES = ("client", "client", "agent", "bot")


def _fake_score(texts: Sequence[str]) -> np.ndarray:
    """Each known word speaks for its leaf; a text without any is a fragment."""
    scores = np.full((len(texts), len(LEAVES)), -1.0)
    for row, text in enumerate(texts):
        for word in sorted(set(text.lower().replace(",", " ").split()) & set(WORDS)):
            scores[row, WORDS[word]] += 1.5 if WORDS[word] < 4 else 0.7
        if scores[row].max() < 0:
            scores[row, 4] = 0.4 + (len(text) % 7) / 100
    return scores


def _decider() -> Decider:
    def topic(name: str, *needs: str, open_: bool = False) -> Topic:
        return Topic(name, {need: Need(need, f"{name}-line") for need in needs}, f"{name}-line", open=open_)

    taxonomy = Taxonomy(
        "fake",
        {"money": topic("money", "fee", "refund"), "network": topic("network", "outage"), "other": topic("other", "job", open_=True)},
        no_request=Topic("silent", {"hello": Need("hello")}),
        review_queue="people",
        attachment="hello",
    )
    return Decider(taxonomy, taxonomy.labels, LEAVES, Thresholds(), "fake+0")


@pytest.fixture
def reader() -> ConversationReader:
    return ConversationReader(_fake_score, str, _decider(), SURE)


READER = ConversationReader(_fake_score, str, _decider(), SURE)


def _talk(*lines: str) -> Conversation:
    """Turns such as "client: привет"."""
    return Conversation("c", tuple(Turn(role, text) for role, text in (line.split(": ", 1) for line in lines)))


def _reloaded(state: State) -> State:
    return State.from_dict(json.loads(json.dumps(state.as_dict(), ensure_ascii=False)))


_texts = st.one_of(
    st.lists(st.sampled_from([*WORDS, "ещё", "вопрос", "1", "2", "да", "второе", "1 — плата, 2 — сеть", "Вернуть плата?"]), max_size=6).map(
        " ".join
    ),
    st.text(max_size=400),
)
_turns = st.lists(st.builds(Turn, st.sampled_from(ROLES), _texts), max_size=9)


@settings(max_examples=150, deadline=None)
@given(_turns)
def test_a_saved_state_goes_on_as_if_all_turns_had_come_at_once(turns: list[Turn]) -> None:
    whole, piecewise = State(), State()
    for turn in turns:
        whole = READER.advance(whole, turn)
        piecewise = READER.advance(_reloaded(piecewise), turn)
        assert piecewise == whole
        assert READER.tag(_reloaded(piecewise), "c") == READER.tag(whole, "c")
    if any(turn.is_client for turn in turns):
        assert READER.read(Conversation("c", tuple(turns)))[-1].tag == READER.tag(whole, "c").tag


@settings(max_examples=100, deadline=None)
@given(_turns, st.data())
def test_late_and_repeated_messages_give_the_same_state(turns: list[Turn], data: st.DataObject) -> None:
    timed = [(f"m{n}", replace(turn, sent_at=f"2026-03-01T10:{n:02d}:00+03:00")) for n, turn in enumerate(turns)]
    expected = State()
    for name, turn in timed:
        expected = READER.advance(expected, turn, name)
    # Every message comes at most WINDOW places late, so that it is never later than the bound.
    late = data.draw(st.lists(st.integers(0, WINDOW), min_size=len(timed), max_size=len(timed)))
    arrival = [timed[n] for n in sorted(range(len(timed)), key=lambda n: (n + late[n], n))]
    state = State()
    for name, turn in arrival:
        state = READER.advance(state, turn, name)
        state = READER.advance(state, turn, name)
    assert replace(state, seen=()) == replace(expected, seen=())
    assert set(state.seen) == set(expected.seen)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(Turn, st.sampled_from(ROLES), st.text(alphabet='я"😀\\\n<ё1? ', min_size=300, max_size=900)), min_size=10, max_size=30
    )
)
def test_a_state_stays_under_4_kb(turns: list[Turn]) -> None:
    leaves = tuple((f"topic {number % 12}", f"need {number}") for number in range(150))
    topics = tuple(f"topic {number}" for number in range(12))

    def dense(texts: Sequence[str]) -> np.ndarray:
        return np.asarray([np.random.default_rng(len(text)).normal(0, 1.5, len(leaves)) for text in texts])

    reader = ConversationReader(dense, str, Decider(Taxonomy.from_labels(topics), topics, leaves, Thresholds(), "fake+0"), SURE)
    state = State()
    for number, turn in enumerate(turns):
        state = reader.advance(state, turn, f"message-{number}")
        assert len(json.dumps(state.as_dict(), ensure_ascii=False).encode()) < 4096


def test_greetings_are_no_request_until_there_is_one(reader: ConversationReader) -> None:
    tags = reader.read(_talk("client: привет", "agent: чем помочь", "client: верните плата верните"))
    assert [(tag.tag.topic, tag.tag.status, tag.decided_at) for tag in tags] == [(None, "no_request", None), ("money", "auto", 2)]
    assert tags[-1].decisive == 2
    assert tags[-1].spoke == ((2, "money"),)


def test_a_request_is_not_washed_away_by_fragments(reader: ConversationReader) -> None:
    tags = reader.read(_talk("client: сеть", "client: ок", "agent: проверьте", "client: ок", "client: привет"))
    assert [tag.tag.ranking[0][0] for tag in tags] == ["network"] * 4
    assert tags[-1].decided_at == 0


def test_what_an_agent_says_is_never_the_request(reader: ConversationReader) -> None:
    without = reader.read(_talk("client: привет", "client: сеть"))[-1]
    with_offers = reader.read(_talk("client: привет", "agent: работа работа, плата", "client: сеть", "agent: плата плата"))[-1]
    assert with_offers.tag == without.tag


def test_a_choice_from_a_menu_is_the_request(reader: ConversationReader) -> None:
    assert reader.read(_talk("bot: 1 — плата, 2 — сеть", "client: 2"))[-1].tag.topic == "network"
    assert (
        reader.read(_talk("bot: 1 — плата, 2 — сеть", "client: привет", "bot: выберите пункт", "client: второе"))[-1].tag.topic == "network"
    )


def test_a_number_after_another_question_chooses_nothing(reader: ConversationReader) -> None:
    tag = reader.read(_talk("bot: 1 — плата, 2 — сеть", "client: ок", "bot: оцените от 0 до 5", "client: 2"))[-1].tag
    assert tag.status == "no_request"


def test_a_yes_makes_a_question_the_request_only_while_there_is_none(reader: ConversationReader) -> None:
    first = reader.read(_talk("agent: У вас не ловит сеть ?", "client: да"))[-1]
    assert dict(first.tag.ranking)["network"] > dict(reader.read(_talk("agent: Слушаю", "client: да"))[-1].tag.ranking)["network"]
    later = reader.read(_talk("client: верните", "agent: Оформить работа ?", "client: да"))[-1]
    assert later.tag.topic == "money"
    assert later.spoke == ((0, "money"),)


def test_another_request_is_a_shift_and_the_first_goes_to_also(reader: ConversationReader) -> None:
    tag = reader.read(
        _talk("client: плата плата верните", "agent: готово", "client: теперь другое сеть сеть сеть", "client: сеть сеть совсем нет")
    )[-1]
    assert (tag.tag.topic, tag.shift, tag.tag.also) == ("network", True, ("money",))
    assert not reader.read(_talk("client: плата верните", "client: верните плата"))[-1].shift


def test_a_conversation_without_the_clients_words_says_so(reader: ConversationReader) -> None:
    (tag,) = reader.read(_talk("agent: Здравствуйте"))
    assert (tag.tag.status, tag.tag.topic, tag.decided_at, tag.turn) == ("no_request", None, None, 0)


def test_without_learned_weights_nothing_is_auto() -> None:
    plain = ConversationReader(_fake_score, str, _decider(), ConversationWeights())
    assert plain.read(_talk("client: верните верните"))[-1].tag.status == "review"


def test_a_turn_asks_the_message_model_for_its_own_text_only() -> None:
    asked: list[str] = []

    def counting(texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return _fake_score(texts)

    counted = ConversationReader(counting, str, _decider(), SURE)
    counted.read(_talk("client: привет", "agent: да?", "client: сеть", "bot: 1 — плата, 2 — сеть", "client: 2"))
    assert sorted(asked) == ["", "привет", "сеть", "сеть"], "the empty text once: what all texts have in common"


def test_long_turns_are_read_whole_and_kept_short(reader: ConversationReader) -> None:
    state = reader.advance(State(), Turn("client", "а " * 500 + "верните " + "а " * 500))
    assert reader.tag(state).spoke == ((0, "money"),)
    assert len(state.window[0].text.encode()) <= TEXT_BYTES


def test_a_foreign_state_is_refused_in_one_line() -> None:
    with pytest.raises(DataError, match="format 9"):
        State.from_dict({"format": 9})
    with pytest.raises(DataError, match="begin the conversation anew"):
        State.from_dict({"format": 1, "before": {"nonsense": 1}, "window": [], "seen": [], "given": None})


@pytest.mark.parametrize(
    ("text", "expected"), [(None, None), ("gestern", None), ("1970-01-01T00:01:00", 60.0), ("1970-01-01T03:00:00+03:00", 0.0)]
)
def test_times_are_iso_8601(text: str | None, expected: float | None) -> None:
    assert seconds(text) == expected


def test_a_bundle_keeps_what_was_learned_from_conversations(tiny_bundle: Path, tmp_path: Path) -> None:
    weights = replace(SURE, bias=(0.1, 0.2, -0.3, 0.0), bounds={"target": 0.97, "end": [5, 5, 0.5]})
    bundle.save(bundle.load(tiny_bundle).with_conversation(weights), tmp_path / "with")
    assert bundle.load(tmp_path / "with").conversation == weights
    assert bundle.load(tiny_bundle).conversation is None


def test_a_file_of_messages_and_conversations_is_tagged_in_order(tiny_bundle: Path, tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "верните деньги"},
        {"id": "b", "turns": [{"role": "client", "text": "здравствуйте"}, {"role": "client", "text": "нет связи, сеть пропала"}]},
        {"id": "c", "text": "нет сети"},
    ]
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert tag_file(str(source), output, tiny_bundle, timeline=True) == 0
    tags = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert [tag["id"] for tag in tags] == ["a", "b", "c"]
    assert [step["turn"] for step in tags[1]["timeline"]] == [0, 1]
    assert tags[1]["topic"] == "network"
    assert "shift" not in tags[0]


def test_the_deciding_turn_is_explained_by_its_words(tiny_bundle: Path) -> None:
    tagger = bundle.load(tiny_bundle)
    tag, why = explain_conversation(tagger, _talk("client: здравствуйте", "agent: слушаю", "client: верните деньги за подписку"))
    assert why is not None
    assert (tag.tag.ranking[0][0], tag.decisive, why["turn"], why["topic"], why["stands_for"]) == ("money", 2, 2, "money", None)
    assert "верните" in [phrase["text"] for phrase in why["for"]]
    _, chosen = explain_conversation(tagger, _talk("bot: 1. деньги верните 2. нет сети", "client: 2"))
    assert chosen is not None
    assert (chosen["turn"], chosen["stands_for"], chosen["topic"]) == (1, "нет сети", "network")


def test_without_a_request_nothing_decided(tiny_bundle: Path) -> None:
    assert explain_conversation(bundle.load(tiny_bundle), _talk("agent: добрый день"))[1] is None


def test_a_fragment_takes_no_request_back_where_words_are_not_kept(reader: ConversationReader) -> None:
    state = State()
    for text in ("верните верните", "ок", "привет"):
        state = reader.advance(state, Turn("client", text)).without_words()
        assert not any(word in json.dumps(state.as_dict(), ensure_ascii=False) for word in ("верните", "ок", "привет"))
    tag = reader.tag(state)
    assert (tag.tag.topic, tag.tag.status, tag.decided_at) == ("money", "auto", 0)
    later = reader.tag(reader.advance(state, Turn("client", "сеть сеть сеть сеть")))
    assert "network" in (later.tag.topic, *later.tag.also)


def _other_labels() -> ConversationReader:
    """A model with the same labels and leaves in another order."""
    decider = _decider()
    topics, leaves = decider.topics[::-1], decider.leaves[::-1]
    return ConversationReader(lambda texts: _fake_score(texts)[:, ::-1], str, replace(decider, topics=topics, leaves=leaves), SURE)


def test_the_labels_of_a_state_are_named_by_what_they_are() -> None:
    same = ConversationReader(_fake_score, str, replace(_decider(), model="another"), ConversationWeights())
    assert READER.labels == same.labels != _other_labels().labels
    assert READER.advance(State(), Turn("agent", "да")).labels == READER.labels


@settings(max_examples=100, deadline=None)
@given(_turns)
def test_a_state_of_a_model_with_other_labels_is_read_from_its_words(turns: list[Turn]) -> None:
    other, state = _other_labels(), State()
    for number, turn in enumerate(turns):
        state = READER.advance(state, turn, f"m-{number}")
    adopted = other.advance(_reloaded(state), Turn("agent", "минуту"), "new")
    assert adopted.labels == other.labels
    assert (adopted.now.turns, adopted.now.clients, adopted.now.joined) == (state.now.turns + 1, state.now.clients, state.now.joined)
    assert len(json.dumps(adopted.as_dict(), ensure_ascii=False).encode()) < 4096
    if len(turns) <= WINDOW:  # all turns are still there word by word, but for long ones
        anew = State()
        for number, turn in enumerate(turns):
            anew = other.advance(anew, turn, f"m-{number}")
        if not any(heard.cut for heard in anew.window):
            assert adopted == other.advance(anew, Turn("agent", "минуту"), "new")


def test_a_request_survives_a_swap_to_a_model_with_other_labels(reader: ConversationReader) -> None:
    state = State()
    for text in ("верните верните", "ок", "ок", "ок", "ок"):
        state = reader.advance(state, Turn("client", text))
    assert state.before.clients == 2
    other = _other_labels()
    tag = other.tag(other.advance(state, Turn("client", "привет")))
    assert (tag.tag.topic, tag.turn) == ("money", 5)


@given(st.permutations(range(6)))
def test_turns_are_read_in_the_order_they_were_sent(order: list[int]) -> None:
    turns = [Turn("client", word, f"2026-03-01T10:00:0{n}Z") for n, word in enumerate(list(WORDS)[:6])]
    mixed = Conversation("c", tuple(turns[n] for n in order))
    assert READER.read(mixed) == READER.read(Conversation("c", tuple(turns)))
    without = replace(turns[0], sent_at=None)
    assert in_order([turns[1], without]) == [turns[1], without]


def test_turns_of_many_conversations_are_scored_together_once(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = bundle.load(tiny_bundle)
    batch, alone = ConversationBatch(tagger), ConversationReader.of(tagger)
    asked: list[list[str]] = []
    transform = tagger.classifier.features_.transform
    monkeypatch.setattr(tagger.classifier.features_, "transform", lambda texts: asked.append(list(texts)) or transform(texts))
    texts = ["верните деньги", "нет сети", "спасибо"]
    batch.learn(texts, tagger.predict(texts))
    many = [
        Going(State(), ((Turn("client", "верните деньги"), "1"), (Turn("client", "спасибо"), "2"))),
        Going(State(), ((Turn("bot", "1. нет сети 2. верните деньги"), ""), (Turn("client", "1"), "3"), (Turn("client", "скорость"), ""))),
    ]
    batch.read_ahead(many)
    states = [batch.read(going)[-1] for going in many]
    assert asked == [texts, ["", "скорость"]]
    monkeypatch.undo()
    for going, state in zip(many, states, strict=True):
        expected = State()
        for turn, message_id in going.turns:
            expected = alone.advance(expected, turn, message_id)
        assert state == expected
    batch.forget()
    assert batch.prepare("нет сети").masked == "нет сети"
