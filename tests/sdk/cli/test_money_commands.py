"""Where money goes, and collecting it, at the command line: mistakes first. Collecting a real sale: the tutorial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sdk.cli.desk import Desk, cheap
from unwrapped_dao.cli.running import run

COLD = "0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A collective with one member, before any sale."""
    folder = tmp_path_factory.mktemp("money") / "workspace"
    with pytest.MonkeyPatch.context() as patch:
        cheap(patch)
        for line in (
            "account new founder custodian ana ben",
            "validator setup",
            "collective deploy --name M --validators validator-1,validator-2,validator-3 --custodian custodian",
            "custodian setup",
            "pool open",
            "member join --as ana",
        ):
            assert run([*line.split(), "--workspace", str(folder)]) == 0
        yield folder


@pytest.fixture
def desk(workspace: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    cheap(monkeypatch)
    return Desk(workspace, capsys)


@pytest.mark.parametrize(
    ("given", "said", "code"),
    [
        ("", "A payout goes to one address", 2),
        (f"{COLD} --own", "A payout goes to one address", 2),
        (COLD.lower(), "has no checksum", 2),
        (COLD.replace("0x8f3C", "0x8F3C"), "are a checksum, and it is wrong", 2),
        (COLD[:-1], "is no address", 2),
        ("0x" + "0" * 40, "The zero address belongs to nobody", 2),
        ("savings", "There is no account 'savings'", 5),
    ],
    ids=["nothing", "both", "no checksum", "mistyped", "too short", "zero", "no such account"],
)
def test_an_address_that_could_lose_the_money_is_refused(desk: Desk, given: str, said: str, code: int) -> None:
    before = desk.json("member status --as ana")["payout"]
    told = desk(f"member payout {given} --as ana", code=code)
    assert said in told
    assert COLD not in told or given != COLD.lower()  # a mistyped address is not given a good look
    assert desk.json("member status --as ana")["payout"] == before


def test_the_collective_s_own_contracts_are_no_payout_address(desk: Desk) -> None:
    verified = desk.json("collective verify")
    for name in ("RevenueSplitter", "MembershipToken"):
        assert "would be lost" in desk(f"member payout {verified['addresses'][name]} --as ana", code=2)
    assert "would be lost" in desk(f"member payout {verified['parameters']['currencies'][0]} --as ana", code=2)


def test_who_is_no_member_is_told_to_join_first(desk: Desk) -> None:
    assert "member join" in desk(f"member payout {COLD} --as ben", code=5)


def test_a_payout_address_is_set_shown_and_cleared(desk: Desk) -> None:
    own = desk.json("member status --as ana")["payout"]
    planned = desk.json(f"member payout {COLD} --as ana --dry-run")
    (transaction,) = planned["transactions"]
    assert (transaction["contract"], transaction["function"]) == ("MembershipToken", "setPayoutAddress")
    assert transaction["arguments"]["payout"] == COLD and desk.json("member status --as ana")["payout"] == own

    said = desk(f"member payout {COLD} --as ana")
    assert f"the money goes to {COLD}" in said and "Make sure that you hold its key" in said
    assert f"the money goes to {COLD}" in desk("member status --as ana")
    assert desk.json(f"member payout {COLD} --as ana") == {"address": own, "payout": COLD, "own": False}
    assert desk.json(f"member payout {COLD} --as ana --dry-run")["transactions"] == []
    assert desk.json("member payout --own --as ana") == {"address": own, "payout": own, "own": True}
    assert "your own address" in desk("member status --as ana")


@pytest.mark.parametrize("line", ["custodian collect", "validator collect", f"relayer collect {COLD}"])
def test_nothing_to_collect_is_said_and_nothing_is_sent(desk: Desk, line: str) -> None:
    height = desk.json("chain status")["block"]
    assert "Nothing waits to be collected by 0x" in desk(line)
    assert desk.json(line)["paid"] == [] and desk.json(f"{line} --dry-run")["transactions"] == []
    assert desk.json("chain status")["block"] == height


def test_an_account_that_is_not_here_cannot_collect(desk: Desk) -> None:
    for line in ("custodian collect --as nobody", "validator collect --as nobody", "relayer collect nobody"):
        assert "There is no account 'nobody'" in desk(line, code=5)


def test_numbers_and_nouns_agree(desk: Desk) -> None:
    said = desk("collective status")
    assert "1 pool: open." in said and "0 offers: none yet. 0 proposals." in said
    assert "Of each price: 2.00% to the treasury, 3.00% to the key keepers." in said


def test_who_is_no_member_is_told_so_and_not_that_all_was_paid(desk: Desk) -> None:
    assert "is no member, so it has nothing to claim" in desk("member claim --as ben", code=5)
    assert "Nothing is due" in desk("member claim --as ana")


def test_who_has_nothing_to_take_back_is_told_where_to_look(desk: Desk) -> None:
    assert "`unwrapped-dao member status` shows" in desk("member withdraw --as ana", code=5)


def test_who_begins_in_an_empty_folder_is_told_how_to_take_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = Desk(tmp_path / "empty", capsys)("member status", code=5)
    assert "collective verify ADDRESS --rpc URL --save" in told and "chain start" in told


def test_a_call_names_accounts_and_currencies_and_says_which_word_it_does_not_know(desk: Desk) -> None:
    create = "proposal create --as ana --dry-run --call"
    told = desk(create, "RevenueSplitter.payTreasury(nobody, tUSD, 5)", code=5)
    assert "There is no account 'nobody'" in told
    assert "does not fit amount" in desk(create, "RevenueSplitter.payTreasury(ben, tUSD, 5.5)", code=2)
