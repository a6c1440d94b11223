"""The index log over HTTP: current validators alone read and write it, and it survives what happens to it."""

from __future__ import annotations

import io
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from eth_account import Account

from tests.sdk.service.rig import SCOPE, Rig, captured, rigged
from tests.sdk.service.serving import ask, listening, raw
from unwrapped_dao import samples
from unwrapped_dao.chain import eip712
from unwrapped_dao.errors import IndexUnavailableError, NotAllowedError, SettingsError, WorkspaceBusyError
from unwrapped_dao.roles.validator import Validator
from unwrapped_dao.service.index_client import IndexClient
from unwrapped_dao.service.index_host import INDEX_LOG, MAX_REQUEST, IndexHost, IndexServer, Query
from unwrapped_dao.service.wire import Problem
from unwrapped_dao.validation import ReplicatedIndex
from unwrapped_dao.validation.log import Entry, genesis

pytestmark = pytest.mark.xdist_group("index-host")


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rigged(tmp_path_factory.mktemp("index"), members=2) as made:
        yield made


@pytest.fixture(scope="module")
def exports() -> Iterator[samples.SampleExports]:
    with samples.exports(2, seed=31, min_plays=400, max_plays=400) as made:
        yield made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@contextmanager
def hosted(rig: Rig, log: Path) -> Iterator[str]:
    with IndexHost(log, rig.dao.collective) as host, listening(IndexServer(host)) as url:
        yield url


def replica(rig: Rig, url: str, path: Path, account: Any, timeout_s: float = 5) -> ReplicatedIndex:
    collective = rig.dao.collective
    client = IndexClient(urlsplit(url), collective, account, timeout_s=timeout_s)
    return ReplicatedIndex(
        path, rig.key, client, genesis=genesis(collective.client.chain_id, collective.registry.address),
        writer=account.address, sign=client.sign, verify=client.verify,
    )  # fmt: skip


def validator(rig: Rig, number: int, index: ReplicatedIndex) -> Validator:
    return Validator(rig.dao.collective, rig.accounts[number], rig.key, index, rig.pendings[number])


def test_validators_on_two_machines_attest_alike_and_refuse_a_copy(
    rig: Rig, exports: samples.SampleExports, log: Path, tmp_path: Path
) -> None:
    with hosted(rig, log) as url:
        copies = [replica(rig, url, tmp_path / f"{n}.sqlite", rig.accounts[n]) for n in range(2)]
        first, second = (validator(rig, n, copy) for n, copy in enumerate(copies))
        request = captured(rig.dao.members[0], exports[0])
        given = first.attest(request), second.attest(request)
        assert given[0].content == given[1].content and given[0].signature != given[1].signature
        assert first.attest(request) == given[0]
        with pytest.raises(NotAllowedError, match="another member"):
            second.attest(captured(rig.dao.members[1], exports[0]))
        assert copies[0].position() == copies[1].position() and copies[0].position()[0] == 1
        for copy in copies:
            copy.close()


def test_without_the_index_nothing_is_attested_and_with_it_again_it_is(
    rig: Rig, exports: samples.SampleExports, log: Path, tmp_path: Path
) -> None:
    request = captured(rig.dao.members[0], exports[0])
    with hosted(rig, log) as url:
        copy = replica(rig, url, tmp_path / "copy.sqlite", rig.accounts[0], timeout_s=1)
        one = validator(rig, 0, copy)
        first = one.attest(request)
    with pytest.raises(IndexUnavailableError, match="no usable answer") as away:
        one.attest(request)
    assert "--index" in away.value.hint
    with hosted(rig, log) as url:  # the host comes back with its file, elsewhere
        copy._host = IndexClient(urlsplit(url), rig.dao.collective, rig.accounts[0])
        assert one.attest(request) == first
    with hosted(rig, tmp_path / "empty.sqlite") as url:  # or without it
        copy._host = IndexClient(urlsplit(url), rig.dao.collective, rig.accounts[0])
        with pytest.raises(IndexUnavailableError, match="another history") as forked:
            one.attest(request)
        assert "Stop this validator" in forked.value.hint
    copy.close()


