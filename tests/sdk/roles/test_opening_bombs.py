"""Envelopes that colluding validators attested to fill a buyer's memory: said, left out, and the rest opens."""

from __future__ import annotations

import io
import secrets
import tracemalloc
import zlib
from pathlib import Path

import pytest

from tests.doubles.envelopes import craft, preamble
from tests.sdk.roles.test_opening import COMMITTEE, HEIGHT, POOL, SCOPE, opener, rows_of, sealed
from unwrapped_dao.crypto.header import Compression, EnvelopeContext
from unwrapped_dao.crypto.keys import DataKey
from unwrapped_dao.dataset import Spool
from unwrapped_dao.kinds import rows
from unwrapped_dao.roles.identity import no_progress
from unwrapped_dao.roles.opening import Task, open_all
from unwrapped_dao.storage.blockstore import BlockStore

MIB = 1 << 20


def swelling(content: bytes) -> bytes:
    """The envelope of member 0, deflated; empty blocks make it just long enough to state what it unpacks to."""
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
    packed += b"\x00\x00\x00\xff\xff" * max(0, (len(content) // 64 - len(packed)) // 5 + 1) + packer.flush()
    return craft(
        EnvelopeContext(POOL, 0, HEIGHT), COMMITTEE, preamble(len(packed), len(content)) + packed,
        dek=DataKey.generate(), salt=secrets.token_bytes(32), compression=Compression.DEFLATE,
    )  # fmt: skip


def header(count: int) -> bytes:
    return SCOPE.encode(()).replace(b'"rows":0', b'"rows":%d' % count)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: bytes(64 * MIB), "more rows than a contribution may"),
        (lambda: header(1 << 20) + b"[]\n" * (1 << 20), "no rows of the scope"),
        (lambda: header(1) + b"[" + b"[]," * (1 << 20) + b"[]]\n", "not in canonical form"),
        (lambda: header(1) + b"[" * (3 * MIB) + b"\n", "not in canonical form"),
        (lambda: header(0) + b"\n" * (3 * MIB), "not in canonical form"),
    ],
    ids=["zeros without end", "a million empty lists", "a million of them in one line", "nesting", "empty lines"],
)
def test_a_bomb_costs_the_buyer_no_memory_and_no_other_envelope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object, reason: str
) -> None:
    monkeypatch.setattr(rows, "MAX_ROWS_BYTES", 4 * MIB)
    store = BlockStore(tmp_path / "store")
    made = [swelling(content()), sealed(1, rows_of(1))]  # type: ignore[operator]
    tasks = [Task(number, store.publish(io.BytesIO(data)).digest, 0) for number, data in enumerate(made)]
    del made
    spool = Spool(tmp_path / "spool", "a sale")
    tracemalloc.start()
    try:
        assert open_all(opener(store), tasks, spool, no_progress) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    ((number, said),) = spool.rejected()
    assert number == 0 and reason in said
    assert spool.members() == [(1, 3)]
    assert peak < 32 * MIB, f"{peak >> 20} MiB"


@pytest.mark.parametrize("count", [0, 1, 4_000, 10_000])
def test_rows_are_counted_and_read_alike_however_many_pieces_they_make(count: int) -> None:
    kind = SCOPE.row
    made = [kind(artist=f"A{i}", months_active=1, rank=1 + i % 200, share_ppm=9) for i in range(count)]
    data = SCOPE.encode(made)
    assert SCOPE.count(data) == count and list(SCOPE.decode(data)) == made


@pytest.mark.parametrize("damage", ["a row less", "a row more", "another count", "a space more"])
def test_a_damage_in_the_last_of_several_pieces_is_noticed(damage: str) -> None:
    kind = SCOPE.row
    data = SCOPE.encode([kind(artist=f"A{i}", months_active=1, rank=1 + i % 200, share_ppm=9) for i in range(10_000)])
    lines = data.splitlines(keepends=True)
    assert len(data) > 2 * rows._PIECE
    bad = {
        "a row less": b"".join(lines[:-1]),
        "a row more": data + lines[-1],
        "another count": data.replace(b'"rows":10000', b'"rows":10001', 1),
        "a space more": data[:-1] + b" \n",
    }[damage]
    for read in (SCOPE.count, SCOPE.decode):
        with pytest.raises(rows.RowsError):
            read(bad)
