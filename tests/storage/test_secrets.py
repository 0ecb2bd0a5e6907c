"""No key, no secret and no signed address is ever written down: all that a whole run leaves is searched for them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import nbformat
import pytest
from doors import filled_in
from driving import Answer, Heaters, open_workspace
from nbclient import NotebookClient
from s3_server import KEY, SECRET, S3Server

if TYPE_CHECKING:
    from heaters import Workspace

SECRETS = (
    KEY, SECRET, quote(SECRET), quote(SECRET, safe=""), json.dumps(SECRET)[1:-1], base64.b64encode(SECRET.encode()).decode(),
    "X-Amz-", "x-amz-", "Signature=", "AWSAccessKeyId", "aws_secret",
)  # fmt: skip


def found_in(texts: Iterator[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Which of the secrets are where; something must have been searched."""
    searched = list(texts)
    assert len(searched) > 5
    assert all(data for _, data in searched), "nothing to search"
    return [(where, word) for where, data in searched for word in SECRETS if word.encode() in data]


def files(ws: Workspace) -> Iterator[tuple[str, bytes]]:
    """All files of the workspace, and what stands in those that are packed."""
    for file in sorted(ws.root.rglob("*")):
        if file.is_file() and file.stat().st_size:
            yield file.relative_to(ws.root).as_posix(), file.read_bytes()
        if file.suffix == ".parquet" and "snapshots" in file.parts:
            rows = ws.sql(f"FROM read_parquet('{file}')").rows()
            yield f"rows of {file.name}", repr((file.name, rows)).encode()


def rows(ws: Workspace) -> Iterator[tuple[str, bytes]]:
    """All rows of all tables."""
    for table in ws.sql("SELECT table_name FROM duckdb_tables() ORDER BY ALL").rows():
        name = table["table_name"]
        yield f"table {name}", repr((name, ws.sql(f"FROM {name}").rows())).encode()


def objects(ws: Workspace, s3: S3Server, bucket: str) -> Iterator[tuple[str, bytes]]:
    """All objects of the bucket, with what is kept beside them."""
    client = s3.client()
    for one in client.list_objects_v2(Bucket=bucket)["Contents"]:
        answer = client.get_object(Bucket=bucket, Key=one["Key"])
        yield one["Key"], repr(answer["Metadata"]).encode() + answer["Body"].read()


def shown(ws: Workspace, *answers: Answer) -> Iterator[tuple[str, bytes]]:
    """All that people see."""
    for answer in answers:
        yield answer.text[:40], answer.text.encode()
    for one in (ws, ws.store, ws.store.address, ws.settings, ws.source(1), ws.catalog, ws.store.head(PROXY)):
        yield type(one).__name__, repr(one).encode()
    yield "the overview", ws._repr_html_().encode()


PROXY = "review_proxies/video_1_proxy.mp4"


def test_no_secret_is_written_down(tmp_path: Path, film: Path, s3: S3Server, bucket: str) -> None:
    cli = Heaters(open_workspace(tmp_path / "ws", create=True).root)
    answers = [
        cli(*words)
        for words in (
            ("ingest", film), ("run",), ("decide", "approve", "1.1"), ("export",), ("catalog", "snapshot"), ("verify",),
            ("status",), ("status", "--json"), ("config",), ("doctor",), ("runs", "--json"), ("sources", "--json"), ("cost",),
        )
    ]  # fmt: skip
    s3.client().delete_object(Bucket=bucket, Key="gold_masters/video_1_master.mkv")
    cli("decide", "approve", "1.2")
    answers.append(cli("export", status=1))
    assert "s3://" in answers[-1].text
    ws = open_workspace(tmp_path / "ws")
    assert "X-Amz-Signature" in str(ws.store.url(PROXY, 60))
    for texts in (shown(ws, *answers), files(ws), rows(ws), objects(ws, s3, bucket)):
        assert found_in(texts) == []


@pytest.mark.long
def test_no_secret_is_in_a_notebook_that_was_saved_nor_in_a_batch(
    tmp_path: Path, film: Path, s3: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("GOLD_MASTER_STORAGE_CLASS", "STANDARD")
    folder = tmp_path / "ws"
    told = notebook_of(folder, film)
    ws = open_workspace(folder)
    assert ws.source(1)["store"] == f"s3://{bucket}"
    batch = Heaters(folder).alone("batch", "-p", "export=approved")
    assert {file.suffix for file in (folder / "catalog" / "reports").iterdir()} == {
        ".ipynb",
        ".html",
        ".json",
    }
    saved = tmp_path / "saved.ipynb"
    nbformat.write(told, saved)
    assert "widget-state" in saved.read_text("utf-8")

    def notebook() -> Iterator[tuple[str, bytes]]:
        yield saved.name, saved.read_bytes()
        yield from shown(ws, batch)

    for texts in (notebook(), files(ws), rows(ws), objects(ws, s3, bucket)):
        assert found_in(texts) == []


PLAYER = """
from heaters import ReviewPlayer

player = ReviewPlayer(ws, source=source)
assert "Signature" in player._film.urls()["proxy"]
player
"""


def notebook_of(folder: Path, film: Path) -> Any:
    """The first notebook, run on a bucket, with a player that has signed addresses for its page."""
    notebook = filled_in("01_first_show", film, folder)
    notebook.cells.append(nbformat.v4.new_code_cell(PLAYER))
    NotebookClient(notebook, timeout=280, resources={"metadata": {"path": str(folder.parent)}}).execute()
    return notebook
