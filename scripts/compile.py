"""Compile the contracts and write the artifacts that ship inside the package.

    python scripts/compile.py           compile, write unwrapped_dao/chain/artifacts/ and tests/artifacts/
    python scripts/compile.py --check   compile, compare with the committed files, exit 1 on a difference

What goes where: every deployable contract of contracts/ into the package, those of contracts/test/ into
tests/artifacts/; interfaces, abstract contracts and libraries are not written.

Only files that changed (or import one that did) are compiled again: results are kept in .tools/compile-cache/ by the
hash of everything that matters. They are shared out over the cores, one compiler each, since a compiler takes two
seconds to start. solc gives a contract the same code whatever is compiled beside it; `--check` would notice if not.
A call without changes takes well under a second.

An artifact: contractName, sourceName, abi, notices (NatSpec, by signature), bytecode, deployedBytecode,
immutables (name -> [[start, length], ...] in the deployed code), storageLayoutHash, compiler. Metadata is
left out of the code (appendCBOR false), so the bytes depend on nothing but what runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from toolchain import EVM_VERSION, OPTIMIZER_RUNS, ROOT, SETTINGS, SOLC_VERSION, node_modules, solc

CONTRACTS = ROOT / "contracts"
PACKAGE_ARTIFACTS = ROOT / "unwrapped_dao" / "chain" / "artifacts"
TEST_ARTIFACTS = ROOT / "tests" / "artifacts"
CACHE = ROOT / ".tools" / "compile-cache"

# Not whole evm.bytecode: source maps and generated Yul double the answer and are not used.
OUTPUT = [
    "abi",
    "userdoc",
    "storageLayout",
    *(f"evm.bytecode.{part}" for part in ("object", "linkReferences")),
    *(f"evm.deployedBytecode.{part}" for part in ("object", "immutableReferences")),
]
_IMPORT = re.compile(r'^\s*import\b[^"\']*["\']([^"\']+)["\']', re.MULTILINE)
CACHED_RESULTS = 400

Artifacts = dict[str, str]  # path under the project -> exact text


def units() -> list[Path]:
    """The files that may hold deployable contracts, those that take longest first (the most to import)."""
    skipped = {CONTRACTS / "interfaces", CONTRACTS / "libraries"}
    found = [path for path in CONTRACTS.rglob("*.sol") if path.parent not in skipped]
    return sorted(found, key=lambda path: (-sum(len(text) for text in closure(path).values()), path))


def closure(path: Path) -> dict[str, str]:
    """A file and the project's files that it imports, directly or through others: path under the project -> text."""
    found: dict[str, str] = {}
    queue = [path]
    while queue:
        current = queue.pop()
        name = current.relative_to(ROOT).as_posix()
        if name in found:
            continue
        found[name] = current.read_text()
        queue.extend(
            (current.parent / target).resolve() for target in _IMPORT.findall(found[name]) if target.startswith(".")
        )
    return found


