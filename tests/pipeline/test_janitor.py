"""The janitor removes what killed processes left behind, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from driving import open_workspace

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
