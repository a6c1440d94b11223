"""The tutorial's workspace, and all of its world that a refused command must leave as it was."""

from __future__ import annotations

import hashlib
import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docs.commands import ROOT, run
from unwrapped_dao.app import App, open_app
from unwrapped_dao.chain.erc20 import Erc20
from unwrapped_dao.settings import load

PASSPHRASE = "only for this rehearsal"
WORKSPACE = ".unwrapped-dao"
Told = tuple[Path, list[tuple[list[str], str, str]]]
"""(folder, [(arguments, stdout, stderr)]) of the whole tutorial."""


def tell(folder: Path) -> Told:
    """Every command of docs/tutorial.md, exactly as written, one process each; each must succeed."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    environ, done = {}, []
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for line in block.splitlines():
            program, *arguments = shlex.split(line)
            if program == "export":
                name, _, value = arguments[0].partition("=")
                environ[name] = value
                continue
            assert program == "unwrapped-dao"
            result = run(arguments, folder, **environ)
            assert result.returncode == 0, f"{line}\n{result.stdout}\n{result.stderr}"
            done.append((arguments, result.stdout, result.stderr))
    return folder, done


@contextmanager
def opened(folder: Path) -> Iterator[App]:
    """The workspace in this process, as a command opens it."""
    arguments = {"workspace": folder / WORKSPACE}
    with open_app(load(arguments, {"UNWRAPPED_PASSPHRASE": PASSPHRASE})) as app:
        yield app


@dataclass(frozen=True)
class World:
    """The chain's head (number and hash, thus all of its state), what everybody holds, every file by its digest.

    `money` is (wei, base units of the test dollar) by address, the splitter among them.
    """

    head: tuple[int, str | None]
    money: dict[str, tuple[int, int]]
    files: dict[str, str]


def world(folder: Path) -> World:
    """As it stands now. Lock files, and the chain's database whose content the head's hash covers, are left out."""
    with opened(folder) as app:
        client, collective = app.client, app.collective
        dollar = Erc20.at(client, collective.splitter.currencies()[0])
        holders = [*app.accounts.named(), collective.splitter.address]
        money = {holder: (client.balance(holder), dollar.balance_of(holder)) for holder in holders}
        number = client.block_number()
        head = number, client.block_hash(number)
    files = {
        str(path.relative_to(folder)): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "lock" and not path.name.startswith("chain.sqlite")
    }
    return World(head, money, files)


def _digest(path: Path) -> str:
    """Of a file's bytes; of a database's content, since opening one counts up in its header."""
    if path.suffix != ".sqlite":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    with closing(sqlite3.connect(path)) as database:
        return hashlib.sha256("\n".join(database.iterdump()).encode()).hexdigest()
