"""The key-value pairs in the footer of a Parquet file: what servers read, which never load DuckDB."""

from __future__ import annotations

from pathlib import Path

from heaters.errors import CatalogDamaged


def read_footer(path: Path) -> dict[str, str]:
    """What `heaters.catalog.parquet.write_columns` was given as metadata; the cost does not grow with the file.

    Raises:
        CatalogDamaged: the file is missing or is no Parquet file.
    """
    import pyarrow as pa  # noqa: PLC0415 - 0.1 s, and only for servers that are asked for media
    from pyarrow import parquet  # noqa: PLC0415

    try:
        pairs = parquet.read_metadata(path).metadata or {}
        return {key.decode(): value.decode() for key, value in pairs.items()}
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise CatalogDamaged(
            f"{path} can't be read: {str(error).splitlines()[0]}; `heaters retry` prepares the source again",
            path=str(path),
        ) from error
