"""A long measurement goes on where it was stopped (tests/kills/progress.py)."""

from pathlib import Path

from tests.kills.progress import Progress

ABOUT = {"commit": "1234", "seed": 7}


def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    first = Progress(tmp_path / "reports" / "p.jsonl", ABOUT)
    first.keep("case 1 1", {"wrong": []})
    first.keep("case 1 2", {"wrong": ["paid twice"]})  # killed here: nothing is closed
    again = Progress(tmp_path / "reports" / "p.jsonl", ABOUT)
    assert again.results == {"case 1 1": {"wrong": []}, "case 1 2": {"wrong": ["paid twice"]}}


def test_results_of_another_commit_are_not_taken(tmp_path: Path) -> None:
    Progress(tmp_path / "p.jsonl", ABOUT).keep("case 1 1", {"wrong": []})
    assert Progress(tmp_path / "p.jsonl", {**ABOUT, "commit": "5678"}).results == {}
    assert Progress(tmp_path / "p.jsonl", ABOUT).results == {}, "it was begun anew"


def test_a_line_cut_by_a_kill_is_measured_again(tmp_path: Path) -> None:
    whole = Progress(tmp_path / "p.jsonl", ABOUT)
    whole.keep("case 1 1", {"wrong": []})
    whole.keep("case 1 2", {"wrong": []})
    whole.close()
    text = (tmp_path / "p.jsonl").read_text()
    (tmp_path / "p.jsonl").write_text(text[:-6])
    cut = Progress(tmp_path / "p.jsonl", ABOUT)
    assert list(cut.results) == ["case 1 1"]
    cut.keep("case 1 2", {"wrong": []})
    assert list(Progress(tmp_path / "p.jsonl", ABOUT).results) == ["case 1 1", "case 1 2"]
