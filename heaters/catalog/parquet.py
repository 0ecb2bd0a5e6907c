"""Parquet files of one source: the frame index and the frame scores, written and read by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from heaters.errors import CatalogDamaged

Columns = dict[str, npt.NDArray[Any]]


def write_columns(path: Path, columns: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write columns of equal length, preceded by a column `frame` that counts from 0.

    Args:
        path: written in place (no temporary file of DuckDB's own, so that a lock on the file holds).
        columns: one-dimensional arrays; a two- or more-dimensional one becomes a BLOB column, one row each.
        metadata: key-value pairs of the Parquet footer.
    """
    length = len(next(iter(columns.values())))
    frame = {"frame": np.arange(length, dtype=np.int64)}
    data = {name: _flat(values) for name, values in {**frame, **columns}.items()}
    pairs = ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in metadata.items())
    footer = f", KV_METADATA {{{pairs}}}" if pairs else ""
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = true")
        connection.register("columns", _arrow(data))
        connection.execute(
            f"COPY (SELECT * FROM columns ORDER BY frame) TO {_quoted(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, USE_TMP_FILE false{footer})"
        )


def read_columns(path: Path, names: tuple[str, ...] | None = None) -> tuple[Columns, dict[str, str]]:
    """Read columns in the order of frames, and the footer's key-value pairs.

    A BLOB column, whose rows have one length, comes back as uint8[n, length].

    Raises:
        CatalogDamaged: the file is missing or is no Parquet file.
    """
    selected = ", ".join(f'"{name}"' for name in names) if names else "*"
    try:
        with duckdb.connect() as connection:
            # rows keep the order of the file, in which `write_columns` sorted them
            relation = connection.sql(f"SELECT {selected} FROM read_parquet({_quoted(str(path))})")
            found = _arrays(relation)
            pairs = connection.execute(
                f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({_quoted(str(path))})").fetchall()  # fmt: skip
    except duckdb.Error as error:
        raise CatalogDamaged(
            f"{path} can't be read: {str(error).splitlines()[0]}; `heaters retry` prepares the source again",
            path=str(path),
        ) from error
    return found, dict(pairs)


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that all have the same columns: numbers, texts, lists of texts."""
    import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only writers pay

    columns = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        known = {type(value) for value in values} - {type(None)}
        kind = pa.list_(pa.string()) if known == {list} else pa.string() if known <= {str} else None
        columns[name] = pa.array(values, kind)
    with duckdb.connect() as connection:
        connection.register("listed", pa.table(columns))
        connection.execute(
            f"COPY (SELECT * FROM listed) TO {_quoted(str(path))} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)"
        )


def _flat(values: npt.NDArray[Any]) -> npt.NDArray[Any] | list[bytes]:
    return values if values.ndim == 1 else [row.tobytes() for row in values]


def _arrays(relation: duckdb.DuckDBPyRelation) -> Columns:
    """Numbers by DuckDB alone, BLOBs by Arrow, which copies them once and not one by one."""
    blobs = [name for name, kind in zip(relation.columns, relation.types, strict=True) if kind == "BLOB"]
    numbers = [f'"{name}"' for name in relation.columns if name not in blobs]
    found = relation.select(", ".join(numbers)).fetchnumpy() if numbers else {}
    arrays = {name: np.ma.getdata(values) for name, values in found.items()}
    return arrays | {name: _bytes_of(relation.select(f'"{name}"').to_arrow_table()[name]) for name in blobs}


def _bytes_of(column: Any) -> npt.NDArray[np.uint8]:
    parts = [np.empty(0, np.uint8)]
    for chunk in column.chunks:
        _, offsets, data = chunk.buffers()
        ends = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        parts.append(np.frombuffer(data, np.uint8)[ends[0] : ends[-1]])
    return np.concatenate(parts).reshape(len(column), -1)


def _arrow(data: Mapping[str, Any]) -> Any:
    import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only writers pay

    return pa.table(dict(data))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