def compile_all() -> Artifacts:
    """Artifact texts by path, from the cache where nothing that matters has changed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    keys = {path: _key(path) for path in units()}
    missing = [path for path in keys if not _kept(keys[path]).is_file()]
    if missing:
        _compile(missing, keys)
    artifacts: Artifacts = {}
    homes: dict[str, str] = {}
    for path in sorted(keys):
        result = json.loads(_kept(keys[path]).read_text())
        artifacts.update(result["artifacts"])
        for name, home in result["declared"].items():
            if homes.setdefault(name, home) != home:
                raise SystemExit(f"error: {name} is declared in {homes[name]} and in {home}; names must be unique")
    _prune(set(keys.values()))
    return artifacts


def _compile(missing: list[Path], keys: dict[Path, str]) -> None:
    executable, started = solc(), time.monotonic()
    shares = _shares(missing, os.cpu_count() or 1)
    print(f"compiling {len(missing)} of {len(keys)} files with {executable} ...", file=sys.stderr, flush=True)

    def work(share: list[Path]) -> None:
        compiled = _run(_request(share), executable)
        declared = dict(_declared(compiled))
        for path in share:
            fresh = _kept(keys[path]).with_suffix(f".{os.getpid()}")
            fresh.write_text(json.dumps({"artifacts": dict(_artifacts(compiled, path)), "declared": declared}))
            fresh.replace(_kept(keys[path]))
        names = ", ".join(path.stem for path in share)
        print(f"  {time.monotonic() - started:.1f} s: {names}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(len(shares)) as pool:
        failures = [done.exception() for done in [pool.submit(work, share) for share in shares]]
    told = dict.fromkeys(str(failure) for failure in failures if failure is not None)
    if told:
        raise SystemExit("\n".join(told))


def _shares(paths: list[Path], workers: int) -> list[list[Path]]:
    """About equal work for each worker, measured in bytes to compile."""
    shares: list[list[Path]] = [[] for _ in range(min(workers, len(paths)))]
    load = [0] * len(shares)
    for path in paths:
        least = load.index(min(load))
        shares[least].append(path)
        load[least] += sum(len(text) for text in closure(path).values())
    return shares


def _request(share: list[Path]) -> dict[str, Any]:
    sources = {name: text for path in share for name, text in closure(path).items()}
    wanted = {path.relative_to(ROOT).as_posix(): {"*": OUTPUT} for path in share}
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sorted(sources.items())},
        "settings": {
            **SETTINGS,
            "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
            "outputSelection": {**wanted, "*": {"": ["ast"]}},
        },
    }


def _key(path: Path) -> str:
    library = (node_modules() / "@openzeppelin" / "contracts" / "package.json").read_bytes()
    request = json.dumps(_request([path]), sort_keys=True).encode()
    parts = [request, SOLC_VERSION.encode(), library, Path(__file__).read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def _kept(key: str) -> Path:
    return CACHE / f"{key}.json"


def _prune(used: set[str]) -> None:
    old = sorted(
        (path for path in CACHE.glob("*.json") if path.stem not in used), key=lambda path: path.stat().st_mtime
    )
    for path in old[: max(0, len(old) - CACHED_RESULTS)]:
        path.unlink()


class CompilationError(Exception):
    """What the compiler says, ready to print."""


def _run(request: dict[str, Any], executable: Path) -> dict[str, Any]:
    import solcx

    try:
        answer: dict[str, Any] = solcx.compile_standard(request, solc_binary=executable, allow_paths=str(ROOT))
    except solcx.exceptions.SolcError as failure:
        raise CompilationError(_errors(failure)) from None
    for message in answer.get("errors", []):
        place = message.get("sourceLocation", {}).get("file", "")
        if message["severity"] == "warning" and place in request["settings"]["outputSelection"]:
            print(message["formattedMessage"], file=sys.stderr)
    return answer


def _errors(failure: Exception) -> str:
    try:
        messages = json.loads(getattr(failure, "stdout_data", "") or "{}").get("errors", [])
    except ValueError:
        messages = []
    errors = [message["formattedMessage"] for message in messages if message["severity"] == "error"]
    return "\n".join(errors) or str(failure)


def _declared(compiled: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, file) of every contract, interface and library, the library's own included: Brownie needs unique names."""
    for source, found in sorted(compiled["sources"].items()):
        for node in found["ast"]["nodes"]:
            if node["nodeType"] == "ContractDefinition":
                yield node["name"], source


def _artifacts(compiled: dict[str, Any], unit: Path) -> Iterator[tuple[str, str]]:
    variables = dict(_variables(compiled))
    source = unit.relative_to(ROOT).as_posix()
    for name, contract in sorted(compiled["contracts"].get(source, {}).items()):
        if _deployable(compiled, source, name, contract):
            folder = TEST_ARTIFACTS if source.startswith("contracts/test/") else PACKAGE_ARTIFACTS
            path = (folder / f"{name}.json").relative_to(ROOT).as_posix()
            yield path, _text(_artifact(name, source, contract, variables))


def _deployable(compiled: dict[str, Any], source: str, name: str, contract: dict[str, Any]) -> bool:
    bytecode = contract["evm"]["bytecode"]
    if bytecode["linkReferences"]:
        raise CompilationError(f"error: {name} needs a library linked; make the library's functions internal")
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
