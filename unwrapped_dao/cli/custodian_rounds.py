"""The rounds of `unwrapped-dao custodian run`: one, or one after the other until stopped; and what is told of them."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..roles.custodian import Custodian, Daemon, News, Outcome
from .verbs import Call, Told


def one(call: Call, witness: str | None) -> Told:
    """One look, and everything that is due."""
    with call.open() as app:
        custodian = app.custodian(call.account, witness=witness, told=call.talk.say)
        before = [sale_id for sale_id, _, _ in custodian.pending_sales()]
        outcome = custodian.run_once(call.talk.progress)
        states = {s: app.collective.market.sale(s).state.name.lower() for s in before}
    rows = [_row(sale_id, state, outcome) for sale_id, state in states.items()]
    bad = [
        {"sale": s, "custodian": b.custodian, "height": b.node.height, "index": b.node.index} for s, b in outcome.bad
    ]
    lines = [line for row in rows for line in _row_lines(row)]
    lines += [f"The share of custodian {b['custodian']} for node ({b['height']}, {b['index']}) is wrong." for b in bad]
    return Told({"sales": rows, "bad_shares": bad}, lines or ["Nothing waits to be delivered."])


def _row(sale_id: bytes, state: str, outcome: Outcome) -> dict[str, Any]:
    deeds = [deed for deed in outcome.deeds if deed.sale_id == sale_id]
    wait = outcome.waiting.get(sale_id)
    return {
        "sale": sale_id,
        "state": state,
        "nodes": sum(deed.count for deed in deeds if deed.what == "delivered"),
        "transactions": sum(deed.transactions for deed in deeds),
        "gas": sum(deed.gas for deed in deeds),
        "fee_wei": sum(deed.fee_wei for deed in deeds),
        "did": [{"what": deed.what, "count": deed.count, "gas": deed.gas} for deed in deeds],
        "waits_for": wait.why if wait is not None and state == "approved" else "",
    }


def _row_lines(row: dict[str, Any]) -> Iterator[str]:
    did = ", ".join(f"{d['what']} ({d['count']}, {d['gas']:,} gas)" for d in row["did"]) or "nothing to do"
    yield (
        f"Sale 0x{row['sale'].hex()[:12]}… is {row['state']}: {did}; {row['nodes']} node keys in {row['transactions']} "
        "transactions."
    )
    if row["waits_for"]:
        yield f"  It waits: {row['waits_for']}."


def until_stopped(call: Call, every: float, witness: str | None) -> None:
    """Rounds until SIGTERM or Ctrl-C, which end between two requests; what was begun goes on in the next run."""
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with _sessions(call, witness, stop.is_set) as opened:
        Daemon(opened, lambda news: _tell(call, news), every_s=every, progress=call.talk.progress).run(stop)


@contextmanager
def _sessions(call: Call, witness: str | None, stopped: Callable[[], bool]) -> Iterator[Any]:
    """How each round gets its custodian.

    On a node one custodian lives as long as the daemon, so that the keyfiles are opened once, and holds the workspace
    while it acts. The embedded chain belongs to one process at a time: it is opened for each round. The first round
    proves the passphrase, which else would be found wrong when the first sale is due.
    """

    def replaced(told: str) -> None:
        _tell(call, News("fee", told))

    if call.settings().rpc is None:
        proved: list[bool] = []

        @contextmanager
        def each() -> Iterator[Custodian]:
            with call.open() as app:
                if not proved:
                    app.accounts.signer(call.account).unlock()
                    proved.append(True)
                yield app.custodian(call.account, told=replaced, stopped=stopped)

        yield each
        return
    with call.open(beside=True) as app:
        found: list[Custodian] = []

        @contextmanager
        def same() -> Iterator[Custodian]:
            with app.held():
                if not found:
                    app.accounts.signer(call.account).unlock()
                    custodian = app.custodian(call.account, witness=witness, told=replaced, stopped=stopped)
                    found.append(custodian)
                yield found[0]

        yield same


def _tell(call: Call, news: News) -> None:
    """To people on stderr; with --json one line of JSON on stdout for each.

    A log that takes no more, on a full disk, must not end the work; a reader who went away is an end.
    """
    try:
        _say(call, news)
    except BrokenPipeError:
        raise
    except OSError:
        return


def _say(call: Call, news: News) -> None:
    if not call.json:
        (call.talk.warn([news.told]) if news.alarm else call.talk.say(news.told))
        return
    facts = {key: f"0x{value.hex()}" if isinstance(value, bytes) else value for key, value in news.facts.items()}
    line = {"event": news.event, "told": news.told, "alarm": news.alarm, **facts}
    print(json.dumps(line, ensure_ascii=False), file=sys.stdout, flush=True)
