"""What people do by mistake at the command line: one sentence, one piece of advice, and the exit code that is true."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.docs.commands import run
from tests.doubles.rpc_node import rpc_node
from unwrapped_dao.chain.client import ChainClient
from unwrapped_dao.chain.http import HttpTransport
from unwrapped_dao.chain.local import LocalChain
from unwrapped_dao.errors import NotAllowedError, RpcUnavailableError, SettingsError, StorageUnavailableError
from unwrapped_dao.settings import load
from unwrapped_dao.storage.kubo import KuboStore

# A locale that knows no letter but English ones; UTF-8 is not put in its place.
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
BOM = b"\xef\xbb\xbf"


def test_no_command_at_all_gets_the_help_and_no_error(tmp_path: Path) -> None:
    for arguments in ([], ["member"]):
        done = run(arguments, tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("Usage: unwrapped-dao")
        assert "error:" not in done.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    done = run(["--version"], tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("unwrapped-dao 0.")


def test_a_locale_without_letters_stops_nothing(tmp_path: Path) -> None:
    done = run(["export-help", "spotify"], tmp_path, **ASCII)
    assert done.returncode == 0, done.stderr
    assert r"Under \u201cDownload your data\u201d" in done.stdout
    done = run(["export-help", "spotify", "--json"], tmp_path, **ASCII)
    assert "“Download your data”" in str(json.loads(done.stdout))


@pytest.mark.parametrize("name", ["config.toml", "passphrase"])
def test_an_editor_that_marks_its_files_and_ends_lines_twice_is_no_mistake(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.toml").write_bytes(BOM + b'rpc = "http://127.0.0.1:1"\r\npassphrase_file = "passphrase"\r\n')
    (tmp_path / "passphrase").write_bytes(BOM + "pässword\r\n".encode())
    found = load({"workspace": tmp_path}, {})
    assert found.rpc == "http://127.0.0.1:1"
    assert found.require_passphrase() == "pässword"


def test_where_a_settings_file_is_wrong_is_told_and_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("# mine\nrpc = http://canary@127.0.0.1:1\n")
    with pytest.raises(SettingsError) as refused:
        load({"workspace": tmp_path}, {})
    assert "is no TOML at line 2" in refused.value.message
    assert "quotation marks" in refused.value.hint
    assert "canary" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://[::1", "127.0.0.1:8545", "/ip4/127.0.0.1/tcp/1"])
@pytest.mark.parametrize("name", ["rpc", "ipfs", "witness"])
def test_an_address_that_is_none_is_said(tmp_path: Path, name: str, url: str) -> None:
    with pytest.raises(SettingsError, match=f"^The setting {name} is no http or https URL, such as http://127.0.0.1:"):
        load({"workspace": tmp_path, name: url}, {})
    if name == "rpc":
        with pytest.raises(SettingsError):
            HttpTransport(url, timeout_s=1)


def test_an_address_of_version_6_is_shown_as_one_writes_it() -> None:
    with pytest.raises(RpcUnavailableError, match=r"at http://\[::1\]:9 does not answer"):
        ChainClient.connect("http://canary:canary@[::1]:9/canary")


def test_https_where_http_is_spoken_is_said() -> None:
    with rpc_node() as node, pytest.raises(RpcUnavailableError, match="does not speak TLS") as refused:
        ChainClient.connect(node.url.replace("http://", "https://"))
    assert "http://" in refused.value.hint


def test_who_has_too_little_ether_is_said_and_how_much(tmp_path: Path) -> None:
    from eth_account import Account

    poor = Account.create()
    with LocalChain.in_memory() as chain, pytest.raises(NotAllowedError) as refused:
        ChainClient(chain).send(poor, poor.address, value=10**18)
    assert poor.address in refused.value.message
    assert "has 0 ETH" in refused.value.message


def test_half_an_address_is_no_accounts_name(tmp_path: Path) -> None:
    assert run(["chain", "start"], tmp_path).returncode == 0
    done = run(["collective", "verify", "0x12"], tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: '0x12' is no address.\nhint: An address is 0x and 40 hexadecimal digits")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "that is no RPC of a Kubo node; by default it is at port 5001, and 8080 is the gateway"),
        (403, r"its RPC asks for an authorization \(API.Authorizations\), and this program has none to send"),
    ],
)
def test_what_answers_and_is_no_kubo_of_ones_own_is_said(status: int, said: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_error(status)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(StorageUnavailableError, match=rf"^The IPFS node at \S+ did not say its version: {said}\.$"):
            KuboStore(f"http://127.0.0.1:{server.server_port}").version()
    finally:
        server.shutdown()
        server.server_close()
