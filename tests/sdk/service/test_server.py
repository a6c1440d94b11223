"""The HTTP side of a validator: its routes are its OpenAPI document's, and it bounds what strangers cost."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import msgspec
import pytest

from tests.sdk.service.serving import ask, raw, serving
from unwrapped_dao.errors import SealedRequestError
from unwrapped_dao.service.limits import Limits, Quota, network
from unwrapped_dao.service.openapi import SEALED_ANSWER, SEALED_REQUEST, Health, document
from unwrapped_dao.service.server import Server
from unwrapped_dao.service.wire import PROBLEM, KeyRecord, Problem

RECORD = KeyRecord(1, "0x" + "11" * 20, "0x" + "22" * 20, "33" * 32, 99, "44" * 64, 1_000)


class Stub:
    """A validator that answers with what it got, as long as `behave` lets it."""

    def __init__(self, behave: Callable[[bytes], bytes] = lambda body: b"answer to " + body) -> None:
        self.behave = behave
        self.handled = 0
        self.swept = threading.Event()

    def handle(self, body: BinaryIO) -> bytes:
        self.handled += 1
        return self.behave(body.read())

    def record(self) -> KeyRecord:
        return RECORD

    def sweep(self) -> None:
        self.swept.set()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Stub]]:
    stub = Stub()
    with serving(stub, Limits(max_request_bytes=1_000, per_peer=10_000)) as url:
        yield url, stub


def test_the_routes_are_those_of_the_document_and_no_others() -> None:
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in Server(Stub(), Limits()).application().router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    written = {(method, path) for path, verbs in document(1)["paths"].items() for method in verbs}
    assert routes == written


def test_the_document_is_served_and_its_references_exist(server: tuple[str, Stub]) -> None:
    status, headers, body = ask(server[0], "GET", "/openapi.json")
    assert (status, headers["content-type"]) == (200, "application/json; charset=utf-8")
    served = json.loads(body)
    assert served == json.loads(json.dumps(document(1_000)))
    known = {f"#/components/schemas/{name}" for name in served["components"]["schemas"]}
    used = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(served)))
    assert used and used <= known
    assert {"AttestAsk", "HeldAsk", "ForgetAsk", "Attested", "Refused"} <= set(served["components"]["schemas"])


def test_what_is_answered_fits_the_types_of_the_document(server: tuple[str, Stub]) -> None:
    url, _ = server
    status, headers, body = ask(url, "GET", "/v1/validator")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert msgspec.json.decode(body, type=KeyRecord) == RECORD
    assert msgspec.json.decode(ask(url, "GET", "/v1/health")[2], type=Health) == Health("ok", 0)
    status, headers, body = ask(url, "POST", "/v1/requests", b"request")
    assert (status, headers["content-type"], body) == (200, SEALED_ANSWER, b"answer to request")


def _problem(answer: tuple[int, dict[str, str], bytes]) -> Problem:
    status, headers, body = answer
    assert headers["content-type"].split(";")[0] == PROBLEM
    found = msgspec.json.decode(body, type=Problem)
    assert found.status == status and found.title
    documented = document(1)["paths"]["/v1/requests"]["post"]["responses"]
    assert str(status) in {*documented, "404", "405"}
    return found


def test_other_paths_and_methods_are_problems_too(server: tuple[str, Stub]) -> None:
    url, _ = server
    assert _problem(ask(url, "GET", "/")).status == 404
    assert _problem(ask(url, "GET", "/v1/requests")).status == 405
    assert _problem(ask(url, "POST", "/v1/validator", b"")).status == 405


def test_what_is_no_request_is_refused_before_it_is_read(server: tuple[str, Stub]) -> None:
    url, stub = server
    before = stub.handled
    assert _problem(ask(url, "POST", "/v1/requests", b"x", content_type="application/json")).status == 415
    assert _problem(ask(url, "POST", "/v1/requests", b"x" * 1_001)).status == 413
    with raw(
        url, f"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: {SEALED_REQUEST}\r\n".encode()
    ) as connection:
        connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 411 ")
    with raw(
        url, f"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: {SEALED_REQUEST}\r\n".encode()
    ) as connection:
        connection.sendall(b"Content-Length: 99999999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")
    assert stub.handled == before


def test_a_request_that_no_key_opens_is_a_problem_of_its_class() -> None:
    def refuse(_: bytes) -> bytes:
        raise SealedRequestError("no", kind="key")

    with serving(Stub(refuse)) as url:
        assert _problem(ask(url, "POST", "/v1/requests", b"x")).kind == "key"


def test_a_mistake_of_the_validator_tells_where_and_nothing_else(caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    caplog.set_level(logging.DEBUG)

    def fail(_: bytes) -> bytes:
        raise RuntimeError("CANARY")

    with serving(Stub(fail)) as url:
        answer = ask(url, "POST", "/v1/requests", b"x", user_agent="CANARY-agent")
        assert _problem(answer).status == 500 and b"CANARY" not in answer[2]
        assert _problem(ask(url, "GET", "/CANARY-path", user_agent="CANARY-agent")).status == 404
        with raw(url, b"CANARY nonsense\r\n\r\n") as connection:
            connection.recv(1000)
    logged = "\n".join(r.getMessage() for r in caplog.records)
    assert "CANARY" not in logged + "".join(capfd.readouterr()) and "127.0.0.1" not in logged
    assert re.search(r"^RuntimeError at test_server\.py:\d+$", logged, re.M)


def test_one_address_is_slowed_down_and_told_when_to_come_back() -> None:
    stub = Stub()
    with serving(stub, Limits(per_peer=3)) as url:
        statuses = [ask(url, "POST", "/v1/requests", b"x")[0] for _ in range(3)]
        last = ask(url, "POST", "/v1/requests", b"x")
        assert statuses == [200] * 3 and _problem(last).status == 429
        assert 1 <= int(last[1]["retry-after"]) <= 21
        assert ask(url, "GET", "/v1/validator")[0] == 200
    assert stub.handled == 3


def test_a_slow_sender_is_ended_and_does_not_keep_others_out() -> None:
    limits = Limits(uploads=1, upload_s=0.5)
    head = f"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: {SEALED_REQUEST}\r\nContent-Length: 9\r\n\r\nabc"
    with serving(Stub(), limits) as url, raw(url, head.encode()) as slow:
        busy = ask(url, "POST", "/v1/requests", b"x")
        assert _problem(busy).status == 503 and busy[1]["retry-after"] == "5"
        assert slow.recv(100).startswith(b"HTTP/1.1 408 ")
        assert ask(url, "POST", "/v1/requests", b"x")[0] == 200


def test_requests_are_worked_on_one_by_one_and_only_so_many_wait() -> None:
    inside, go = threading.Event(), threading.Event()
    now, most = [], []

    def slowly(body: bytes) -> bytes:
        now.append(body)
        most.append(len(now))
        inside.set()
        assert go.wait(20)
        now.remove(body)
        return body

    with serving(Stub(slowly), Limits(waiting=2)) as url:
        answers: list[tuple[int, bytes]] = []

        def one(n: int) -> None:
            status, _, body = ask(url, "POST", "/v1/requests", b"%d" % n)
            answers.append((status, body))

        threads = [threading.Thread(target=one, args=(n,)) for n in range(2)]
        threads[0].start()
        assert inside.wait(20)
        threads[1].start()
        while msgspec.json.decode(ask(url, "GET", "/v1/health")[2], type=Health).waiting < 2:
            pass
        assert _problem(ask(url, "POST", "/v1/requests", b"third")).status == 503
        go.set()
        for thread in threads:
            thread.join(20)
    assert sorted(answers) == [(200, b"0"), (200, b"1")] and max(most) == 1


def test_a_client_that_hangs_up_stops_nothing_and_may_ask_again() -> None:
    inside, go, done = threading.Event(), threading.Event(), threading.Event()

    def slowly(body: bytes) -> bytes:
        inside.set()
        assert go.wait(20)
        done.set()
        return body

    head = f"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: {SEALED_REQUEST}\r\nContent-Length: 3\r\n\r\nabc"
    with serving(Stub(slowly)) as url:
        with raw(url, head.encode()):
            assert inside.wait(20)
        go.set()
        assert done.wait(20)
        assert ask(url, "POST", "/v1/requests", b"abc")[2] == b"abc"


def test_a_server_that_ends_answers_what_it_has_and_takes_nothing_new() -> None:
    inside, go = threading.Event(), threading.Event()
    answers: list[tuple[int, bytes]] = []

    def slowly(body: bytes) -> bytes:
        inside.set()
        assert go.wait(20)
        return body

    def one(url: str) -> None:
        status, _, body = ask(url, "POST", "/v1/requests", b"last")
        answers.append((status, body))

    with serving(Stub(slowly)) as url:
        thread = threading.Thread(target=one, args=(url,))
        thread.start()
        assert inside.wait(20)
        ending = threading.Timer(0.5, go.set)
        ending.start()
    # Left the block: the server was asked to end while it worked.
    thread.join(20)
    ending.join()
    assert answers == [(200, b"last")]
    with pytest.raises(OSError):
        ask(url, "GET", "/v1/health")


def test_housekeeping_that_hangs_does_not_keep_a_server_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that is away, say."""
    monkeypatch.setattr("unwrapped_dao.service.server.ENDING_S", 0.2)
    inside, go = threading.Event(), threading.Event()

    class Hanging(Stub):
        def sweep(self) -> None:
            inside.set()
            go.wait(30)

    with serving(Hanging(), sweep_s=0.05):
        assert inside.wait(20)
        asked_at = time.monotonic()
    assert time.monotonic() - asked_at < 10
    go.set()


