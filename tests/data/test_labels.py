"""Labels that come in as a table: a dry run, then one event and one undo."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from heaters import Workspace
from heaters.errors import ClipLeased, UnknownReference, UsageError
from heaters.review import ReviewSession

ROWS = {"ref": ["1.1", "1.3"], "label": ["street", None], "tags": ["night, rain", ""], "note": [None, "long"]}


@pytest.mark.parametrize(
    "make", [pd.DataFrame, pl.DataFrame, pa.table, lambda rows: pd.DataFrame(rows).to_dict("records")]
)
def test_every_kind_of_table_is_taken(ws: Workspace, make: object) -> None:
    table = make(ROWS)  # type: ignore[operator]
    told = ws.label(table)
    assert told["changed"] == [
        {
            "ref": "1.1",
            "before": {"label": None, "tags": []},
            "after": {"label": "street", "tags": ["night", "rain"]},
        },
        {"ref": "1.3", "before": {"note": None}, "after": {"note": "long"}},
    ]
    assert (told["applied"], len(ws.events())) == (False, 1)
    assert ws.label(table, apply=True)["applied"]
    rows = ws.clips().rows()
    assert [(row["label"], row["tags"], row["note"], row["reviewer"]) for row in rows] == [
        ("street", ["night", "rain"], None, "ada"), (None, [], None, None), (None, [], "long", "ada"),
    ]  # fmt: skip
    assert len(ws.events()) == 2
    assert ws.undo()["undid"] == "label"
    assert [(row["label"], row["note"]) for row in ws.clips().rows()] == [(None, None)] * 3
    ws.redo()
    assert ws.label(table) == {"changed": [], "unchanged": 2, "refused": [], "applied": False}
    assert ws.check() == []


def test_ids_name_clips_too_and_an_empty_text_takes_a_label_away(ws: Workspace) -> None:
    ws.decide("annotate", "1.2", label="old", tags=["a"])
    ws.label(pd.DataFrame({"id": [2], "label": [""], "tags": [["b", "b"]]}), apply=True)
    row = ws.clip("1.2")
    assert (row["label"], row["tags"]) == (None, ["b"])


def test_the_table_of_clips_can_be_edited_and_given_back(ws: Workspace) -> None:
    frame = ws.clips().df()
    frame.loc[frame["ref"] == "1.2", "label"] = "kitchen"
    assert [one["ref"] for one in ws.label(frame, apply=True)["changed"]] == ["1.2"]


def test_exported_clips_are_refused_and_the_others_written(ws: Workspace) -> None:
    ws.decide("approve", "1.1")
    ws.export()
    told = ws.label([{"ref": "1.1", "label": "a"}, {"ref": "1.2", "label": "b"}], apply=True)
    assert told["refused"] == [{"ref": "1.1", "reason": "it is exported: reset it first"}]
    assert [row["label"] for row in ws.clips().rows()] == [None, "b", None]


@pytest.mark.parametrize(
    ("rows", "kind", "said"),
    [
        ([{"ref": "1.9", "label": "x"}], UnknownReference, "1.9"),
        ([{"ref": 1.1, "label": "x"}], UsageError, "refs are text"),
        ([{"id": 1.5, "label": "x"}], UsageError, "no clip id"),
        ([{"ref": "1.1", "label": "x"}, {"ref": "1.1", "label": "y"}], UsageError, "twice"),
        ([{"ref": "1.1", "lable": "x"}], UsageError, "label, tags, note; it has lable, ref"),
        ([{"label": "x"}], UsageError, "column ref"),
        ([{"ref": "1.1", "label": 7}], UsageError, "no text"),
        ("labels.csv", UsageError, "data frame"),
    ],
)
def test_what_is_no_table_of_labels_changes_nothing(
    ws: Workspace, rows: object, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        ws.label(rows, apply=True)
    assert len(ws.events()) == 1


def test_a_clip_that_somebody_holds_is_not_labelled(ws: Workspace) -> None:
    ReviewSession(ws, reviewer="bea", source=1).begin()
    with pytest.raises(ClipLeased, match="bea"):
        ws.label([{"ref": "1.1", "label": "x"}], apply=True)


def test_labels_and_imports_are_in_the_script_of_decisions(ws: Workspace) -> None:
    ws.label([{"ref": "1.1", "label": "a"}, {"ref": "1.2", "tags": ["t"]}], apply=True)
    ws.import_cuts(1, [20, 40, 50], apply=True, name="hand.csv")
    script = ws.as_python(1)
    assert "ws.label([{'ref': '1.1', 'label': 'a', 'tags': '', 'note': ''}" in script
    assert "ws.import_cuts(1, [20, 40, 50], name='hand.csv', apply=True, reviewer='ada')" in script
