from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from heaters.catalog.footers import read_footer
from heaters.errors import CatalogDamaged, UnknownReference
from heaters.server.media_files import open_media
from heaters.server.registry import register

if TYPE_CHECKING:
    from heaters import Workspace

PROXY = Path("review_proxies") / "video_1_proxy.mp4"
INDEX = Path("metadata") / "video_1_frames.parquet"


@pytest.fixture
def uuid(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    return register(ws.root)


def version(ws: Workspace) -> str:
    return read_footer(ws.root / INDEX)["proxy_sha256"][:12]


def test_what_is_open_is_the_proxy_also_when_its_name_is_given_to_another_file(
    ws: Workspace, uuid: str
) -> None:
    kept = (ws.root / PROXY).read_bytes()
    with open_media(uuid, 1, "proxy", version(ws)) as media:
        (ws.root / PROXY).unlink()
        (ws.root / PROXY).write_bytes(b"other")
        assert media.size == len(kept)
        assert media.read(0, media.size) == kept
        assert media.read(100, 3) == kept[100:103]


@pytest.mark.parametrize("file", [PROXY, INDEX])
def test_a_link_that_leads_out_of_the_workspace_is_refused(
    ws: Workspace, uuid: str, tmp_path: Path, file: Path
) -> None:
    wanted = version(ws)
    (ws.root / file).rename(tmp_path / "outside")
    (ws.root / file).symlink_to(tmp_path / "outside")
    with pytest.raises(UnknownReference, match="out of the workspace"):
        open_media(uuid, 1, "proxy", wanted)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_refused_at_once(ws: Workspace, uuid: str, make: object) -> None:
    (ws.root / PROXY).unlink()
    make(ws.root / PROXY)  # type: ignore[operator]
    with pytest.raises(UnknownReference):
        open_media(uuid, 1, "proxy", version(ws))


def test_another_proxy_than_the_recorded_one_is_refused(ws: Workspace, uuid: str) -> None:
    with (ws.root / PROXY).open("ab") as file:
        file.write(b"more")
    with pytest.raises(UnknownReference, match="recorded"):
        open_media(uuid, 1, "proxy", version(ws))


def test_a_new_index_counts_at_once(ws: Workspace, uuid: str) -> None:
    old = version(ws)
    open_media(uuid, 1, "proxy", old).__exit__(None, None, None)
    index = ws.root / INDEX
    changed = index.read_bytes().replace(old.encode(), b"000000000000")
    new = index.with_suffix(".new")
    new.write_bytes(changed)
    new.replace(index)
    with pytest.raises(UnknownReference, match="prepared again"):
        open_media(uuid, 1, "proxy", old)


def test_a_damaged_index_is_told_in_a_sentence(ws: Workspace, uuid: str) -> None:
    wanted = version(ws)
    (ws.root / INDEX).write_bytes(b"no parquet")
    with pytest.raises(UnknownReference, match="heaters retry 1"):
        open_media(uuid, 1, "proxy", wanted)
    with pytest.raises(CatalogDamaged, match="can't be read"):
        read_footer(ws.root / INDEX)
