# ruff: noqa: E501 (rows of real formats are long)
"""Exports of several people in one place: seen by what they tell, without opening a personal file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.sdk.kinds.exports_by_hand import account_row, new_row, write
from unwrapped_dao import kinds
from unwrapped_dao.errors import InputError

EXTENDED = "Spotify Extended Streaming History/Streaming_History_Audio_2024_0.json"
ACCOUNT = "Spotify Account Data/StreamingHistory_music_0.json"


def life(seed: int, count: int = 300) -> list[tuple[int, str]]:
    """Minutes of 2024, and titles."""
    random = Random(seed)
    return [
        (minute, f"Song {random.randrange(40)} of {seed}") for minute in sorted(random.sample(range(500_000), count))
    ]


def when(minute: int) -> tuple[str, str]:
    day, rest = divmod(minute, 1_440)
    return f"2024-{day // 28 % 12 + 1:02}-{day % 28 + 1:02}", f"{rest // 60:02}:{rest % 60:02}"


def extended(plays: list[tuple[int, str]]) -> list[dict[str, Any]]:
    return [
        new_row(ts=f"{day}T{time}:00Z", master_metadata_track_name=title, offline_timestamp=None)
        for minute, title in plays
        for day, time in [when(minute)]
    ]


def account(plays: list[tuple[int, str]]) -> list[dict[str, Any]]:
    return [account_row(endTime=" ".join(when(minute)), trackName=title) for minute, title in plays]


def zipped(folder: Path, name: str, files: dict[str, Any]) -> Path:
    write(folder / name, files)
    shutil.make_archive(str(folder / name), "zip", folder / name)
    shutil.rmtree(folder / name)
    return folder / f"{name}.zip"


def scope_preview(*exports: Path) -> kinds.Preview:
    scope = kinds.scope("artist-preferences")
    return kinds.preview(kinds.get("music"), kinds.read("music", exports), scope)


def test_two_peoples_zips_in_one_folder_are_no_contribution_and_a_warning_among_insights(tmp_path: Path) -> None:
    for seed, name in ((1, "ANNA-CANARY"), (2, "BEN-CANARY")):
        zipped(tmp_path, name, {EXTENDED: extended(life(seed))})
    summary = kinds.read("music", [tmp_path]).summary
    (doubt,) = summary.doubts
    assert f"WARNING: {doubt}" in summary.lines()
    assert "CANARY" not in doubt and "more than one account" in doubt
    with pytest.raises(InputError, match="more than one account") as caught:
        scope_preview(tmp_path)
    assert "one account" in caught.value.hint and "CANARY" not in caught.value.message


@pytest.mark.parametrize(("mine", "theirs"), [(extended, extended), (extended, account), (account, account)])
def test_two_peoples_exports_given_one_after_the_other(tmp_path: Path, mine: Any, theirs: Any) -> None:
    one = zipped(tmp_path, "a", {EXTENDED if mine is extended else ACCOUNT: mine(life(1))})
    other = zipped(tmp_path, "b", {EXTENDED if theirs is extended else ACCOUNT: theirs(life(2))})
    with pytest.raises(InputError, match="more than one account"):
        scope_preview(one, other)


def test_two_exports_of_one_account_are_one_person_however_they_differ(tmp_path: Path) -> None:
    plays = life(1)
    later = [*plays[100:], *((minute + 500_000 % 100, title) for minute, title in life(3, 20))]
    zipped(tmp_path, "old", {EXTENDED: extended(plays)})
    zipped(tmp_path, "new", {EXTENDED: extended(sorted(later))})
    zipped(tmp_path, "year", {ACCOUNT: account(plays)})
    assert kinds.read("music", [tmp_path]).summary.doubts == ()
    assert scope_preview(tmp_path).rows


def test_one_persons_services_and_years_and_parts_are_one_person(tmp_path: Path) -> None:
    plays = life(1, 400)
    files = {
        # Parts of one export are not sorted, and somebody gave each a folder.
        "a/endsong_0.json": extended(plays[::2]),
        "b/endsong_1.json": extended(plays[1::2]),
        "c/maloja.json": {"scrobbles": [{"time": 1_704_067_200 + n * 9_000, "track": {"title": f"T{n}", "artists": ["Z"]}}
                                        for n in range(300)]},
    }  # fmt: skip
    assert kinds.read("music", [write(tmp_path, files)]).summary.doubts == ()


def test_few_plays_prove_nothing(tmp_path: Path) -> None:
    zipped(tmp_path, "a", {EXTENDED: extended(life(1, 60))})
    zipped(tmp_path, "b", {EXTENDED: extended(life(2))})
    assert kinds.read("music", [tmp_path]).summary.doubts == ()


def test_no_personal_file_is_opened_to_know_it(tmp_path: Path) -> None:
    for seed, name in ((1, "a"), (2, "b")):
        zipped(tmp_path, name, {EXTENDED: extended(life(seed)), "Userdata.json": {"email": "CANARY@example.org"}})
    summary = kinds.read("music", [tmp_path]).summary
    assert summary.doubts and "CANARY" not in json.dumps(summary.lines())
    assert [reason for name, reason in summary.ignored if "Userdata" in name] == [
        "personal and not needed; never opened"
    ] * 2
