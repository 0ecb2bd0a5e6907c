"""The nightly run over real files, some of them broken: it fails once, and not again."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from driving import Heaters, open_workspace

SOUND = (
    "clips/friday.mp4", "clips/sign_again.mkv", "clips/sign_bird.mkv", "clips/sign_book.mkv", "clips/sign_eat.mkv", "clips/flower.mp4",
    "torture/vfr_phone.mp4", "torture/rotate90.mov", "torture/hevc10_sdr.mp4", "torture/odd_321x181.webm", "torture/editlist_discard.mp4",
    "torture/delayed_start.mp4", "torture/one_frame.mp4", "torture/prores_422.mov", "torture/animated.gif", "torture/high_fps_120.mp4",
    "torture/full_range.mp4",
)  # fmt: skip
BROKEN = ("torture/truncated_mid_frame.mkv", "torture/truncated_tail.mp4", "torture/damaged_frames.mp4")


@pytest.mark.long
def test_a_batch_over_twenty_real_files_with_three_broken_ones_twice(
    shared_media: Path, tmp_path: Path
) -> None:
    ws = open_workspace(tmp_path / "ws", create=True)
    rows = ws.ingest(*(shared_media / name for name in SOUND + BROKEN))
    assert len({row["id"] for row in rows}) == 20
    cli = Heaters(ws.root)

    first = cli.alone("batch", status=1)
    assert first.err.count("failed: ") == 3, first.err
    assert ", 3 failed, " in first.out.splitlines()[-1]
    parked = [row["id"] for row in ws.sources().rows() if row["ingest_state"] == "parked"]
    assert parked == [18, 19, 20]
    assert [row["id"] for row in ws.sources().rows() if row["ingest_state"] != "ready"] == parked
    page = Path(ws.runs()[0]["report"]).read_text("utf-8")
    assert "Failures by cause" in page
    assert "Seconds and bytes by stage" in page, "the tables come before the error"

    second = cli.alone("batch")
    assert second.out.splitlines()[-1].startswith("0 done, 0 failed, 3 waiting, ")
    assert second.out.count("waiting: ") == 3
    notebook = nbformat.read(Path(ws.runs()[0]["report"]).with_suffix(".ipynb"), as_version=4)
    nbformat.validate(notebook)
    assert [(row["verb"], row["state"], row["failed"], row["waiting"]) for row in ws.runs()] == [
        ("batch", "done", 0, 3), ("batch", "failed", 3, 0),
    ]  # fmt: skip
