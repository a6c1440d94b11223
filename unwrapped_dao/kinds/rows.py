"""`RowScope`: a scope made of a pydantic row model and a pure function, with its canonical bytes.

Canonical bytes of rows, format `unwrapped-dao/rows/1`: UTF-8, one RFC 8785 JSON object and one newline per row, in the
projection's order. The first line is a header object with `columns`, `format`, `rows`, `scope` and `version`. RFC 8785
leaves one way to write a row, so that equal rows are equal bytes and a validator can compare what it recomputed. Values
are integers, strings, booleans and null; a float is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import NoneType
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar, get_args

import msgspec
from pydantic import BaseModel, ValidationError

from ..errors import InputError, UntrustedDataError
from .digests import purpose_digest, schema_digest, scope_id, terms_digest

Row = TypeVar("Row", bound=BaseModel)

ROWS_FORMAT: Final = "unwrapped-dao/rows/1"
MAX_ROWS_BYTES: Final = 1 << 30


@dataclass(frozen=True)
class RowScope(Generic[Row]):
    """A scope whose rows are instances of one frozen pydantic model (see `Scope` for the words).

    `projection` names the function's rule in one stable phrase and `projection_version` its revision: both
    enter
    the schema digest, so that a changed rule is another scope and asks members again.
    """

    name: str
    version: int
    kind: str
    sentence: str
    purposes: tuple[str, ...]
    base_terms: str
    never_contains: tuple[str, ...]
    row: type[Row]
    projection: str
    projection_version: int
    function: Callable[[Any], Sequence[Row]]

    randomised = False

    def project(self, records: Any, coins: bytes = b"") -> tuple[Row, ...]:
        """The rows a buyer may see."""
        return tuple(self.function(records))

    @cached_property
    def schema_document(self) -> dict[str, object]:
        """What the schema digest covers: schema, projection and versions, as JSON."""
        return {
            "format": ROWS_FORMAT,
            "kind": self.kind,
            "name": self.name,
            "projection": {"rule": self.projection, "version": self.projection_version},
            "schema": _schema(self.row),
            "version": self.version,
        }

    @cached_property
    def schema_digest(self) -> bytes:
        """keccak256 of the schema document."""
        return schema_digest(self.schema_document)

    @cached_property
    def base_terms_digest(self) -> bytes:
        """keccak256 of the base terms' bytes."""
        return terms_digest(self.base_terms)

    @cached_property
    def purpose_digests(self) -> Mapping[str, bytes]:
        """The allowed purposes by name, with their on-chain names."""
        return {name: purpose_digest(name) for name in self.purposes}

    @cached_property
    def scope_id(self) -> bytes:
        """The scope's on-chain name; see digests.py."""
        return scope_id(self.schema_digest, self.purpose_digests.values(), self.base_terms_digest)

    def encode(self, rows: Sequence[BaseModel]) -> bytes:
        """Canonical bytes of `rows`; raises `InputError` for rows of another model."""
        if any(type(row) is not self.row for row in rows):
            raise InputError(f"These rows are not of the scope {self.name!r}.")
        names = sorted(self.row.model_fields)
        lines: list[dict[str, object]] = [self._header(len(rows))]
        for row in rows:
            values = row.__dict__
            lines.append({name: values[name] for name in names})
            for value in values.values():
                if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 1 << 53):
                    raise InputError("A row holds a float or a huge number; scopes use integers below 2^53.")
        # For flat rows of text, small integers, booleans and null with names in ASCII order this is RFC 8785, which
        # the tests compare; the library for it takes 20 times as long.
        return msgspec.json.Encoder().encode_lines(lines)

    def decode(self, data: bytes) -> tuple[Row, ...]:
        """The rows of canonical bytes; raises `UntrustedDataError` unless they are exactly what `encode` gives."""
        if len(data) > MAX_ROWS_BYTES or not data.endswith(b"\n"):
            raise UntrustedDataError(f"These bytes are no complete rows of the scope {self.name!r}.")
        try:
            header, *values = msgspec.json.Decoder().decode_lines(data)
            rows = tuple(self.row.model_validate(value, strict=True) for value in values)
        except (
            msgspec.DecodeError,
            ValidationError,
            UnicodeDecodeError,
            ValueError,
            RecursionError,
        ) as error:
            raise UntrustedDataError(f"These bytes hold no rows of the scope {self.name!r}.") from _quiet(error)
        if header != self._header(len(rows)) or self.encode(rows) != data:
            raise UntrustedDataError(f"These rows of the scope {self.name!r} are not in canonical form.")
        return rows

    def accepts(self, records: Any, data: bytes, coins: bytes = b"") -> bool:
        """Whether `data` is what the projection gives, byte for byte."""
        return self.encode(self.project(records, coins)) == data

    def _header(self, rows: int) -> dict[str, object]:
        columns = sorted(self.row.model_fields)
        return {
            "columns": columns,
            "format": ROWS_FORMAT,
            "rows": rows,
            "scope": self.name,
            "version": self.version,
        }

    def __repr__(self) -> str:
        return f"<Scope {self.name!r} v{self.version} of {self.kind}>"


class Column(NamedTuple):
    """One column of a scope: rows are flat, so that they fit a table."""

    name: str
    type: Literal["integer", "string", "boolean"]
    nullable: bool
    limits: tuple[tuple[str, int | str], ...]


_TYPES: Final[dict[object, Literal["integer", "string", "boolean"]]] = {
    int: "integer",
    str: "string",
    bool: "boolean",
}
_LIMITS: Final = ("ge", "gt", "le", "lt", "min_length", "max_length")


def columns(model: type[BaseModel]) -> tuple[Column, ...]:
    """The columns of a row model, by name, in our own words.

    Not pydantic's JSON schema: its wording may change with a release, and a scope's id must not.
    """
    out = []
    for name, info in sorted(model.model_fields.items()):
        options = [t for t in get_args(info.annotation) if t is not NoneType] or [info.annotation]
        if len(options) != 1 or options[0] not in _TYPES:
            raise TypeError(f"{model.__name__}.{name}: a column is an int, a str or a bool, or None")
        found = {limit: getattr(item, limit) for item in info.metadata for limit in _LIMITS if hasattr(item, limit)}
        nullable = NoneType in get_args(info.annotation)
        out.append(Column(name, _TYPES[options[0]], nullable, tuple(sorted(found.items()))))
    return tuple(out)


def _schema(model: type[BaseModel]) -> dict[str, object]:
    return {c.name: {"limits": dict(c.limits), "nullable": c.nullable, "type": c.type} for c in columns(model)}


def _quiet(error: Exception) -> Exception | None:
    """pydantic's message quotes the offending values, which are somebody's data: keep only the kind of failure."""
    return None if isinstance(error, ValidationError) else error
