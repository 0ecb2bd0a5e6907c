"""Parquet files of one source: the frame index and the frame scores, written and read by DuckDB."""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np
import numpy.typing as npt

from heaters.errors import CatalogDamaged, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, npt.NDArray[Any]]

_GROUP_BYTES: Final = 4 << 20
_VECTOR: Final = 2048
_MOST_VECTORS: Final = 60
"""DuckDB's own 122,880 rows."""
_PAIRS: Final = "SELECT decode(key), decode(value) FROM parquet_kv_metadata({})"


def write_columns(path: Path, columns: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Write columns of equal length, preceded by a column `frame` that counts from 0.

    Args:
        path: written in place (no temporary file of DuckDB's own, so that a lock on the file holds).
        columns: one-dimensional arrays; a two- or more-dimensional one becomes a BLOB column, one row each.
        metadata: key-value pairs of the Parquet footer.
    """
    length = len(next(iter(columns.values())))
    data = {"frame": np.arange(length, dtype=np.int64), **columns}
    group = _rows_of_group(data)
    with duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = true; SET threads = 1")
        connection.register("columns", _in_batches(data, group))
        connection.execute(
            f"COPY (SELECT * FROM columns) TO {_quoted(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE {group}, USE_TMP_FILE false{_footer(metadata)})"
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
            connection.execute("SET threads = 1")  # quicker than with two, and 30 MB less for an hour
            # rows keep the order of the file, in which `write_columns` sorted them
            relation = connection.sql(f"SELECT {selected} FROM read_parquet({_quoted(str(path))})")
            found = _arrays(relation)
            pairs = connection.execute(_PAIRS.format(_quoted(str(path)))).fetchall()
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
    write_table(path, pa.table(columns), {})


def write_table(path: Path, table: pa.Table, metadata: Mapping[str, str]) -> None:
    """Write an Arrow table, with key-value pairs in the footer."""
    with duckdb.connect() as connection:
        connection.register("listed", table)
        connection.execute(
            f"COPY (SELECT * FROM listed) TO {_quoted(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2, USE_TMP_FILE false{_footer(metadata)})"
        )


def read_table(path: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """All rows of a file that somebody brings, and the key-value pairs of its footer.

    Raises:
        UsageError: it is no Parquet file.
    """
    try:
        with duckdb.connect() as connection:
            rows = (
                connection.sql(f"SELECT * FROM read_parquet({_quoted(str(path))})")
                .to_arrow_table()
                .to_pylist()
            )
            pairs = connection.execute(_PAIRS.format(_quoted(str(path)))).fetchall()
    except duckdb.IOException as error:
        raise UsageError(f"{path} can't be read: {str(error).splitlines()[0]}", path=str(path)) from error
    except duckdb.Error as error:
        raise UsageError(
            f"{path} is no Parquet file: {str(error).splitlines()[0]}", path=str(path)
        ) from error
    return rows, dict(pairs)


def _rows_of_group(columns: Columns) -> int:
    """Rows that are held in memory before they are compressed; DuckDB counts in vectors of 2,048."""
    width = sum(math.prod(values.shape[1:]) * values.itemsize for values in columns.values())
    return min(max(_GROUP_BYTES // width // _VECTOR, 1), _MOST_VECTORS) * _VECTOR


def _in_batches(columns: Columns, rows: int) -> Any:
    """The columns as a stream of record batches: a long source's pictures are never in memory at once."""
    import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only writers pay

    def batches() -> Iterator[Any]:
        for at in range(0, len(columns["frame"]), rows):
            yield pa.record_batch({name: _part(values[at : at + rows]) for name, values in columns.items()})
            for values in columns.values():
                if isinstance(values.base, mmap.mmap):
                    values.base.madvise(
                        mmap.MADV_DONTNEED
                    )  # or every page once read counts as this process's

    empty = {name: _part(values[:0]) for name, values in columns.items()}
    return pa.RecordBatchReader.from_batches(pa.record_batch(empty).schema, batches())


def _part(values: npt.NDArray[Any]) -> Any:
    """Some rows for Arrow; those of pictures are not copied."""
    import pyarrow as pa  # noqa: PLC0415

    if values.ndim == 1:
        return values
    offsets = np.arange(len(values) + 1, dtype=np.int32) * np.int32(math.prod(values.shape[1:]))
    data = np.ascontiguousarray(values).reshape(-1)
    return pa.Array.from_buffers(pa.binary(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _arrays(relation: duckdb.DuckDBPyRelation) -> Columns:
    """Numbers by DuckDB alone, BLOBs by Arrow, which copies them once and not one by one."""
    blobs = [name for name, kind in zip(relation.columns, relation.types, strict=True) if kind == "BLOB"]
    numbers = [f'"{name}"' for name in relation.columns if name not in blobs]
    found = relation.select(", ".join(numbers)).fetchnumpy() if numbers else {}
    arrays = {name: np.ma.getdata(values) for name, values in found.items()}
    rows = relation.count("*").fetchall()[0][0] if blobs else 0
    return arrays | {
        name: _bytes_of(relation.select(f'"{name}"').to_arrow_reader(_VECTOR), rows) for name in blobs
    }


def _bytes_of(batches: Any, rows: int) -> npt.NDArray[np.uint8]:
    """A BLOB column whose rows have one length, copied once."""
    found: npt.NDArray[np.uint8] = np.empty((0, 0), np.uint8)
    at = 0
    for batch in batches:
        column = batch.column(0)
        _, offsets, data = column.buffers()
        ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        part = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]].reshape(len(column), -1)
        if not at:
            found = np.empty((rows, part.shape[1]), np.uint8)
        found[at : at + len(part)] = part
        at += len(part)
    return found


def _footer(metadata: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{_quoted(key)}: {_quoted(value)}" for key, value in metadata.items())
    return f", KV_METADATA {{{pairs}}}" if pairs else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
