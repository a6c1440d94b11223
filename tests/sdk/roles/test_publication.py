"""Invariant 15: nothing is published before the seal; afterwards the live versions and nothing else, anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

import unwrapped_dao as u
from unwrapped_dao import kinds
from unwrapped_dao.errors import NotAllowedError

SCOPE = "artist-preferences"
HEADER = 512  # the first bytes of envelopes of one pool are alike


def _stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / "store").rglob("*")) if path.is_file())


def test_a_replaced_and_a_withdrawn_version_are_never_in_storage(tmp_path: Path) -> None:
    with u.local(members=4, workspace=tmp_path) as dao:
        exports = u.samples.exports(6, seed=11, min_plays=400, max_plays=500)
        previews = [dao.members[0].preview(export, scope=SCOPE) for export in exports]
        pool = dao.collective.registry.current_pool(kinds.scope(SCOPE).scope_id)
        versions: dict[int, bytes] = {}  # digest of every version that was ever recorded -> its bytes

        def contribute(member: int, preview: int) -> bytes:
            digest = dao.members[member].contribute(previews[preview]).record.content
            held = [path for path in tmp_path.rglob(f"{digest.hex()}*") if path.suffix != ".json" and path.is_file()]
            versions[digest] = held[0].read_bytes()
            return digest

        replaced = contribute(0, 0)
        live = [contribute(0, 1)]
        withdrawn = contribute(1, 2)
        dao.members[1].withdraw(SCOPE)
        again = contribute(2, 3)
        dao.members[2].withdraw(SCOPE)
        live += [contribute(2, 3), contribute(3, 4)]
        assert len(versions) == 6

        assert _stored(tmp_path) == b""
        for state in ("open", "announced"):
            with pytest.raises(NotAllowedError):
                dao.publish(dao.collective.registry.pool(pool.scope_id, pool.epoch))
            assert _stored(tmp_path) == b"", state
            if state == "open":
                dao.relayer.announce(pool)

        sealed = dao.relayer.seal(dao.collective.registry.pool(pool.scope_id, pool.epoch))
        publication = dao.publish(sealed)
        assert sorted(cid.digest for cid in publication.published) == sorted(live)
        stored = _stored(tmp_path)
        for digest in live:
            assert versions[digest][200:1_000] in stored
        for digest in (replaced, withdrawn, again):
            for start in range(HEADER, len(versions[digest]) - 64, 64):
                assert versions[digest][start : start + 64] not in stored
        # Nor does a validator keep what could be published later.
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        for digest in (replaced, withdrawn, again):
            assert versions[digest][-512:] not in kept
