"""`unwrapped-dao relayer`: pay for what members signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..wording import plural
from .validator import Urls, urls
from .verbs import ANYBODY, Call, Told, verb

if TYPE_CHECKING:
    from ..chain.requests import Request
    from ..validation.request import BatchAttester

noun = typer.Typer(help="A relayer: submit what members signed, and pay the gas.", no_args_is_help=True)

SignTo = Annotated[
    Path | None,
    typer.Option("--sign", metavar="FILE", help="Send nothing to the chain: write a signed request for a relayer."),
]


@verb(noun, "submit", account=ANYBODY, sends=True)
def submit(
    call: Call,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Signed requests, or folders of them.")],
    validators: Urls = None,
) -> Told:
    """Relay signed requests in batches: joins, contributions, ballots, opt-outs, withdrawals, leaves.

    Again, it sends only what was not done. Contributions go as a batch if their validators sign it: this workspace's,
    or those at --validators; without them each goes alone.
    """
    from ..chain.requests import read
    from ..errors import InputError, UntrustedDataError

    paths = [path for file in files for path in (sorted(file.glob("*.json")) if file.is_dir() else [file])]
    if not paths:
        raise InputError("There is no request in these folders.", hint="A request is a file that --sign wrote.")
    unread: list[dict[str, object]] = []
    requests, names = [], []
    for path in paths:
        try:
            requests.append(read(path))
            names.append(path)
        except UntrustedDataError as problem:
            unread.append({"file": path, "done": False, "sentence": problem.message})
    with call.open() as app:
        several = sum(request.sort == "contribution" for request in requests) > 1
        asked: list[BatchAttester] = list(app.validators()) if several else []
        if several and (named := urls(call, validators)):
            reached = app.reach(named)
            asked += reached.validators
            call.talk.warn([f"Not reached: {url}: {problem.message}" for url, problem in reached.unreached])
        relayer, warn = app.relayer(*call.payers()), lambda sentence: call.talk.warn([sentence])
        answers = relayer.submit(requests, call.talk.progress, validators=asked, told=warn)
    rows: list[dict[str, object]] = [
        {"file": name, "sort": a.request.sort, "member": a.request.member, "done": a.done, "sentence": a.sentence}
        for name, a in zip(names, answers, strict=True)
    ]
    rows += unread
    done = sum(bool(row["done"]) for row in rows)
    lines = [f"{row['file']}: {row['sentence']}" for row in rows if not row["done"]]
    data = {"requests": rows, "done": done, "not_done": len(rows) - done}
    said = f"{done} of {plural(len(rows), 'request')} {'is' if len(rows) == 1 else 'are'} done."
    return Told(data, [said, *lines], code=0 if done == len(rows) else 1)


@verb(noun, "collect", account=ANYBODY, sends=True)
def collect(
    call: Call,
    payee: Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose money: an address, or an account here.")],
) -> Told:
    """Pay the gas for what waits for another account: a member's revenue, an operator's part, a refund, what a vote
    paid from the treasury. Whoever asks, revenue goes where the member said, all else to that account."""
    from .earnings import told as collected

    with call.open() as app:
        account = app.accounts.address_of(payee)
        earned = app.earnings(*call.payers(), account=account).collect(call.talk.progress)
        revenue = app.claiming(*call.payers(), member=account).claim()
        return collected(call, app.collective, account, earned, revenue)


def told(request: Request, path: Path) -> Told:
    """What a verb answers that signed instead of sending."""
    from ..chain.requests import write
    from .references import moment

    write(request, path)
    data = {"signed": path, "sort": request.sort, "member": request.member}
    until = f", until {moment(int(request.fields['expiry']))}" if "expiry" in request.fields else ""
    shown = " your validators saw the records," if request.sort == "contribution" else ""
    lines = [
        f"The {request.sort} of {request.member} is signed in {path};{shown} nothing was sent to the chain.",
        f"A relayer submits it{until}: `unwrapped-dao relayer submit {path}`.",
    ]
    return Told(data, lines)
