"""Compile the contracts and write the artifacts that ship inside the package.

    python scripts/compile.py           compile, write unwrapped_dao/chain/artifacts/ and tests/artifacts/
    python scripts/compile.py --check   compile, compare with the committed files, exit 1 on a difference

What goes where: every deployable contract of contracts/ into the package, those of contracts/test/ into
tests/artifacts/; interfaces, abstract contracts and internal libraries have no code and are not written.
A result is kept in .tools/compile-cache/ under the hash of every source, setting and compiler version, so a
call without changes takes well under a second.

An artifact: contractName, sourceName, abi, notices (NatSpec, by signature), bytecode, deployedBytecode,
immutables (name -> [[start, length], ...] in the deployed code), storageLayoutHash, compiler. Metadata is
left out of the code (appendCBOR false), so the bytes depend on nothing but what runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolchain import EVM_VERSION, OPTIMIZER_RUNS, ROOT, SETTINGS, SOLC_VERSION, node_modules, solc

CONTRACTS = ROOT / "contracts"
PACKAGE_ARTIFACTS = ROOT / "unwrapped_dao" / "chain" / "artifacts"
TEST_ARTIFACTS = ROOT / "tests" / "artifacts"
CACHE = ROOT / ".tools" / "compile-cache"

OUTPUT = ["abi", "userdoc", "evm.bytecode", "evm.deployedBytecode", "storageLayout"]

Artifacts = dict[str, str]  # path under the project -> exact text


def source_files() -> list[Path]:
    """Every Solidity file of the project, in a fixed order."""
    return sorted(CONTRACTS.rglob("*.sol"))


def compile_all() -> Artifacts:
    """Artifact texts by path, from the cache when nothing that matters has changed."""
    request = {
        "language": "Solidity",
        "sources": {str(path.relative_to(ROOT)): {"content": path.read_text()} for path in source_files()},
        "settings": {
            **SETTINGS,
            "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
            "outputSelection": {"*": {"*": OUTPUT, "": ["ast"]}},
        },
    }
    kept = CACHE / f"{_key(request)}.json"
    if kept.is_file():
        found: Artifacts = json.loads(kept.read_text())
        return found
    compiled = _run(request)
    artifacts = dict(_artifacts(compiled))
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in sorted(CACHE.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-8]:
        old.unlink()
    kept.write_text(json.dumps(artifacts))
    return artifacts


def _key(request: dict[str, Any]) -> str:
    library = (node_modules() / "@openzeppelin" / "contracts" / "package.json").read_bytes()
    parts = [json.dumps(request, sort_keys=True).encode(), SOLC_VERSION.encode(), library, Path(__file__).read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def _run(request: dict[str, Any]) -> dict[str, Any]:
    import solcx

    executable = solc()
    print(f"compiling {len(request['sources'])} files with {executable} ...", file=sys.stderr, flush=True)
    started = time.monotonic()
    try:
        answer: dict[str, Any] = solcx.compile_standard(request, solc_binary=executable, allow_paths=str(ROOT))
    except solcx.exceptions.SolcError as failure:
        raise SystemExit(_errors(failure)) from None
    for message in answer.get("errors", []):
        if message["severity"] == "warning" and not message["formattedMessage"].count("node_modules/"):
            print(message["formattedMessage"], file=sys.stderr)
    print(f"compiled in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
    return answer


def _errors(failure: Exception) -> str:
    try:
        messages = json.loads(getattr(failure, "stdout_data", "") or "{}").get("errors", [])
    except ValueError:
        messages = []
    errors = [message["formattedMessage"] for message in messages if message["severity"] == "error"]
    return "\n".join(errors) or str(failure)


def _artifacts(compiled: dict[str, Any]) -> Iterator[tuple[str, str]]:
    variables = dict(_variables(compiled))
    seen: dict[str, str] = {}
    for source, contracts in sorted(compiled["contracts"].items()):
        if not source.startswith("contracts/"):
            continue
        for name, contract in sorted(contracts.items()):
            if name in seen:
                raise SystemExit(f"error: {name} is declared in {seen[name]} and in {source}; names must be unique")
            seen[name] = source
            if not _deployable(compiled, source, name, contract):
                continue
            folder = TEST_ARTIFACTS if source.startswith("contracts/test/") else PACKAGE_ARTIFACTS
            path = str((folder / f"{name}.json").relative_to(ROOT))
            yield path, _text(_artifact(name, source, contract, variables))


def _deployable(compiled: dict[str, Any], source: str, name: str, contract: dict[str, Any]) -> bool:
    bytecode = contract["evm"]["bytecode"]
    if bytecode["linkReferences"]:
        raise SystemExit(f"error: {name} needs a library linked; make the library's functions internal")
    nodes = compiled["sources"][source]["ast"]["nodes"]
    kind = next(node["contractKind"] for node in nodes if node.get("name") == name and "contractKind" in node)
    return bool(bytecode["object"]) and kind == "contract"


def _artifact(name: str, source: str, contract: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    evm = contract["evm"]
    immutables: dict[str, list[list[int]]] = {}
    for identity, places in sorted(evm["deployedBytecode"].get("immutableReferences", {}).items(), key=_by_number):
        known = immutables.setdefault(variables[identity], [])
        known.extend([place["start"], place["length"]] for place in places)
    notices = {
        signature: entry["notice"] for signature, entry in contract.get("userdoc", {}).get("methods", {}).items()
    }
    return {
        "contractName": name,
        "sourceName": source,
        "abi": contract["abi"],
        "notices": notices,
        "immutables": {key: sorted(places) for key, places in sorted(immutables.items())},
        "storageLayoutHash": _layout_hash(contract.get("storageLayout") or {}),
        "compiler": {"solc": SOLC_VERSION, "evmVersion": EVM_VERSION, "runs": OPTIMIZER_RUNS, "viaIR": True},
        "bytecode": "0x" + evm["bytecode"]["object"],
        "deployedBytecode": "0x" + evm["deployedBytecode"]["object"],
    }


def _by_number(item: tuple[str, Any]) -> int:
    return int(item[0])


def _variables(compiled: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(AST id, Contract.name) of every state variable: immutables are listed by id in the output."""
    for source in compiled["sources"].values():
        for unit in source["ast"]["nodes"]:
            for node in unit.get("nodes", []):
                if node["nodeType"] == "VariableDeclaration":
                    yield str(node["id"]), f"{unit['name']}.{node['name']}"


