"""The HTTP API over a fake predictor: what is answered, what is refused, and that no text comes back in an error."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.app import create_app
from serving.prediction import Overloaded
from serving.settings import Settings
from tests.serving_fakes import VERSION, Caller, FakePredictor, calling

GOLDEN = Path(__file__).parent / "golden" / "openapi.json"
SECRET = "секретный текст клиента"
MESSAGE = {"id": "m-1", "channel": "app", "text": "заблокируйте сим"}


@pytest.fixture
def predictor() -> FakePredictor:
    return FakePredictor()


@pytest.fixture
def client(predictor: FakePredictor) -> Iterator[Caller]:
    with calling(create_app(predictor, Settings())) as made:
        yield made


def test_a_message_gets_the_tag_of_the_contract(client: Caller) -> None:
    response = client.post("/v1/tags", json=MESSAGE)
    assert response.status_code == 200
    expected = "id topic need confidence status reason also queue priority ranking model"
    assert " ".join(response.json()) == expected
    assert response.json()["topic"] == "sim"
    assert response.json()["model"] == VERSION


def test_a_mere_attachment_is_no_request(client: Caller) -> None:
    response = client.post("/v1/tags", json={"id": "m-1", "channel": "app", "text": "", "attachments": ["photo"]})
    assert (response.status_code, response.json()["topic"], response.json()["need"], response.json()["status"]) == (
        200,
        None,
        "fragment",
        "no_request",
    )


def test_a_batch_keeps_the_order(client: Caller) -> None:
    response = client.post("/v1/tags/batch", json={"messages": [{**MESSAGE, "id": f"m-{number}"} for number in range(1000)]})
    assert response.status_code == 200
    assert [tag["id"] for tag in response.json()["tags"]] == [f"m-{number}" for number in range(1000)]
    assert response.json()["model"] == VERSION


def test_repairs_come_if_asked_for(client: Caller) -> None:
    assert client.post("/v1/tags?repairs=true", json=MESSAGE).json()["repairs"] == ["layout"]


def test_an_explanation_comes_if_asked_for_and_only_then(client: Caller) -> None:
    assert client.post("/v1/tags?explain=true", json=MESSAGE).json()["explanation"]["text"] == "masked"
    assert "explanation" not in client.post("/v1/tags", json={**MESSAGE, "id": "other"}).json()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "  \n"}, "text"),
        ({"text": 5}, "text"),
        ({"text": "я" * 20_001}, "text"),
        ({"channel": "pigeon"}, "channel"),
        ({"channel": None}, "channel"),
        ({"id": "a b"}, "id"),
        ({"id": ["x"]}, "id"),
        ({"attachments": "photo"}, "attachments"),
        ({"role": "boss"}, "role"),
        ({"sent_at": "yesterday"}, "sent_at"),
        ({"sent_at": "2026-02-30T10:00:00Z"}, "sent_at"),
        ({"colour": "red"}, "colour"),
        ({"цвет": "red"}, "(name withheld)"),
    ],
)
def test_a_wrong_field_is_named_and_the_text_is_not_echoed(client: Caller, change: dict[str, Any], field: str) -> None:
    response = client.post("/v1/tags", json={**MESSAGE, "text": SECRET, **change})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"][0]["field"] == field
    assert SECRET not in response.text


def test_a_missing_field_is_named(client: Caller) -> None:
    response = client.post("/v1/tags", json={"text": SECRET, "channel": "app"})
    assert (response.status_code, response.json()["detail"]) == (422, "field 'id': is missing")


def test_a_wrong_message_of_a_batch_is_named_by_its_place(client: Caller) -> None:
    response = client.post("/v1/tags/batch", json={"messages": [MESSAGE, {**MESSAGE, "channel": "pigeon"}]})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "messages.1.channel")
    response = client.post("/v1/tags/batch", json={"messages": [MESSAGE] * 1001})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "messages")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"[]", {}, 422),
        (b"", {}, 422),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}")[:-4], {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b" " * 100_000_000), {"Content-Encoding": "gzip"}, 413),
        (b" " * 600_000, {}, 413),
        (json.dumps({**MESSAGE, "text": "\ud800" + SECRET}).encode(), {}, 422),
        (b'{"id": 1e999, "channel": NaN}', {}, 422),
    ],
    ids=lambda value: None if not isinstance(value, bytes) else f"{len(value)} bytes",
)
def test_a_body_that_cannot_be_read_is_a_4xx(client: Caller, content: bytes, headers: dict[str, str], status: int) -> None:
    response = client.post("/v1/tags", content=content, headers={"Content-Type": "application/json", **headers})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert SECRET not in response.text


def test_a_gzip_body_is_read(client: Caller) -> None:
    content = gzip.compress(json.dumps(MESSAGE).encode())
    response = client.post("/v1/tags", content=content, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    assert response.json()["topic"] == "sim"


def test_unknown_addresses_and_methods_are_problems(client: Caller) -> None:
    for response, status in ((client.get("/v1/nothing"), 404), (client.delete("/v1/tags"), 405)):
        assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


def test_a_full_queue_is_a_429_that_says_when_to_come_back(client: Caller, predictor: FakePredictor) -> None:
    predictor.refusal = Overloaded("too many messages are waiting", retry_after=1.2)
    response = client.post("/v1/tags", json=MESSAGE)
    assert (response.status_code, response.headers["retry-after"]) == (429, "2")


def test_a_dead_predictor_is_a_503_and_not_ready_but_live(client: Caller, predictor: FakePredictor) -> None:
    predictor.ready = False
    assert client.post("/v1/tags", json=MESSAGE).status_code == 503
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


def test_readiness_predicts(client: Caller, predictor: FakePredictor) -> None:
    assert client.get("/health/ready").json() == {"status": "ready", "model": VERSION}
    assert [ask.message.id for ask in predictor.seen] == ["readiness"]
    predictor.refusal = Overloaded("no answer")
    assert client.get("/health/ready").status_code == 503


def test_a_prediction_that_fails_is_a_problem_without_text(client: Caller) -> None:
    response = client.post("/v1/tags", json={**MESSAGE, "text": "!fail"})
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "!fail" not in response.text


def test_taxonomy_and_model_are_those_of_the_bundle(client: Caller) -> None:
    taxonomy = client.get("/v1/taxonomy").json()
    assert "app" in taxonomy["channels"]
    assert [topic["name"] for topic in taxonomy["topics"] if topic["open"]] == ["unusual"]
    assert taxonomy["no_request"]["name"] == "no_request"
    assert client.get("/v1/model").json()["model"] == VERSION


def test_every_answer_carries_a_request_id_and_security_headers(client: Caller) -> None:
    response = client.post("/v1/tags", json={}, headers={"X-Request-Id": "abc-1"})
    assert response.headers["x-request-id"] == response.json()["request_id"] == "abc-1"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert client.get("/health/live", headers={"X-Request-Id": "a b"}).headers["x-request-id"] != "a b"


def test_the_documentation_page_needs_nothing_from_elsewhere(client: Caller) -> None:
    for address in ("/docs", "/docs/docs.js", "/docs/docs.css"):
        page = client.get(address)
        assert page.status_code == 200
        assert "http" + "s://" not in page.text
    assert "script-src 'self'" in client.get("/docs").headers["content-security-policy"]


def test_openapi_is_the_golden_one(client: Caller) -> None:
    document = client.get("/openapi.json").json()
    # After a wanted change: python -m tests.test_serving_api writes it anew; read the difference before you commit it.
    assert document == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_the_http_process_never_imports_the_model() -> None:
    names = ("numpy", "spacy", "sklearn", "mlflow", "models")
    code = f"import sys, serving.server, serving.routes.tags, serving.demo; print([m for m in {names} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


if __name__ == "__main__":
    from serving.openapi import openapi

    GOLDEN.write_text(json.dumps(openapi(create_app(FakePredictor(), Settings())), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
