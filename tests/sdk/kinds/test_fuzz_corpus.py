"""The kept inputs of `make fuzz`, through the same promises, without the fuzzer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.fuzz.seeds import seeds
from tests.fuzz.target import CORPUS, TARGETS, home, read_one
from unwrapped_dao import kinds


@pytest.fixture(scope="module", autouse=True)
def _tidy() -> Iterator[None]:
    yield
    shutil.rmtree(home(), ignore_errors=True)
    home.cache_clear()


@pytest.mark.parametrize("name", TARGETS)
def test_every_kept_input_is_read_or_refused_in_kind(name: str) -> None:
    kept = sorted((CORPUS / name).iterdir())
    assert kept, "a target begins from seeds"
    assert max(read_one(TARGETS[name], path.read_bytes()) for path in kept) > 0, "some input of the corpus is read"


def test_every_source_is_a_target_and_seeds_are_what_their_script_writes() -> None:
    files = {target.file for target in TARGETS.values()}
    assert len(files) == len(TARGETS) == len(kinds.get("music").sources) + len(kinds.get("heart-rate").sources) + 1
    for target, name, data in seeds():
        kept = (CORPUS / target / f"seed-{name}").read_bytes()
        assert kept == data or target in ("archive", "deezer"), (target, name)


def test_a_broken_promise_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = (CORPUS / "lastfm-csv" / "seed-header").read_bytes()

    def careless(self: object, records: object) -> object:
        raise KeyError("uts")

    monkeypatch.setattr(type(kinds.get("music")), "check", careless)
    with pytest.raises(KeyError):
        read_one(TARGETS["lastfm-csv"], seed)
