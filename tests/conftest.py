"""Fixtures that several test modules share: a small taxonomy, sixty invented messages by six authors, a model learned from them."""

from __future__ import annotations

import os

# Before numpy: a test run must not depend on how many threads a machine gives its linear algebra.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# A tracking server that a developer's shell names must not get the tests' runs.
os.environ |= dict.fromkeys(("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"), "")

import shutil
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from data.messages import Example
from data.taxonomy import Need, Taxonomy, Topic
from training.config import Config, DecisionConfig, ModelConfig, SplitConfig

Outcome = TypeVar("Outcome", pytest.TestReport, pytest.CollectReport)


def without_skips(report: Outcome) -> Outcome:
    """The report of a test or of a file's collection; where CI=true a skip is a failure: CI has everything that a test needs."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"with CI=true nothing may be skipped: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return without_skips((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return without_skips((yield))


AUTHORS = ("anna", "boris", "clara", "dina", "egor", "fedor")

# (topic, need) -> one or two messages of every author, in the order of AUTHORS.
MESSAGES: dict[tuple[str, str], tuple[str, ...]] = {
    ("money", "fee"): (
        "почему абонентская плата стала больше",
        "сняли абонентскую плату два раза",
        "сколько стоит мой тариф в месяц",
        "опять списали плату за тариф, за что",
        "с какого числа подорожала абонентка",
        "не понимаю за что абонентская плата такая",
    ),
    ("money", "refund"): (
        "верните деньги за подписку",
        "хочу вернуть деньги, оплатил не тот номер",
        "положила деньги по ошибке, как вернуть",
        "когда мне вернут деньги на карту",
        "прошу сделать возврат платежа",
        "возврат денег обещали вчера, где он",
        "верните списанное, я ничего не заказывала",
        "оплата ушла чужому человеку, верните",
        "нужен возврат, платёж прошёл дважды",
        "деньги за подписку вернёте или нет",
        "отмените платёж и верните сумму",
        "как оформить возврат денег на счёт",
    ),
    ("network", "outage"): (
        "нет связи с самого утра",
        "сеть пропала во всём районе",
        "телефон пишет нет сети уже час",
        "связь отсутствует, когда почините вышку",
        "в деревне совсем нет сети",
        "не могу позвонить, сеть не ловит",
    ),
    ("network", "speed"): (
        "интернет еле грузится вечером",
        "очень медленный интернет в метро",
        "скорость интернета упала, видео не идёт",
        "почему такая низкая скорость",
        "страницы открываются по минуте, интернет тормозит",
        "медленно грузит мобильный интернет",
        "скорость как в прошлом веке",
        "ролики тормозят, скорость ужасная",
        "замерил скорость, один мегабит",
        "интернет стал медленнее после обновления",
        "вечером скорость интернета почти ноль",
        "когда интернет станет быстрее",
    ),
    ("other", "job"): (
        "есть ли вакансии в вашем салоне",
        "хочу работать у вас консультантом",
        "куда отправить резюме",
        "берёте ли студентов на работу",
        "какая зарплата у продавца",
        "ищу работу рядом с домом, есть места",
    ),
    ("other", "shop"): (
        "во сколько закрывается салон на мира",
        "где ближайший магазин",
        "продаёте ли вы чехлы в салоне",
        "работает ли салон в воскресенье",
        "есть ли в магазине наушники",
        "подскажите адрес салона в центре",
    ),
    ("silent", "hello"): (
        "здравствуйте",
        "добрый день, есть кто",
        "привет, вы тут",
        "доброе утро",
        "алло, ответьте",
        "добрый вечер, у меня вопрос",
    ),
    ("silent", "thanks"): (
        "спасибо большое",
        "всё понятно, благодарю",
        "спасибо, помогли",
        "благодарю за ответ",
        "ок спасибо, до свидания",
        "отлично, спасибо вам",
    ),
}


def _topic(name: str, needs: tuple[str, ...], queue: str | None, *, open_: bool = False) -> Topic:
    return Topic(name, {need: Need(need, queue, titles={"ru": need}) for need in needs}, queue, open=open_, titles={"ru": name})


@pytest.fixture(scope="session")
def tiny_taxonomy() -> Taxonomy:
    """Topics money, network, other (open) and the no-request label silent; two needs each."""
    return Taxonomy(
        name="tiny",
        topics={
            "money": _topic("money", ("fee", "refund"), "money-line"),
            "network": _topic("network", ("outage", "speed"), "network-line"),
            "other": _topic("other", ("job", "shop"), "other-line", open_=True),
        },
        no_request=_topic("silent", ("hello", "thanks"), None),
        channels=("app", "web"),
        review_queue="people",
        attachment="hello",
    )


@pytest.fixture(scope="session")
def tiny_examples() -> list[Example]:
    """Sixty labelled messages, ten by each of six authors."""
    return [
        Example(
            id=f"{need}-{number:02d}",
            text=text,
            label=label,
            need=need,
            channel=("app", "web")[number % 2],
            author=AUTHORS[number % len(AUTHORS)],
            labeller="tests",
            lang="ru",
        )
        for (label, need), texts in MESSAGES.items()
        for number, text in enumerate(texts)
    ]


@pytest.fixture(scope="session")
def tiny_config() -> Config:
    """A configuration that learns in a moment: no encoder, no cross-validation, one process."""
    return Config(
        name="tiny",
        jobs=1,
        model=ModelConfig(encoder="none", characters=(2, 4), repair="none"),
        split=SplitConfig(fit=0.4, calibrate=0.2, certify=0.2, test=0.2, folds=0),
        decision=DecisionConfig(target_precision=0.5),
    )


@pytest.fixture(scope="session")
def tiny_bundle(
    tmp_path_factory: pytest.TempPathFactory, tiny_examples: list[Example], tiny_taxonomy: Taxonomy, tiny_config: Config
) -> Path:
    """A bundle learned from `tiny_examples`; read it, never write to it."""
    from models import bundle
    from training.fit import fit
    from training.material import prepare, split_authors
    from training.progress import Progress

    progress = Progress(quiet=True)
    parts = {part: prepare(members, tiny_config, progress) for part, members in split_authors(tiny_examples, tiny_config, {}).items()}
    fitted = fit(parts, tiny_taxonomy, tiny_config, progress)
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    bundle.save(fitted.tagger.with_decider(model="tiny+0"), folder)
    return folder


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """URL of an empty schema of its own on a PostgreSQL server (RUBRICATOR_TEST_POSTGRES, or 127.0.0.1); skipped where there is none."""
    import psycopg

    server = os.environ.get("RUBRICATOR_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
    schema = f"rubricator_{uuid.uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL at {server} ({error}); start one, or name it in RUBRICATOR_TEST_POSTGRES")
    with connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{server}?options=-csearch_path%3D{schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="session")
def migrated_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database file with its tables made: seconds of migrations, once a session."""
    from experiments import tracking

    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert tracking.find_run("none", pytest.fail) is None
    return folder / tracking.RUNS / "mlflow.db"


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_store: Path) -> Path:
    """An empty working folder with a tracking store of its own."""
    from experiments.runs import RUNS

    monkeypatch.chdir(tmp_path)
    RUNS.mkdir(parents=True)
    shutil.copy(migrated_store, RUNS / "mlflow.db")
    return tmp_path
