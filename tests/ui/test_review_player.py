"""`ReviewPlayer` without a browser: what it tells a page, what it takes from one, what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from driving import open_workspace

import heaters
from heaters.catalog.parquet import read_columns
from heaters.errors import CatalogDamaged, FrameOutsideClip, UnknownReference, UsageError
from heaters.storage import LocalStore
from heaters.ui import messages
from heaters.ui.player import ReviewPlayer

if TYPE_CHECKING:
    from heaters import Workspace


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Workspace:
    """One source of 60 frames, cut at 20 and 40."""
    ws = open_workspace(tmp_path_factory.mktemp("ui") / "workspace", create=True, verify=False)
    ws.ingest(film)
    ws.run()
    return ws


class Page:
    """A player, and all that it has sent to its page."""

    def __init__(self, player: ReviewPlayer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.player = player
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        monkeypatch.setattr(
            player, "send", lambda content, buffers=None: self.sent.append((content, buffers or []))
        )

    def ask(self, **content: Any) -> tuple[dict[str, Any], list[bytes]]:
        self.sent.clear()
        self.player._handle_custom_msg(content, [])
        (answer,) = self.sent
        return answer


@pytest.fixture
def page(show: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    player = ReviewPlayer(show, "1.2")
    yield Page(player, monkeypatch)
    player.close()


def columns(buffer: bytes, n: int) -> list[np.ndarray[Any, Any]]:
    """pts, offset, size, crc32 of `n` rows."""
    ends = np.cumsum([0, 8 * (n + 1), 8 * n, 4 * n, 4 * n])
    assert len(buffer) == ends[-1]
    kinds = ("<f8", "<f8", "<u4", "<u4")
    return [np.frombuffer(buffer[a:b], kind) for a, b, kind in zip(ends, ends[1:], kinds, strict=False)]


def test_a_new_page_is_told_source_clip_and_the_rows_around_it(page: Page, show: Workspace) -> None:
    message, (avcc, rows) = page.ask(kind="hello")
    assert message["clip"] == {"id": 2, "start_frame": 20, "end_frame": 40, "state": "pending", "ref": "1.2"}
    assert message["frame"] == page.player.frame == 20
    source = message["source"]
    assert (source["id"], source["frames"], source["fps"]) == (1, 60, [25, 1])
    assert source["codec"] == f"avc1.{avcc[1]:02x}{avcc[2]:02x}{avcc[3]:02x}"
    assert (message["rows_first"], message["rows_end"]) == (0, 60)
    row = show.source(1)
    stored, footer = read_columns(show.root / row["frame_index_filepath"])
    pts, offset, size, crc32 = columns(rows, 60)
    start = int(footer["start_pts"])
    assert pts.tolist() == [*(int(one) - start for one in stored["pts"]), int(footer["end_pts"]) - start]
    assert offset.tolist() == stored["offset"].tolist()
    assert size.tolist() == stored["size"].tolist()
    assert crc32.tolist() == stored["crc32"].tolist()


def test_addresses_go_by_message_and_never_by_trait(page: Page, show: Workspace) -> None:
    message, _ = page.ask(kind="hello")
    assert message["paths"]["proxy"].startswith("heaters/media/")
    assert message["paths"]["proxy"].endswith(f"/1/proxy?v={message['source']['version']}")
    state = {name: value for name, value in page.player.get_state().items() if name != "_esm"}
    assert "heaters/media" not in repr(state)
    assert str(show.root) not in repr(state)
    assert {"clip", "urls", "token"}.isdisjoint(state)


def test_what_python_sets_is_an_order_and_what_the_page_says_is_none(page: Page) -> None:
    page.player.frame = 31
    page.player.play(2)
    page.player.pause()
    page.player.muted = True
    orders = [content for content, _ in page.sent if content.get("kind") == "order"]
    assert orders == [
        {"kind": "order", "frame": 31}, {"kind": "order", "speed": 2.0}, {"kind": "order", "playing": True},
        {"kind": "order", "playing": False}, {"kind": "order", "muted": True},
    ]  # fmt: skip
    page.sent.clear()
    page.player.set_state({"frame": 7, "playing": True})
    assert (page.player.frame, page.player.playing) == (7, True)
    assert [content for content, _ in page.sent if content.get("kind") == "order"] == []


def test_steps_stay_inside_the_clip_and_seeks_inside_the_source(page: Page) -> None:
    page.player.step(-1)
    assert page.player.frame == 20
    page.player.step(100)
    assert page.player.frame == 39
    page.player.seek(59)
    for frame in (-1, 60):
        with pytest.raises(FrameOutsideClip, match=f"source 1 has frames 0 to 59, and no frame {frame}"):
            page.player.seek(frame)
    assert page.player.frame == 59


def test_rows_and_bytes_are_sent_on_request(page: Page, show: Workspace) -> None:
    proxy = (show.root / show.source(1)["proxy_filepath"]).read_bytes()
    message, (rows,) = page.ask(kind="rows", id=5, source=1, first=10, end=13)
    assert message == {"kind": "rows", "id": 5}
    pts, offset, size, _ = columns(rows, 3)
    assert len(pts) == 4
    message, (found,) = page.ask(
        kind="read", id=6, source=1, file="proxy", offset=int(offset[1]), size=int(size[1])
    )
    assert message == {"kind": "bytes", "id": 6}
    assert found == proxy[int(offset[1]) : int(offset[1]) + int(size[1])]


class FarAway(LocalStore):
    """A folder that browsers reach by addresses, too: what S3 and a CDN are to the player."""

    def __init__(self, root: Path, query: str) -> None:
        super().__init__(root, "s3://bucket")
        self.query, self.signed = query, 0

    def url(self, key: str, seconds: int) -> str | None:
        self.signed += 1
        return f"https://bucket.example.org/{key}" + (f"?{self.query}={self.signed}" if self.query else "")


def test_where_a_source_lies_in_s3_the_page_gets_addresses_and_new_ones_whenever_it_asks(
    page: Page, show: Workspace
) -> None:
    assert page.ask(kind="hello")[0]["urls"] is None
    assert page.ask(kind="urls", id=7, source=1) == ({"kind": "urls", "id": 7, "urls": None}, [])
    film = page.player._film
    assert film is not None
    page.player._film = replace(film, store=FarAway(show.root, "X-Amz-Signature"), url_seconds=60)
    first = page.ask(kind="hello")[0]["urls"]
    assert (first["from"], first["seconds"]) == ("s3", 60)
    assert first["proxy"].startswith(
        "https://bucket.example.org/review_proxies/video_1_proxy.mp4?X-Amz-Signature="
    )
    assert "_audio.m4a?X-Amz-" in first["audio"]
    message, buffers = page.ask(kind="urls", id=8, source=1)
    assert (message["kind"], message["id"], buffers) == ("urls", 8, [])
    assert message["urls"]["proxy"] != first["proxy"]
    assert "X-Amz" not in repr(page.player.get_state()).replace(repr(page.player.get_state()["_esm"]), "")
    assert "X-Amz" not in repr(page.player)


def test_addresses_of_a_cdn_change_with_the_proxy_since_it_keeps_what_it_has_sent(
    page: Page, show: Workspace
) -> None:
    film = page.player._film
    assert film is not None
    page.player._film = replace(film, store=FarAway(show.root, ""))
    message, _ = page.ask(kind="hello")
    assert message["urls"]["from"] == "cdn"
    for file in ("proxy", "audio"):
        assert message["urls"][file].endswith(f"?v={message['source']['version']}")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"kind": "rows", "source": 1, "first": 50, "end": 61}, "has 60 frames"),
        ({"kind": "rows", "source": 1, "first": 5, "end": 5}, "has 60 frames"),
        ({"kind": "read", "source": 1, "file": "master", "offset": 0, "size": 9}, "has no master"),
        ({"kind": "read", "source": 1, "file": "proxy", "offset": 1 << 40, "size": 9}, "ends after"),
        ({"kind": "read", "source": 1, "file": "proxy", "offset": 0, "size": 1 << 30}, "at most"),
        (
            {"kind": "read", "source": 9, "file": "proxy", "offset": 0, "size": 9},
            "source 9 is not on the screen",
        ),
        ({"kind": "else"}, "reload the page"),
    ],
)
def test_what_cannot_be_answered_comes_back_as_a_sentence(
    page: Page, request_: dict[str, Any], words: str
) -> None:
    message, buffers = page.ask(id=3, **request_)
    assert (message["kind"], message["id"], buffers) == ("failed", 3, [])
    assert words in message["message"]


def test_another_clip_starts_at_its_first_frame(page: Page) -> None:
    page.player.show("1.3", frame=45)
    message, _ = page.sent[-1]
    assert (message["kind"], message["frame"], message["clip"]["ref"]) == ("show", 45, "1.3")
    page.player.show(source=1)
    assert (page.player.start_frame, page.player.end_frame, page.player.frame) == (0, 60, 0)
    assert repr(page.player) == "ReviewPlayer(source 1, frame=0)"


def test_wrong_use_is_refused_in_words(show: Workspace, tmp_path: Path, film: Path) -> None:
    with pytest.raises(UsageError, match="a clip to show, or a source"):
        heaters.ReviewPlayer(show)
    with pytest.raises(UsageError, match="a clip to show, or a source"):
        heaters.ReviewPlayer(show, "1.1", source=1)
    with pytest.raises(UsageError, match="takes no volume"):
        heaters.ReviewPlayer(show, "1.1", volume=3)
    with pytest.raises(UnknownReference, match=r"no clip 1\.99"):
        heaters.ReviewPlayer(show, "1.99")
    fresh = open_workspace(tmp_path / "fresh", create=True)
    fresh.ingest(film)
    with pytest.raises(UsageError, match=r"source 1 .* has no review proxy yet: `heaters run` makes it"):
        heaters.ReviewPlayer(fresh, source=1)


def test_a_lost_frame_index_says_which_file_and_what_to_do(tmp_path: Path, film: Path) -> None:
    ws = open_workspace(tmp_path / "workspace", create=True, verify=False)
    ws.ingest(film)
    ws.run()
    (ws.root / ws.source(1)["frame_index_filepath"]).unlink()
    with pytest.raises(CatalogDamaged, match=r"video_1_frames\.parquet can't be read"):
        ReviewPlayer(ws, source=1)


def test_long_sources_send_only_the_rows_that_are_needed() -> None:
    n = 40_000
    made = {
        "pts": np.arange(n + 1, dtype=np.float64), "offset": np.zeros(n), "size": np.ones(n, np.uint32),
        "crc32": np.zeros(n, np.uint32),
    }  # fmt: skip
    film = messages.Film({"id": 1}, {"version": "0" * 12}, b"", LocalStore("/nowhere"), {}, 60, made)
    clip = {
        "id": 1,
        "clip_no": 1,
        "source_video_id": 1,
        "start_frame": 10_000,
        "end_frame": 10_050,
        "state": "pending",
    }
    for frame in (10_000, 10_049, 0, n - 1):
        message, buffers = messages.show(
            film, clip, frame, number=1, workspace_uuid="u", webcodecs=True, playing=False
        )
        first, end = message["rows_first"], message["rows_end"]
        assert first <= frame < end <= n
        assert end - first <= messages.MOST_ROWS
        assert columns(buffers[1], end - first)[0][0] == first
