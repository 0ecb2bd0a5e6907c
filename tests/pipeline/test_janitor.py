"""The janitor removes what killed processes left behind, and nothing else."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest
from driving import Heaters, open_workspace

from heaters import Workspace


def test_it_removes_files_of_its_own_names_that_no_row_names(ws: Workspace) -> None:
    left = [
        "gold_masters/video_1_master.mkv",
        "final_clips/video_1_clip_009.mp4",
        "keyframes/video_1_frame_0000007.webp",
    ]
    for key in left[1:]:
        (ws.root / key).parent.mkdir(exist_ok=True)
        (ws.root / key).write_bytes(b"left behind")
    assert ws.janitor()["orphans"] == sorted(left[1:], reverse=True)
    assert [(ws.root / key).exists() for key in left] == [True, False, False]


@pytest.mark.parametrize(
    "key",
    [
        "originals/holiday.mp4", "originals/2019/video_1.mp4", "metadata/video_1_notes.txt", "keyframes/poster.png",
        "final_clips/video_1_clip_001.final.mov", "gold_masters/video_1_master.mov",
    ],
)  # fmt: skip
def test_files_of_a_users_own_are_left_alone(ws: Workspace, key: str) -> None:
    (ws.root / key).parent.mkdir(parents=True, exist_ok=True)
    (ws.root / key).write_bytes(b"mine")
    assert ws.janitor()["orphans"] == []
    assert (ws.root / key).read_bytes() == b"mine"


def test_after_a_restore_files_that_the_snapshot_does_not_know_are_kept_and_no_id_is_given_twice(
    ws: Workspace, films: Path
) -> None:
    cli = Heaters(ws.root)
    ws.ingest(films / "second.mp4")
    ws.decide("approve", "1.2")
    (before,) = (ws.root / "catalog" / "snapshots").iterdir()
    ws.run()
    ws.export()
    newer = [
        "originals/video_2.mp4", "gold_masters/video_2_master.mkv", "final_clips/video_1_clip_002.mp4",
        "final_clips/video_1_clip_002.json",
    ]  # fmt: skip
    said = cli("catalog", "restore", before).out
    assert f"restored from {before}" in said
    assert "lost since then: 1 sources, " in said
    swept = cli.json("janitor")
    assert swept["orphans"] == []
    assert set(newer) < set(swept["kept"])
    assert "kept: originals/video_2.mp4" in cli("janitor").out
    assert all((ws.root / key).exists() for key in newer)
    assert ws.ingest(films / "third.mp4")[0]["id"] == 3
    (ws.root / "catalog" / "restored.json").unlink()
    assert ws.janitor()["orphans"] == sorted(newer[2:])
    assert (ws.root / newer[0]).exists()


@pytest.mark.parametrize("name", ["mine.mp4", "video_1.mp4"])
def test_a_referenced_original_inside_the_workspace_is_left_alone(
    tmp_path: Path, film: Path, name: str
) -> None:
    mine = tmp_path / "ws" / "originals" / name
    mine.parent.mkdir(parents=True)
    shutil.copy(film, mine)
    ws = open_workspace(tmp_path / "ws", create=True, originals="reference")
    ws.ingest(mine)
    assert ws.janitor()["orphans"] == []
    assert mine.read_bytes() == film.read_bytes()


def test_only_unfinished_files_of_heaters_are_removed_and_only_dead_ones(ws: Workspace) -> None:
    ours = ws.root / "final_clips" / f"video_1_clip_001.mp4.{'0a' * 16}.part"
    others = [
        ws.root / "dl" / "firefox_download.mkv.part", ws.root / "originals" / "show.mkv.part", ws.root / "show.mp4.part",
        ws.root / "dl" / f"show.mp4.{'0a' * 16}.part", ws.root / "originals" / "deep" / f"a.{'0a' * 16}.part",
    ]  # fmt: skip
    for path in (ours, *others):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    with ws.store.part("gold_masters/video_9_master.mkv") as alive:
        assert ws.janitor()["parts"] == [str(ours)]
        assert alive.path.exists()
    ours.write_bytes(b"half")
    ws.decide("approve", "1.1")
    ws.export()
    assert [path.exists() for path in (ours, *others)] == [False, *[True] * len(others)]


def test_a_janitor_at_the_very_moment_in_which_a_file_is_begun_takes_nothing_from_its_writer(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, swept = fcntl.flock, list[Path]()

    def swept_before_it_is_locked(descriptor: int, how: int) -> None:
        if how == fcntl.LOCK_EX and not swept:
            swept.extend(ws.store.remove_dead_parts())
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", swept_before_it_is_locked)
    with ws.store.part("final_clips/video_1_clip_001.mp4") as part:
        part.path.write_bytes(b"whole")
        part.publish()
    assert len(swept) == 1
    assert (ws.root / "final_clips" / "video_1_clip_001.mp4").read_bytes() == b"whole"
