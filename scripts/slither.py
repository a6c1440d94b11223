"""Run Slither over the contracts and compare what it finds with the triage in contracts/slither.toml.

    python scripts/slither.py      exit 1 on a finding without a reason there, or a reason without a finding

Slither lives in an environment of its own (.tools/slither), since its pins and Brownie's do not agree. It reads a
build that is written for it here: syntax trees only, so no code is generated and the compiler takes seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from typing import Any

from toolchain import REMAPPINGS, ROOT, SETTINGS, SOLC_VERSION, solc, tool

SLITHER = "slither-analyzer==0.11.6"
BUILD = ROOT / "build" / "slither"
TRIAGE = ROOT / "contracts" / "slither.toml"
SKIPPED = ("test", "dev")


def main() -> None:
    executable = tool("slither", SLITHER)
    _build()
    report = BUILD / "report.json"
    report.unlink(missing_ok=True)
    options = ["--ignore-compile", "--compile-force-framework", "hardhat", "--hardhat-ignore-compile"]
    options += ["--hardhat-artifacts-directory", str(BUILD), "--filter-paths", "node_modules", "--json", str(report)]
    done = subprocess.run(
        [executable, ".", *options], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    if not report.is_file():
        raise SystemExit(f"error: slither did not finish\n{done.stderr[-2000:]}")
    found = json.loads(report.read_text())["results"]["detectors"]
    sys.exit(_judge([(each["check"], _where(each), each["description"]) for each in found]))


def _build() -> None:
    started = time.monotonic()
    files = [path for path in (ROOT / "contracts").rglob("*.sol") if path.parent.name not in SKIPPED]
    settings = {key: value for key, value in SETTINGS.items() if key != "viaIR"}
    request = {
        "language": "Solidity",
        "sources": {path.relative_to(ROOT).as_posix(): {"content": path.read_text()} for path in files},
        "settings": {**settings, "outputSelection": {"*": {"*": ["abi"], "": ["ast"]}}, "remappings": list(REMAPPINGS)},
    }
    done = subprocess.run(
        [solc(), "--standard-json"], input=json.dumps(request), cwd=ROOT, capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    errors = [each["formattedMessage"] for each in answer.get("errors", []) if each["severity"] == "error"]
    if errors:
        raise SystemExit("\n".join(errors))
    # The reader of such a build asks for code, which Slither then does not look at.
    code = {"object": "", "sourceMap": "", "linkReferences": {}}
    for contract in (contract for source in answer["contracts"].values() for contract in source.values()):
        contract |= {"evm": {"bytecode": code, "deployedBytecode": code, "methodIdentifiers": {}}}
        contract |= {"userdoc": {}, "devdoc": {}, "metadata": ""}
    info = {"id": "slither", "solcVersion": SOLC_VERSION, "solcLongVersion": SOLC_VERSION}
    (BUILD / "build-info").mkdir(parents=True, exist_ok=True)
    (BUILD / "build-info" / "all.json").write_text(json.dumps({**info, "input": request, "output": answer}))
    print(f"-- {len(files)} files read in {time.monotonic() - started:.0f} s", flush=True)


def _where(finding: dict[str, Any]) -> str:
    """Contract.function, Contract.variable or Contract."""
    element = finding["elements"][0]
    inside = element["type_specific_fields"].get("parent", {})
    while inside and element["type"] not in ("function", "contract"):
        element, inside = inside, inside.get("type_specific_fields", {}).get("parent", {})
    if element["type"] == "contract":
        return str(element["name"])
    return f"{inside.get('name', '?')}.{element['name']}"


def _judge(found: list[tuple[str, str, str]]) -> int:
    accepted = tomllib.loads(TRIAGE.read_text())["accepted"]
    used: set[tuple[str, str]] = set()
    new = []
    for check, where, description in found:
        entry = next((e for e in accepted if e["check"] == check and ("*" in e["where"] or where in e["where"])), None)
        if entry is None:
            new.append(f"{check} in {where}\n    {' '.join(description.split())[:300]}")
        else:
            used.add((check, "*" if "*" in entry["where"] else where))
    stale = [f"{e['check']} in {where}" for e in accepted for where in e["where"] if (e["check"], where) not in used]
    print(f"-- {len(found)} findings, {len(found) - len(new)} explained in {TRIAGE.relative_to(ROOT)}")
    for each in new:
        print(f"not explained: {each}")
    for each in stale:
        print(f"explained, but not found any more: {each}")
    return 1 if new or stale else 0


if __name__ == "__main__":
    main()
