"""Nothing personal is kept: invented phones, cards, names, codes are planted in all that comes in, and all that comes out is searched for them.

Two things are not searched, because they are meant to hold what was given: `*.rejected.jsonl`, where a user's own bad rows are kept as they
came so that they can be mended, and the ids of messages and conversations, which are the caller's own names of things.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from data.masking import KINDS, find
from data.messages import Conversation, Example, Message, Turn
from data.taxonomy import Taxonomy
from models import bundle
from models.conversation import ConversationReader
from models.conversation_state import State
from models.encoders import Vectors
from models.explain import explain
from models.openset import Neighbours
from models.prepare import Preparation
from models.tagger import Tagger
from serving.commands import erase
from serving.settings import Settings
from tests.serving_fakes import write_model
from tests.test_training_pipeline import CONFIG, TAXONOMY, write
from training.config import Config
from training.fit import fit
from training.material import CACHE, prepare, split_authors, with_noise
from training.progress import Progress

# (what a client writes, the same with placeholders); every number is of a test range, every name is invented.
PLANTED: tuple[tuple[str, str], ...] = (
    ("мой номер 8 904 155-37-91", "мой номер <PHONE>"),
    ("звоните на 8 9O4 155 38 O2", "звоните на <PHONE>"),
    ("восемь девятьсот четыре сто пятьдесят пять тридцать девять сорок", "<PHONE>"),
    ("карта 4111 1111 1111 1111", "карта <CARD>"),
    ("симка 89701006000000595950", "симка <ICCID>"),
    ("паспорт 4509 731846", "паспорт <PASSPORT>"),
    ("снилс 112-233-445 95", "снилс <SNILS>"),
    ("инн 500100732259", "инн <INN>"),
    ("почта pelageya.zavyalova@example.ru", "почта <EMAIL>"),
    ("живу на улице Краснодонской 147", "живу на <ADDRESS>"),
    ("меня зовут Завьялова Пелагея Тихоновна", "меня зовут <NAME>"),
    ("дата рождения 17.03.1968", "дата рождения <BIRTHDATE>"),
    ("лицевой счет 700418253", "лицевой счет <CONTRACT>"),
    ("код из смс 739164", "код из смс <CODE>"),
)
NUMBERS = (
    "9041553791",
    "9o415538o2",
    "9041553802",
    "4111111111111111",
    "89701006000000595950",
    "4509731846",
    "11223344595",
    "500100732259",
    "17031968",
    "700418253",
    "739164",
)
WORDS = ("пятьдесят пять", "pelageya", "zavyalova", "краснодонск", "завьялов", "пелаге", "тихоновн")
ALL_PLANTED = "; ".join(text for text, _ in PLANTED)


def traces(content: str | bytes) -> list[str]:
    """What of the planted data stands in a content, written in whatever way."""
    if isinstance(content, bytes):  # texts in numpy arrays are UTF-32
        content = content.decode("utf-8", "ignore") + "\n" + content.decode("utf-32-le", "ignore")
    lower = content.lower()
    dense = re.sub(r"[\W_]+", "", lower)
    words = [word for word in WORDS if word in lower or word.replace(" ", "") in dense]
    # A short number would be found by chance among the digits of figures and digests, so it must stand alone.
    long = [number for number in NUMBERS if len(number) > 8 and number in dense]
    short = [number for number in NUMBERS if len(number) <= 8 and re.search(rf"(?<![0-9a-f.]){'[ .-]?'.join(number)}(?![0-9a-f])", lower)]
    return [*words, *long, *short]


def traces_in_files(folder: Path, *left_out: str) -> dict[str, list[str]]:
    """Traces by file, of a folder and all folders in it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not any(path.match(pattern) for pattern in left_out)]
    assert files, f"nothing was written to {folder}"
    return {str(path.relative_to(folder)): found for path in files if (found := traces(path.name) + traces(path.read_bytes()))}


def planted(examples: Sequence[Example], column: int = 0) -> list[Example]:
    """The examples, each with one of the planted texts (0) or its placeholder (1)."""
    return [replace(example, text=f"{example.text}, {PLANTED[n % len(PLANTED)][column]}") for n, example in enumerate(examples)]


