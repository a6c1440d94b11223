"""The identifiers of scopes: computed as the registry computes them, stable, and moved by every word agreed to."""

from __future__ import annotations

import dataclasses

import pytest
import rfc8785
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from unwrapped_dao import kinds
from unwrapped_dao.errors import InputError
from unwrapped_dao.kinds.digests import keccak256, purpose_digest, scope_id
from unwrapped_dao.kinds.music import Listens
from unwrapped_dao.kinds.music.listens import Row
from unwrapped_dao.kinds.music.scopes.artist_preferences import ARTIST_PREFERENCES, ArtistPreference, project
from unwrapped_dao.kinds.rows import RowScope, columns

ALL_SCOPES = [scope for name in kinds.names() for scope in kinds.get(name).scopes.values()]


def test_keccak_is_the_one_of_the_evm() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@given(
    schema=st.binary(min_size=32, max_size=32),
    purposes=st.lists(st.text(max_size=20), max_size=6),
    terms=st.text(max_size=50),
)
def test_scope_id_is_what_solidity_abi_encodes(schema: bytes, purposes: list[str], terms: str) -> None:
    digests = sorted({purpose_digest(p) for p in purposes})
    expected = keccak256(
        encode(
            ["bytes32", "bytes32", "bytes32[]", "bytes32"],
            [keccak256(b"unwrapped-dao/scope/v1"), schema, digests, keccak256(terms.encode())],
        )
    )
    assert scope_id(schema, [purpose_digest(p) for p in purposes], keccak256(terms.encode())) == expected


@pytest.mark.parametrize("scope", ALL_SCOPES, ids=lambda s: s.name)
def test_every_scope_is_complete(scope: kinds.Scope) -> None:
    assert isinstance(scope, kinds.Scope)
    assert scope.purposes and list(scope.purposes) == sorted(scope.purposes)
    assert scope.sentence.endswith(".") and scope.never_contains and scope.base_terms.endswith("\n")
    assert scope.base_terms_digest == keccak256(scope.base_terms.encode("utf-8"))
    assert kinds.scope(scope.name) is scope


def test_names_and_terms_agreed_to_do_not_drift() -> None:
    """A changed id is another scope: change the version, and this line with it."""
    assert ARTIST_PREFERENCES.schema_digest.hex()[:16] == GOLDEN_SCHEMA
    assert ARTIST_PREFERENCES.scope_id.hex()[:16] == GOLDEN_SCOPE


GOLDEN_SCHEMA = "8d415d3f51492bdc"
GOLDEN_SCOPE = "c41f2903c1c71a7a"


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"projection": "x"},
        {"projection_version": 2},
        {"purposes": ("ai-training",)},
        {"base_terms": "x"},
    ],
)
def test_every_word_moves_the_id(change: dict[str, object]) -> None:
    assert dataclasses.replace(ARTIST_PREFERENCES, **change).scope_id != ARTIST_PREFERENCES.scope_id  # type: ignore[arg-type]


def row(start: int, played: int, artist: str, **changes: object) -> Row:
    base = dict(zip(("kind", "private"), ("music", 0), strict=True)) | changes
    return (start, played, artist, "T", "", "", base["kind"], "", "", -1, -1, base["private"], 0, "s")  # type: ignore[return-value]


plays = st.lists(
    st.builds(
        row,
        st.integers(10**12, 10**12 + 10**11),
        st.integers(0, 10**6),
        st.sampled_from(["A", "B", "Ç", "Unknown", "D\u2028"]) | st.text(min_size=1, max_size=8),
        kind=st.sampled_from(["music", "podcast", "local"]),
        private=st.integers(0, 1),
    ),
    max_size=40,
)


@given(plays)
def test_projection_is_pure_ranked_and_adds_up(rows: list[Row]) -> None:
    found = project(Listens.of_rows(rows))
    assert found == project(Listens.of_rows(reversed(rows)))
    assert [r.rank for r in found] == list(range(1, len(found) + 1))
    assert [r.share_ppm for r in found] == sorted((r.share_ppm for r in found), reverse=True)
    # Shares are rounded down: what is missing from the whole is less than one part a row.
    assert not found or 1_000_000 - len(found) <= sum(r.share_ppm for r in found) <= 1_000_000
    allowed = {r[2] for r in rows if r[6] == "music" and not r[11]}
    assert {r.artist for r in found} <= allowed - {"Unknown"}


@given(plays)
def test_rows_round_trip_and_are_rfc_8785(rows: list[Row]) -> None:
    found = ARTIST_PREFERENCES.project(Listens.of_rows(rows))
    data = ARTIST_PREFERENCES.encode(found)
    assert ARTIST_PREFERENCES.decode(data) == found
    assert ARTIST_PREFERENCES.accepts(Listens.of_rows(rows), data)
    # JSON escapes line ends, so that a line is a row.
    assert data.split(b"\n")[1:-1] == [rfc8785.dumps(r.model_dump()) for r in found]


def test_at_most_two_hundred_rows() -> None:
    rows = [row(10**12 + i, 1000 + i, f"Artist {i}") for i in range(300)]
    assert len(project(Listens.of_rows(rows))) == 200


def test_floats_and_foreign_rows_are_refused() -> None:
    class Floaty(BaseModel):
        model_config = ConfigDict(frozen=True)
        share: float

    with pytest.raises(TypeError, match="an int, a str or a bool"):
        columns(Floaty)
    other: RowScope[ArtistPreference] = ARTIST_PREFERENCES
    with pytest.raises(InputError):
        other.encode([Floaty(share=0.5)])
