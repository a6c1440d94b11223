"""Writes a `Dataset` with pyarrow: a fixed schema, a file a split, checksums beside them. Needs the extra `dataset`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import SettingsError
from .card import FileFact, croissant

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

    from .build import Dataset, Group

ROWS_IN_MEMORY = 65_536
"""Rows that are held and written at a time: one row group of the file."""


def _arrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise SettingsError(
            "Writing Parquet needs the extra `dataset`.", hint="Run: pip install 'unwrapped-dao[dataset]'"
        ) from error
    return pyarrow


def schema(dataset: Dataset, *, split: bool) -> pa.Schema:
    """The written schema: the pseudonym, the scope's columns, and the split where asked."""
    pa = _arrow()
    types = {"string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_()}
    fields = [pa.field("member", pa.string(), nullable=False)]
    fields += [pa.field(c.name, types[c.type], nullable=c.nullable) for c in dataset.columns]
    if split:
        fields.append(pa.field("split", pa.string(), nullable=False))
    facts = {
        "unwrapped-dao.scope": f"{dataset.scope.name}/{dataset.scope.version}",
        "unwrapped-dao.scope-id": "0x" + dataset.scope.scope_id.hex(),
        "unwrapped-dao.content-sha256": dataset.sha256,
        "unwrapped-dao.terms-digest": dataset.release.terms_digest,
    }
    return pa.schema(fields, metadata=facts)


def table(dataset: Dataset) -> pa.Table:
    """All rows as an Arrow table."""
    pa = _arrow()
    written = schema(dataset, split=False)
    return pa.Table.from_batches(
        [_batch(written, columns) for columns in _pieces(dataset, dataset.groups(), split=False)], written
    )


def write_single(dataset: Dataset, path: Path) -> Path:
    """One file with a `split` column."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = schema(dataset, split=True)
    with path.open("wb") as file, _writer(file, written) as writer:
        for columns in _pieces(dataset, dataset.groups(), split=True):
            writer.write_batch(_batch(written, columns))
    return path


def _pieces(dataset: Dataset, groups: Iterable[Group], *, split: bool) -> Iterator[list[list[Any]]]:
    """The columns of about ROWS_IN_MEMORY rows at a time; a member's rows stay together."""
    width = 1 + len(dataset.columns) + split
    piece: list[list[Any]] = [[] for _ in range(width)]
    for pseudonym, rows in groups:
        piece[0] += [pseudonym] * len(rows)
        for column, cells in zip(piece[1:], zip(*rows, strict=True), strict=False):
            column += cells
        if split:
            piece[-1] += [dataset.splits[pseudonym]] * len(rows)
        if len(piece[0]) >= ROWS_IN_MEMORY:
            yield piece
            piece = [[] for _ in range(width)]
    if piece[0]:
        yield piece


def _batch(written: pa.Schema, columns: list[list[Any]]) -> pa.RecordBatch:
    pa = _arrow()
    arrays = [pa.array(cells, fact.type) for cells, fact in zip(columns, written, strict=True)]
    return pa.record_batch(arrays, schema=written)


def _writer(file: BinaryIO, written: pa.Schema) -> Any:
    """On an open file: Arrow itself takes only names that are UTF-8."""
    return _arrow().parquet.ParquetWriter(file, written, compression="zstd", version="2.6", store_schema=True)


def write_release(dataset: Dataset, folder: Path) -> Path:
    """The whole release; returns the folder. `SHA256SUMS` covers every other file."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    written = schema(dataset, split=False)
    with ExitStack() as open_files:
        paths = {name: data / f"{name}.parquet" for name in sorted(set(dataset.splits.values()))}
        files = {name: open_files.enter_context(path.open("wb")) for name, path in paths.items()}
        writers = {name: open_files.enter_context(_writer(file, written)) for name, file in files.items()}
        # Members are ordered as their splits are, so that one split is written after the other.
        for name, groups in groupby(dataset.groups(), key=lambda group: dataset.splits[group[0]]):
            for columns in _pieces(dataset, groups, split=False):
                writers[name].write_batch(_batch(written, columns))
    facts = [_fact(path, folder, name) for name, path in paths.items()]
    (folder / "TERMS.txt").write_bytes(dataset.scope.base_terms.encode("utf-8"))
    risk = dataset.risk()
    _write_json(folder / "risk.json", risk.model_dump(mode="json"))
    (folder / "RISK.md").write_text(
        "# Risk report\n\n" + "\n".join(f"- {line}" for line in risk.lines()) + "\n", "utf-8"
    )
    _write_json(folder / "croissant.json", croissant(dataset, facts, risk))
    sums = [f"{_sha256(p)}  {p.relative_to(folder).as_posix()}" for p in sorted(folder.rglob("*"))
            if p.is_file() and p.name != "SHA256SUMS"]  # fmt: skip
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", "ascii")
    return folder


def _fact(path: Path, folder: Path, split: str) -> FileFact:
    return FileFact(path.relative_to(folder).as_posix(), split, path.stat().st_size, _sha256(path))


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")