class Flooding:
    """A host that never comes to an end: entries without a body, "freed later", signed by an account of its own."""

    def __init__(self, client: IndexClient) -> None:
        self._client, self._account, self.given = client, Account.create(), 0

    def entries(self, after: int, head: bytes) -> list[Entry]:
        made = []
        for position in range(after + 1, after + 51):
            draft = Entry(position, (), os.urandom(32), b"", self._account.address, bytes(64))
            head = draft.head(head)
            signature = eip712.sign(self._account, self._client._domain, eip712.IndexEntry(head))
            made.append(msgspec.structs.replace(draft, signature=signature))
        self.given += len(made)
        assert self.given < 1_000, "it is read for ever"
        return made

    def append(self, entry: Entry) -> bool:
        return False


def test_a_host_cannot_fill_a_copy_with_entries_that_no_validator_wrote(rig: Rig, tmp_path: Path) -> None:
    copy = replica(rig, "http://127.0.0.1:9", tmp_path / "copy.sqlite", rig.accounts[0])
    copy._host = host = Flooding(copy._host)  # type: ignore[arg-type,assignment]
    with pytest.raises(IndexUnavailableError, match="is not its writer's"):
        copy.revision()
    assert host.given == 50 and copy.position()[0] == 0
    copy.close()


def test_a_former_validators_entries_still_count(
    rig: Rig, exports: samples.SampleExports, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hosted(rig, log) as url:
        first = replica(rig, url, tmp_path / "first.sqlite", rig.accounts[0])
        validator(rig, 0, first).attest(captured(rig.dao.members[0], exports[0]))
        left = rig.accounts[0].address
        registry = type(rig.dao.collective.registry)
        is_validator = registry.is_validator
        monkeypatch.setattr(registry, "is_validator", lambda self, who: who != left and is_validator(self, who))
        monkeypatch.setattr(registry, "validators", lambda self: tuple(a.address for a in rig.accounts[1:]))
        late = replica(rig, url, tmp_path / "late.sqlite", rig.accounts[1])
        late.revision()
        assert late.position() == first.position() and late.position()[0] == 1
        for copy in (first, late):
            copy.close()


def test_a_stranger_and_a_former_validator_neither_read_nor_write(
    rig: Rig, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hosted(rig, log) as url:
        copy = replica(rig, url, tmp_path / "copy.sqlite", rig.accounts[0])
        seen = copy.revision()
        stranger = replica(rig, url, tmp_path / "stranger.sqlite", Account.create())
        monkeypatch.setattr(type(rig.dao.collective.registry), "is_validator", lambda *_: False)
        for index in (copy, stranger):
            with pytest.raises(IndexUnavailableError, match="does not take"):
                index.revision()
            with pytest.raises(IndexUnavailableError, match="does not take"):
                index._change([], None, seen)
            assert index.position() == (seen.others, seen.head)
            index.close()
    with IndexHost(log, rig.dao.collective) as host:
        assert host.last()[0] == 0


def _query(rig: Rig, number: int = 0, *, position: int = 0, head: bytes | None = None, lasts_s: int = 60) -> Query:
    collective, account = rig.dao.collective, rig.accounts[number]
    head = head or genesis(collective.client.chain_id, collective.registry.address)
    expiry = collective.client.now() + lasts_s
    signature = eip712.sign(account, rig.domain(), eip712.IndexQuery(account.address, position, head, expiry))
    return Query(account.address, position, head, expiry, signature)


def post(url: str, path: str, value: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
    body = value if isinstance(value, bytes) else msgspec.msgpack.encode(value)
    return ask(url, "POST", path, body, **({"content_type": INDEX_LOG} | headers))


def test_what_is_no_good_question_is_a_problem_of_its_class(rig: Rig, log: Path) -> None:
    good = _query(rig)
    other = _query(rig, 1)
    entry = Entry(1, (), bytes(32), b"", rig.accounts[0].address, bytes(64))
    with hosted(rig, log) as url:
        assert post(url, "/v1/index/entries", good)[0] == 200
        cases: dict[str, tuple[int, object]] = {
            "another's signature": (403, msgspec.structs.replace(good, signature=other.signature)),
            "another position": (403, msgspec.structs.replace(good, position=1)),
            "expired": (403, _query(rig, lasts_s=-7_200)),
            "valid for days": (403, _query(rig, lasts_s=86_400)),
            "another history": (409, _query(rig, head=b"\1" * 32)),
            "a place that is not there": (409, _query(rig, position=9)),
            "no signature": (400, msgspec.structs.replace(good, signature=b"")),
            "not msgpack": (400, b"\xc1"),
            "deep": (400, b"\x91" * 5_000),
            "nothing": (400, b""),
        }
        for name, (status, value) in cases.items():
            answer = post(url, "/v1/index/entries", value)
            assert answer[0] == status, name
            problem = msgspec.json.decode(answer[2], type=Problem)
            assert problem.status == status and (problem.kind == "history") == (status == 409)
        body = b"x" * 40
        import hashlib

        wrong = msgspec.structs.replace(entry, body=body)
        for name, status, one in (
            ("no body", 400, entry),
            ("another digest", 400, wrong),
            ("unsigned", 403, msgspec.structs.replace(wrong, digest=hashlib.sha256(body).digest())),
            ("frees itself", 400, msgspec.structs.replace(wrong, digest=hashlib.sha256(body).digest(), frees=(1,))),
            ("far ahead", 409, msgspec.structs.replace(wrong, digest=hashlib.sha256(body).digest(), position=7)),
        ):
            assert post(url, "/v1/index/append", one)[0] == status, name
        assert post(url, "/v1/index/entries", good, content_type="application/json")[0] == 415
        with raw(url, f"POST /v1/index/append HTTP/1.1\r\nHost: x\r\nContent-Type: {INDEX_LOG}\r\n".encode()) as one_:
            one_.sendall(f"Content-Length: {MAX_REQUEST + 1}\r\n\r\n".encode())
            assert one_.recv(100).startswith(b"HTTP/1.1 413 ")
        assert ask(url, "GET", "/v1/health")[0] == 200
        assert ask(url, "GET", "/index-log.sqlite")[0] == 404
    with IndexHost(log, rig.dao.collective) as host:
        assert host.last()[0] == 0


def test_a_log_of_another_collective_is_not_served(rig: Rig, log: Path, tmp_path: Path) -> None:
    with hosted(rig, log) as url:
        copy = replica(rig, url, tmp_path / "copy.sqlite", rig.accounts[0])
        assert copy._change([], None, copy.revision())
        copy.close()
    with rigged(tmp_path / "another", members=1) as other, pytest.raises(SettingsError, match="another collective"):
        IndexHost(log, other.dao.collective)


def test_a_log_is_served_once(rig: Rig, log: Path) -> None:
    with IndexHost(log, rig.dao.collective), pytest.raises(WorkspaceBusyError):
        IndexHost(log, rig.dao.collective)


def test_a_host_slow_to_answer_is_given_up(rig: Rig, log: Path, tmp_path: Path) -> None:
    with hosted(rig, log) as url:
        copy = replica(rig, url, tmp_path / "copy.sqlite", rig.accounts[0], timeout_s=0.3)
        host_entries = IndexHost.entries
        try:
            IndexHost.entries = lambda *_: time.sleep(1.5) or []  # type: ignore[method-assign,assignment]
            started = time.monotonic()
            with pytest.raises(IndexUnavailableError):
                copy.revision()
            assert time.monotonic() - started < 3
        finally:
            IndexHost.entries = host_entries  # type: ignore[method-assign]
        copy.close()


def test_a_long_log_is_read_in_pages(rig: Rig, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unwrapped_dao.service.index_host.PAGE_BYTES", 700)
    with hosted(rig, log) as url:
        writer = replica(rig, url, tmp_path / "a.sqlite", rig.accounts[0])
        for _ in range(7):
            assert writer._change([], None, writer.revision())
        reader = replica(rig, url, tmp_path / "b.sqlite", rig.accounts[1])
        assert reader.revision() == writer.revision() and reader.position()[0] == 7
        writer.close()
        reader.close()


def test_the_host_s_file_tells_who_wrote_and_how_much_and_no_more(
    rig: Rig, exports: samples.SampleExports, log: Path, tmp_path: Path
) -> None:
    request = captured(rig.dao.members[0], exports[0])
    with hosted(rig, log) as url:
        copy = replica(rig, url, tmp_path / "copy.sqlite", rig.accounts[0])
        given = validator(rig, 0, copy).attest(request)
        copy.close()
    data = log.read_bytes()
    member = rig.dao.members[0].address
    for secret in (
        bytes.fromhex(member[2:]), member.lower().encode(), given.content.fingerprint, request.scope_id,
        request.content, SCOPE.encode(), b"music", rig.key.to_secret_bytes(), rig.key.log_key(),
    ):  # fmt: skip
        assert secret not in data
    with sqlite3.connect(log) as db:
        assert db.execute("SELECT position, writer FROM entry").fetchall() == [(1, rig.accounts[0].address)]
    assert io.BytesIO(data).read(6) == b"SQLite"
