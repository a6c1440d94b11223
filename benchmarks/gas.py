"""Gas of what people do, in whole transactions: compares with gas.json; `--update` writes it and docs/gas.md.

    python benchmarks/gas.py                          every line on every chain, compared
    python benchmarks/gas.py --update                 ... and written
    python benchmarks/gas.py --only sale --chain anvil    part of it

Everything is fixed: keys, nonces, random numbers, block times (one second a block), so a figure changes only when a
contract does. What is measured, and how to add lines, stands in benchmarks/gas_lines.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import secrets
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.gas_lines import ALL_LINES, MODULES  # noqa: E402
from tests.e2e.chain_nodes import running  # noqa: E402

FILE = Path(__file__).with_name("gas.json")
PAGE = ROOT / "docs" / "gas.md"
START = 1_767_225_600  # 2026-01-01T00:00:00Z
CHAINS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ganache-shanghai": ("ganache", ("--chain.time", "2026-01-01T00:00:00Z", "--miner.timestampIncrement", "1")),
    # The newest fork that Anvil knows, with its price of modular exponentiation (EIP-7883) and its cap on the gas of
    # one transaction (EIP-7825).
    "anvil": ("anvil", ("--timestamp", str(START), "--enable-tx-gas-limit")),
}

Found = dict[str, dict[str, int]]
"""Chain -> line -> gas."""


def measure(chains: Sequence[str], modules: Sequence[str]) -> Found:
    """The lines of these modules on these chains, each module on a node and in a process of its own."""
    jobs = [(chain, name) for name in modules for chain in chains]
    found: Found = {chain: {} for chain in chains}
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        for (chain, _), lines in zip(jobs, pool.map(_measure, *zip(*jobs, strict=True)), strict=True):
            found[chain] |= lines
    return found


def _measure(chain: str, module: str) -> dict[str, int]:
    kind, options = CHAINS[chain]
    with fixed_randomness(), running(kind, *options) as node:
        client = node.client()
        if kind == "anvil":
            client.request("anvil_setBlockTimestampInterval", [1])
        return MODULES[module].measure(client, node.funded)


@contextmanager
def fixed_randomness() -> Iterator[None]:
    """The module `secrets` is where the package gets its randomness: fixed here, and here only."""
    fixed = random.Random("gas benchmark")
    with (
        patch.object(secrets, "token_bytes", fixed.randbytes),
        patch.object(secrets, "randbelow", fixed.randrange),
        patch.object(secrets, "randbits", fixed.getrandbits),
    ):
        yield


def total(gas: dict[str, int], line: str) -> int | None:
    """A line's gas, also of a line that is a sum of others; None if it was not measured."""
    parts = [gas.get(part) for part in line.split(" + ")]
    return None if None in parts else sum(part for part in parts if part is not None)


def page(found: Found) -> str:
    """docs/gas.md."""
    lines = [
        "# What it costs",
        "",
        "Gas of whole transactions, measured by `make gas` on local chains with fixed keys and times, and",
        "compared there with `benchmarks/gas.json` at every test run: a silent change fails. *Must* is the figure",
        "this project set itself. The peers' figures were measured from their own sources, one run each on a local",
        "chain, and are quoted for comparison.",
        "",
        "| line | " + " | ".join(found) + " | must | peers |",
        "|---|" + "---:|" * (len(found) + 1) + "---|",
    ]
    for name, line in ALL_LINES.items():
        figures = [total(gas, name) for gas in found.values()]
        shown = " | ".join("" if figure is None else f"{figure:,}" for figure in figures)
        lines.append(f"| {name} | {shown} | {f'{line.must:,}' if line.must else ''} | {line.peers} |")
    lines += ["", "## What the lines mean", ""]
    lines += [f"- `{name}`: {line.meaning}." for name, line in ALL_LINES.items()]
    reasons = [(name, chain, line.unless[chain]) for name, line in ALL_LINES.items() for chain in line.unless]
    if reasons:
        lines += ["", "## Above the line, and why", ""]
        lines += [f"- `{name}` on {chain}: {reason}." for name, chain, reason in reasons]
    return "\n".join(lines) + "\n"


def differences(found: Found, committed: Found) -> list[str]:
    """A sentence per measured line that is not what was committed."""
    return [
        f"{chain} {name}: {committed.get(chain, {}).get(name)} committed, {gas} measured"
        for chain, lines in found.items()
        for name, gas in lines.items()
        if committed.get(chain, {}).get(name) != gas
    ]


def missed(found: Found) -> list[str]:
    """A sentence per `must` that is not reached, without a reason why."""
    return [
        f"{chain} {name}: {gas:,}, must be {line.must:,} at most"
        for chain, lines in found.items()
        for name, line in ALL_LINES.items()
        if line.must is not None and (gas := total(lines, name)) is not None and gas > line.must
        if chain not in line.unless
    ]


def merged(found: Found, committed: Found) -> Found:
    """The committed figures with the measured ones in their place; lines that no module has are gone."""
    return {
        chain: {
            name: gas[name]
            for gas in [committed.get(chain, {}) | found.get(chain, {})]
            for name in ALL_LINES
            if name in gas
        }
        for chain in CHAINS
        if chain in committed or chain in found
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write gas.json and docs/gas.md")
    parser.add_argument("--only", action="append", choices=MODULES, help="a module of lines; may be repeated")
    parser.add_argument("--chain", action="append", choices=CHAINS, help="a chain; may be repeated")
    options = parser.parse_args()
    committed: Found = json.loads(FILE.read_text()) if FILE.is_file() else {}
    found = measure(options.chain or tuple(CHAINS), options.only or tuple(MODULES))
    changed, result = differences(found, committed), merged(found, committed)
    print(page(result))
    if options.update:
        FILE.write_text(json.dumps(result, indent=2) + "\n")
        PAGE.write_text(page(result))
    elif result != committed or PAGE.read_text() != page(committed):
        changed.append(
            "gas.json or docs/gas.md does not say what is measured; run `make gas UPDATE=1` if that is meant"
        )
    above = missed(found)
    for text in above:
        print(f"above the line: {text}", file=sys.stderr)
    for text in changed:
        print(f"changed: {text}", file=sys.stderr)
    return 1 if above or (changed and not options.update) else 0


if __name__ == "__main__":
    sys.exit(main())
