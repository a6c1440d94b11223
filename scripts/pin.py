"""Write constraints.txt: the exact version of every package that the project and its development groups need.

    python scripts/pin.py        take the versions installed in this environment

Run it in an environment that passes `make test`, and commit the result. Only packages that pyproject.toml asks
for, directly or through others, are written.
"""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# Exact versions that were tested together; written by scripts/pin.py, used by the Makefile.
# The package itself asks for ranges (pyproject.toml).
"""


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for: base, extras, groups."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    texts = [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables"]
    for extra in project["project"]["optional-dependencies"].values():
        texts.extend(extra)
    for group in project["dependency-groups"].values():
        texts.extend(text for text in group if isinstance(text, str))
    return [Requirement(text) for text in texts if not text.startswith("unwrapped-dao")]


def closure(roots: list[Requirement]) -> tuple[dict[str, str], set[str]]:
    """(version by name, names not installed here) of everything reachable."""
    found: dict[str, str] = {}
    missing: set[str] = set()
    seen: set[tuple[str, str]] = set()
    queue = [(root, "") for root in roots]
    while queue:
        requirement, extra = queue.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            missing.add(name)
            continue
        found[name] = installed.version
        for asked in ("", *sorted(requirement.extras)):
            if (name, asked) not in seen:
                seen.add((name, asked))
                queue.extend((Requirement(text), asked) for text in installed.requires or [])
    return found, missing


def main() -> int:
    found, missing = closure(wanted())
    lines = [f"{name}=={re.sub(r'[+].*', '', version)}" for name, version in sorted(found.items())]
    (ROOT / "constraints.txt").write_text(HEAD + "\n".join(lines) + "\n")
    print(f"constraints.txt: {len(lines)} packages")
    if missing:
        print(f"not installed here, so left open: {', '.join(sorted(missing))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
