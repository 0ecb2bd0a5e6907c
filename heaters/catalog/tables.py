"""Query results that are materialised: they stay valid after the catalog has been let go."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SCREENFUL: Final = 20


class Table:
    """The rows of one query, as an Arrow table.

    It speaks DB-API (`fetchall`), pandas (`df`), Arrow (`arrow`, `__arrow_c_stream__`, so polars and DuckDB read it
    without a copy) and shows itself as a table in a notebook.
    """

    def __init__(self, data: pa.Table) -> None:
        self._data = _plain_integers(data)

    @property
    def columns(self) -> list[str]:
        """Column names."""
        return list(self._data.column_names)

    def __len__(self) -> int:
        return int(self._data.num_rows)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        return list(zip(*(column.to_pylist() for column in self._data.columns), strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """All rows as dicts; of columns with the same name the last one is kept."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.fetchall()]

    def arrow(self) -> pa.Table:
        """The Arrow table itself."""
        return self._data

    def ipc(self) -> bytes:
        """The table as an Arrow stream, which `read_ipc` reads."""
        import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only those who ask pay

        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self._data.schema) as stream:
            stream.write_table(self._data)
        return bytes(sink.getvalue())

    @classmethod
    def read_ipc(cls, stream: bytes) -> Table:
        """The table of an Arrow stream."""
        import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only those who ask pay

        return cls(pa.ipc.open_stream(stream).read_all())

    def df(self) -> pd.DataFrame:
        """A pandas data frame."""
        return self._data.to_pandas()

    def polars(self) -> Any:
        """A polars data frame; needs polars to be installed."""
        return importlib.import_module("polars").from_arrow(self._data)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        shown = (
            self._data.slice(0, _SCREENFUL).to_pandas().to_string(index=False, max_colwidth=40)
            if len(self)
            else "(no rows)"
        )
        more = f"\n… {len(self) - _SCREENFUL} more rows" if len(self) > _SCREENFUL else ""
        return f"{shown}{more}"

    def _repr_html_(self) -> str:
        return str(self.df().to_html(index=False, max_rows=_SCREENFUL, notebook=True))


def _plain_integers(data: pa.Table) -> pa.Table:
    """DuckDB sums integers to 128 bits, which Arrow knows only as decimals; those that fit become 64-bit integers."""
    import pyarrow as pa  # noqa: PLC0415 - 0.1 s that only those who ask pay

    for place, one in enumerate(data.schema):
        if pa.types.is_decimal(one.type) and one.type.scale == 0:
            try:
                data = data.set_column(place, one.name, data.column(place).cast(pa.int64()))
            except pa.ArrowInvalid:
                continue
    return data
