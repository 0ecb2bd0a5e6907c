"""What a month costs: the artefacts of the catalog, at the prices of a file that users may edit."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from heaters.errors import SettingsError, UsageError

Row = dict[str, Any]
PRICES_FILE: Final = "prices.toml"
SHIPPED: Final = Path(__file__).with_name(PRICES_FILE)
RESTORED_DAYS: Final = 7
"""How long a restored copy is kept and paid as STANDARD, beside the archived object."""
_GB: Final = 1 << 30
_MONTH_DAYS: Final = 30
_SUMS: Final = ("files", "bytes", "month", "restore")
_STORED: Final = """
SELECT a.kind, CASE WHEN starts_with(v.store, 's3://') AND NOT starts_with(a.uri, '/') THEN a.storage_class END AS storage_class,
  count(*) AS files, sum(a.bytes)::BIGINT AS bytes, sum(greatest(a.bytes, coalesce(p.smallest, 0)))::BIGINT AS paid,
  count(*) FILTER (needed) AS needed_files, coalesce(sum(a.bytes) FILTER (needed), 0)::BIGINT AS needed_bytes
FROM (SELECT *, kind IN ('gold_master', 'original') AND source_video_id IN (SELECT source_video_id FROM clips
    WHERE state IN ('approved', 'exporting', 'export_failed')) AND uri IN (SELECT gold_master_filepath FROM source_videos) AS needed
  FROM clip_artifacts) a
LEFT JOIN source_videos v ON v.id = a.source_video_id
LEFT JOIN (SELECT unnest(?::VARCHAR[]) AS class, unnest(?::BIGINT[]) AS smallest) p ON p.class = a.storage_class
GROUP BY 1, 2 ORDER BY bytes DESC, 1, 2
"""
"""What is stored, by kind and class, NULL for a folder; `needed` are the masters of clips that are to be exported."""


class Price(NamedTuple):
    """Of one storage class, in the currency of its file.

    Attributes:
        storage: for a GB and month.
        smallest_bytes: an object with fewer is paid as one with so many.
        objects: for 1,000 objects and month.
        restore: for a GB that is restored; 0 where nothing has to be.
        restore_requests: for 1,000 objects that are restored.
    """

    storage: float
    smallest_bytes: int = 0
    objects: float = 0.0
    restore: float = 0.0
    restore_requests: float = 0.0

    def month(self, paid_bytes: int, files: int) -> float:
        """What a month of so many objects costs.

        >>> Price(storage=0.5, objects=2.0).month(4 << 30, files=500)
        3.0
        """
        return paid_bytes / _GB * self.storage + files / 1000 * self.objects


class Prices(NamedTuple):
    """A file of prices.

    Attributes:
        of: by storage class.
    """

    file: Path
    region: str
    as_of: str
    currency: str
    of: Mapping[str, Price]

    @classmethod
    def of_workspace(cls, home: Path) -> Prices:
        """Those of the workspace where it has some of its own, else those that come with heaters.

        Raises:
            SettingsError: the file can't be read, or holds what is no price.
        """
        file = home / PRICES_FILE if (home / PRICES_FILE).is_file() else SHIPPED
        try:
            told = tomllib.loads(file.read_text("utf-8"))
            facts = {name: str(told.pop(name)) for name in ("region", "as_of", "currency")}
            prices = {name: _price(told[name]) for name in told}
        except KeyError as error:
            raise SettingsError(
                f"{file} lacks {error}: it says of where and when its prices are", path=str(file)
            ) from error
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"{file} is no file of prices: {error}; `heaters cost --write-prices` in another workspace makes one to compare with",
                path=str(file),
            ) from error
        return cls(file, of=prices, **facts)

    def restore(self, storage_class: str | None, needed_bytes: int, files: int) -> float | None:
        """What restoring archived objects for `RESTORED_DAYS` costs; None where nothing has to be, or no price is known."""
        price, standard = self.of.get(storage_class or ""), self.of.get("STANDARD")
        if price is None or not files or not (price.restore or price.restore_requests):
            return None
        kept = standard.storage * RESTORED_DAYS / _MONTH_DAYS if standard else 0.0
        return needed_bytes / _GB * (price.restore + kept) + files / 1000 * price.restore_requests


def costs(read: Callable[..., list[Row]], prices: Prices) -> list[Row]:
    """What is stored, and what it costs.

    Args:
        read: rows of the catalog.
        prices: what counts.

    Returns:
        By kind and storage class: `files`, `bytes`, `month` and `restore`, what it would cost to have the masters restored that
        the clips need which are to be exported. A folder has no class and costs nothing that is known here: None.
    """
    smallest = {name: price.smallest_bytes for name, price in prices.of.items()}
    rows = read(_STORED, [list(smallest), list(smallest.values())])
    return [
        {
            **{name: row[name] for name in ("kind", "storage_class", "files", "bytes")},
            "month": price.month(row["paid"], row["files"]) if (price := prices.of.get(row["storage_class"] or "")) else None,
            "restore": prices.restore(row["storage_class"], row["needed_bytes"], row["needed_files"]),
        }
        for row in rows
    ]  # fmt: skip


def by_class(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """What `costs` found, of each storage class as a whole, the dearest first; what lies in folders is left out."""
    found: dict[str, Row] = {}
    for row in rows:
        if name := row["storage_class"]:
            one = found.setdefault(name, {"storage_class": name} | dict.fromkeys(_SUMS))
            one |= {key: row[key] if one[key] is None else one[key] + (row[key] or 0) for key in _SUMS}
    return sorted(found.values(), key=lambda row: (-(row["month"] or 0), row["storage_class"]))


def write_prices(home: Path) -> Path:
    """Put a copy of the shipped prices into a workspace, to be edited there.

    Raises:
        UsageError: there is one.
        SettingsError: it can't be written.
    """
    file = home / PRICES_FILE
    if file.exists():
        raise UsageError(f"{file} is there already: edit it, or remove it for those that come with heaters")
    try:
        shutil.copyfile(SHIPPED, file)
    except OSError as error:
        raise SettingsError(f"{file} can't be written: {error.strerror}", path=str(file)) from error
    return file


def _price(told: Mapping[str, Any]) -> Price:
    unknown = set(told) - set(Price._fields)
    if unknown or "storage" not in told:
        raise ValueError(
            f"a class has {', '.join(Price._fields)}, and storage always, not {', '.join(sorted(unknown)) or 'none'}"
        )
    wrong = [
        name
        for name, value in told.items()
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0
    ]
    if wrong:
        raise ValueError(f"{wrong[0]} is {told[wrong[0]]!r}, and has to be a number of 0 or more")
    return Price(**told)
