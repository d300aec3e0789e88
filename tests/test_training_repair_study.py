"""What repair does to clean messages: changes found, held against verdicts, and the bundled corpus under its bar."""

import json
from pathlib import Path

import pytest

from data.errors import DataError
from data.messages import Example
from training.config import Config
from training.repair_study import Change, Harm, changes, harm, read_verdicts
from training.sources import gather


def example(name: str, text: str) -> Example:
    return Example(name, text, "tariffs")


def test_changes_name_the_steps_and_the_words_as_they_were_written():
    found = list(
        changes([example("a", "rfr gjvtyznm тариф"), example("b", "какой тариф лучше"), example("c", "срооочно скока стоит")], "ru")
    )
    assert found == [Change("a", ("layout",), ("rfr", "gjvtyznm"))], "c is shortened only, which is none of the judged steps"


def test_a_message_counts_for_every_step_and_is_clean_only_where_every_changed_word_was_right():
    found = [
        Change("a", ("layout",), ("rfr",)),
        Change("b", ("spelling", "nospace"), ("Чегете", "идомой")),
        Change("c", ("spelling",), ("нов",)),
        Change("d", ("spelling",), ("хамло",)),
    ]
    verdicts = {
        "a": {"broken": {"rfr"}, "clean": set()},
        "b": {"broken": {"идомой"}, "clean": {"Чегете"}},
        "d": {"broken": set(), "clean": {"хамло"}},
    }
    lines = {line.step: line for line in harm(found, verdicts)}
    assert lines["layout"] == Harm("layout", changed=1, clean=0, beside=0, unjudged=0)
    assert lines["nospace"] == Harm("nospace", changed=1, clean=0, beside=1, unjudged=0)
    assert lines["spelling"] == Harm("spelling", changed=3, clean=1, beside=1, unjudged=1)
    assert lines["all"] == Harm("all", changed=4, clean=1, beside=1, unjudged=1)


def test_verdicts_that_are_none_are_refused_with_what_was_expected(tmp_path):
    path = tmp_path / "verdicts.jsonl"
    path.write_text(json.dumps({"id": "a", "broken": []}) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r'expected \{"id", "broken"'):
        read_verdicts(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_verdicts(tmp_path / "none.jsonl")


def test_repair_leaves_clean_messages_of_the_corpus_alone():
    from data.parsing import Fields
    from training.progress import Progress

    examples = gather(Path("data/corpus"), Path("data/taxonomy.yaml"), [], {}, Fields(), Progress(quiet=True)).examples
    lines = harm(list(changes(examples, Config().model.lang)), read_verdicts(Path("data/corpus/repairs.jsonl")))
    whole = lines[-1]
    assert whole.unjudged == 0, "judge the new changes in data/corpus/repairs.jsonl; python -m training repairs counts them"
    assert whole.clean / (len(examples) - whole.changed + whole.clean) < 0.005
