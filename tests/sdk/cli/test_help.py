"""`--help` answers at once: it may import the parser of options and nothing that works."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = (
    "web3",
    "eth",
    "eth_abi",
    "eth_account",
    "eth_utils",
    "pyarrow",
    "cryptography",
    "py_ecc",
    "zksnake",
    "msgspec",
    "requests",
    "ipfshttpclient",
    "rlp",
    "rich",
    "unwrapped_dao.app",
    "unwrapped_dao.chain",
    "unwrapped_dao.crypto",
    "unwrapped_dao.kinds",
    "unwrapped_dao.roles",
    "unwrapped_dao.settings",
)

PROGRAM = """
import sys
from unwrapped_dao.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
print("imported:", *sorted(sys.modules))
"""


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"]], ids=" ".join)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    told, imported = done.stdout.rsplit("imported:", 1)
    assert "Usage: unwrapped-dao" in told
    modules = set(imported.split())
    assert "unwrapped_dao.cli.program" in modules
    # typer 0.29 itself loads pydantic once a verb's options are parsed.
    heavy = {*HEAVY, "pydantic"} if arguments == ["--help"] else set(HEAVY)
    assert sorted(modules & heavy) == []


def test_completion_knows_the_verbs_of_a_noun_and_imports_nothing_heavy() -> None:
    asked = {"_UNWRAPPED_DAO_COMPLETE": "complete_bash", "COMP_WORDS": "unwrapped-dao pool ", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | asked, capture_output=True, text=True, timeout=60, check=True
    )
    told, imported = done.stdout.rsplit("imported:", 1)
    assert {"announce", "list", "open", "publish", "seal"} <= set(told.split())
    assert sorted(set(imported.split()) & set(HEAVY)) == []
