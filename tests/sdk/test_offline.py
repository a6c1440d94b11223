"""While an export is read nothing can leave this machine: the interpreter refuses it, and a witness saw nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from unwrapped_dao import kinds, samples
from unwrapped_dao.errors import NotAllowedError
from unwrapped_dao.offline import offline
from unwrapped_dao.roles.member import preview


def _connect() -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=0.1).close()


ATTEMPTS = {
    "a socket": lambda: socket.socket().close(),
    "a connection": _connect,
    "a resolver": lambda: socket.getaddrinfo("localhost", 80),
    "a process": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_every_way_out_is_shut_inside_and_open_outside(attempt: object) -> None:
    with pytest.raises(NotAllowedError, match="stopped"), offline():
        attempt()  # type: ignore[operator]
    with offline(), pytest.raises(NotAllowedError), offline():
        attempt()  # type: ignore[operator]
    socket.socket().close()


def test_other_threads_go_on() -> None:
    done: list[bool] = []
    with offline():
        thread = threading.Thread(target=lambda: (socket.socket().close(), done.append(True)))
        thread.start()
        thread.join(10)
    assert done == [True]


def test_a_kind_that_phones_home_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    music = type(kinds.get("music"))
    read = music.read

    def phoning(self: object, *given: object, **named: object) -> object:
        _connect()
        return read(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(music, "read", phoning)
    with pytest.raises(NotAllowedError, match="socket"):
        preview(samples.third_party(), scope="artist-preferences")


WITNESS = """
import sys
seen = []
def witness(event, _):
    if event.startswith("socket.") or event == "subprocess.Popen":
        seen.append(event)
sys.addaudithook(witness)
from unwrapped_dao.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print("witness:", __import__("json").dumps(seen))
"""


@pytest.mark.parametrize(
    "command",
    [
        ["member", "preview", "EXPORT", "--validators", "http://127.0.0.1:9"],
        ["insights", "EXPORT", "--timezone", "UTC"],
        ["export-summary", "EXPORT"],
    ],
    ids=lambda command: command[0] if command[0] != "member" else "preview",
)
def test_a_whole_command_opens_no_socket_from_its_first_import_to_its_end(tmp_path: Path, command: list[str]) -> None:
    with samples.exports(1, seed=3, min_plays=300, max_plays=300) as exports:
        arguments = [str(exports[0].path) if part == "EXPORT" else part for part in command]
        done = subprocess.run(
            [sys.executable, "-c", WITNESS, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    told, _, seen = done.stdout.rpartition("witness: ")
    assert json.loads(seen) == []
    if command[0] == "member":  # it is named, and not contacted
        assert "The validators http://127.0.0.1:9 see in full: " in told
