"""Guards: keys and roles, rates, bodies, slow clients, overload."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from data.errors import ConfigError, ServiceError
from serving.app import create_app
from serving.auth import ANYONE, KeyRing, check_exposure, check_roles, hash_key, new_key
from serving.bodies import depth
from serving.commands import in_store
from serving.prediction import Overloaded
from serving.problems import ProblemError
from serving.rates import RateLimit
from serving.settings import Settings
from serving.store.keys import listed, make, revoke
from serving.store.records import StoreAway
from serving.store.schema import AUDIT, KEYS
from tests.serving_fakes import Caller, FakePredictor, calling
from tests.test_serving_server import run, service

MESSAGE = {"id": "m-1", "channel": "app", "text": "заблокируйте сим"}
ROLE_OF = {
    ("POST", "/v1/tags"): "classify",
    ("POST", "/v1/tags/batch"): "classify",
    ("GET", "/v1/tags/app/1"): "classify",
    ("POST", "/v1/conversations"): "classify",
    ("GET", "/v1/conversations/1"): "classify",
    ("PUT", "/v1/conversations/1/outcome"): "classify",
    ("POST", "/v1/feedback"): "feedback",
    ("GET", "/v1/feedback"): "report",
    ("GET", "/v1/model/history"): "report",
    ("POST", "/v1/model/reload"): "admin",
    ("GET", "/metrics"): "report",
}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/tags"): MESSAGE,
    ("POST", "/v1/tags/batch"): {"messages": [MESSAGE]},
    ("POST", "/v1/conversations"): {"id": "1", "channel": "app", "turns": [{"role": "client", "text": "a"}]},
    ("PUT", "/v1/conversations/1/outcome"): {"handled_by": "bot"},
    ("POST", "/v1/feedback"): {"channel": "app", "message_id": "1", "topic": "sim"},
}


class FakeKeys:
    def __init__(self, **roles: str) -> None:
        self.rows = [{"name": name, "hash": hash_key(f"key-{name}"), "roles": kept, "revoked": False} for name, kept in roles.items()]
        self.away = False

    async def keys(self) -> list[Mapping[str, Any]]:
        if self.away:
            raise StoreAway("away")
        return list(self.rows)


def guarded(caller: Caller, keys: FakeKeys, **settings: Any) -> Caller:
    caller.use(create_app(FakePredictor(), Settings(**settings)))
    caller.app.state.rubricator.keys = KeyRing(keys)
    return caller


def test_every_guarded_address_asks_for_a_key_and_its_role() -> None:
    with calling(None) as caller:
        guarded(caller, FakeKeys(classify="classify", report="report", feedback="feedback", admin="admin"))
        for (method, address), role in ROLE_OF.items():
            body = BODIES.get((method, address))
            assert caller.send(method, address, json=body).status_code == 401
            for name in ("classify", "report", "feedback", "admin"):
                status = caller.send(method, address, json=body, headers={"Authorization": f"Bearer key-{name}"}).status_code
                # 503: allowed, but this application has no store.
                assert (status in (200, 503)) == (name in (role, "admin")), (method, address, name)
                assert status in (200, 403, 503)


def test_the_table_of_roles_names_every_guarded_address() -> None:
    with calling(create_app(FakePredictor(), Settings())) as caller:
        paths = caller.get("/openapi.json").json()["paths"]
    filled = {path.replace("{channel}", "app").replace("{id}", "1"): methods for path, methods in paths.items()}
    listed_ = {(method.upper(), path) for path, methods in filled.items() for method in methods}
    open_to_every_key = {("GET", "/v1/taxonomy"), ("GET", "/v1/model"), ("GET", "/health/live"), ("GET", "/health/ready")}
    assert listed_ - open_to_every_key == set(ROLE_OF)


def test_an_unknown_key_is_a_401_before_the_body_is_looked_at() -> None:
    with calling(None) as caller:
        guarded(caller, FakeKeys(router="classify"))
        response = caller.post("/v1/tags", content=b"{", headers={"Authorization": "Bearer nonsense", "Content-Type": "application/json"})
        assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer realm="rubricator"')
        assert caller.post("/v1/tags", json=MESSAGE, headers={"X-API-Key": "key-router"}).status_code == 200
        assert caller.get("/health/ready").status_code == 200


def test_keys_stay_known_while_the_store_is_away_but_nobody_comes_in_before_they_were_read() -> None:
    async def scenario() -> None:
        keys = FakeKeys(router="classify")
        ring = KeyRing(keys)
        keys.away = True
        with pytest.raises(StoreAway):
            await ring.identify("key-router")
        keys.away = False
        assert (await ring.identify("key-router")).name == "router"
        keys.away = True
        ring._fresh_until = 0.0
        assert (await ring.identify("key-router")).name == "router"
        with pytest.raises(ProblemError, match="not known"):
            await ring.identify("key-other")
        assert await KeyRing(None).identify(None) is ANYONE

    asyncio.run(scenario())


def test_a_revoked_key_opens_nothing_also_if_it_was_the_last() -> None:
    async def scenario() -> None:
        keys = FakeKeys()
        ring = KeyRing(keys)
        assert await ring.identify(None) is ANYONE
        keys.rows = FakeKeys(router="classify").rows
        ring._fresh_until = 0.0
        assert (await ring.identify("key-router")).name == "router"
        keys.rows[0]["revoked"] = True
        ring._fresh_until = 0.0
        for key in ("key-router", None):
            with pytest.raises(ProblemError, match="key"):
                await ring.identify(key)

    asyncio.run(scenario())


def test_a_key_is_made_shown_once_and_revoked(tmp_path: Path) -> None:
    settings = Settings(store=f"sqlite:///{tmp_path / 'store.db'}")
    key = in_store(settings, lambda connection: make(connection, "router", ["classify", "report"], "anna", 1))
    (row,) = in_store(settings, lambda connection: [dict(row) for row in connection.execute(KEYS.select()).mappings()])
    assert (row["hash"], row["roles"]) == (hash_key(key), "classify,report")
    assert key not in str(row)
    with pytest.raises(ConfigError, match="has been made before"):
        in_store(settings, lambda connection: make(connection, "router", ["classify"], "anna", 2))
    with pytest.raises(ConfigError, match=r"unknown role 'clasify' \(did you mean 'classify'\?\)"):
        in_store(settings, lambda connection: make(connection, "x", ["clasify"], "anna", 2))
    in_store(settings, lambda connection: revoke(connection, "router", "boris", 3))
    assert [key["revoked"] for key in in_store(settings, listed)] == [True]
    audit = in_store(settings, lambda connection: [tuple(row) for row in connection.execute(AUDIT.select().order_by(AUDIT.c.at))])
    assert [(done_by, action) for _, _, _, done_by, action, *_ in audit] == [("anna", "key made"), ("boris", "key revoked")]
    with pytest.raises(ConfigError, match="no key named 'nobody'"):
        in_store(settings, lambda connection: revoke(connection, "nobody", "boris", 3))


def test_keys_are_random_and_roles_are_checked() -> None:
    assert len({new_key() for _ in range(100)}) == 100
    assert check_roles(["report", "report", "classify"]) == "report,classify"


@pytest.mark.parametrize(
    ("host", "any_keys", "refused"),
    [("127.0.0.1", False, False), ("::1", False, False), ("localhost", False, False), ("0.0.0.0", True, False), ("0.0.0.0", False, True)],
)
def test_beyond_the_loopback_address_a_key_must_have_been_made(host: str, any_keys: bool, refused: bool) -> None:
    if refused:
        with pytest.raises(ServiceError, match="no API key has been made; make one: python -m serving keys make"):
            check_exposure(host, any_keys)
    else:
        check_exposure(host, any_keys)


def test_the_command_refuses_an_open_service_for_everybody() -> None:
    result = run("run", "--host", "0.0.0.0", "--port", "0")
    assert (result.returncode, result.stderr.count("\n"), "keys make" in result.stderr) == (1, 1, True)


def test_a_key_may_send_so_much_a_second() -> None:
    now = [0.0]
    limit = RateLimit(10.0, burst=1.0, clock=lambda: now[0])
    for _ in range(10):
        limit.take("a")
    with pytest.raises(ProblemError, match="10 requests a second") as caught:
        limit.take("a")
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "1")
    limit.take("b")
    now[0] = 0.5
    for _ in range(5):
        limit.take("a")
    with pytest.raises(ProblemError):
        limit.take("a")


def test_who_sends_too_much_is_told_when_to_come_back() -> None:
    with calling(None) as caller:
        guarded(caller, FakeKeys(router="classify", other="classify"), rate_limit=0.5)
        caller.app.state.rubricator.rates = RateLimit(0.5, clock=lambda: 0.0)
        headers = {"Authorization": "Bearer key-router"}
        assert caller.post("/v1/tags", json=MESSAGE, headers=headers).status_code == 200
        refused = caller.post("/v1/tags", content=b"{", headers=headers)
        assert (refused.status_code, refused.headers["retry-after"], refused.headers["content-type"]) == (
            429,
            "2",
            "application/problem+json",
        )
        assert caller.post("/v1/tags", json=MESSAGE, headers={"Authorization": "Bearer key-other"}).status_code == 200
        assert caller.get("/health/ready").status_code == 200


@pytest.mark.parametrize("address", ["/v1/tags", "/v1/tags/batch", "/v1/conversations", "/v1/feedback", "/v1/conversations/1/outcome"])
@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"turns":' * 50_000, b'{"id": ' + b"[" * 40 + b"]" * 40 + b"}", b"1" * 10_000])
def test_no_depth_of_json_and_no_endless_number_gets_further_than_a_4xx(address: str, content: bytes) -> None:
    with calling(create_app(FakePredictor(), Settings())) as caller:
        method = "PUT" if address.endswith("outcome") else "POST"
        response = caller.send(method, address, content=content, headers={"Content-Type": "application/json"})
        assert (response.status_code, response.headers["content-type"]) in {(status, "application/problem+json") for status in (400, 422)}


def test_depth_counts_brackets_outside_strings_in_linear_time() -> None:
    for value, expected in (({}, 1), ([[{"a": "[[[{{{"}]], 3), ("[", 0), ({'"[': [{'\\"[[': ["\\"]}]}, 4), ([[]] * 100, 2)):
        assert depth(json.dumps(value).encode()) == expected
    assert depth(b'"' + b'\\"[' * 1_000_000) == 0
    with calling(create_app(FakePredictor(), Settings())) as caller:
        assert caller.post("/v1/tags", json={**MESSAGE, "text": "[{" * 100 + '"' * 7}).status_code == 200
        assert "deeper than 32" in caller.post("/v1/tags", json={**MESSAGE, "id": json.loads("[" * 40 + "]" * 40)}).json()["detail"]


def test_under_overload_a_request_is_refused_before_its_body_is_parsed() -> None:
    class Full(FakePredictor):
        def admit(self, count: int = 1, lane: str = "single") -> None:
            raise Overloaded("too many messages are waiting", retry_after=3)

    with calling(create_app(Full(), Settings())) as caller:
        response = caller.post("/v1/tags", content=b"{", headers={"Content-Type": "application/json"})
        assert (response.status_code, response.headers["retry-after"], "connection" in response.headers) == (429, "3", False)


@pytest.fixture(scope="module")
def impatient() -> Iterator[str]:
    """The address of a running service that waits for nobody long."""
    with service(header_seconds=0.2, body_seconds=0.6) as (_, address):
        yield address


@contextmanager
def connected(address: str) -> Iterator[socket.socket]:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        yield connection


def heard(connection: socket.socket) -> tuple[bytes, dict[str, Any]]:
    """The first line and the problem of an answer after which the connection is closed."""
    head, _, body = b"".join(iter(lambda: connection.recv(10_000), b"")).partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    assert b"connection: close" in head.lower()
    return head.split(b"\r\n")[0], json.loads(body)


POST = b"POST /v1/tags HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize("sent", [b"", b"POST /v1/tags HT", POST + b"X-Slow: "])
def test_a_client_that_does_not_finish_its_headers_is_cut_off(impatient: str, sent: bytes) -> None:
    with connected(impatient) as slow:
        slow.sendall(sent)
        assert slow.recv(1000) == b""


def test_a_client_that_does_not_finish_its_body_gets_a_408(impatient: str) -> None:
    with connected(impatient) as slow:
        slow.sendall(POST + b"Content-Length: 100\r\n\r\n{")
        assert httpx.get(f"{impatient}/health/live", trust_env=False).status_code == 200
        assert heard(slow)[0].startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("start", [POST + b"X-Endless: ", b"GET /"], ids=["a header", "an address"])
def test_endless_headers_are_refused_at_the_limit(impatient: str, start: bytes) -> None:
    with connected(impatient) as endless:
        endless.sendall(start + b"a" * 70_000)
        line, problem = heard(endless)
        assert (line, problem["status"]) == (b"HTTP/1.1 431 Request Header Fields Too Large", 431)


def test_what_is_no_http_is_a_problem_too(impatient: str) -> None:
    with connected(impatient) as stranger:
        stranger.sendall(b"\x16\x03\x01 secret\r\n\r\n")
        line, problem = heard(stranger)
        assert (line, problem["detail"]) == (b"HTTP/1.1 400 Bad Request", "invalid HTTP request received")


def test_an_endless_body_is_refused_at_the_limit(impatient: str) -> None:
    with connected(impatient) as endless:
        endless.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        try:
            for _ in range(64):
                endless.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            return
        assert endless.recv(1000).startswith(b"HTTP/1.1 413 ")
