"""Every choice of a run as one frozen value, and the only reader of environment variables and configuration files.

Sources, the first that has a value wins: arguments, then UNWRAPPED_<NAME>, then <workspace>/config.toml, then the
defaults below. A passphrase itself never stands in arguments (other users of the machine see those) nor in
config.toml: it comes from UNWRAPPED_PASSPHRASE or from the file that `passphrase_file` names.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from .errors import PassphraseError, SettingsError

DEFAULT_WORKSPACE = Path(".unwrapped-dao")
CONFIG_FILE = "config.toml"
PREFIX = "UNWRAPPED_"
_PASSPHRASE_VARIABLE = f"{PREFIX}PASSPHRASE"
_MAX_FILE_BYTES = 64 * 1024


class Settings(BaseModel):
    """Frozen. Make one with `load`; a role gets what it needs from it, not the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace: Path = DEFAULT_WORKSPACE
    """Folder with chain state, deployment, store and keystores."""

    rpc: str | None = None
    """JSON-RPC URL; None uses the chain embedded in the workspace. May hold an API key, so it is not shown whole."""

    witness: str | None = None
    """JSON-RPC URL of a second node: a custodian acts only on what both call final."""

    ipfs: str | None = None
    """Kubo's RPC URL; None uses the store embedded in the workspace."""

    passphrase_file: Path | None = None
    """File whose first line opens the keyfiles."""

    payer: Path | None = None
    """Ethereum keyfile of the account that pays a demo on a node which signs for no account of its own."""

    passphrase: SecretStr | None = Field(default=None, repr=False)
    """What opens the keyfiles, once it was read."""

    crypto: Literal["auto", "native", "reference"] = "auto"
    """Curve arithmetic: the native library, the pure Python reference, or native where it works."""

    finality: Literal["latest", "safe", "finalized"] = "finalized"
    """Which block custodians act on and validators erase by. Anvil's `finalized` is 64 blocks behind unless it is told
    otherwise."""

    max_fee_gwei: int = Field(default=500, gt=0)
    """The most, in gwei for a unit of gas, that is offered to replace a transaction which waits too long."""

    mined_within_s: float = Field(default=120.0, gt=0, le=3600)
    """How long a command waits for its transaction before it says that it is still on its way."""

    wait_s: float = Field(default=10.0, ge=0, le=3600)
    """How long to wait for another command to leave the workspace."""

    patience_s: int = Field(default=600, ge=0)
    """How long a command waits for the end of a vote or a timelock before it says when to come back."""

    validators: tuple[str, ...] = ()
    """URLs of the validators that a member shows its data to; none: those in the workspace."""

    validator_timeout_s: float = Field(default=180.0, gt=0, le=3600)
    """How long one validator may take over one contribution."""

    index: str | None = None
    """What this workspace's validators share with those elsewhere: the URL of the index log, or a file; None: a file of
    the workspace."""

    @field_validator("validators", mode="before")
    @classmethod
    def _is_list(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, (list, tuple)) or not all(isinstance(part, str) for part in parts):
            raise ValueError("is no list of URLs")
        return tuple(each.strip() for part in parts for each in part.split(",") if each.strip())

    @field_validator("rpc", "witness", "ipfs")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and without_secrets(value) is None:
            raise ValueError("is no http or https URL, such as http://127.0.0.1:8545")
        return value

    def require_passphrase(self) -> str:
        """The passphrase; raises PassphraseError when none was given."""
        if self.passphrase is None:
            raise PassphraseError(
                "A passphrase is needed to open the keyfile, and none was given.",
                hint=f"Set {_PASSPHRASE_VARIABLE}, or name a file with --passphrase-file.",
            )
        return self.passphrase.get_secret_value()

    def __repr_args__(self) -> Any:
        for name, value in super().__repr_args__():
            yield name, without_secrets(value) if name in ("rpc", "witness", "ipfs") and value else value


def load(arguments: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from all sources; a None among the arguments means not given. Raises SettingsError.

    `environ` defaults to the process environment.
    """
    environment = os.environ if environ is None else environ
    given = {name: value for name, value in (arguments or {}).items() if value is not None}
    if "passphrase" in given:
        raise SettingsError(
            "A passphrase may not be given as an argument.",
            hint=f"Set {_PASSPHRASE_VARIABLE} or use a passphrase file.",
        )
    set_by_name = _from_environment(environment)
    workspace = Path(given.get("workspace", set_by_name.get("workspace", DEFAULT_WORKSPACE)))
    values = {**_from_file(workspace / CONFIG_FILE), **set_by_name, **given}
    values["workspace"] = workspace
    if environment.get(_PASSPHRASE_VARIABLE):
        values["passphrase"] = SecretStr(environment[_PASSPHRASE_VARIABLE])
    elif values.get("passphrase_file") is not None:
        values["passphrase"] = _first_line(Path(values["passphrase_file"]))
    try:
        return Settings(**values)
    except ValidationError as problem:
        raise SettingsError(_sentence(problem)) from None  # pydantic's own text quotes the values


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    names = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields if name != "passphrase"}
    return {names[variable]: value for variable, value in environment.items() if variable in names and value}


def _from_file(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            return {}
        found = tomllib.loads(path.read_text("utf-8-sig"))  # some editors mark their files
    except tomllib.TOMLDecodeError as problem:
        place = re.search(r"line \d+", str(problem))  # the rest may quote what is a secret
        raise SettingsError(
            f"{path} is no TOML{f' at {place[0]}' if place else ''}.",
            hint='Correct the file, or remove it; text stands in quotation marks: rpc = "http://127.0.0.1:8545".',
        ) from None
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read as TOML.", hint="Correct the file, or remove it.") from None
    for name in ("passphrase", "workspace"):
        if name in found:
            raise SettingsError(f"{path} may not set {name}.", hint="Remove that line.")
    for name in ("passphrase_file", "payer"):
        if name in found:
            found[name] = path.parent / str(found[name])
    return found


def _first_line(path: Path) -> SecretStr:
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.read(_MAX_FILE_BYTES).split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"The passphrase file {path} cannot be read.") from None
    if not line:
        raise SettingsError(f"The passphrase file {path} is empty.")
    return SecretStr(line)


def _sentence(problem: ValidationError) -> str:
    first = problem.errors(include_input=False, include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"There is no setting {name}."
    own = first["msg"].removeprefix("Value error, ")
    return f"The setting {name} {own}." if own != first["msg"] else f"The setting {name} does not fit: {own}."


def without_secrets(url: str) -> str | None:
    """An http or https URL as it may be shown; None for what is none. The rest of it may hold a password or a key."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"
