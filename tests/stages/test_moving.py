"""`heaters move`: every file arrives with its bytes, the row changes once, and whatever is killed is taken up again."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from driving import Heaters, make_film, open_workspace

from heaters.catalog.requests import MoveSource
from heaters.domain.layout import ARTIFACT_FOLDERS
from heaters.errors import StaleVersion, UnknownReference
from heaters.execution.runlock import run_lock
from heaters.storage import s3_writing

if TYPE_CHECKING:
    from s3_server import S3Server

    from heaters import Workspace


def artifacts(ws: Workspace, source: int = 1) -> dict[str, str]:
    """Key → hash of what the catalog says of a source's files."""
    rows = ws.catalog.rows("SELECT uri, sha256 FROM clip_artifacts WHERE source_video_id = ?", [source])
    return {row["uri"]: row["sha256"] for row in rows}


def files(folder: Path) -> dict[str, str]:
    """Key → hash of the artefacts that lie in a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*/video_*")) if path.suffix != ".part"
    }  # fmt: skip


def place(ws: Workspace) -> Any:
    return ws.source(1)["store"]


@pytest.fixture
def exported(ws: Workspace) -> Workspace:
    """The film with one exported clip."""
    ws.decide("approve", "1.2")
    assert len(ws.export().done) == 1
    return ws


def test_all_files_of_a_source_arrive_and_nothing_is_left_behind(exported: Workspace, tmp_path: Path) -> None:
    before, there = artifacts(exported), tmp_path / "elsewhere"
    report = exported.move(to=there)
    assert [(one["id"], one["stage"], one["files"]) for one in report.done] == [(1, "move", len(before))]
    assert (report.failed, report.waiting) == ([], [])
    assert files(there) == before == artifacts(exported)
    assert files(exported.root) == {}
    assert place(exported) == str(there)
    assert exported.verify() == {"ok": True, "problems": []}
    assert exported.check() == []
    assert exported.janitor()["orphans"] == []


def test_what_was_moved_is_worked_on_where_it_is(ws: Workspace, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    ws.move(1, to=there)
    ws.decide("approve", "1.1")
    clip = ws.export().done[0]
    assert Path(clip["output_path"]).is_relative_to(there)
    assert ws.frames("1.1").shape[0] == 20
    assert [image.size[0] for image in ws.thumbnails("1.3")] == [320]


def test_the_folder_of_the_workspace_moves_back(exported: Workspace, tmp_path: Path) -> None:
    before = files(exported.root)
    exported.move(to=tmp_path / "elsewhere")
    exported.move(to=exported.root)
    assert (place(exported), files(exported.root), files(tmp_path / "elsewhere")) == (None, before, {})


def test_moving_again_does_nothing(ws: Workspace, tmp_path: Path) -> None:
    ws.move(to=tmp_path / "elsewhere")
    again = ws.move(to=tmp_path / "elsewhere")
    assert (again.done, again.failed, again.waiting, again.run_ids) == ([], [], [], ())


def test_keep_leaves_the_old_files(ws: Workspace, tmp_path: Path) -> None:
    before = files(ws.root)
    ws.move(to=tmp_path / "elsewhere", keep=True)
    assert files(ws.root) == before == files(tmp_path / "elsewhere")
    assert place(ws) == str(tmp_path / "elsewhere")


def test_a_dry_run_says_bytes_and_moves_nothing(cli: Heaters, ws: Workspace, tmp_path: Path) -> None:
    before = files(ws.root)
    told = cli.json("move", "--to", tmp_path / "elsewhere", "--dry-run")
    total = ws.catalog.rows("SELECT sum(bytes)::BIGINT AS n FROM clip_artifacts")[0]["n"]
    assert [(one["id"], one["files"], one["bytes"]) for one in told["waiting"]] == [(1, len(before), total)]
    assert (files(ws.root), (tmp_path / "elsewhere").exists(), place(ws)) == (before, False, None)


def test_a_file_that_has_changed_stops_its_source_and_leaves_it_where_it_is(
    ws: Workspace, tmp_path: Path
) -> None:
    master = ws.root / ws.source(1)["gold_master_filepath"]
    data = bytearray(master.read_bytes())
    data[len(data) // 2] ^= 1
    master.write_bytes(data)
    report = ws.move(to=tmp_path / "elsewhere")
    assert report.done == []
    assert f"{master} is not what was recorded" in report.failed[0]["error"]
    assert place(ws) is None
    assert master.exists()
    assert not (tmp_path / "elsewhere" / ws.source(1)["gold_master_filepath"]).exists()


def test_files_of_another_workspace_are_never_replaced(ws: Workspace, tmp_path: Path) -> None:
    foreign = tmp_path / "elsewhere" / ws.source(1)["proxy_filepath"]
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"of somebody else")
    report = ws.move(to=tmp_path / "elsewhere")
    assert f"{foreign} holds other bytes" in report.failed[0]["error"]
    assert (foreign.read_bytes(), place(ws)) == (b"of somebody else", None)


def test_a_disk_that_would_be_filled_is_refused(
    cli: Heaters, ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATERS_FREE_SPACE_SHARE", "1e-12")
    message = cli.refused("move", "--to", tmp_path / "elsewhere", status=3, kind="NotEnoughSpace")
    assert message.startswith(f"moving to {tmp_path / 'elsewhere'} takes ")
    assert (files(tmp_path / "elsewhere"), place(ws)) == ({}, None)


def test_wrong_use_says_what_is_right(cli: Heaters, ws: Workspace, empty: Workspace, tmp_path: Path) -> None:
    assert "--to s3://" in cli.refused("move", status=2, kind="UsageError")
    assert "is no place for artefacts" in cli.refused(
        "move", "--to", "ftp://host/x", status=2, kind="UsageError"
    )
    assert "is another workspace" in cli.refused("move", "--to", empty.root, status=2, kind="UsageError")
    with pytest.raises(UnknownReference, match="no source 9"):
        ws.move(9, to=tmp_path / "elsewhere")


def test_nothing_is_moved_while_a_run_is_active(cli: Heaters, ws: Workspace, tmp_path: Path) -> None:
    with run_lock(ws.root / "catalog", "run"):
        cli("move", "--to", tmp_path / "elsewhere", status=75)
    assert place(ws) is None


def test_a_row_is_changed_only_if_it_is_where_the_copies_came_from(ws: Workspace) -> None:
    with pytest.raises(StaleVersion, match="moved by somebody else"):
        ws.catalog.execute(MoveSource(1, "/nowhere", None, {}))
    answer = ws.catalog.execute(MoveSource(1, None, "/there", {}))
    assert (answer["moved"], answer["lacking"]) == (False, sorted(artifacts(ws)))
    assert place(ws) is None


def test_a_descriptor_that_a_reviewer_holds_goes_on(ws: Workspace, tmp_path: Path) -> None:
    proxy = ws.root / ws.source(1)["proxy_filepath"]
    data = proxy.read_bytes()
    with proxy.open("rb") as held:
        ws.move(to=tmp_path / "elsewhere")
        assert not proxy.exists()
        assert held.read() == data


class Asked:
    """A widget, and what it answers to its page."""

    def __init__(self, widget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget, self.sent = widget, list[Any]()
        monkeypatch.setattr(
            widget, "send", lambda content, buffers=None: self.sent.append((content, buffers))
        )

    def __call__(self, **content: Any) -> tuple[dict[str, Any], list[bytes]]:
        self.sent.clear()
        self.widget._handle_custom_msg({"id": 1, **content}, [])
        (answer,) = self.sent
        return answer


@pytest.mark.parametrize("kind", ["ReviewPlayer", "ReviewBoard"])
def test_an_open_page_reads_on_from_where_the_source_was_moved_to(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    import heaters  # noqa: PLC0415
    from heaters.server import media_files, registry  # noqa: PLC0415

    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    widget = heaters.ReviewPlayer(ws, source=1) if kind == "ReviewPlayer" else heaters.ReviewBoard(ws)
    ask = Asked(widget, monkeypatch)
    wanted = {"kind": "read", "source": 1, "file": "proxy", "offset": 100, "size": 50}
    before = ask(**wanted)
    assert before[0]["kind"] == "bytes"
    version = hashlib.sha256((ws.root / ws.source(1)["proxy_filepath"]).read_bytes()).hexdigest()[:12]

    for there in (tmp_path / "there", ws.root):
        ws.move(to=there)
        assert ask(**wanted) == before
        with media_files.open_media(registry.workspace_uuid(ws.root), 1, "proxy", version) as media:
            assert media.read(100, 50) == before[1][0]
        assert ask(kind="urls", source=1)[0]["urls"] is None
    widget.close()


KILLED = """
import os, signal, sys
from pathlib import Path
import heaters
from heaters.catalog.transports import Catalog
from heaters.storage.local import LocalPart, LocalStore