def _layout_hash(layout: dict[str, Any]) -> str:
    """sha256 over (label, slot, offset, type); AST ids, which change with any edit, are cut out of type names."""
    rows = [
        [entry["label"], entry["slot"], entry["offset"], layout["types"][entry["type"]]["label"]]
        for entry in layout.get("storage", [])
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _text(artifact: dict[str, Any]) -> str:
    """One line per key and per ABI entry: small, and a change shows where it is."""
    lines = []
    for key, value in artifact.items():
        if key == "abi":
            entries = ",\n".join("  " + json.dumps(entry, sort_keys=True) for entry in value)
            lines.append(f' "abi": [\n{entries}\n ]')
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, sort_keys=True)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def differences(artifacts: Artifacts) -> list[str]:
    """One sentence per artifact that is missing, stale or no longer built."""
    found = []
    committed = {str(p.relative_to(ROOT)) for d in (PACKAGE_ARTIFACTS, TEST_ARTIFACTS) for p in d.glob("*.json")}
    for path, text in artifacts.items():
        if path not in committed:
            found.append(f"{path} is missing")
        elif (ROOT / path).read_text() != text:
            found.append(f"{path} differs from a fresh build")
    found.extend(f"{path} belongs to no contract any more" for path in sorted(committed - set(artifacts)))
    return found


def write(artifacts: Artifacts) -> int:
    """Bring both artifact folders to `artifacts`; the number of files touched."""
    touched = 0
    for path, text in artifacts.items():
        target = ROOT / path
        if not target.is_file() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            touched += 1
    for folder in (PACKAGE_ARTIFACTS, TEST_ARTIFACTS):
        for stale in folder.glob("*.json"):
            if str(stale.relative_to(ROOT)) not in artifacts:
                stale.unlink()
                touched += 1
    return touched


def main() -> int:
    parser = argparse.ArgumentParser(description="Compile the contracts and write or compare their artifacts.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a committed artifact differs")
    options = parser.parse_args()
    artifacts = compile_all()
    if not options.check:
        print(f"{len(artifacts)} artifacts, {write(artifacts)} changed")
        return 0
    stale = differences(artifacts)
    for sentence in stale:
        print(f"error: {sentence}", file=sys.stderr)
    if stale:
        print("hint: run `make artifacts` and commit what changed", file=sys.stderr)
        return 1
    print(f"{len(artifacts)} artifacts equal a fresh build")
    return 0


if __name__ == "__main__":
    sys.exit(main())
