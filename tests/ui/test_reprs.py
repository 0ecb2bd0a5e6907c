from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import heaters
from heaters.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from heaters import Workspace


def test_a_workspace_shows_its_sources_with_pictures_and_not_where_it_lies(ws: Workspace) -> None:
    html = ws._repr_html_()
    assert html.count("<img") == 1
    assert re.findall(r"<td[^>]*>(ready|first|60|3)</td>", html) == ["first", "ready", "60", "3", "3"]
    for shown in (html, repr(ws), ws.sources()._repr_html_()):
        assert str(ws.root) not in shown
        assert str(ws.root.parent) not in shown


def test_an_empty_workspace_says_what_to_do(empty: Workspace) -> None:
    assert "ws.ingest(FILE)" in empty._repr_html_()


def test_clips_show_their_middle_pictures(ws: Workspace) -> None:
    assert re.findall(r'alt="frame (\d+)"', ws.clips()._repr_html_()) == ["10", "30", "50"]
    clip = ws.clip("1.2")
    assert re.findall(r'alt="frame (\d+)"', clip._repr_html_()) == ["30"]
    assert clip["start_frame"] == 20
    assert dict(clip) == clip


def test_a_table_is_shown_without_pictures_where_the_proxy_is_gone(ws: Workspace) -> None:
    (ws.root / ws.source(1)["proxy_filepath"]).unlink()
    assert ws.clips()._repr_html_().count("<em>no picture</em>") == 3


def test_a_long_table_is_short_on_the_page_and_says_how_much_there_is(ws: Workspace) -> None:
    table = ws.sql("SELECT range AS number, repeat('x', 500) AS text, 1.0/3 AS share FROM range(1000)")
    html = table._repr_html_()
    assert html.count("<tr>") == 21
    assert "20 of 1000 rows are shown" in html
    assert len(html) < 8000
    assert ">0.333333<" in html
    assert "of 40 columns" in ws.sql(f"SELECT {', '.join(f'{n} AS c{n}' for n in range(40))}")._repr_html_()


def test_a_table_is_read_by_its_columns_and_its_rows(ws: Workspace) -> None:
    table = ws.clips()
    assert table["start_frame"] == [0, 20, 40]
    assert table._ipython_key_completions_() == table.columns
    assert [row["clip_no"] for row in table] == [1, 2, 3]
    assert pa.table(table).equals(table.arrow())
    with pytest.raises(UsageError, match=r"no column 'start_fram'.*did you mean start_frame\?"):
        table["start_fram"]


def test_names_that_there_are_not_are_refused_with_the_nearest(ws: Workspace) -> None:
    with pytest.raises(
        UsageError, match=r"decide takes no lable; it takes label, tags, note; did you mean label\?"
    ):
        ws.decide("annotate", "1.1", lable="beach")
    with pytest.raises(UsageError, match=r"^run takes no limt; it takes stages, .*did you mean limit\?$"):
        ws.run(limt=1)
    with pytest.raises(UsageError, match=r"^scores takes no threshhold; .*did you mean threshold\?$"):
        ws.plot.scores(1, threshhold=2.5)
    with pytest.raises(UsageError, match=r"unknown action 'aprove'.*did you mean approve\?"):
        ws.decide("aprove", "1.1")
    with pytest.raises(UsageError, match=r"no preference 'fats'.*did you mean fast\?"):
        ws.prefer(fats=True)
    with pytest.raises(SettingsError, match=r"did you mean detector\?"):
        heaters.open_workspace(ws.root, detecter="content")
    with pytest.raises(UsageError, match=r"^sample takes no second; .*did you mean seconds\?$"):
        heaters.sample(second=3)  # type: ignore[call-arg]
    with pytest.raises(UsageError, match=r"ReviewBoard takes no sorce; .*did you mean source\?"):
        heaters.ReviewBoard(ws, sorce=1)


def test_a_sample_show_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    there = tmp_path / "sample_show_8s.mp4"
    there.write_bytes(b"drawn before")
    assert heaters.sample(tmp_path, seconds=8) == there
    assert there.read_bytes() == b"drawn before"


def test_a_sample_show_can_not_be_too_short(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="8 to 2600 seconds"):
        heaters.sample(tmp_path / "films", seconds=3)
    assert [*tmp_path.rglob("*.mp4*")] == []
