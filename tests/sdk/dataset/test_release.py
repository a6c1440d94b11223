"""A release: deterministic, complete, pseudonymous, and readable by the tools that buyers have."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from unwrapped_dao import kinds
from unwrapped_dao.dataset import Release, build
from unwrapped_dao.errors import InputError
from unwrapped_dao.kinds.music.scopes.artist_preferences import ArtistPreference

SCOPE = kinds.scope("artist-preferences")


def member_rows(number: int, artists: int = 12) -> bytes:
    rows = [
        ArtistPreference(
            artist=f"Artist {(number * 7 + i * i) % 60}x{i}", months_active=1 + i, rank=i + 1, share_ppm=1000 - i
        )
        for i in range(artists)
    ]
    return SCOPE.encode(rows)


def release(**changes: Any) -> Release:
    facts: dict[str, Any] = {
        "collective": "0x" + "ab" * 20, "chain_id": 1337, "epoch": 3, "sale_id": "0x" + "cd" * 32,
        "purpose": "ai-training", "terms_digest": "0x" + "ef" * 32, "date": "2026-01-02", "excluded": 1,
        "salt": b"s" * 32,
    }  # fmt: skip
    return Release(**(facts | changes))


def test_content_depends_on_nothing_but_members_and_salt() -> None:
    members = [(i, member_rows(i)) for i in range(25)]
    one = build(SCOPE, members, release())
    other = build(SCOPE, reversed(members), release(date="2026-05-05"))
    assert one.sha256 == other.sha256
    assert one.num_rows == 25 * 12
    assert build(SCOPE, members, release(salt=b"t" * 32)).sha256 != one.sha256


def test_pseudonyms_of_two_releases_share_nothing() -> None:
    members = [(i, member_rows(i)) for i in range(25)]
    one, other = (build(SCOPE, members, release(salt=salt * 32)) for salt in (b"s", b"t"))
    assert not set(one.pseudonyms) & set(other.pseudonyms)


def test_a_bad_envelope_is_left_out_and_said() -> None:
    dataset = build(SCOPE, [(0, member_rows(0)), (1, b"not rows"), (2, SCOPE.encode([]))], release())
    assert dataset.num_members == 1
    assert len(dataset.rejected) == 2


def test_nothing_readable_is_an_error() -> None:
    with pytest.raises(InputError, match="No envelope"):
        build(SCOPE, [(1, b"not rows")], release())


def test_a_member_twice_is_an_error() -> None:
    with pytest.raises(InputError, match="twice"):
        build(SCOPE, [(1, member_rows(1)), (1, member_rows(2))], release())


def test_written_release_checks_out_and_has_every_row(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    dataset = build(SCOPE, [(i, member_rows(i)) for i in range(25)], release())
    folder = dataset.to_parquet(tmp_path / "release")
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    tables = {p.stem: pq.read_table(p) for p in (folder / "data").iterdir()}
    assert set(tables) == {"train", "validation", "test"}
    assert sum(t.num_rows for t in tables.values()) == dataset.num_rows
    people = {name: set(t.column("member").to_pylist()) for name, t in tables.items()}
    assert not people["train"] & people["test"] and not people["train"] & people["validation"]
    assert (folder / "TERMS.txt").read_bytes() == SCOPE.base_terms.encode()


def test_few_members_are_all_for_training(tmp_path: Path) -> None:
    dataset = build(SCOPE, [(i, member_rows(i)) for i in range(5)], release())
    assert set(dataset.splits.values()) == {"train"}
    path = dataset.write_table(tmp_path / "dataset.parquet")
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    assert table.num_rows == dataset.num_rows
    assert table.schema.metadata[b"unwrapped-dao.content-sha256"].decode() == dataset.sha256
    assert table.drop_columns("split").to_pylist() == dataset.to_arrow().to_pylist()


@pytest.mark.parametrize("count", [4, 30])
def test_card_is_valid_croissant_and_loads_rows(tmp_path: Path, count: int) -> None:
    mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is a development dependency")
    dataset = build(SCOPE, [(i, member_rows(i)) for i in range(count)], release())
    folder = dataset.to_parquet(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        card = mlc.Dataset(jsonld=str(folder / "croissant.json"))
        assert not card.metadata.ctx.issues.errors
        assert not card.metadata.ctx.issues.warnings
        assert str(card.metadata.ctx.conforms_to.value).endswith("/1.1")
        loaded = list(card.records("train"))
    assert len(loaded) == sum(
        n for p, n in zip(dataset.pseudonyms, dataset.counts, strict=True) if dataset.splits[p] == "train"
    )


def test_card_and_release_name_no_member_number_and_no_salt(tmp_path: Path) -> None:
    dataset = build(SCOPE, [(i, member_rows(i)) for i in range(5)], release(salt=b"canary-salt-canary-salt"))
    folder = dataset.to_parquet(tmp_path)
    assert "canary" not in (folder / "croissant.json").read_text() + repr(dataset) + repr(dataset.release)
    card = json.loads((folder / "croissant.json").read_text())
    assert card["usageInfo"]["odrl:permission"]["odrl:constraint"][0]["odrl:rightOperand"]["@id"].endswith(
        "ai-training"
    )


def test_risk_of_equal_members_is_none_and_of_different_members_full() -> None:
    alike = build(SCOPE, [(i, member_rows(0)) for i in range(6)], release()).risk()
    assert alike.singled_out_ppm[5] == 0 and alike.unique_row_sets_ppm == 0
    rows = [ArtistPreference(artist=f"Only {i}", months_active=1, rank=1, share_ppm=1) for i in range(6)]
    apart = build(SCOPE, [(i, SCOPE.encode([rows[i]])) for i in range(6)], release()).risk()
    assert apart.singled_out_ppm[1] == 1_000_000 and apart.keys_of_one_member == 6
