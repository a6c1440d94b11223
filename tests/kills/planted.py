"""Exports in the real format whose personal fields hold canaries: what must be in no file, line or error afterwards."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from unwrapped_dao import samples

CANARIES = {
    "name": "Canary Nightingale",
    "email": "canary@mailbox.example",
    "user": "canaryuser7",
    "address": "203.0.113.77",
    "agent": "CanaryAgent/9.9",
    "device": "Canary Phone 9 (CNRY42)",
    "search": "where do canaries sing",
}
"""By what they stand for: each is text that nobody but the owner of the export has any business with."""
PLAYS = 450
_TS = "%Y-%m-%dT%H:%M:%SZ"


def write_exports(folder: Path, count: int, *, seed: int = 11) -> list[Path]:
    """`count` lifetime histories of invented people, as zips in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with samples.exports(count, seed=seed, min_plays=PLAYS, max_plays=PLAYS + 50, format="extended-zip") as made:
        for number, export in enumerate(made, start=1):
            path = folder / f"{number}.zip"
            _planted(export.path, path)
            paths.append(path)
    return paths


def write_later_export(path: Path, earlier: Path, stranger: Path) -> None:
    """The account of `earlier`, asked for once more: all it told before, and then a stranger's plays as its newest."""
    with zipfile.ZipFile(earlier) as old, zipfile.ZipFile(stranger) as other, zipfile.ZipFile(path, "w") as new:
        history = [name for name in old.namelist() if "Streaming_History_Audio" in name]
        told = [row for name in history for row in json.loads(old.read(name))]
        more = [
            row
            for name in other.namelist()
            if "Streaming_History_Audio" in name
            for row in json.loads(other.read(name))
        ]
        after = max(_time(row) for row in told) - min(_time(row) for row in more) + timedelta(days=1)
        told += [row | {"ts": (_time(row) + after).strftime(_TS)} for row in more]
        for name in old.namelist():
            if name not in history:
                new.writestr(name, old.read(name))
        new.writestr(history[0], json.dumps(told))


def _time(row: dict[str, Any]) -> datetime:
    return datetime.strptime(row["ts"], _TS).replace(tzinfo=UTC)


def _planted(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".json"):
                rows = json.loads(data)
                for row in rows:
                    row |= {"platform": CANARIES["device"], "ip_addr": CANARIES["address"], "conn_country": "QX"}
                    row |= {"username": CANARIES["user"], "user_agent_decrypted": CANARIES["agent"]}
                data = json.dumps(rows).encode()
            new.writestr(name, data)
        person = {"displayName": CANARIES["name"], "email": CANARIES["email"], "username": CANARIES["user"]}
        new.writestr("Spotify Account Data/Identity.json", json.dumps(person))
        searched = [{"platform": CANARIES["device"], "searchQuery": CANARIES["search"]}]
        new.writestr("Spotify Account Data/SearchQueries.json", json.dumps(searched))


def spy(path: Path) -> None:
    """From now on write every secret that this process makes to a file outside of its folder."""
    from eth_account import Account

    from unwrapped_dao.crypto.keys import DataKey, SecretScalar
    from unwrapped_dao.crypto.sealed_request import EncryptionKey
    from unwrapped_dao.validation import FingerprintKey

    def note(name: str, secret: bytes) -> None:
        with path.open("a") as file:
            file.write(f"{name} {secret.hex()}\n")

    def watched(kind: Any) -> None:
        generate = kind.generate.__func__

        def generated(cls: Any) -> Any:
            made = generate(cls)
            note(kind.__name__, made.to_secret_bytes())
            return made

        kind.generate = classmethod(generated)

    for kind in (DataKey, SecretScalar, EncryptionKey, FingerprintKey):
        watched(kind)
    create = Account.create

    def created(*args: Any) -> Any:
        account = create(*args)
        note("account key", bytes(account.key))
        return account

    Account.create = created


def spied(path: Path) -> list[tuple[str, bytes]]:
    """(what it is, secret) of everything that was made."""
    lines = (line.rsplit(" ", 1) for line in path.read_text().splitlines())
    return [(name, bytes.fromhex(secret)) for name, secret in lines]


def forms(secret: bytes) -> Iterator[bytes]:
    """How a secret could stand in a file: raw, hex, base64 at each of its three offsets, as a decimal number."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for offset in range(3):
            # Without the characters that neighbouring bytes take part in.
            whole = encode(bytes(offset) + secret)
            first, last = -(-offset * 8 // 6), (offset + len(secret)) * 8 // 6
            yield whole[first:last]
    if len(secret) == 32:
        yield str(int.from_bytes(secret, "big")).encode()
        yield secret[::-1]


def found(secrets: Iterable[tuple[str, bytes]], where: Iterable[tuple[str, bytes]]) -> list[str]:
    """Every "secret in place" that is true."""
    places = list(where)
    return [
        f"{name} in {place}"
        for name, secret in secrets
        for form in dict.fromkeys(forms(secret))
        for place, content in places
        if form in content
    ]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(name, content) of every file below a folder; names are content too."""
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield f"the name {name}", name.encode()
        if path.is_file():
            yield name, path.read_bytes()