def test_housekeeping_is_done_now_and_then() -> None:
    stub = Stub()
    with serving(stub, sweep_s=0.05):
        assert stub.swept.wait(20)


def test_a_quota_refills_steadily_and_forgets_names() -> None:
    time_s = [0.0]
    quota = Quota(2, 64, clock=lambda: time_s[0])
    assert [quota.take("a"), quota.take("a")] == [0, 0]
    assert quota.take("a") == 32 and quota.take("b") == 0
    time_s[0] = 24
    assert quota.take("a") == 8
    time_s[0] = 32
    assert quota.take("a") == 0 and quota.wait_s("a") == 32
    for n in range(10_001):
        quota.take(f"n{n}")
    time_s[0] = 200
    quota.take("z")
    assert len(quota._used) == 1
    assert not any(key == b"a" for key in quota._used)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        (None, "", True),
    ],
)
def test_a_network_has_one_quota_however_many_addresses_it_has(one: str | None, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


def test_no_header_changes_whose_quota_it_is() -> None:
    names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP")
    with serving(Stub(), Limits(per_peer=3)) as url:
        said = [
            ask(url, "POST", "/v1/requests", b"x", **{name: f"for=192.0.2.{at}"})[0] for at, name in enumerate(names)
        ]
    assert said == [200] * 3 + [429] * 2
