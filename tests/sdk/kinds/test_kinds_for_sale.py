"""A kind's whole life of a sale: the second that ships, and one from outside. No line elsewhere knows either."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.sdk.kinds.test_heart_rate import csv_of, person
from unwrapped_dao import kinds
from unwrapped_dao.app.in_process import LocalCollective, local
from unwrapped_dao.cli.running import run
from unwrapped_dao.dataset import Dataset
from unwrapped_dao.errors import AttestationError, ExportError, NotAllowedError, NotFoundError, UntrustedDataError
from unwrapped_dao.roles.member import preview

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "kind-electricity"
PRICE = 90_000_001
SCOPES = {"resting-heart-rate": "heart-rate", "load-shape": "electricity"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The example as pip leaves it: importable, with the entry points of its pyproject.toml."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    site = tmp_path_factory.mktemp("site")
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    with pytest.raises(NotFoundError):
        kinds.get("electricity")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(EXAMPLE))
        patch.syspath_prepend(str(site))
        yield
        for name in [name for name in sys.modules if name.split(".")[0] == "unwrapped_electricity"]:
            del sys.modules[name]


def meter(path: Path, seed: int, days: int = 70) -> Path:
    """An invented household: asleep, at breakfast, away, cooking."""
    random = Random(seed)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["start", "kwh"])
        for hour in range(days * 24):
            at = (dt.datetime(2024, 3, 1) + dt.timedelta(hours=hour)).isoformat() + "Z"
            use = 0.15 + 0.9 * math.exp(-(((hour + seed) % 24 - 19) ** 2) / 8) + random.random() * 0.2
            writer.writerow([at, f"{use:.3f}"])
    return path


def exports_of(kind: str, folder: Path, member: int) -> Path:
    if kind == "electricity":
        return meter(folder / f"meter-{member}.csv", member)
    path = folder / f"watch-{member}.csv"
    path.write_text(csv_of(person(member)))
    return path


@pytest.fixture(scope="module")
def dao(installed: None) -> Iterator[LocalCollective]:
    with local(members=3, scopes=list(SCOPES)) as made:
        yield made


@pytest.mark.parametrize("scope", SCOPES)
def test_a_pool_of_the_kind_is_contributed_sold_opened_and_paid(
    dao: LocalCollective, tmp_path: Path, scope: str
) -> None:
    kind = kinds.get(SCOPES[scope])
    previews = [preview(exports_of(kind.name, tmp_path, n), scope=scope) for n in range(3)]
    for member, shown in zip(dao.members, previews, strict=True):
        assert shown.warning == kind.special_category
        assert (shown.lines()[0] == kind.special_category) == (kind.special_category is not None)
        member.contribute(shown)
    copy = preview(exports_of(kind.name, tmp_path, 0), scope=scope)
    with pytest.raises((AttestationError, NotAllowedError)):
        dao.members[2].contribute(copy)
    pool = dao.seal(scope)
    offer = dao.buyer.offer(pool, price=PRICE, purpose="academic-research")
    proposal = dao.members[0].propose(offer)
    dao.members[2].opt_out(offer)
    for member in dao.members:
        member.vote(proposal, "for")
    dataset = dao.buyer.receive(dao.settle(proposal))
    assert _rows(dataset) == sorted(json.dumps(dict(row), sort_keys=True) for p in previews[:2] for row in p.rows)
    paid = [member.claim().amount for member in dao.members]
    assert paid[0] > 0 and paid[1] > 0 and paid[2] == 0 and sum(paid) <= PRICE
    dataset.to_parquet(tmp_path / "out")
    assert "CANARY" not in "".join(p.read_text(errors="ignore") for p in (tmp_path / "out").rglob("*") if p.is_file())


def _rows(dataset: Dataset) -> list[str]:
    """The rows without the members' pseudonyms."""
    return sorted(json.dumps({k: v for k, v in row.items() if k != "member"}, sort_keys=True) for row in dataset.rows())


def test_the_command_line_shows_the_special_category_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["member", "preview", str(exports_of("heart-rate", tmp_path, 1)), "--scope", "resting-heart-rate"]) == 0
    told = capsys.readouterr()
    assert "special category under Article 9 GDPR" in told.out + told.err and "CANARY" not in told.out


@pytest.mark.usefixtures("installed")
def test_the_command_line_finds_the_kind_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = str(exports_of("electricity", tmp_path, 1))
    assert run(["export-summary", path, "--kind", "electricity"]) == 0
    assert "1,680 of 1,680 rows kept (meter-csv)" in capsys.readouterr().out
    assert run(["member", "preview", path, "--scope", "load-shape"]) == 0
    assert "share_per_mille=" in capsys.readouterr().out
    assert run(["insights", path, "--kind", "electricity"]) == 5, "it has none, and says so"


@pytest.mark.usefixtures("installed")
def test_the_kind_from_outside_keeps_the_protocol_and_its_errors(tmp_path: Path) -> None:
    kind = kinds.get("electricity")
    assert isinstance(kind, kinds.Kind) and kinds.names()[-1] == "electricity"
    found = kind.read(exports_of("electricity", tmp_path, 1))
    assert kind.decode_records(kind.encode_records(found.records)) == found.records
    assert kind.summarise(found.records).sample[0].keys() == {"hour", "watt_hours"}
    assert not any(result.penalty_ppm for result in kind.check(found.records))
    for number, text in enumerate(("", "start,kwh\n", "start,kwh\nsoon,1\n2024-03-01T00:30:00Z,1\n", "a,b\n1,2\n")):
        path = tmp_path / f"{number}.csv"
        path.write_text(text)
        with pytest.raises(ExportError):
            kind.read(path)
    for data in (b"", b"{}\n[]\n", b'{"format":"x"}\n[[1,2]]\n', b"\n[[[[\n"):
        with pytest.raises(UntrustedDataError):
            kind.decode_records(data)


def test_nothing_outside_its_folder_names_the_second_kind() -> None:
    package = ROOT / "unwrapped_dao"
    named = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if {"heart-rate", "heart_rate", "HeartRate"} & set(path.read_text().replace('"', " ").replace(".", " ").split())
    ]
    assert all(path.startswith("kinds/heart_rate/") for path in named), named
