"""Strangers against a validator's server: slow, endless, many, swollen and strange; what they cost is bounded."""

from __future__ import annotations

import gzip
import http.client
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.doubles.envelopes import craft, preamble
from tests.sdk.service.rig import SCOPE, Rig, captured, rigged
from tests.sdk.service.serving import ask, raw, serving
from tests.sdk.service.test_desk import asked, events, whole
from tests.sdk.service.test_server import Stub
from unwrapped_dao import kinds, samples
from unwrapped_dao.crypto.content import MAX_EXPANSION
from unwrapped_dao.crypto.header import Compression, EnvelopeContext
from unwrapped_dao.kinds.packing import pack_records
from unwrapped_dao.kinds.rows import BoundedRows
from unwrapped_dao.roles import validator
from unwrapped_dao.roles.identity import committee_key, pool_identity
from unwrapped_dao.service import http as service_http
from unwrapped_dao.service.limits import Limits
from unwrapped_dao.service.openapi import SEALED_REQUEST
from unwrapped_dao.service.wire import Refused
from unwrapped_dao.storage.cid import cid_of
from unwrapped_dao.validation.request import AttestationRequest

pytestmark = pytest.mark.xdist_group("hostile-clients")
POST = f"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Type: {SEALED_REQUEST}\r\n"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rigged(tmp_path_factory.mktemp("hostile"), members=2) as made:
        yield made


@pytest.fixture(scope="module")
def request_(rig: Rig) -> Iterator[AttestationRequest]:
    with samples.exports(1, seed=61, min_plays=400, max_plays=400) as exports:
        yield captured(rig.dao.members[0], exports[0])


# --- connections -----------------------------------------------------------------------------------------------------


def _closed(connection: socket.socket, within_s: float) -> bool:
    connection.settimeout(within_s)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "said", [b"", b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nX-A: "], ids=["silent", "half a head"]
)
def test_a_connection_without_a_whole_request_is_closed(said: bytes) -> None:
    with serving(Stub(), Limits(head_s=0.4)) as url, raw(url, said) as slow:
        assert _closed(slow, 5)


def test_a_head_that_dribbles_in_is_closed_too() -> None:
    with serving(Stub(), Limits(head_s=0.6)) as url, raw(url, POST.encode()) as slow:
        started = time.monotonic()
        with pytest.raises(OSError):
            while time.monotonic() - started < 10:
                slow.sendall(b"X: y\r\n")
                time.sleep(0.1)
        assert time.monotonic() - started < 5


def test_silence_after_an_answer_is_closed_and_a_good_client_keeps_its_connection() -> None:
    with serving(Stub(), Limits(head_s=0.5)) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
        for _ in range(4):
            connection.request("GET", "/v1/health")
            assert connection.getresponse().read()
            time.sleep(0.2)
        assert connection.sock is not None and _closed(connection.sock, 5)


def test_many_silent_connections_do_not_keep_a_good_client_out() -> None:
    with serving(Stub(), Limits(connections=10, head_s=30)) as url:
        crowd = [raw(url, b"GET /v1/he") for _ in range(40)]
        try:
            deadline = time.monotonic() + 10
            while sum(_closed(one, 0.01) for one in crowd) < 30:
                assert time.monotonic() < deadline
            assert ask(url, "POST", "/v1/requests", b"x")[0] == 200
        finally:
            for one in crowd:
                one.close()


def test_a_body_that_dribbles_in_is_given_up_long_before_the_last_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_http, "PATIENCE_S", 0.5)
    with serving(Stub(), Limits()) as url, raw(url, f"{POST}Content-Length: 100000\r\n\r\n".encode()) as slow:
        started = time.monotonic()
        slow.settimeout(0.05)
        answer = b""
        while not answer and time.monotonic() - started < 10:
            slow.sendall(b"x")
            with suppress(TimeoutError):
                answer = slow.recv(100)
        assert answer.startswith(b"HTTP/1.1 408 ") and time.monotonic() - started < 3


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_body_may_not_swell(coding: str) -> None:
    """aiohttp would unpack it: what comes out counts against the length that was stated."""
    plain = bytes(20 << 20)
    packed = gzip.compress(plain) if coding == "gzip" else zlib.compress(plain)
    stub = Stub()
    with serving(stub, Limits()) as url:
        assert ask(url, "POST", "/v1/requests", packed, content_encoding=coding)[0] in (400, 413)
    assert stub.handled == 0


