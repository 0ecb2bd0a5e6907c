"""`heaters cost`: bytes by kind and class, at prices that users may edit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from driving import Heaters

from heaters.catalog.requests import MoveSource
from heaters.stages.costs import PRICES_FILE, SHIPPED, Price, Prices

if TYPE_CHECKING:
    from pathlib import Path

    from heaters import Workspace

GB = 1 << 30


def say_it_is_in_s3(ws: Workspace, **classes: str) -> None:
    """Let the row of the source say that its files lie in a bucket, with a class for some kinds."""
    rows = ws.catalog.rows("SELECT uri, kind FROM clip_artifacts")
    named = {row["uri"]: classes.get(row["kind"], "STANDARD") for row in rows}
    assert ws.catalog.execute(MoveSource(1, None, "s3://shows", named))["moved"]


def cost_of(ws: Workspace, kind: str) -> dict[str, Any]:
    (row,) = [row for row in ws.cost() if row["kind"] == kind]
    return row


def test_a_folder_has_bytes_and_no_price(ws: Workspace) -> None:
    rows = ws.cost()
    assert {(row["storage_class"], row["month"], row["restore"]) for row in rows} == {(None, None, None)}
    assert sum(row["bytes"] for row in rows) == sum(
        path.stat().st_size for path in ws.root.glob("*/video_*") if path.is_file()
    )


def test_a_month_is_bytes_by_the_price_of_their_class(ws: Workspace) -> None:
    say_it_is_in_s3(ws, gold_master="GLACIER")
    master, proxy = cost_of(ws, "gold_master"), cost_of(ws, "review_proxy")
    assert (master["storage_class"], proxy["storage_class"]) == ("GLACIER", "STANDARD")
    assert master["month"] == pytest.approx(master["bytes"] / GB * 0.0036)
    assert proxy["month"] == pytest.approx(proxy["bytes"] / GB * 0.023)


def test_small_objects_are_paid_as_the_smallest_one_that_the_class_knows(ws: Workspace) -> None:
    say_it_is_in_s3(ws, source_keyframe="STANDARD_IA")
    row = cost_of(ws, "source_keyframe")
    assert row["bytes"] < row["files"] * 131_072
    assert row["month"] == pytest.approx(row["files"] * 131_072 / GB * 0.0125)


def test_what_restoring_costs_is_told_where_an_approved_clip_needs_it(ws: Workspace) -> None:
    say_it_is_in_s3(ws, gold_master="GLACIER", original="DEEP_ARCHIVE")
    assert cost_of(ws, "gold_master")["restore"] is None
    ws.decide("approve", "1.2")
    master = cost_of(ws, "gold_master")
    assert master["restore"] == pytest.approx(master["bytes"] / GB * (0.01 + 0.023 * 7 / 30) + 0.05 / 1000)
    assert cost_of(ws, "original")["restore"] is None


def test_sums_of_a_fraction_of_a_cent_are_readable_by_kind_by_class_and_in_all(
    cli: Heaters, ws: Workspace
) -> None:
    say_it_is_in_s3(ws, gold_master="GLACIER")
    ws.decide("approve", "1.2")
    rows, out = ws.cost(), cli("cost").out
    by_kind, by_class, told, *_ = out.split("\n\n")
    month = {row["kind"]: row["month"] for row in rows}
    assert 0 < month["gold_master"] < 0.001
    for line in by_kind.splitlines()[1:]:
        kind, *_, shown, _restore = line.split()
        assert float(shown) == pytest.approx(month[kind], rel=0.05)
    sums = {line.split()[0]: float(line.split()[-2]) for line in by_class.splitlines()[1:]}
    assert sums == {
        "GLACIER": pytest.approx(month["gold_master"], rel=0.05),
        "STANDARD": pytest.approx(sum(month.values()) - month["gold_master"], rel=0.05),
    }
    assert float(told.split()[3]) == pytest.approx(sum(month.values()), rel=0.05)


def test_a_class_without_a_price_is_named(cli: Heaters, ws: Workspace) -> None:
    say_it_is_in_s3(ws, gold_master="COLD_AND_DARK")
    assert cost_of(ws, "gold_master")["month"] is None
    assert "no price is known of COLD_AND_DARK" in cli("cost").out


def test_prices_of_the_workspace_are_used_instead_and_named(cli: Heaters, ws: Workspace) -> None:
    say_it_is_in_s3(ws)
    file = ws.root / PRICES_FILE
    assert cli.json("cost", "--write-prices") == {"prices": str(file)}
    assert file.read_bytes() == SHIPPED.read_bytes()
    file.write_text(
        'region = "cellar"\nas_of = "2031-01-01"\ncurrency = "EUR"\n[STANDARD]\nstorage = 1000.0\n', "utf-8"
    )
    total = sum(row["bytes"] for row in ws.cost())
    said = re.search(r"a month costs (\S+) EUR, as of 2031-01-01 in cellar", cli("cost").out)
    assert said
    assert float(said[1]) == pytest.approx(total / GB * 1000, abs=0.01)
    assert "is there already" in cli.refused("cost", "--write-prices", status=2, kind="UsageError")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("region = 'x'", "lacks 'as_of'"),
        ("[STANDARD", "is no file of prices"),
        ("region='x'\nas_of='y'\ncurrency='z'\n[STANDARD]\nprice=1", "storage always, not price"),
        ("region='x'\nas_of='y'\ncurrency='z'\n[STANDARD]\nstorage=-1", "storage is -1"),
        ("region='x'\nas_of='y'\ncurrency='z'\n[STANDARD]\nstorage='much'", "storage is 'much'"),
        ("region='x'\nas_of='y'\ncurrency='z'\nSTANDARD=3", "is no file of prices"),
    ],
)
def test_a_file_that_holds_no_prices_is_refused(cli: Heaters, ws: Workspace, text: str, said: str) -> None:
    (ws.root / PRICES_FILE).write_text(text, "utf-8")
    assert said in cli.refused("cost", status=2, kind="SettingsError")


def test_the_shipped_prices_say_where_and_when_they_are_from(tmp_path: Path) -> None:
    prices = Prices.of_workspace(tmp_path)
    assert (prices.file, prices.region, prices.currency) == (SHIPPED, "us-east-1", "USD")
    assert prices.as_of.count("-") == 2
    storage = [price.storage for price in prices.of.values()]
    assert (max(storage), min(storage)) == (prices.of["STANDARD"].storage, prices.of["DEEP_ARCHIVE"].storage)
    assert Price(1.0).month(GB, 3) == 1.0
