"""A member and validators that collude: envelopes of every class of docs/spec/envelope.md that a buyer can meet.

Their CIDs are right and their digests stand on the chain, so that only opening them can tell. Not here: the class
`node` of a capsule. A buyer compares an envelope's pool with the expected one first, and tries no key whose node does
not cover the member, so that such an envelope is refused as `context`; tests/fixtures/vectors/envelope.json has it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.doubles.envelopes import craft, preamble
from unwrapped_dao import kinds
from unwrapped_dao.crypto.bn254 import G2Point
from unwrapped_dao.crypto.capsule import COMMIT_LENGTH, R_LENGTH, WRAP_LENGTH, capsule_length
from unwrapped_dao.crypto.header import Compression, EnvelopeContext
from unwrapped_dao.crypto.keys import DataKey
from unwrapped_dao.crypto.tree import Node
from unwrapped_dao.kinds.music.scopes.artist_preferences import ArtistPreference

CTX = 151
CHUNK = 65_536 + 16
ROWS = kinds.scope("artist-preferences").encode(
    [ArtistPreference(artist="Moondog", months_active=1, rank=1, share_ppm=9)]
)
"""One row of the tutorial's scope."""


@dataclass(frozen=True)
class Forge:
    """Makes envelopes for one member; `delivered` is the node whose key the buyer will hold."""

    context: EnvelopeContext
    committee_key: G2Point
    delivered: Node

    def craft(self, plaintext: bytes, **odd: Any) -> bytes:
        key, salt = DataKey.generate(), secrets.token_bytes(32)
        return craft(self.context, self.committee_key, plaintext, dek=key, salt=salt, **odd)

    def good(self, content: bytes = ROWS) -> bytes:
        return self.craft(preamble(len(content), len(content)) + content)

    def three_chunks(self) -> tuple[bytes, list[bytes]]:
        """(header, chunks) of a good one."""
        data = self.good(ROWS * (140_000 // len(ROWS)))
        payload = data[self.header :]
        chunks = [payload[at : at + CHUNK] for at in range(0, len(payload), CHUNK)]
        assert len(chunks) == 3
        return data[: self.header], chunks

    @property
    def header(self) -> int:
        """Length in bytes."""
        return self.mac + 32

    @property
    def mac(self) -> int:
        return CTX + capsule_length(self.context.tree_height)

    @property
    def wrap(self) -> int:
        """Where the delivered node's wrap begins."""
        return CTX + R_LENGTH + WRAP_LENGTH * (self.context.tree_height - self.delivered.height)


Make = Callable[[Forge], bytes]


def _altered(where: Callable[[Forge], int]) -> Make:
    """One bit of a good envelope turned."""

    def make(forge: Forge) -> bytes:
        data, at = bytearray(forge.good()), where(forge)
        data[at] ^= 1
        return bytes(data)

    return make


def _of_another_member(forge: Forge) -> bytes:
    return replace(forge, context=replace(forge.context, member_number=0)).good()


def _of_another_pool(forge: Forge) -> bytes:
    context = forge.context
    return replace(forge, context=replace(context, pool=replace(context.pool, epoch=1))).good()


def _with_the_point_of_another(forge: Forge) -> bytes:
    one, two = forge.good(), forge.good()
    return one[:CTX] + two[CTX : CTX + R_LENGTH] + one[CTX + R_LENGTH :]


def _reordered(forge: Forge) -> bytes:
    header, (first, second, last) = forge.three_chunks()
    return header + second + first + last


def _spliced(forge: Forge) -> bytes:
    (header, (first, _, last)), (_, (_, other, _)) = forge.three_chunks(), forge.three_chunks()
    return header + first + other + last


def _without_its_last_chunk(forge: Forge) -> bytes:
    header, chunks = forge.three_chunks()
    return header + b"".join(chunks[:-1])


def _filled(forge: Forge) -> bytes:
    return forge.craft(preamble(len(ROWS), len(ROWS)) + ROWS + b"\1")


def _stating_a_bomb(forge: Forge) -> bytes:
    stored = bytes.fromhex("cb49cc1985444200")
    return forge.craft(preamble(len(stored), 1 << 40) + stored, compression=Compression.DEFLATE)


def _of_free_randomness(forge: Forge) -> bytes:
    return forge.craft(preamble(len(ROWS), len(ROWS)) + ROWS, free_r=0x5EC7E7)


CASES: tuple[tuple[str, str, Make], ...] = (
    ("another magic", "envelope malformed", _altered(lambda _: 0)),
    ("an unknown version", "envelope version", _altered(lambda _: 7)),
    ("another member's number", "envelope context", _of_another_member),
    ("another pool", "envelope context", _of_another_pool),
    ("its salt altered", "capsule commit", _altered(lambda _: 119)),
    ("R off the curve", "capsule malformed", _altered(lambda _: CTX + R_LENGTH - 1)),
    ("the R of another envelope", "capsule commit", _with_the_point_of_another),
    ("its wrap's commitment altered", "capsule commit", _altered(lambda forge: forge.wrap)),
    ("its wrapped key altered", "capsule wrap", _altered(lambda forge: forge.wrap + COMMIT_LENGTH)),
    ("R not made from the data key", "capsule randomness", _of_free_randomness),
    ("the wrap of a node that nobody bought altered", "envelope header", _altered(lambda forge: forge.mac - 1)),
    ("its mac altered", "envelope header", _altered(lambda forge: forge.mac)),
    ("its payload altered", "envelope payload", _altered(lambda forge: forge.header)),
    ("its chunks exchanged", "envelope payload", _reordered),
    ("a chunk of another envelope", "envelope payload", _spliced),
    ("its last chunk missing", "envelope truncated", _without_its_last_chunk),
    ("its last byte missing", "envelope truncated", lambda forge: forge.good()[:-1]),
    ("one byte more", "envelope trailing", lambda forge: forge.good() + b"\0"),
    ("filled with something", "envelope padding", _filled),
    ("stating a terabyte", "envelope compression", _stating_a_bomb),
)
"""(what is wrong, the check that must name it, how it is made)."""