left = int(sys.argv[3])

def counted(function):
    def call(*words, **named):
        global left
        for _ in range(2):  # before it, and after it
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            if _ == 0:
                answer = function(*words, **named)
        return answer
    return call

done = [(LocalPart, "__init__"), (LocalPart, "publish"), (LocalStore, "delete"), (Catalog, "execute")]
if "s3://" in sys.argv[2] + sys.argv[4]:
    from heaters.storage import s3_client, s3_writing
    s3_writing.PART_BYTES = 5 << 20
    done.append((s3_client.Bucket, "call"))
for owner, name in done:
    setattr(owner, name, counted(getattr(owner, name)))
heaters.open_workspace(sys.argv[1]).move(to=sys.argv[2])
print(left)
"""
"""Moves, but is killed in the middle: before or after the n-th thing that it does to a disk or asks a bucket for."""


def kill_at(point: int, ws: Workspace, there: Path | str) -> subprocess.CompletedProcess[str]:
    words = [str(ws.root), str(there), str(point), str(place(ws))]
    return subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, text=True, check=False)


def finished_after_a_kill(points: Sequence[int], ws: Workspace, there: Path | str) -> None:
    """Kill a move at each of these points, to there and back by turns, and let the next one finish it."""
    before, ends = artifacts(ws), [there, ws.root]
    for number, point in enumerate(points):
        goal, start = ends[number % 2], ends[1 - number % 2]
        assert kill_at(point, ws, goal).returncode == -signal.SIGKILL
        assert before.items() <= stored(ws, place(ws)).items(), point
        assert ws.move(to=goal).failed == [], point
        assert (stored(ws, goal), stored(ws, start)) == (before, {}), point
        assert list(ws.root.glob("*/*.part")) == [], point
    assert ws.check() == []


def stored(ws: Workspace, place: Path | str | None) -> dict[str, str]:
    """Key → hash of what lies at a place."""
    if "://" not in str(place):
        return files(Path(place or ws.root))
    store = ws.store_of({"store": str(place)})
    heads = (store.head(head.key) for folder in ARTIFACT_FOLDERS for head in store.list(folder))
    return {head.key: str(head.sha256) for head in heads if head}


def things_done(ws: Workspace, there: Path | str) -> int:
    """How often a whole move can be killed; the source is back where it was."""
    done = 10_000 - int(kill_at(10_000, ws, there).stdout)
    assert [one["id"] for one in ws.move(to=ws.root).done] == [1]
    return done


def test_a_move_that_is_killed_is_finished_by_the_next_one(exported: Workspace, tmp_path: Path) -> None:
    done = things_done(exported, tmp_path / "elsewhere")
    finished_after_a_kill([done // 2, done - 5], exported, tmp_path / "elsewhere")


@pytest.mark.long
def test_a_move_may_be_killed_at_every_point(exported: Workspace, tmp_path: Path) -> None:
    done = things_done(exported, tmp_path / "elsewhere")
    finished_after_a_kill(range(done), exported, tmp_path / "elsewhere")


def test_a_source_goes_to_a_bucket_and_back(bucket: str, exported: Workspace, s3: S3Server) -> None:
    before, there = artifacts(exported), f"s3://{bucket}/shelf"
    assert exported.move(to=there + "/").failed == []
    assert (place(exported), stored(exported, there), files(exported.root)) == (there, before, {})
    assert exported.verify() == {"ok": True, "problems": []}
    classes = {row["kind"]: row["storage_class"] for row in exported.cost()}
    assert (classes["gold_master"], classes["review_proxy"]) == ("GLACIER", "STANDARD")
    assert exported.move(to=exported.root).failed == []
    assert (place(exported), files(exported.root), stored(exported, there)) == (None, before, {})
    assert "Uploads" not in s3.client().list_multipart_uploads(Bucket=bucket)


def test_a_bucket_that_is_not_there_is_told_before_anything_begins(
    bucket: str, cli: Heaters, ws: Workspace
) -> None:
    message = cli.refused("move", "--to", f"s3://{bucket}-of-nobody", status=3, kind="StoreUnavailable")
    assert f"{bucket}-of-nobody" in message
    assert [row["verb"] for row in ws.runs()] == ["run"]


@pytest.mark.long
def test_a_move_to_a_bucket_or_from_it_may_be_killed_at_any_point(
    bucket: str, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("S3_BUCKET_NAME")  # new sources go into the folder
    ws = open_workspace(tmp_path / "large", create=True)
    ws.ingest(make_film(tmp_path / "large.mp4", (40, 40), size=(1280, 704)))
    ws.run()
    master = (ws.root / ws.source(1)["gold_master_filepath"]).stat().st_size
    monkeypatch.setattr(s3_writing, "PART_BYTES", 5 << 20)  # the least that S3 takes
    assert master > 2 * s3_writing.PART_BYTES, "is uploaded in parts"
    there = f"s3://{bucket}"
    done = things_done(ws, there)
    finished_after_a_kill([round(done * part / 20) for part in range(1, 20)], ws, there)
    ws.janitor()
    assert "Uploads" not in s3.client().list_multipart_uploads(Bucket=bucket)
