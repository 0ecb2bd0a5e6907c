"""Query results that are materialised: they stay valid after the catalog has been let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class Table:
    """The rows of one query, as an Arrow table.

    It speaks DB-API (`fetchall`), pandas (`df`), Arrow (`arrow`, `__arrow_c_stream__`, so polars and DuckDB read it
    without a copy) and shows itself as a table in a notebook.
    """

    def __init__(self, data: pa.Table) -> None:
        self._data = data

    @property
    def columns(self) -> list[str]:
        """Column names."""
        return list(self._data.column_names)

    def __len__(self) -> int:
        return int(self._data.num_rows)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        return [tuple(row.values()) for row in self._data.to_pylist()]

    def rows(self) -> list[dict[str, Any]]:
        """All rows as dicts."""
        return list(self._data.to_pylist())

    def arrow(self) -> pa.Table:
        """The Arrow table itself."""
        return self._data

    def df(self) -> pd.DataFrame:
        """A pandas data frame."""
        return self._data.to_pandas()

    def polars(self) -> Any:
        """A polars data frame; needs polars to be installed."""
        import polars  # noqa: PLC0415 - optional, not a dependency  # type: ignore[import-not-found]

        return polars.from_arrow(self._data)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        shown = self._data.slice(0, 20).to_pandas().to_string(index=False, max_colwidth=40) if len(self) else "(no rows)"
        more = f"\n… {len(self) - 20} more rows" if len(self) > 20 else ""  # noqa: PLR2004 - a screenful
        return f"{shown}{more}"

    def _repr_html_(self) -> str:
        return str(self.df().to_html(index=False, max_rows=20, notebook=True))