def learn(examples: list[Example], taxonomy: Taxonomy, config: Config) -> Tagger:
    progress = Progress(quiet=True)
    parts = split_authors(examples, config, {})
    parts["fit"] = with_noise(parts["fit"], config)
    return fit({part: prepare(members, config, progress) for part, members in parts.items()}, taxonomy, config, progress).tagger


def test_the_search_finds_every_planted_datum_with_and_without_separators() -> None:
    for text, masked in PLANTED:
        assert traces(text), text
        assert traces(re.sub(r"[ .-]", "", text)) or "739164" in text, text
        assert traces(text.encode("utf-32-le")), text
        assert not traces(masked)
    assert {span.kind for span in find(ALL_PLANTED)} == set(KINDS)
    assert traces("0.739164") == traces("ab739164cd") == []


@pytest.mark.parametrize("repair", ["all", "none"])
def test_a_planted_text_is_masked_for_the_model_and_for_the_store_whether_repair_is_on_or_off(repair: str) -> None:
    preparation = Preparation(repair)
    for text, masked in PLANTED:
        prepared = preparation(text)
        assert prepared.masked == masked
        assert preparation(masked) == replace(prepared, repairs=preparation(masked).repairs)
        assert not traces(prepared.text), text


@pytest.mark.parametrize(
    ("text", "secret"),
    [("kod operatora skazali 6543", "6543"), ("Смиронва Аннна Викторова, это я", "Викторова"), ("rjl bp cvc 739164", "739164")],
)
def test_what_only_one_of_the_two_texts_shows_as_personal_is_hidden_in_both(text: str, secret: str) -> None:
    prepared = Preparation("all")(text)
    assert prepared.repairs
    assert secret not in prepared.text
    assert secret not in prepared.masked


@pytest.mark.parametrize("repair", ["all", "none"])
def test_a_model_is_the_same_byte_for_byte_whether_it_learned_from_personal_data_or_from_placeholders(
    repair: str, tiny_examples: list[Example], tiny_taxonomy: Taxonomy, tiny_config: Config
) -> None:
    config = replace(tiny_config, model=replace(tiny_config.model, repair=repair, typos=0.7))
    secret, open_ = (learn(planted(tiny_examples, column), tiny_taxonomy, config) for column in (0, 1))
    assert bundle.fingerprint(secret) == bundle.fingerprint(open_)
    grams, _ = secret.classifier.features_.state()
    assert not [gram for part in grams.values() for gram in part if any(character.isdigit() for character in gram)]


def invoke(app: Any, *words: str) -> str:
    """All that a command said, its error included."""
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "400"})
    return f"{result.output}\n{result.exception or ''}"


