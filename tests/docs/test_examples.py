"""Each file of examples/ runs as it is, in a process of its own, and does what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sdk.storage.golden import MIB, golden_bytes, golden_cids

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TESTED = {"parse_an_export", "encrypt_to_a_committee", "compute_a_cid", "split_revenue", "verify_a_delivery"}


def run(name: str, *arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_every_example_is_tested_and_listed() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == TESTED
    readme = (EXAMPLES / "README.md").read_text()
    assert all(f"({name}.py)" in readme for name in TESTED)


def test_an_export_is_parsed_and_shown_and_only_that(tmp_path: Path) -> None:
    assert "ExportError" in run("parse_an_export", "absent.zip", folder=tmp_path).stderr
    done = run("parse_an_export", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Buyers who pay may see these \d+ rows:\n  artist=.*rank=1,", done.stdout)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [0, 1, MIB + 1])
def test_a_cid_is_that_of_kubo(length: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(golden_bytes(length))
    done = run("compute_a_cid", "file", folder=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str(golden_cids()[length]))


def test_any_three_of_five_open_what_was_sealed(tmp_path: Path) -> None:
    content = b"canary " * 1000
    (tmp_path / "file").write_bytes(content)
    done = run("encrypt_to_a_committee", "file", "sealed", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("opened by key keepers") == 10
    assert b"canary" not in (tmp_path / "sealed").read_bytes()


def test_a_delivery_passes_and_any_altered_one_does_not(tmp_path: Path) -> None:
    assert run("verify_a_delivery", folder=tmp_path).returncode == 0
    given = json.loads((EXAMPLES / "a_delivery.json").read_text())
    swapped = {**given, "C1": given["C2"], "C2": given["C1"]}
    for wrong in (swapped, {**given, "C2": given["B1"]}, {**given, "node_id": "0x" + "11" * 32}):
        (tmp_path / "wrong.json").write_text(json.dumps(wrong))
        done = run("verify_a_delivery", "wrong.json", folder=tmp_path)
        assert (done.returncode, done.stdout.split(":")[0]) == (1, "refused")


def test_what_an_example_needs_and_is_not_installed_is_said_in_a_sentence(tmp_path: Path) -> None:
    """As after `pip install unwrapped-dao` alone: an import that finds nothing."""
    path = EXAMPLES / "split_revenue.py"
    light = (
        "import sys, runpy; sys.modules.update(dict.fromkeys(['eth', 'eth_abi', 'eth_account', 'eth_utils', 'web3']))"
    )
    program = f"{light}; sys.argv = ['split_revenue.py']; runpy.run_path({str(path)!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1 and re.match(
        r"This needs the package eth\w*, which the light install leaves out\.", line
    )
    assert line.endswith("`pip install 'unwrapped-dao[all]'`.")


def test_a_price_is_split_by_weight_and_nothing_is_lost(tmp_path: Path) -> None:
    price = 55_000_000_007
    done = run("split_revenue", price, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    shares = [tuple(map(int, found)) for found in re.findall(r"weight (\d+), paid (\d+)", done.stdout)]
    last = done.stdout.splitlines()[-1]
    told, members, treasury, operators, dust = map(int, re.findall(r"\d+", last))
    assert told == price == members + treasury + operators + dust
    weight = sum(share for share, _ in shares)
    for share, paid in shares:
        assert (members + dust) * share // weight - 1 <= paid <= (members + dust) * share // weight