def _bomb(rig: Rig, request: AttestationRequest, size: int) -> AttestationRequest:
    """The same request around an envelope that unpacks to `size` bytes of zeros."""
    collective = rig.dao.collective
    pool = collective.registry.current_pool(kinds.scope(SCOPE).scope_id)
    number = collective.membership.member(request.member)
    assert number is not None
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(bytes(size)) + packer.flush()
    packed += b"\0" * max(0, size // MAX_EXPANSION - len(packed))
    context = EnvelopeContext(pool_identity(collective, pool), number.number, pool.height)
    data = craft(
        context, committee_key(collective.committee.generation(pool.generation)),
        preamble(len(packed), size) + packed,
        dek=request.dek, salt=os.urandom(32), compression=Compression.DEFLATE,
    )  # fmt: skip
    content = cid_of(io.BytesIO(data)).digest
    return replace(request, content=content, open_envelope=lambda: io.BytesIO(data))


def test_an_envelope_that_swells_is_refused_before_it_fills_the_memory(
    rig: Rig, request_: AttestationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = []

    class Counting(BoundedRows):
        def write(self, data: bytes, /) -> object:
            written.append(len(data))
            return super().write(data)

    monkeypatch.setattr(validator, "BoundedRows", Counting)
    answer = asked(rig, *whole(rig, _bomb(rig, request_, 48 << 20)))
    assert isinstance(answer, Refused) and answer.why == "unfit"
    assert "more rows than any scope makes" in answer.message
    assert sum(written) < 5 * len(request_.records_bytes) + (2 << 20)


def test_every_scope_makes_far_fewer_rows_than_the_bound() -> None:
    with samples.exports(1, seed=3, min_plays=1_000, max_plays=1_000) as exports:
        read = kinds.read("music", [exports[0].path])
        for scope in kinds.scopes().values():
            if scope.kind == "music":
                shown = kinds.preview(kinds.get("music"), read, scope)
                records = pack_records(kinds.get("music"), scope, read.records, bytes(32))
                assert (
                    2 * len(shown.rows_bytes) < validator._ROWS_PER_RECORDS * len(records) + validator._ROWS_AT_LEAST
                ), scope.name


MEMORY = """
import socket, sys
sys.path.insert(0, sys.argv[1])
from unwrapped_dao.service.limits import Limits, MIB
from unwrapped_dao.service.server import Server
from unwrapped_dao.service.http import listen, bound_url
from tests.sdk.service.test_server import Stub
stub = Stub()
stub.handle = lambda body: b"done"
listener = listen("127.0.0.1", 0)
Server(stub, Limits(max_request_bytes=64 * MIB)).run(listener, lambda: print(bound_url(listener), flush=True))
"""


def _resident_peak_mib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) >> 10


@pytest.mark.long
def test_eight_large_uploads_at_once_are_on_the_disk_and_not_in_memory() -> None:
    command = [sys.executable, "-c", MEMORY, str(Path(__file__).parents[3])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            before = _resident_peak_mib(process.pid)
            body = bytes(32 << 20)
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: ask(url, "POST", "/v1/requests", body)[0], range(8)))
            assert answers == [200] * 8
            grown = _resident_peak_mib(process.pid) - before
            assert grown < 48, f"{grown} MiB for 256 MiB of uploads"
        finally:
            process.terminate()


# --- questions -------------------------------------------------------------------------------------------------------

TRICKS = (
    "/v1/requests/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/v1/../audit.jsonl",
    "/v1/validator/",
    "/v1/requests%00", "/v1/envelopes/" + "00" * 32, "/answers.sqlite", "/.well-known/x", "/" + "a" * 4_000,
)  # fmt: skip


@pytest.mark.parametrize("path", TRICKS, ids=range(len(TRICKS)))
def test_no_path_leads_to_a_file(rig: Rig, path: str) -> None:
    """There is no route that names a file or an envelope at all."""
    with serving(rig.services[0]) as url:
        status, headers, body = ask(url, "GET", path)
    assert status in (400, 404, 405) and headers["content-type"].startswith("application/problem+json")
    assert json.loads(body)["status"] == status


def test_the_same_request_twice_at_once_is_one_attestation(rig: Rig, request_: AttestationRequest) -> None:
    before, known = len(events(rig)), len(rig.indexes[0])
    with serving(rig.services[0]) as url:
        remotes = [rig.remote(url) for _ in range(4)]
        start = threading.Barrier(4)

        def one(number: int) -> Any:
            start.wait()
            return remotes[number].attest(request_)

        with ThreadPoolExecutor(4) as pool:
            given = list(pool.map(one, range(4)))
    assert all(one == given[0] for one in given)
    assert sorted(events(rig)[before:]) == ["attested", "repeated", "repeated", "repeated"]
    assert len(rig.indexes[0]) == known + 1


def test_a_recorded_request_sent_again_by_a_stranger_tells_the_stranger_nothing(
    rig: Rig, request_: AttestationRequest
) -> None:
    body, key = whole(rig, request_)
    with serving(rig.services[0]) as url:
        answers = [ask(url, "POST", "/v1/requests", body)[2] for _ in range(2)]
    assert answers[0] != answers[1] and len(answers[0]) == len(answers[1])
    assert key.open(answers[0]) == key.open(answers[1])
    for secret in (request_.member.encode(), request_.content, request_.dek.to_secret_bytes()):
        assert secret not in answers[0]