def write_conversations(path: Path, examples: Sequence[Example]) -> None:
    """Each message as a conversation of two turns: a datum, then the request; and a third by an agent who repeats the datum."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for number, example in enumerate(examples):
            datum = PLANTED[number % len(PLANTED)][0]
            turns = [("client", datum), ("client", example.text), ("agent", f"записала: {datum}, верно?"), ("client", f"да, {datum}")]
            row = {"id": f"talk-{example.id}", "topic": example.label, "need": example.need, "author": example.author}
            row["turns"] = [{"role": role, "text": text} for role, text in turns]  # type: ignore[assignment]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


@pytest.fixture(scope="module", params=["all", "none"])
def outputs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tiny_examples: list[Example], migrated_store: Path
) -> tuple[Path, str]:
    """A folder in which every command has run on planted texts (what was given lies in `given`), and all that the commands said."""
    from data.__main__ import app as data
    from experiments.__main__ import app as experiments
    from models.__main__ import app as models
    from training.__main__ import app as training

    folder = tmp_path_factory.mktemp("outputs")
    examples = planted(tiny_examples)
    write(folder / "given/ours.jsonl", examples)
    with (folder / "given/ours.jsonl").open("a", encoding="utf-8") as file:  # a row whose columns have slipped
        file.write(json.dumps({"id": "bad", "text": "верните", "topic": ALL_PLANTED, "author": "anna"}, ensure_ascii=False) + "\n")
    write_conversations(folder / "given/talks.jsonl", [example for example in tiny_examples if example.label != "silent"])
    (folder / "given/taxonomy.yaml").write_text(TAXONOMY, encoding="utf-8")
    config = (
        CONFIG.format(folds=2 if request.param == "all" else 0)
        .replace('repair = "none"', f'repair = "{request.param}"')
        .replace("taxonomy.yaml", "given/taxonomy.yaml")
    )
    (folder / "given/tiny.toml").write_text(config, encoding="utf-8")
    (folder / "experiments/runs").mkdir(parents=True)
    shutil.copy(migrated_store, folder / "experiments/runs/mlflow.db")
    ours, taxonomy = ("--data", "given/ours.jsonl"), ("--taxonomy", "given/taxonomy.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        said = [
            invoke(training, "train", "given/tiny.toml", *ours, "--conversations", "given/talks.jsonl", "--promote"),
            invoke(training, "train", "given/tiny.toml", *ours, "--strict"),
            invoke(training, "evaluate", *ours, "--output", "evaluated.jsonl"),
            invoke(training, "certify", *ours, "--output", "models/artifacts/certified"),
            invoke(experiments, "list"),
            invoke(experiments, "compare", "latest", "latest"),
            invoke(experiments, "report", "latest"),
            invoke(experiments, "audit", "latest"),
            invoke(models, "card"),
            invoke(models, "tag", "given/ours.jsonl", "--output", "tags.jsonl", "--repairs"),
            *(
                invoke(models, "explain", text, *options)
                for text in (*(text for text, _ in PLANTED), ALL_PLANTED)
                for options in ((), ("--json",))
            ),
            invoke(data, "check", *ours, *taxonomy, "--against", "given/ours.jsonl"),
            invoke(data, "stats", *ours, *taxonomy),
        ]
    return folder, "\n".join(said)


def test_every_command_did_its_work(outputs: tuple[Path, str]) -> None:
    folder, said = outputs
    assert "Traceback" not in said
    for words in ("promoted", "topic right", "figures on 'test'", "messages tagged by", '"explanation"', "near-duplicate", "by author"):
        assert words in said, words
    written = {path.name for path in folder.rglob("*") if path.is_file()}
    assert written >= {"vocabulary.json", "prototype_ids.json", "manifest.json", "predictions.jsonl", "run.json", "mlflow.db", "tags.jsonl"}
    assert written >= {"evaluated.jsonl", "ours.rejected.jsonl", "conversation.json"}
    assert any((folder / "experiments/runs/mlflow-artifacts").rglob("predictions.jsonl")), "the run was not tracked"


def test_no_command_says_anything_personal(outputs: tuple[Path, str]) -> None:
    _, said = outputs
    assert "<PHONE>" in said, "the explanations show masked texts"
    assert traces(said) == []


def test_no_bundle_run_or_tracking_store_holds_anything_personal(outputs: tuple[Path, str]) -> None:
    folder, _ = outputs
    assert traces_in_files(folder, "given/*", "*.rejected.jsonl") == {}


def test_rows_put_aside_are_kept_as_they_came_and_their_reasons_are_masked(outputs: tuple[Path, str]) -> None:
    folder, _ = outputs
    (row,) = [json.loads(line) for line in (folder / "ours.rejected.jsonl").read_text(encoding="utf-8").splitlines()]
    assert ALL_PLANTED in row["raw"]
    assert traces(row["reason"]) == []


class Listening:
    """An encoder that keeps what it was asked."""

    version, dimension = "listening", 2
    asked: list[str]

    def __init__(self) -> None:
        self.asked = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.asarray([[len(text), 1.0] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_the_cache_of_encodings_holds_hashes_and_vectors_of_masked_texts(
    tmp_path: Path, tiny_examples: list[Example], tiny_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Listening()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("training.material.make_encoder", lambda name: encoder)
    material = prepare(planted(tiny_examples), tiny_config, Progress(quiet=True))
    assert set(encoder.asked) == set(material.texts)
    assert traces("\n".join(encoder.asked)) == []
    (path,) = (tmp_path / CACHE).iterdir()
    with np.load(path, allow_pickle=False) as stored:
        kept = {name: (stored[name].dtype, stored[name].shape[1]) for name in stored.files}
    assert kept == {"keys": (np.dtype("uint8"), 32), "vectors": (np.dtype("float32"), 2)}
    assert traces_in_files(tmp_path) == {}


def test_evidence_and_phrases_of_an_explanation_are_masked(tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Listening()
    monkeypatch.setattr("models.explain.make_encoder", lambda name: encoder)
    monkeypatch.setattr("models.classifier.make_encoder", lambda name: encoder)
    tagger = bundle.load(tiny_bundle)
    topics = [topic for topic, _ in tagger.classifier.leaves_[:3]]
    corpus = {f"e-{number}": (topics[number], PLANTED[4 * number + 2][0]) for number in range(3)}
    monkeypatch.setattr("models.explain._corpus_texts", lambda: corpus)
    tagger.classifier.encoder = "use"
    tagger.classifier.encoder_weights_ = np.zeros((2, len(tagger.classifier.leaves_)), dtype=np.float32)
    tagger.neighbours = Neighbours(np.eye(3, 2, dtype=np.float32) + 0.1, np.arange(3), list(corpus))
    explanation = explain(tagger, ALL_PLANTED)
    assert len(explanation.evidence) == 3
    assert all(item.text for item in explanation.evidence)
    assert explanation.supporting or explanation.opposing
    assert traces(json.dumps(explanation.as_dict(), ensure_ascii=False)) == []
    assert traces("\n".join(encoder.asked)) == []


def test_the_state_of_a_conversation_holds_masked_words_only(tiny_bundle: Path) -> None:
    tagger = bundle.load(tiny_bundle)
    reader, state = ConversationReader.of(tagger), State()
    conversation = Conversation("c", tuple(Turn(role, text) for text, _ in PLANTED for role in ("client", "agent", "bot")))
    for number, turn in enumerate(conversation.turns):
        state = reader.advance(state, turn, f"m-{number}")
        assert traces(json.dumps(state.as_dict(), ensure_ascii=False)) == []


SERVE = (
    "import json, sys, uvloop; from serving.server import serve; from serving.settings import load_settings;"
    "given, program = json.loads(sys.argv[1]); uvloop.run(serve(load_settings(**given), lambda line: print(line, flush=True), program=program))"
)


class Service:
    """A running service: its answers are kept, its log is a file."""

    def __init__(self, folder: Path, model: Path, program: str = "serving.predicting") -> None:
        self.folder, self.answers = folder, [""]
        given = {"port": 0, "store": f"sqlite:///{folder}/store.db", "hash_key": "k" * 32, "model": str(model)}
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", SERVE, json.dumps([given, program])], stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout
        address = next(word for word in self._process.stdout.readline().split() if word.startswith("http:"))
        self._client = httpx.Client(base_url=address, trust_env=False, timeout=30)

    def ask(self, method: str, address: str, **given: Any) -> int:
        response = self._client.request(method, address, **given)
        self.answers.append(f"{response.headers}\n{response.text}")
        return response.status_code

    def end(self) -> None:
        self._client.close()
        self._process.terminate()
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            self._process.communicate()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, tiny_bundle: Path) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("served"), tiny_bundle)
    yield service
    service.end()


JSON = {"Content-Type": "application/json"}


def message(number: int, **members: Any) -> dict[str, Any]:
    return {"id": f"m-{number}", "channel": "app", "text": f"верните деньги, {PLANTED[number % len(PLANTED)][0]}", **members}


def test_good_requests_leave_masked_texts_only(served: Service) -> None:
    for number in range(len(PLANTED)):
        members = {"client": "89041553791", "conversation_id": "c-1", "role": ("client", "agent", "bot")[number % 3]}
        assert served.ask("POST", "/v1/tags?repairs=true", json=message(number, **members)) == 200
    batch = {"messages": [message(100 + number) for number in range(len(PLANTED))]}
    assert served.ask("POST", "/v1/tags/batch", json=batch) == 200
    turns = [{"role": "client", "text": text} for text, _ in PLANTED]
    assert served.ask("POST", "/v1/conversations?timeline=true", json={"id": "c-2", "channel": "app", "turns": turns}) == 200
    assert served.ask("GET", "/v1/tags/app/m-3") == served.ask("GET", "/v1/conversations/c-1") == served.ask("GET", "/metrics") == 200
    assert traces("\n".join(served.answers)) == []
    kept = b"".join(path.read_bytes() for path in served.folder.iterdir()).decode("utf-8", "ignore")
    assert all(f"<{kind}>" in kept for kind in KINDS), "the store holds the masked texts"
    assert traces_in_files(served.folder) == {}


def test_refusals_repeat_nothing_of_what_was_sent(served: Service) -> None:
    names = [text for text, _ in PLANTED]
    bodies: list[tuple[str, Any, int]] = [
        ("/v1/tags", message(3, text=f"другой текст, {ALL_PLANTED}"), 409),
        ("/v1/tags", message(200, text=[ALL_PLANTED]), 422),
        ("/v1/tags", message(200, text=ALL_PLANTED * 100), 422),
        ("/v1/tags", {"id": "m-200", ALL_PLANTED: ALL_PLANTED}, 422),
        *(
            ("/v1/tags", {**message(200), name: value}, 422)
            for value in names
            for name in ("channel", "role", "sent_at", "conversation_id")
        ),
        *(("/v1/tags", {**message(200), value: value}, 422) for value in ("89041553791", "Завьялова", *names)),
        ("/v1/tags/batch", {"messages": [message(201), {**message(202), "channel": "zavyalova"}, {"text": ALL_PLANTED}]}, 422),
        ("/v1/tags/batch", {"messages": ALL_PLANTED}, 422),
        ("/v1/conversations", {"id": "c-3", "channel": "app", "turns": [{"role": ALL_PLANTED, "text": ALL_PLANTED}]}, 422),
        *(("/v1/feedback", {"channel": "app", "message_id": "m-1", "topic": name, "need": name}, 422) for name in names),
        *(("/v1/feedback", {"channel": "app", "message_id": "m-1", "topic": "money", "need": name}, 409) for name in names),
    ]
    for address, body, status in bodies:
        assert served.ask("POST", address, json=body) == status, (address, body)
    assert served.ask("POST", "/v1/tags", content=f'{{"text": "{ALL_PLANTED}'.encode(), headers=JSON) == 400
    assert served.ask("PUT", "/v1/conversations/89041553791/outcome", json={"handled_by": ALL_PLANTED}) == 422
    for address in ("/89041553791", "/v1/tags/app/89041553791", "/v1/conversations/89041553791", f"/v1/feedback?limit={ALL_PLANTED}"):
        assert served.ask("GET", address) in {404, 422}
    assert served.ask("GET", "/v1/feedback", headers={"Authorization": "Bearer 89041553791"}) in {200, 401}
    assert served.ask("POST", "/v1/tags", json=message(203), headers={"X-Deadline-Ms": "8 904 155-37-91"}) == 422
    assert traces("\n".join(served.answers)) == []
    assert traces_in_files(served.folder) == {}


def test_a_model_that_fails_on_a_text_says_nothing_of_it(tmp_path: Path) -> None:
    write_model(tmp_path / "model", "1", fails_on=ALL_PLANTED)
    (tmp_path / "service").mkdir()
    service = Service(tmp_path / "service", tmp_path / "model", "tests.serving_fakes")
    try:
        assert service.ask("POST", "/v1/tags", json=message(1, text=ALL_PLANTED)) == 500
        assert service.ask("POST", "/v1/tags/batch", json={"messages": [message(2, text=ALL_PLANTED)]}) == 500
    finally:
        service.end()
    assert traces("\n".join(service.answers)) == []
    assert traces_in_files(service.folder) == {}


def test_the_evidence_of_an_erasure_holds_no_client_and_a_masked_reason(tmp_path: Path) -> None:
    settings = Settings(store=f"sqlite:///{tmp_path / 'store.db'}", hash_key="k" * 32)
    erase(settings, "89041553791", None, f"request of the client: {ALL_PLANTED}")
    assert traces_in_files(tmp_path) == {}


def test_an_answer_to_a_message_holds_nothing_of_it(tiny_bundle: Path) -> None:
    (answer,) = bundle.load(tiny_bundle).answer([Message("1", ALL_PLANTED, "app")], with_repairs=True)
    assert traces(json.dumps(answer.tag.as_dict(), ensure_ascii=False) + answer.masked) == []
