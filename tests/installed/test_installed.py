"""The built wheel where nothing else is: other Pythons, the newest dependencies, no Node, no compiler.

UNWRAPPED_PYTHONS says which: "newest" (the default) or "all" of those that this machine has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
VERSIONS = ("3.11", "3.12", "3.13")
INSTALL_TIMEOUT_S = 900


def python(version: str) -> str | None:
    """A program of this Python version that can make environments, None if there is none."""
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    on_path = shutil.which(f"python{version}")
    own = [sys.executable] if sys.version_info[:2] == tuple(map(int, version.split("."))) else []
    for candidate in [*map(str, pyenv), *([on_path] if on_path else []), *own]:
        check = f"import sys, venv, ensurepip; assert '%d.%d' % sys.version_info[:2] == '{version}'"
        if subprocess.run([candidate, "-c", check], capture_output=True, timeout=60).returncode == 0:
            return candidate
    return None


HERE = [version for version in VERSIONS if python(version)]
CHOSEN = HERE if os.environ.get("UNWRAPPED_PYTHONS") == "all" else HERE[-1:]


@dataclass(frozen=True)
class Environment:
    """An environment with nothing but the wheel and what it asks for, and an empty folder to run in."""

    folder: Path
    version: str

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command of this environment that sees no other program."""
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        program = str(self.folder / "bin" / command[0])
        environment = {"HOME": str(empty), "PATH": str(self.folder / "bin"), "TMPDIR": str(empty)}
        return subprocess.run(
            [program, *command[1:]], cwd=empty, env=environment, capture_output=True, text=True, timeout=280
        )

    def install(self, *what: str) -> None:
        pip = [str(self.folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        done = subprocess.run([*pip, "--no-compile", *what], capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)
        assert done.returncode == 0, done.stderr[-2000:]


def environment(folder: Path, version: str, *what: str) -> Environment:
    subprocess.run([str(python(version)), "-m", "venv", str(folder)], check=True, timeout=300)
    made = Environment(folder, version)
    made.install(*what)
    return made


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-deps", "-w"]
    subprocess.run([*build, str(folder), str(ROOT)], check=True, timeout=INSTALL_TIMEOUT_S)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Wheel and source distribution, each built twice, by the ending of their names."""
    folder = tmp_path_factory.mktemp("built")
    builder = environment(folder / "builder", HERE[-1], "hatchling")
    found: dict[str, list[Path]] = {".whl": [], ".gz": []}
    for place in ("one", "two"):
        done = subprocess.run(
            [str(builder.folder / "bin" / "python"), "-m", "hatchling", "build", "-d", str(folder / place)],
            cwd=ROOT, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        for path in (folder / place).iterdir():
            found[path.suffix].append(path)
    return found


def names_in(distribution: Path) -> set[str]:
    if distribution.suffix == ".whl":
        return set(zipfile.ZipFile(distribution).namelist())
    with tarfile.open(distribution) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


@pytest.mark.parametrize("ending", [".whl", ".gz"])
def test_a_distribution_is_the_same_whenever_it_is_built(built: dict[str, list[Path]], ending: str) -> None:
    first, second = built[ending]
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("ending", [".whl", ".gz"])
def test_a_distribution_holds_the_package_whole_its_licences_and_nothing_else(
    built: dict[str, list[Path]], ending: str
) -> None:
    names = names_in(built[ending][0])
    listed = subprocess.run(["git", "ls-files", "unwrapped_dao"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(listed.stdout.splitlines()) <= names
    licences = {"LICENSE", "unwrapped_dao/chain/artifacts/NOTICE.md", "unwrapped_dao/samples/third_party/NOTICE.md"}
    roots = {name.split("/")[0] for name in names}
    if ending == ".whl":
        (about,) = roots - {"unwrapped_dao"}
        assert {f"{about}/licenses/{name}" for name in licences} <= names
    else:
        assert licences <= names
        assert roots == {"unwrapped_dao", "contracts", "CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml",
                         "PKG-INFO", ".gitignore"}  # fmt: skip


@pytest.fixture(scope="session", params=CHOSEN)
def everything(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Environment]:
    """The wheel with all its extras, each dependency as new as the wheel allows."""
    folder = tmp_path_factory.mktemp(f"all-{request.param}")
    yield environment(folder, request.param, f"{wheel}[all]")
    shutil.rmtree(folder)


@pytest.mark.timeout(1200)
def test_the_demo_runs_without_node_and_compiler(everything: Environment) -> None:
    for program in ("node", "npm", "solc", "gcc", "cc", "anvil", "ganache"):
        assert shutil.which(program, path=str(everything.folder / "bin")) is None
    done = everything.run("unwrapped-dao", "demo", "--json", "--seed", "5")
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert summary["dataset_rows"] > 500
    assert summary["price"] == summary["fees"] + summary["paid_to_members"] + summary["dust"]
    assert len(summary["refusals"]) > 4
    assert (everything.folder / "empty" / "demo-output" / "dataset.parquet").stat().st_size > 1000
    assert everything.run("unwrapped-dao", "doctor").returncode == 0


@pytest.mark.timeout(1200)
def test_what_talks_to_nodes_passes_with_the_newest_web3(everything: Environment) -> None:
    found = everything.run("python", "-c", "import web3; print(web3.__version__)").stdout.strip()
    assert found.split(".")[0] == "8", f"web3 {found} was installed"
    everything.install("pytest", "pytest-timeout", "hypothesis")
    tests = [
        "tests/sdk/chain/test_chain_http.py",
        "tests/sdk/chain/test_chain_client.py",
        "tests/e2e/test_chain_nodes.py",
    ]
    done = subprocess.run(
        [str(everything.folder / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "skipped" not in done.stdout


@pytest.mark.timeout(1200)
def test_the_light_base_reads_encrypts_and_names_and_says_what_else_it_needs(
    wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("base")
    base = environment(folder, HERE[-1], str(wheel))
    for example in ("parse_an_export", "encrypt_to_a_committee", "compute_a_cid", "verify_a_delivery"):
        done = base.run("python", str(ROOT / "examples" / f"{example}.py"))
        assert done.returncode == 0, f"{example}: {done.stderr[-2000:]}"
    done = base.run("unwrapped-dao", "demo")
    assert done.returncode == 2
    assert "unwrapped-dao[all]" in done.stderr
    assert "Traceback" not in done.stderr
    shutil.rmtree(folder)
