"""Writes a `Dataset` with pyarrow: a fixed schema, a file a split, checksums beside them. Needs the extra `dataset`."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError
from .card import FileFact, croissant

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

    from .build import Dataset


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


def table(dataset: Dataset, *, split: bool = False) -> pa.Table:
    """All rows as an Arrow table."""
    pa = _arrow()
    members = [p for p, n in zip(dataset.pseudonyms, dataset.counts, strict=True) for _ in range(n)]
    arrays: list[Any] = [members, *dataset.values]
    if split:
        arrays.append([dataset.splits[member] for member in members])
    written = schema(dataset, split=split)
    return pa.table([pa.array(a, f.type) for a, f in zip(arrays, written, strict=True)], schema=written)


def write_single(dataset: Dataset, path: Path) -> Path:
    """One file with a `split` column."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(table(dataset, split=True), path)
    return path


def _write(rows: pa.Table, path: Path) -> None:
    _arrow().parquet.write_table(rows, path, compression="zstd", version="2.6", store_schema=True)


def write_release(dataset: Dataset, folder: Path) -> Path:
    """The whole release; returns the folder. `SHA256SUMS` covers every other file."""
    pa = _arrow()
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    rows = table(dataset)
    splits = [dataset.splits[p] for p, n in zip(dataset.pseudonyms, dataset.counts, strict=True) for _ in range(n)]
    column = pa.array(splits)
    facts = []
    for name in sorted(set(splits)):
        path = data / f"{name}.parquet"
        _write(rows.filter(pa.compute.equal(column, name)), path)
        facts.append(_fact(path, folder, name))
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
