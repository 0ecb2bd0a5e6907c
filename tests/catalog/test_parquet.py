from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from shows import AnyCatalog, add_show, write

from heaters.catalog.parquet import read_columns, write_columns
from heaters.errors import CatalogDamaged

FRAMES = {
    "pts": np.array([512, 1024, 1700], np.int64), "offset": np.array([48, 5_000_000_000, 7_000_000_000], np.int64),
    "size": np.array([10, 20, 30], np.int32), "crc32": np.array([1, 2**32 - 1, 3], np.uint32),
    "picture_crc32": np.array([7, 8, 9], np.uint32),
}  # fmt: skip


def test_columns_come_back_as_they_were_with_their_types(tmp_path: Path) -> None:
    file = tmp_path / "it's.parquet"
    write_columns(file, FRAMES, {"time_base": "1/12800", "codec": "avc1.64001f", "quote": "it's"})

    columns, footer = read_columns(file)
    assert columns.pop("frame").tolist() == [0, 1, 2]
    assert columns.keys() == FRAMES.keys()
    for name, values in FRAMES.items():
        assert columns[name].dtype == values.dtype
        assert columns[name].tolist() == values.tolist()
    assert {name: footer[name] for name in ("time_base", "codec", "quote")} == {
        "time_base": "1/12800", "codec": "avc1.64001f", "quote": "it's",
    }  # fmt: skip
    assert read_columns(file, ("size",))[0]["size"].tolist() == [10, 20, 30]


def test_pictures_are_kept_as_their_bytes(tmp_path: Path) -> None:
    file = tmp_path / "scores.parquet"
    pictures = np.arange(2 * 27 * 48, dtype=np.uint8).reshape(2, 27, 48)
    write_columns(file, {"hue": np.array([0, 1.5], np.float32), "picture": pictures}, {})

    found = read_columns(file)[0]
    assert found["hue"].tolist() == [0, 1.5]
    again = np.stack([np.frombuffer(row, np.uint8).reshape(27, 48) for row in found["picture"]])
    assert (again == pictures).all()


def test_the_order_of_frames_holds_over_many_row_groups(tmp_path: Path) -> None:
    file = tmp_path / "long.parquet"
    pts = np.cumsum(np.arange(400_000) % 3 + 1)
    write_columns(file, {"pts": pts}, {})
    assert (read_columns(file)[0]["pts"] == pts).all()


WRITING = """
import resource, sys, tempfile
from pathlib import Path
import numpy as np
from heaters.catalog.parquet import write_columns
n, file = int(sys.argv[1]), tempfile.TemporaryFile()
for _ in range(n // 1000):
    file.write(np.random.default_rng(1).integers(0, 255, (1000, 27, 48), np.uint8).tobytes())
file.flush()
picture = np.memmap(file, np.uint8, "r", shape=(n, 27, 48))
write_columns(Path(sys.argv[2]), {"hue": np.zeros(n, np.float32), "picture": picture}, {})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""


def test_the_pictures_of_a_longer_source_take_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for n in (10_000, 60_000):
        command = [sys.executable, "-c", WRITING, str(n), str(tmp_path / f"{n}.parquet")]
        peaks.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    assert peaks[1] - peaks[0] < 30  # MiB, of 62 that the pictures have more


@pytest.mark.parametrize("damage", ["missing", "garbage", "truncated", "other"])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "video_1_frames.parquet"
    write_columns(file, FRAMES, {})
    if damage == "missing":
        file.unlink()
    elif damage == "other":
        write_columns(file, {"colour": FRAMES["pts"]}, {})
    else:
        file.write_bytes(b"PAR1" * 99 if damage == "garbage" else file.read_bytes()[:-9])
    with pytest.raises(CatalogDamaged, match=r"video_1_frames\.parquet can't be read.*heaters retry"):
        read_columns(file, ("pts",))


def test_questions_see_frames_scores_and_offsets_of_known_sources(either: AnyCatalog) -> None:
    add_show(either, 0, 3)
    add_show(either, 0, 3)
    metadata = either.folder.parent / "metadata"
    metadata.mkdir()
    for source_id in (1, 2, 7):
        write_columns(metadata / f"video_{source_id}_frames.parquet", FRAMES, {})
        write_columns(
            metadata / f"video_{source_id}_scores.parquet", {"hue": np.array([0, 1, 2], np.float32)}, {}
        )
    (metadata / "video_1_frames.parquet.abc.part").write_bytes(b"half")

    frames = either.query(
        "SELECT source_video_id, frame, pts FROM frames WHERE source_video_id <> 1 ORDER BY ALL"
    ).fetchall()
    assert frames == [(2, 0, 512), (2, 1, 1024), (2, 2, 1700)]
    offsets = either.query("SELECT * FROM keyframe_offsets ORDER BY source_video_id").fetchall()
    assert offsets == [(1, [48, 5_000_000_000, 7_000_000_000]), (2, [48, 5_000_000_000, 7_000_000_000])]
    joined = either.query(
        "SELECT c.id, sum(s.hue) AS hue FROM clips c JOIN scores s ON s.source_video_id = c.source_video_id AND s.frame >= "
        "c.start_frame AND s.frame < c.end_frame GROUP BY ALL ORDER BY 1"
    )
    assert joined.fetchall() == [(1, 3.0), (2, 3.0)]
    write(either, "UPDATE source_videos SET proxy_filepath = NULL, scores_filepath = NULL WHERE id = 2")
    assert either.query("SELECT DISTINCT source_video_id FROM scores").fetchall() == [(1,)]


def test_the_views_are_there_before_any_file_is(either: AnyCatalog) -> None:
    for view, column in (
        ("frames", "picture_crc32"),
        ("scores", "mean_luma"),
        ("keyframe_offsets", "keyframe_offsets"),
    ):
        table = either.query(f"SELECT * FROM {view}")
        assert len(table) == 0
        assert {"source_video_id", column} <= set(table.columns)
