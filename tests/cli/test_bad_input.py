"""Whatever is wrong outside of heaters: a sentence that names the file and the way out, the right status, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import duckdb
import filelock
import numpy as np
import pytest
from driving import Heaters, open_workspace

from heaters import Workspace
from heaters.errors import StageFailed

READERS = [
    ("status",),
    ("sources",),
    ("clips",),
    ("show", 1),
    ("cost",),
    ("run",),
    ("export",),
    ("verify",),
    ("catalog", "check"),
]
WRITERS = [
    ("decide", "approve", "1.1"),
    ("undo",),
    ("park", 1),
    ("retry", "--all"),
    ("janitor",),
    ("ingest", __file__),
]


# -- sources ----------------------------------------------------------------------------------------------------------


def test_a_missing_file_is_named(fresh: Heaters, tmp_path: Path) -> None:
    answer = fresh("ingest", tmp_path / "gone.mp4", status=1)
    assert answer.err == f"error: {tmp_path / 'gone.mp4'} does not exist\n"
    assert fresh.json("sources") == []


def test_a_folder_without_videos_is_named(fresh: Heaters, tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "a.txt").write_text("words", "utf-8")
    assert (
        fresh("ingest", tmp_path / "words", status=2).err
        == f"error: there is no video in {tmp_path / 'words'}\n"
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [("empty.mp4", b""), ("words.mp4", b"words\n" * 99), ("noise.mkv", bytes(range(256)) * 400)],
)
def test_what_is_no_video_is_refused_and_leaves_nothing_behind(
    fresh: Heaters, tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    assert str(tmp_path / name) in fresh("ingest", tmp_path / name, status=1).err
    assert fresh.json("sources") == []
    assert fresh.workspace is not None
    assert not (fresh.workspace / "originals").exists()


def test_a_name_full_of_traps_is_shown_as_it_is_and_harmless(
    fresh: Heaters, film: Path, tmp_path: Path
) -> None:
    trap = tmp_path / 'odd "name" $(touch x) & 100% ü\';--\n.mp4'
    trap.write_bytes(film.read_bytes())
    (row,) = fresh.json("ingest", trap)
    assert row["title"] == trap.stem
    assert row["original_filepath"] == "originals/video_1.mp4"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(fresh: Heaters, film: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.mp4"
    locked.write_bytes(film.read_bytes())
    locked.chmod(0)
    assert str(locked) in fresh("ingest", locked, status=1).err


def test_an_original_that_is_gone_before_prepare_fails_that_source_alone(fresh: Heaters, films: Path) -> None:
    fresh("ingest", films / "first.mp4", films / "single.mp4")
    assert fresh.workspace is not None
    (fresh.workspace / "originals" / "video_1.mp4").unlink()
    answer = fresh.json("run", "--stage", "prepare", status=1)
    assert [one["id"] for one in answer["done"]] == [2]
    ((source_id, error),) = [(one["id"], one["error"]) for one in answer["failed"]]
    assert source_id == 1
    assert str(fresh.workspace / "originals" / "video_1.mp4") in error


def test_a_master_that_is_gone_fails_the_export_and_the_next_one_goes_on(cli: Heaters, ws: Workspace) -> None:
    master = ws.root / ws.source(1)["gold_master_filepath"]
    kept = master.read_bytes()
    master.unlink()
    cli("decide", "approve", "1.1")
    (failure,) = cli.json("export", status=1)["failed"]
    assert (failure["id"], failure["stage"]) == (1, "export")
    assert str(master) in failure["error"]
    assert cli.json("clips")[0]["state"] == "export_failed"
    master.write_bytes(kept)
    assert [one["clip_id"] for one in cli.json("export")["done"]] == [1]


def test_scores_that_are_gone_or_garbage_are_named_by_retune(cli: Heaters, ws: Workspace) -> None:
    scores = ws.root / ws.source(1)["scores_filepath"]
    scores.write_bytes(b"garbage")
    assert str(scores) in cli.refused("retune", 1, status=3, kind="CatalogDamaged")
    scores.unlink()
    assert str(scores) in cli.refused("retune", 1, status=3, kind="CatalogDamaged")


# -- decisions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [-1, 0, 19, 20, 40, 41, 10_000])
def test_a_frame_outside_of_its_clip_is_refused_with_those_that_it_takes(cli: Heaters, frame: int) -> None:
    said = cli.refused("decide", "split", "1.2", "--frame", frame, status=2, kind="FrameOutsideClip")
    assert f"frame {frame} " in said
    assert "from 21 to 39" in said
    assert [row["version"] for row in cli.json("clips")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("words", "kind", "status", "part"),
    [
        (("split", "1.2"), "UsageError", 2, "--frame N"),
        (("wibble", "1.2"), "UsageError", 2, "approve, skip"),
        (("merge", "1.1"), "DecisionRefused", 1, "1.1"),
        (("annotate", "1.1"), "UsageError", 2, "label"),
        (("approve", "2.1"), "UnknownReference", 2, "2.1"),
        (("approve", 99), "UnknownReference", 2, "99"),
        (("approve", "1.1", 99), "UnknownReference", 2, "99"),
        (("ungroup", "1.1"), "DecisionRefused", 1, "1.1"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_in_words_and_changes_nothing(
    cli: Heaters, words: tuple[object, ...], kind: str, status: int, part: str
) -> None:
    assert part in cli.refused("decide", *words, status=status, kind=kind)
    assert [(row["version"], row["state"]) for row in cli.json("clips")] == [(1, "pending")] * 3


def test_nothing_to_undo_or_redo_is_said_by_name(cli: Heaters) -> None:
    for verb in ("undo", "redo"):
        said = cli.refused(verb, "--reviewer", "zoe", status=1, kind="NothingToUndo")
        assert said == f"zoe has nothing to {verb}"


# -- the catalog ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_a_garbage_catalog_is_named_and_left_as_it_is(
    cli: Heaters, ws: Workspace, words: tuple[object, ...]
) -> None:
    file = ws.root / "catalog" / "catalog.duckdb"
    file.write_bytes(b"garbage " * 2000)
    said = cli.refused(*words, status=3, kind="CatalogDamaged")
    assert str(file) in said
    assert "heaters catalog restore" in said
    assert file.read_bytes() == b"garbage " * 2000


def test_a_catalog_that_is_gone_is_not_made_anew_but_restored(cli: Heaters, ws: Workspace) -> None:
    file = ws.root / "catalog" / "catalog.duckdb"
    file.unlink()
    for words in (("status",), ("decide", "approve", "1.1")):
        said = cli.refused(*words, status=3, kind="CatalogDamaged")
        assert str(file) in said
        assert "heaters catalog restore" in said
    assert not file.exists()
    cli("catalog", "restore")
    assert [row["id"] for row in cli.json("clips")] == [1, 2, 3]


def test_a_garbage_catalog_is_restored_and_kept_aside(cli: Heaters, ws: Workspace) -> None:
    file = ws.root / "catalog" / "catalog.duckdb"
    file.write_bytes(b"garbage " * 2000)
    cli("catalog", "restore")
    assert cli.json("catalog", "check")["ok"]
    kept = [
        path for path in file.parent.iterdir() if path.is_file() and path.read_bytes() == b"garbage " * 2000
    ]
    assert len(kept) == 1


def test_another_database_is_not_taken_for_a_catalog(cli: Heaters, ws: Workspace) -> None:
    file = ws.root / "catalog" / "catalog.duckdb"
    file.unlink()
    with duckdb.connect(str(file)) as other:
        other.execute("CREATE TABLE songs (name VARCHAR)")
    assert str(file) in cli.refused("status", status=3, kind="CatalogDamaged")


def test_a_catalog_of_a_newer_heaters_is_refused_in_words_and_not_touched(
    cli: Heaters, ws: Workspace
) -> None:
    file = ws.root / "catalog" / "catalog.duckdb"
    with duckdb.connect(str(file)) as newer:
        newer.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    before = file.read_bytes()
    for words in (("status",), ("decide", "approve", "1.1"), ("run",)):
        said = cli.refused(*words, status=3, kind="CatalogNewer")
        assert str(file) in said
        assert "upgrade heaters" in said
    assert file.read_bytes() == before


@pytest.mark.parametrize("words", [*READERS, *WRITERS[:2]], ids=lambda words: words[0])
def test_a_catalog_that_another_process_keeps_locked_is_waited_for_and_then_named(
    cli: Heaters, ws: Workspace, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...]
) -> None:
    monkeypatch.setenv("HEATERS_LOCK_SECONDS", "0.1")
    with filelock.FileLock(ws.root / "catalog" / "catalog.lock"):
        said = cli.refused(*words, status=3, kind="CatalogLocked")
    assert str(ws.root / "catalog" / "catalog.lock") in said
    assert "0.1 s" in said
    cli("status")


def test_a_catalog_that_another_program_has_open_is_named(cli: Heaters, ws: Workspace) -> None:
    file = ws.root / "catalog" / "catalog.duckdb"
    script = f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert str(file) in cli.refused("decide", "approve", "1.1", status=3, kind="CatalogLocked")
    finally:
        other.communicate("\n")
    cli("decide", "approve", "1.1")


# -- disks ------------------------------------------------------------------------------------------------------------


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Path]:
    """A small disk of its own."""
    folder.mkdir()
    try:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk can't be mounted here: {error}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", folder], check=True)


def noisy_film(path: Path, frames: int = 60) -> Path:
    """A film of noise: its master is much larger than any projection from its header."""
    random = np.random.default_rng(5)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "30"})
        video.width, video.height, video.pix_fmt = 320, 192, "yuv420p"
        for _ in range(frames):
            container.mux(
                video.encode(
                    av.VideoFrame.from_ndarray(random.integers(0, 256, (192, 320, 3), np.uint8), "rgb24")
                )
            )
        container.mux(video.encode(None))
    return path


def fill(folder: Path, leave: int) -> Path:
    """Leave only so many bytes free."""
    stat = os.statvfs(folder)
    ballast = folder / "ballast"
    ballast.write_bytes(b"\0" * (stat.f_bavail * stat.f_frsize - leave))
    return ballast


def test_a_disk_that_the_projection_would_fill_is_refused_before_the_start(
    tmp_path: Path, film: Path
) -> None:
    with mounted(tmp_path / "disk", 8) as disk:
        Heaters()("init", disk / "ws")
        cli = Heaters(disk / "ws")
        ballast = fill(disk, 1_000_000)
        said = cli.refused("ingest", film, status=3, kind="NotEnoughSpace")
        for part in (str(film), "ffv1", 'master_mode = "source"', "80%", "are free"):
            assert part in said
        assert cli.json("sources") == []
        ballast.unlink()
        cli("ingest", film)
        ballast = fill(disk, 1_000_000)
        assert "this run" in cli("run", status=3).err
        assert cli.json("sources")[0]["ingest_state"] == "downloaded"
        ballast.unlink()
        assert len(cli.json("run")["done"]) == 3


@pytest.mark.long
def test_a_disk_that_runs_full_while_preparing_fails_the_source_and_a_later_run_ends_it(
    tmp_path: Path,
) -> None:
    film = noisy_film(tmp_path / "noise.mp4")
    with mounted(tmp_path / "disk", 32) as disk:
        Heaters()("init", disk / "ws")
        cli = Heaters(disk / "ws")
        cli("ingest", film)
        (disk / "ws" / "heaters.toml").write_text("free_space_share = 1\n", "utf-8")
        projected = cli("run", "--dry-run").out
        assert "this run: projected" in projected
        ballast = fill(disk, 5_000_000)
        (failure,) = cli.json("run", status=1)["failed"]
        assert failure["stage"] == "prepare"
        assert "No space left on device" in failure["error"]
        assert "free some space" in failure["error"]
        assert not list(disk.rglob("*.part"))
        assert not list((disk / "ws" / "gold_masters").glob("*"))
        ballast.unlink()
        assert [one["stage"] for one in cli.json("run")["done"]] == ["prepare", "detect", "verify"]
        assert cli.json("verify")["ok"]
        assert cli.json("catalog", "check")["ok"]


def test_a_disk_without_any_room_loses_no_decision(tmp_path: Path, ws: Workspace) -> None:
    with mounted(tmp_path / "disk", 32) as disk:
        subprocess.run(["cp", "-r", ws.root, disk / "ws"], check=True)
        cli = Heaters(disk / "ws")
        cli("decide", "approve", "1.1")
        ballast = fill(disk, 0)
        said = cli(
            "decide", "annotate", "1.2", "--note", "longer than a block of the disk " * 300, status=3
        ).err
        assert str(disk / "ws" / "catalog") in said
        assert "space" in said
        ballast.unlink()
        assert [row["state"] for row in cli.json("clips")] == ["approved", "pending", "pending"]
        cli("decide", "approve", "1.2")
        assert cli.json("catalog", "check")["ok"]
        ballast = fill(disk, 20_000)
        assert "free some space" in cli("export", status=3).err
        ballast.unlink()
        assert len(cli.json("export")["done"]) == 2


@pytest.mark.parametrize("words", [*READERS, *WRITERS], ids=lambda words: words[0])
def test_a_read_only_workspace_is_named(
    tmp_path: Path, ws: Workspace, film: Path, words: tuple[object, ...]
) -> None:
    with mounted(tmp_path / "disk", 32) as disk:
        subprocess.run(["cp", "-r", ws.root, disk / "ws"], check=True)
        remount(disk, "ro")
        words = tuple(film.parent / "second.mp4" if word == __file__ else word for word in words)
        said = Heaters(disk / "ws")(*words, status=3).err
        assert said.startswith("error: ")
        assert str(disk / "ws") in said
        assert "read-only" in said.lower()


def test_init_on_a_read_only_disk_is_refused(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", 4) as disk:
        remount(disk, "ro")
        assert str(disk / "ws") in Heaters().refused("init", disk / "ws", status=3, kind="StoreUnavailable")


def test_a_copy_that_fills_the_disk_is_noted_and_a_later_run_ends_it(tmp_path: Path, film: Path) -> None:
    with mounted(tmp_path / "disk", 8) as disk:
        ws = open_workspace(disk / "ws", create=True)
        ballast: list[Path] = []
        with pytest.raises(
            StageFailed, match=r"No space left on device.*free some space, then `heaters run`"
        ):
            ws.ingest(film, on_plan=lambda *_: ballast.append(fill(disk, 4096)))
        assert not list((disk / "ws" / "originals").iterdir())
        ballast[0].unlink()
        assert [one["stage"] for one in Heaters(ws.root).json("run")["done"]] == [
            "ingest",
            "prepare",
            "detect",
            "verify",
        ]
