"""Copies with names from a template, with an index, in the place of nothing else; finished clips come in and go out as they are."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from pathlib import Path

import av
import pyarrow.parquet as pq
import pytest
from driving import Heaters, open_workspace

from heaters import Workspace


@pytest.fixture(scope="module")
def _exported(tmp_path_factory: pytest.TempPathFactory, _finished: Path) -> Path:
    root = tmp_path_factory.mktemp("handed") / "ws"
    shutil.copytree(_finished, root)
    ws = open_workspace(root, reviewer="ada")
    ws.label([{"ref": "1.1", "label": "street/../night"}, {"ref": "1.2", "label": "=kitchen"}], apply=True)
    ws.decide("approve", ["1.1", "1.2"])
    ws.export()
    return root


@pytest.fixture
def exported(tmp_path: Path, _exported: Path) -> Workspace:
    """1.1 and 1.2 are exported and labelled."""
    shutil.copytree(_exported, tmp_path / "ws")
    return open_workspace(tmp_path / "ws", reviewer="ada")


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_copies_get_the_names_of_the_template(exported: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "out"
    cli = Heaters(exported.root)
    cli("export", "--to", target, "--name", "{label}/{title}_{clip_no:03d}_{start_timecode}")
    names = ["kitchen/first_002_00_00_00_20.mp4", "street_.._night/first_001_00_00_00_00.mp4"]
    assert names_in(target) == sorted([*names, "index.csv", "index.parquet"])
    rows = pq.read_table(target / "index.parquet").to_pylist()
    assert [row["file"] for row in rows] == [names[1], names[0]]
    assert rows[1]["label"] == "=kitchen"
    with (target / "index.csv").open(encoding="utf-8", newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["street/../night", "'=kitchen"]
    cli("export", "--to", target, "--name", "{label}/{title}_{clip_no:03d}_{start_timecode}")
    assert names_in(target) == sorted([*names, "index.csv", "index.parquet"])


def test_copies_are_not_taken_in_again_with_their_folder(
    exported: Workspace, tmp_path: Path, films: Path
) -> None:
    target = tmp_path / "out"
    exported.export(to=target, name="{label}/{ref}")
    cli = Heaters(exported.root)
    assert "no video" in cli("ingest", target, status=2).err
    shutil.copy(films / "single.mp4", target / "single.mp4")
    assert [row["title"] for row in exported.ingest(target)] == ["single"]


def test_a_wrong_template_is_refused_before_anything_is_encoded(exported: Workspace, tmp_path: Path) -> None:
    exported.decide("approve", "1.3")
    cli = Heaters(exported.root)
    said = cli.refused("export", "--to", tmp_path / "out", "--name", "{lable}", status=2, kind="UsageError")
    assert "did you mean label?" in said
    assert "--to" in cli.refused("export", "--name", "{ref}", status=2, kind="UsageError")
    assert exported.clip("1.3")["state"] == "approved"
    assert not (tmp_path / "out").exists()


def test_clips_of_one_name_are_refused_before_anything_is_copied(exported: Workspace, tmp_path: Path) -> None:
    cli = Heaters(exported.root)
    said = cli.refused("export", "--to", tmp_path / "out", "--name", "{title}", status=2, kind="UsageError")
    assert "clips 1.1 and 1.2 would both be called first.mp4" in said
    assert not (tmp_path / "out").exists()


def test_a_file_of_ones_own_is_never_replaced(exported: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "1.2.mp4").write_bytes(b"my own")
    said = Heaters(exported.root).refused(
        "export", "--to", target, "--name", "{ref}", status=2, kind="UsageError"
    )
    assert "1.2.mp4" in said
    assert names_in(target) == ["1.2.mp4"]


@pytest.mark.parametrize("preset", ["h264", "ffv1"])
def test_a_file_says_itself_what_it_is(exported: Workspace, preset: str) -> None:
    exported.export(preset=preset)
    (file,) = (exported.root / "final_clips").glob(
        "*_clip_002*.mkv" if preset == "ffv1" else "*_clip_002.mp4"
    )
    with av.open(str(file)) as film:
        told = {name.lower(): value for name, value in film.metadata.items()}
    sha256 = exported.source(1)["sha256"]
    assert (told["title"], told["show"], told["episode_id"]) == ("first 1.2", "first", "1.2")
    assert told["comment"] == f"frames 20 to 39 of first.mp4, sha256 {sha256}"


# -- finished clips ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def _clip_files(tmp_path_factory: pytest.TempPathFactory, films: Path) -> Path:
    folder = tmp_path_factory.mktemp("finished clips")
    shutil.copy(films / "single.mp4", folder / "old clip.mp4")
    root = tmp_path_factory.mktemp("old") / "ws"
    cli = Heaters(root)
    open_workspace(root, create=True)
    cli("ingest", folder, "--clip-files")
    cli("run")
    return root


@pytest.fixture
def old(tmp_path: Path, _clip_files: Path) -> Workspace:
    """A clip file of 30 frames was taken in: clip 1.1."""
    shutil.copytree(_clip_files, tmp_path / "ws")
    return open_workspace(tmp_path / "ws", reviewer="ada")


def test_a_clip_file_is_one_physical_clip_without_a_gold_master(old: Workspace) -> None:
    (row,) = old.clips().rows()
    source = old.source(1)
    assert (row["state"], row["is_virtual"], row["frames"]) == ("pending", False, 30)
    assert (row["clip_filepath"], row["sha256"]) == (source["original_filepath"], source["sha256"])
    assert Path(row["path"]).read_bytes() == (old.root / source["original_filepath"]).read_bytes()
    assert (source["master_mode"], source["gold_master_filepath"]) == ("source", source["original_filepath"])
    assert len(old.frames("1.1")) == 30
    assert old.check() == []


def test_an_approved_clip_file_is_exported_byte_for_byte(old: Workspace, tmp_path: Path) -> None:
    old.decide("approve", "1.1")
    (done,) = old.export(to=tmp_path / "out").done
    file = Path(done["output_path"])
    assert file.name == "video_1_clip_001_original.mp4"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == old.source(1)["sha256"]
    told = json.loads(file.with_suffix(".json").read_text("utf-8"))
    assert (told["encoder"]["preset"], told["output"]["frames"]) == ("original", 30)
    assert names_in(tmp_path / "out") == ["001_old clip_001.mp4", "index.csv", "index.parquet"]
    assert (old.clip("1.1")["state"], old.export().report) == ("exported", None)
    assert old.verify()["ok"]
    assert old.check() == []
    swept = old.janitor()
    assert (swept["orphans"], swept["dangling"]) == ([], [])


def test_a_clip_file_is_encoded_only_where_a_preset_is_asked_for(old: Workspace) -> None:
    old.decide("approve", "1.1")
    old.export()
    (done,) = old.export(preset="h264").done
    file = Path(done["output_path"])
    assert file.name == "video_1_clip_001.mp4"
    assert hashlib.sha256(file.read_bytes()).hexdigest() != old.source(1)["sha256"]
    assert old.verify()["ok"]


def test_a_clip_file_that_is_split_is_virtual_and_encoded(old: Workspace) -> None:
    old.decide("split", "1.1", frame=10)
    assert [row["is_virtual"] for row in old.clips().rows()] == [True, True]
    old.undo()
    assert [row["is_virtual"] for row in old.clips().rows()] == [False]
    old.redo()
    old.decide("approve", ["1.1", "1.2"])
    assert sorted(Path(one["output_path"]).name for one in old.export().done) == [
        "video_1_clip_001.mp4", "video_1_clip_002.mp4",
    ]  # fmt: skip
    assert old.verify()["ok"]


def test_a_clip_file_that_has_changed_is_not_handed_on(old: Workspace) -> None:
    old.decide("approve", "1.1")
    file = old.root / old.source(1)["original_filepath"]
    file.write_bytes(file.read_bytes() + b"x")
    (failure,) = old.export().failed
    assert "has changed since it was ingested" in failure["error"]