def test_a_flood_is_refused_early_and_the_audit_log_does_not_grow_with_it(rig: Rig) -> None:
    limits = Limits(per_peer=5)
    before = len(events(rig))
    with serving(rig.services[0], limits) as url, ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda n: ask(url, "POST", "/v1/requests", b"%d" % n)[0], range(60)))
    assert statuses.count(400) <= 6 and statuses.count(429) >= 54
    assert len(events(rig)) - before == statuses.count(400)
    for line in (rig.folder / "0" / "audit.jsonl").read_text().splitlines():
        assert set(json.loads(line)) <= {"at", "event", "scope", "epoch", "count"}


# --- the document ----------------------------------------------------------------------------------------------------


def _fits(document: dict[str, Any], method: str, path: str, answer: tuple[int, dict[str, str], bytes]) -> None:
    """The answer is one that the OpenAPI document has, in its media type, and its JSON fits the schema."""
    status, headers, body = answer
    said = document["paths"][path][method]["responses"][str(status)]["content"]
    media = headers["content-type"].partition(";")[0]
    assert media in said
    for name in document["paths"][path][method]["responses"][str(status)].get("headers", {}):
        assert name.lower() in headers
    if media.endswith("json"):
        schema = {"components": document["components"], **said[media]["schema"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(body))


def test_every_answer_is_one_of_the_document(rig: Rig, request_: AttestationRequest) -> None:
    body, key = whole(rig, request_)
    limits = Limits(max_request_bytes=len(body) + 10, per_peer=6, upload_s=0.4)
    with serving(rig.services[0], limits) as url:
        document = json.loads(ask(url, "GET", "/openapi.json")[2])
        assert document["openapi"].startswith("3.1.")
        for schema in document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
        for path in ("/v1/validator", "/v1/health", "/openapi.json"):
            _fits(document, "get", path, ask(url, "GET", path))
        seen = {}

        def note(answer: tuple[int, dict[str, str], bytes]) -> None:
            _fits(document, "post", "/v1/requests", answer)
            seen[answer[0]] = answer

        note(ask(url, "POST", "/v1/requests", body))
        note(ask(url, "POST", "/v1/requests", b"no request"))
        note(ask(url, "POST", "/v1/requests", b"", content_type="text/plain"))
        note(ask(url, "POST", "/v1/requests", bytes(len(body) + 11)))
        note(_raw_answer(url, f"{POST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
        note(_raw_answer(url, f"{POST}Content-Length: 9\r\n\r\nabc"))
        while 429 not in seen:
            note(ask(url, "POST", "/v1/requests", b"x"))
        assert set(seen) == {200, 400, 408, 411, 413, 415, 429}
        answer = json.loads(key.open(seen[200][2]))
    schemas = {"components": document["components"], "$ref": "#/components/schemas/Answer"}
    jsonschema.Draft202012Validator(schemas).validate(answer)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schemas).validate(answer | {"weight": -1})


def test_a_busy_and_a_broken_server_answer_as_the_document_says() -> None:
    go = threading.Event()

    def slowly(body: bytes) -> bytes:
        if body == b"fail":
            raise RuntimeError
        assert go.wait(20)
        return body

    with serving(Stub(slowly), Limits(waiting=1)) as url:
        document = json.loads(ask(url, "GET", "/openapi.json")[2])
        _fits(document, "post", "/v1/requests", ask(url, "POST", "/v1/requests", b"fail"))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(ask, url, "POST", "/v1/requests", b"slow")
            while json.loads(ask(url, "GET", "/v1/health")[2])["waiting"] < 1:
                time.sleep(0.01)
            busy = ask(url, "POST", "/v1/requests", b"x")
            assert busy[0] == 503
            _fits(document, "post", "/v1/requests", busy)
            go.set()
            assert first.result()[0] == 200


def _raw_answer(url: str, data: str) -> tuple[int, dict[str, str], bytes]:
    with raw(url, data.encode()) as connection:
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()


def test_a_stranger_who_repeats_a_members_refused_request_does_not_use_up_the_members_day(tmp_path: Path) -> None:
    """Whoever sees the line can send the sealed bytes again."""
    with (
        rigged(tmp_path, members=2, limits=Limits(per_member=2)) as rig,
        samples.exports(1, seed=62, min_plays=400, max_plays=400) as exports,
    ):
        asked(rig, *whole(rig, captured(rig.dao.members[0], exports[0])))
        copied, key = whole(rig, captured(rig.dao.members[1], exports[0]))
        answers = [asked(rig, copied, key) for _ in range(6)]
        assert all(isinstance(answer, Refused) for answer in answers)
        assert [answer.why for answer in answers] == ["refused"] * 3 + ["later"] * 3  # type: ignore[union-attr]
        again = asked(rig, *whole(rig, captured(rig.dao.members[1], exports[0])))
        assert isinstance(again, Refused) and again.why == "refused", "the member's second verdict of the day"
        last = asked(rig, *whole(rig, captured(rig.dao.members[1], exports[0])))
        assert isinstance(last, Refused) and last.why == "later" and "2 verdicts within a day" in last.message
