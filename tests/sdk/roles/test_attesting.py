"""m of k: a dead, refusing or lying validator costs nothing but itself; nobody more than needed is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

import pytest

from unwrapped_dao.crypto.keys import DataKey
from unwrapped_dao.errors import (
    AttestationError,
    NotAllowedError,
    UnwrappedError,
    ValidatorUnavailableError,
)
from unwrapped_dao.roles.attesting import collect
from unwrapped_dao.roles.identity import no_progress
from unwrapped_dao.validation.attestation import AttestationContent
from unwrapped_dao.validation.request import Attestation, AttestationRequest, Attester, ConsentProof

WORD = bytes(32)
MEMBER = "0x" + "aa" * 20
REQUEST = AttestationRequest(
    MEMBER, "s", WORD, 1, 1, WORD, 9, DataKey(WORD), lambda: BytesIO(), b"", ConsentProof((), 0, b"")
)


def attested(weight: int = 5) -> AttestationContent:
    return AttestationContent(
        member=MEMBER,
        scope_id=WORD,
        epoch=1,
        version=1,
        content=WORD,
        weight=weight,
        fingerprint=WORD,
        report=WORD,
        expiry=9,
    )


@dataclass
class Stub:
    """A validator with a behaviour; `asked` counts."""

    number: int
    behave: Callable[[], AttestationContent]
    asked: int = field(default=0)

    @property
    def address(self) -> str:
        return f"0x{self.number:040x}"

    @property
    def name(self) -> str:
        return f"v{self.number}"

    def attest(self, request: AttestationRequest) -> Attestation:
        self.asked += 1
        return Attestation(self.behave(), self.address, b"")


def honest() -> AttestationContent:
    return attested()


def lying() -> AttestationContent:
    return attested(weight=999)


def dead() -> AttestationContent:
    raise ValidatorUnavailableError("It does not answer.")


def refusing() -> AttestationContent:
    raise NotAllowedError("The validators refuse this export: it is another's.")


def forging() -> AttestationContent:
    raise AttestationError("The signature is of no key.")


def run(
    needed: int, *behaviours: Callable[[], AttestationContent], at_once: bool = False
) -> tuple[list[str], list[int]]:
    """(who attested, how often each was asked)."""
    stubs = [Stub(i, behave) for i, behave in enumerate(behaviours)]
    found = collect(stubs, REQUEST, needed, lambda *_: None, no_progress, at_once=at_once)
    return sorted(a.validator[-1] for a in found), [stub.asked for stub in stubs]


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(
    ("behaviours", "who", "asked"),
    [
        ((honest, honest, honest), "01", [1, 1, 0]),
        ((dead, honest, honest), "12", [1, 1, 1]),
        ((lying, honest, honest), "12", [1, 1, 1]),
        ((honest, lying, honest), "02", [1, 1, 1]),
        ((forging, honest, honest), "12", [1, 1, 1]),
        ((refusing, honest, honest), "12", [1, 1, 1]),
    ],
    ids=["all", "dead", "first lies", "second lies", "forges", "refuses falsely"],
)
def test_two_of_three_agree_although_one_fails(
    behaviours: tuple[Callable[[], AttestationContent], ...], who: str, asked: list[int], at_once: bool
) -> None:
    assert run(2, *behaviours, at_once=at_once) == (list(who), asked)


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(
    ("behaviours", "error", "asked"),
    [
        ((dead, dead, honest), ValidatorUnavailableError, [1, 1, 0]),
        ((refusing, refusing, honest), NotAllowedError, [1, 1, 0]),
        ((forging, forging, honest), AttestationError, [1, 1, 0]),
        ((lying, honest, dead), AttestationError, [1, 1, 1]),
        ((honest,), AttestationError, [0]),
    ],
    ids=["dead", "refused", "forged", "disagreeing", "too few"],
)
def test_too_few_is_an_error_and_stops_as_soon_as_it_is_clear(
    behaviours: tuple[Callable[[], AttestationContent], ...],
    error: type[UnwrappedError],
    asked: list[int],
    at_once: bool,
) -> None:
    stubs = [Stub(i, behave) for i, behave in enumerate(behaviours)]
    with pytest.raises(error) as failed:
        collect(stubs, REQUEST, 2, lambda *_: None, no_progress, at_once=at_once)
    assert type(failed.value) is error
    if not at_once:  # side by side, a third is asked as soon as one of two failed
        assert [stub.asked for stub in stubs] == asked
    if error is not NotAllowedError and len(stubs) > 1:
        assert all(stub.name in failed.value.message for stub in stubs if stub.behave is not honest)


def test_each_failure_is_named_with_its_advice_and_unreached_ones_too() -> None:
    stubs = [Stub(0, forging), Stub(1, refusing)]
    unreached = [("http://127.0.0.1:1", ValidatorUnavailableError("It does not answer.", hint="Start it."))]
    with pytest.raises(AttestationError) as failed:
        collect(stubs, REQUEST, 1, lambda *_: None, no_progress, unreached=unreached)
    told = failed.value.message
    assert "0 of the 1 attestations" in told and "http://127.0.0.1:1: It does not answer (Start it)" in told
    assert "v0: The signature is of no key (" in told and "v1: The validators refuse this export" in told


def test_what_the_check_does_not_take_does_not_count() -> None:
    def only_second(validator: Attester, _: Attestation) -> None:
        if validator.name != "v1":
            raise AttestationError("It answered as somebody else.")

    stubs = [Stub(i, honest) for i in range(3)]
    (found,) = collect(stubs, REQUEST, 1, only_second, no_progress)
    assert found.validator == stubs[1].address and stubs[2].asked == 0


def test_at_once_means_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)

    def together() -> AttestationContent:
        both.wait()
        return attested()

    assert run(2, together, together, at_once=True)[0] == ["0", "1"]
