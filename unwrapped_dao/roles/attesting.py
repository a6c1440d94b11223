"""Collecting m attestations from the validators that a member chose: some are slow, dead, or lie.

Records are shown to no more validators than needed: as many are asked at once as attestations are missing, and another
one only when one of those failed. As soon as too few are left, nobody else is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack

from ..errors import (
    AttestationError,
    NotAllowedError,
    TemporaryError,
    UnwrappedError,
    ValidatorUnavailableError,
)
from ..validation.attestation import AttestationContent
from ..validation.request import Attestation, AttestationRequest, Attester
from .identity import Progress

Check = Callable[[Attester, Attestation], None]
"""Raises AttestationError for an attestation that the registry would not take from this validator."""
Problem = tuple[str, UnwrappedError]
"""(the validator's name, why its attestation is missing)."""
_Agreed = dict[AttestationContent, list[tuple[str, Attestation]]]


def collect(
    attesters: Sequence[Attester],
    request: AttestationRequest,
    needed: int,
    check: Check,
    progress: Progress,
    *,
    at_once: bool = False,
    unreached: Sequence[Problem] = (),
) -> list[Attestation]:
    """`needed` attestations of the very same content. `at_once`: these validators may be asked side by side.

    `unreached` are validators that were chosen and could not even be asked; they are told in the error.
    Raises NotAllowedError if refusals are the reason, AttestationError if lies are, else a TemporaryError.
    """
    waiting = list(attesters)
    agreed: _Agreed = defaultdict(list)
    problems: list[Problem] = list(unreached)
    running: dict[Future[Attestation], Attester] = {}
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(max_workers=max(1, needed)) if at_once else None
        if pool is not None:
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        while True:
            best = max(map(len, agreed.values()), default=0)
            if best >= needed:
                return [given for _, given in next(each for each in agreed.values() if len(each) == needed)]
            if best + len(running) + len(waiting) < needed:
                raise _failure(needed, agreed, problems)
            width = needed - best if pool is not None else 1
            while waiting and len(running) < width:
                attester = waiting.pop(0)
                progress("attesting", best, needed)
                running[_asked(pool, attester, request)] = attester
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                attester = running.pop(done)
                try:
                    attestation = done.result()
                    check(attester, attestation)
                except UnwrappedError as problem:
                    problems.append((attester.name, problem))
                else:
                    agreed[attestation.content].append((attester.name, attestation))


def _asked(pool: ThreadPoolExecutor | None, attester: Attester, request: AttestationRequest) -> Future[Attestation]:
    if pool is not None:
        return pool.submit(attester.attest, request)
    future: Future[Attestation] = Future()
    try:
        future.set_result(attester.attest(request))
    except UnwrappedError as problem:
        future.set_exception(problem)
    return future


def _failure(needed: int, agreed: _Agreed, problems: Sequence[Problem]) -> UnwrappedError:
    best = max(map(len, agreed.values()), default=0)
    refusals = [problem for _, problem in problems if isinstance(problem, NotAllowedError)]
    if refusals and len(refusals) == len(problems) and len({refusal.message for refusal in refusals}) == 1:
        said = " and ".join(name for name, _ in problems)
        return NotAllowedError(f"{refusals[0].message.rstrip('.')} (said {said}).", hint=refusals[0].hint)
    told = [f"{name}: {problem.message.rstrip('.')} ({problem.hint.rstrip('.')})" for name, problem in problems]
    if len(agreed) > 1:
        told += [
            f"{', '.join(name for name, _ in given)} attested something else than the others (tell the collective)"
            for given in agreed.values()
        ]
    message = f"{best} of the {needed} attestations needed were given: {'; '.join(told) or 'too few were chosen'}."
    if len(refusals) * 2 > len(problems):
        return NotAllowedError(message, hint="Contribute your own export, whole and unedited; nothing was recorded.")
    hint = "Choose more validators, or try again when they answer; nothing was recorded."
    if problems and all(isinstance(problem, TemporaryError) for _, problem in problems) and len(agreed) <= 1:
        return ValidatorUnavailableError(message, hint=hint)
    return AttestationError(message, hint=hint)
