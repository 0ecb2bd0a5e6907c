"""Query results that are materialised: they stay valid after the catalog has been let go."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from heaters.catalog.table_html import COLUMNS_SHOWN, facts_html, table_html
from heaters.domain.nearest import did_you_mean
from heaters.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SCREENFUL: Final = 20
Row = dict[str, Any]
Pictures = Callable[[Sequence[Row]], list[str]]
"""Gives one `<img>` for each row, or an empty text."""


class Table:
    """The rows of one query, as an Arrow table.

    It speaks DB-API (`fetchall`), pandas (`df`), Arrow (`arrow`, `__arrow_c_stream__`, so polars and DuckDB read it
    without a copy) and shows itself as a table in a notebook. `table["state"]` is one column, with completion by Tab;
    a loop goes over `rows()`.
    """

    def __init__(self, data: pa.Table) -> None:
        self._data = _plain_integers(data)
        self._pictures: Pictures | None = None

    def illustrated(self, pictures: Pictures) -> Self:
        """Show these pictures beside the rows in a notebook; they are made when the table is shown."""
        self._pictures = pictures
        return self

    @property
    def columns(self) -> list[str]:
        """Column names."""
        return list(self._data.column_names)

    def __len__(self) -> int:
        return int(self._data.num_rows)

    def __getitem__(self, column: str) -> list[Any]:
        if column not in self.columns:
            meant = did_you_mean(str(column), self.columns)
            raise UsageError(f"there is no column {column!r:.80}; there are {', '.join(self.columns)}{meant}")
        return list(self._data.column(column).to_pylist())

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows())

    def _ipython_key_completions_(self) -> list[str]:
        return self.columns

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows as tuples."""
        return list(zip(*(column.to_pylist() for column in self._data.columns), strict=True))

    def rows(self) -> list[Row]:
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
        """A polars data frame.

        Raises:
            UsageError: polars is not installed, which heaters does not need itself.
        """
        try:
            return importlib.import_module("polars").from_arrow(self._data)
        except ModuleNotFoundError as error:
            raise UsageError(
                "polars is not installed: `pip install polars`, or take df() or arrow()"
            ) from error

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        shown = (
            self._data.slice(0, _SCREENFUL)
            .select(self.columns[:COLUMNS_SHOWN])
            .to_pandas()
            .to_string(index=False, max_colwidth=40)
            if len(self)
            else "(no rows)"
        )
        more = f"\n… {len(self) - _SCREENFUL} more rows" if len(self) > _SCREENFUL else ""
        if len(self) and len(self.columns) > COLUMNS_SHOWN:
            more += f"\n… {len(self.columns) - COLUMNS_SHOWN} more columns: {', '.join(self.columns[COLUMNS_SHOWN:])}"
        return f"{shown}{more}"

    def _repr_html_(self) -> str:
        first = Table(self._data.slice(0, _SCREENFUL))
        pictures = self._pictures(first.rows()) if self._pictures and len(first) else []
        return table_html(self.columns, first.fetchall(), len(self), pictures)


class PicturedRow(dict[str, Any]):
    """A row that shows itself with its picture in a notebook; a dict in all else.

    Args:
        row: the values.
        picture: makes an `<img>` when the row is shown.
    """

    def __init__(self, row: Row, picture: Callable[[], str]) -> None:
        super().__init__(row)
        self._picture = picture

    def _repr_html_(self) -> str:
        return facts_html(self, self._picture())


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
