"""`RowScope`: a scope made of a pydantic row model and a pure function, with its canonical bytes.

Canonical bytes of rows, format `unwrapped-dao/rows/1`: UTF-8, one RFC 8785 JSON object and one newline per row, in the
projection's order. The first line is a header object with `columns`, `format`, `rows`, `scope` and `version`. RFC 8785
leaves one way to write a row, so that equal rows are equal bytes and a validator can compare what it recomputed. Values
are integers, strings, booleans and null; a float is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from types import NoneType
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar, get_args

import msgspec
from pydantic import BaseModel, ValidationError

from ..errors import InputError, RowsError
from .digests import purpose_digest, schema_digest, scope_id, terms_digest

Row = TypeVar("Row", bound=BaseModel)

ROWS_FORMAT: Final = "unwrapped-dao/rows/1"
MAX_ROWS_BYTES: Final = 128 << 20
"""Of one contribution: a validator's request is no larger by default, and a lifetime of 300,000 plays makes 50 MiB."""
_MAX_LINE: Final = 1 << 20
_PIECE: Final = 1 << 18
"""Bytes of rows that are values at a time while they are checked: a line of two bytes makes a value of sixty."""


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
        # For flat rows of text, small integers, booleans and null with names in ASCII order this is RFC 8785, which
        # the tests compare; the library for it takes 20 times as long.
        return msgspec.json.Encoder().encode_lines([self._header(len(rows)), *self._values(rows)])

    def _values(self, rows: Sequence[BaseModel]) -> list[dict[str, object]]:
        names = sorted(self.row.model_fields)
        lines: list[dict[str, object]] = []
        for row in rows:
            values = row.__dict__
            lines.append({name: values[name] for name in names})
            for value in values.values():
                if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 1 << 53):
                    raise InputError("A row holds a float or a huge number; scopes use integers below 2^53.")
        return lines

    def decode(self, data: bytes) -> tuple[Row, ...]:
        """The rows of canonical bytes; raises `RowsError` unless they are exactly what `encode` gives."""
        return tuple(row for piece in self._pieces(data) for row in piece)

    def count(self, data: bytes) -> int:
        """How many rows canonical bytes hold, with few of them in memory at a time. Raises as `decode`."""
        return sum(len(piece) for piece in self._pieces(data))

    def _pieces(self, data: bytes) -> Iterator[list[Row]]:
        """The rows in pieces, each checked when it comes; their number only at the end."""
        if len(data) > MAX_ROWS_BYTES or not data.endswith(b"\n"):
            raise RowsError(f"These bytes are no complete rows of the scope {self.name!r}.")
        at, rows = data.index(b"\n") + 1, 0
        head = data[:at]
        while at < len(data):
            # To the end of the line that the piece ends in; a longer line is none, and is not looked into.
            end = data.find(b"\n", min(at + _PIECE, len(data)) - 1, at + _PIECE + _MAX_LINE) + 1
            found = self._rows(data[at:end])
            at, rows = end, rows + len(found)
            yield found
        if head != msgspec.json.Encoder().encode_lines([self._header(rows)]):
            raise RowsError(f"These rows of the scope {self.name!r} are not in canonical form.")

    def _rows(self, lines: bytes) -> list[Row]:
        try:
            values = msgspec.json.Decoder().decode_lines(lines)
            rows = [self.row.model_validate(value, strict=True) for value in values]
        except (
            msgspec.DecodeError,
            ValidationError,
            UnicodeDecodeError,
            ValueError,
            RecursionError,
        ) as error:
            raise RowsError(f"These bytes hold no rows of the scope {self.name!r}.") from _quiet(error)
        if not rows or msgspec.json.Encoder().encode_lines(self._values(rows)) != lines:
            raise RowsError(f"These rows of the scope {self.name!r} are not in canonical form.")
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


class BoundedRows:
    """Where an envelope's content is written: a small one may state sixty times its length, to fill the memory."""

    def __init__(self, most: int, told: str) -> None:
        """`told` is the message of the RowsError that ends it at `most` bytes, or at MAX_ROWS_BYTES."""
        self._most, self._told = min(most, MAX_ROWS_BYTES), told
        self._rows = BytesIO()

    def write(self, data: bytes, /) -> object:
        if self._rows.tell() + len(data) > self._most:
            raise RowsError(self._told)
        return self._rows.write(data)

    def getvalue(self) -> bytes:
        return self._rows.getvalue()


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
