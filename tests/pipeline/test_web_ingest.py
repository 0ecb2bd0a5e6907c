"""Films from the web, from address to source: noted, gone on with, known again, and left behind by nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driving import Heaters, make_film, open_workspace
from killing import Victim, assert_whole
from web_server import Site, copy_streams, make_dash, make_hls, make_hls_apart, serving

from heaters import Workspace
from heaters.errors import DownloadFailed, NotAvailable, NotAVideo, StageFailed, UsageError


@pytest.fixture
def site(tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("HEATERS_ALLOW_PRIVATE_ADDRESSES", "on")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "film.mp4").write_bytes(film.read_bytes())
    with serving(tmp_path / "site") as one:
        yield one


@pytest.fixture
def shows(tmp_path: Path, site: Site) -> Workspace:
    return open_workspace(tmp_path / "ws", create=True, reviewer="ada")


def web_of(ws: Workspace, source: int = 1) -> dict[str, object]:
    found: dict[str, object] = json.loads(ws.source(source)["probe"])["web"]
    return found


def downloads(ws: Workspace) -> list[Path]:
    return [one for one in (ws.root / "catalog" / "downloads").rglob("*") if one.is_file()]


def test_a_film_becomes_a_source_like_any_other_and_is_known_again(shows: Workspace, site: Site, film: Path) -> None:  # fmt: skip
    (row,) = shows.ingest(site.url("film.mp4"))
    assert (row["origin"], row["origin_url"], row["ingest_state"]) == ("web", site.url("film.mp4"), "downloaded")  # fmt: skip
    assert (shows.root / row["original_filepath"]).read_bytes() == film.read_bytes()
    assert web_of(shows)["taken"] == [160, 96]
    before = len([one for one in site.requests if one[0] == "GET"])
    (again,) = shows.ingest(site.url("film.mp4"))
    assert (again["id"], again["duplicate"]) == (1, True)
    assert len([one for one in site.requests if one[0] == "GET"]) <= before + 1  # it was looked at, not taken
    assert downloads(shows) == []
    assert shows.check() == []


@pytest.mark.long
def test_the_same_bytes_by_another_address_are_the_same_source(shows: Workspace, site: Site) -> None:
    shows.ingest(site.folder / "film.mp4")
    url = site.write("page.html", "<title>A page</title><video src='film.mp4'></video>")
    (row,) = shows.ingest(url)
    assert (row["id"], row["duplicate"], row["origin"]) == (1, True, "upload")
    before = len(site.asked("film.mp4"))
    assert [(one["id"], one["duplicate"]) for one in shows.ingest(url)] == [(1, True)]
    assert len(site.asked("film.mp4")) <= before + 1
    assert [one.name for one in (shows.root / "originals").iterdir()] == ["video_1.mp4"]
    assert len(shows.sources()) == 1
    assert shows.check() == []
    assert shows.janitor()["orphans"] == shows.janitor()["kept"] == []


@pytest.mark.long
def test_everything_that_comes_in_pieces_goes_through_all_stages(
    shows: Workspace, site: Site, film: Path
) -> None:
    make_hls(film, site.folder / "hls")
    make_hls_apart(make_film(site.folder / "b.mp4", seed=5), site.folder / "apart")
    make_dash(make_film(site.folder / "c.mp4", seed=6), site.folder / "dash")
    copy_streams(make_film(site.folder / "d.mp4", seed=7), site.folder / "called.mp4", format="mpegts")
    for path in ("hls/index.m3u8", "apart/master.m3u8", "dash/manifest.mpd", "called.mp4"):
        shows.ingest(site.url(path))
    report = shows.run()
    assert report.failed == []
    assert [row["n_frames"] for row in shows.sources().rows()] == [60] * 4
    assert all(web_of(shows, number)["requires_normalization"] for number in range(1, 5))
    assert [clip["start_frame"] for clip in shows.clips(3).rows()] == [0, 20, 40]
    note = json.loads((shows.root / "metadata" / "video_3_web.json").read_text("utf-8"))
    assert {one["format_id"] for one in note["offered"]} == {"0", "1"}
    assert_whole(shows)


@pytest.mark.long
def test_who_made_a_film_when_and_what_is_in_it_is_kept(shows: Workspace, site: Site) -> None:
    parts = [
        {"@type": "Clip", "name": name, "startOffset": begin, "endOffset": end}
        for name, begin, end in (("Welcome", 0, 1), ("Farewell", 1, 2))
    ]
    told = {
        "@context": "https://schema.org", "@type": "VideoObject", "name": "A night out", "description": "In town.",
        "author": {"@type": "Person", "name": "Ada"}, "uploadDate": "2026-03-04T05:06:07Z", "duration": "PT2.4S",
        "contentUrl": site.url("film.mp4"), "hasPart": parts,
    }  # fmt: skip
    url = site.write("told.html", f'<script type="application/ld+json">{json.dumps(told)}</script>')
    (row,) = shows.ingest(url)
    assert row["title"] == "A night out"
    web, note = web_of(shows), json.loads((shows.root / "metadata" / "video_1_web.json").read_text("utf-8"))
    for kept in (web, note):
        assert (kept["uploader"], kept["upload_date"]) == ("Ada", "20260304")
        assert [(one["title"], one["start_time"]) for one in kept["chapters"]] == [
            ("Welcome", 0),
            ("Farewell", 1),
        ]
    assert note["description"] == "In town."
    assert note["attempts"][0]["selection"].startswith("bv*[ext=mp4]+ba[ext=m4a]/b[ext=mp4]/bv*+ba/b")
    assert note["offered"]
    assert note["formats"]


@pytest.mark.long
def test_what_is_no_film_leaves_nothing_behind(shows: Workspace, site: Site) -> None:
    site.write("words.mp4", "words")
    with pytest.raises(NotAVideo, match=r"words\.mp4") as failed:
        shows.ingest(site.url("words.mp4"))
    assert str(shows.root) not in str(failed.value)
    assert len(shows.sources()) == 0
    assert downloads(shows) == []


@pytest.mark.long
def test_a_download_that_fails_for_now_is_ended_by_a_run(shows: Workspace, site: Site, film: Path) -> None:
    make_hls(film, site.folder / "hls")
    site.cuts["part001.ts"] = 99
    with pytest.raises(DownloadFailed):
        shows.ingest(site.url("hls/index.m3u8"))
    assert shows.source(1)["ingest_state"] == "download_failed"
    assert shows.janitor()["parts"] == []
    site.cuts.clear()
    before = len(site.asked("part000.ts"))
    assert [one["stage"] for one in shows.run().done] == ["ingest", "prepare", "detect", "verify"]
    assert len(site.asked("part000.ts")) == before
    assert_whole(shows)


@pytest.mark.long
def test_a_parked_download_is_taken_up_by_retry(shows: Workspace, site: Site) -> None:
    ws = open_workspace(shows.root, download_seconds=1)
    site.slow["film.mp4"] = 60
    with pytest.raises(DownloadFailed):
        ws.ingest(site.url("film.mp4"))
    site.slow.clear()
    shows.park(1)
    assert shows.run().report is None
    assert shows.janitor()["parts"] == []
    shows.retry(1)
    assert shows.run(["ingest"]).done[0]["id"] == 1


@pytest.mark.long
def test_a_playlist_is_many_sources_if_somebody_says_so(shows: Workspace, site: Site) -> None:
    make_film(site.folder / "other.mp4", (10,), seed=9)
    url = site.write(
        "two.html", "<title>Two</title><video src='film.mp4'></video><video src='other.mp4'></video>"
    )
    cli = Heaters(shows.root)
    (row,) = cli.json("ingest", url, status=2)
    assert "--yes" in row["error"]["message"]
    assert len(shows.sources()) == 0
    asked: list[str] = []
    with pytest.raises(UsageError, match="2 films"):
        shows.ingest(url, confirm=lambda question: bool(asked.append(question)))
    assert "'Two'" in asked[0]
    assert [row["duplicate"] for row in cli.json("ingest", url, "--yes")] == [False, False]
    limited = open_workspace(shows.root, playlist_limit=1)
    assert [row["duplicate"] for row in limited.ingest(url, confirm=True)] == [True]


@pytest.mark.long
def test_what_signs_an_address_is_used_and_kept_nowhere(shows: Workspace, site: Site) -> None:
    cli = Heaters(shows.root)
    said = cli("ingest", site.url("film.mp4?v=1&X-Amz-Signature=verysecret&token=alsosecret")).text
    assert any("verysecret" in path for _, path, _ in site.requests)
    assert shows.source(1)["origin_url"] == site.url("film.mp4?v=1")
    shows.run()
    shows.decide("approve", "1.1")
    shows.export()
    texts = [said, *(one.read_bytes().decode("latin-1") for one in shows.root.rglob("*") if one.is_file())]
    assert not [text for text in texts if "verysecret" in text or "alsosecret" in text]


def test_an_address_inside_is_refused_by_default_and_leaves_no_row(
    shows: Workspace, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATERS_ALLOW_PRIVATE_ADDRESSES", "off")
    ws = open_workspace(shows.root)
    with pytest.raises(NotAvailable, match="allow_private_addresses"):
        ws.ingest(site.url("film.mp4"))
    assert len(ws.sources()) == 0
    assert site.requests == []


@pytest.mark.long
def test_the_demo_takes_an_address(site: Site, tmp_path: Path) -> None:
    said = Heaters().alone("demo", site.url("film.mp4"), "--no-serve", "--workspace", tmp_path / "demo").out
    assert "3 shots" in said
    assert "final_clips/" in said


# -- kill -9 ----------------------------------------------------------------------------------------------------------

KILLS = {
    "direct begun": ("film.mp4", 1), "direct later": ("film.mp4", 16_000), "direct in the middle": ("film.mp4", 30_000),
    "direct near its end": ("film.mp4", 48_000),
    "segments begun": ("hls/index.m3u8", 1), "a segment later": ("hls/index.m3u8", 60_000),
    "segments near their end": ("hls/index.m3u8", 86_000), "pictures of two": ("dash/manifest.mpd", 1),
    "half the pictures of two": ("dash/manifest.mpd", 20_000), "sound of two": ("dash/manifest.mpd", 46_000),
}  # fmt: skip


def kill_while_it_comes(shows: Workspace, site: Site, path: str, *moments: tuple[str, int]) -> None:
    """Kill one verb after another when so many bytes are there; what is there survives the janitor."""
    make_hls(site.folder / "film.mp4", site.folder / "hls")
    make_dash(site.folder / "film.mp4", site.folder / "dash")
    cli = Heaters(shows.root)
    site.slow[path.partition("/")[0]] = 0.15
    for verb, least in moments:
        victim = Victim(cli, verb, *([site.url(path)] if verb == "ingest" else []))
        victim.until(has_come(shows, least))
        victim.kill()
        assert victim.orphans() == []
        assert [row["ingest_state"] for row in shows.sources().rows()] == ["downloading"]
    site.slow.clear()
    shows.janitor()
    assert downloads(shows)


def end_it(shows: Workspace, stages: tuple[str, ...]) -> None:
    """A run ends what was killed: one source, whole, and nothing else."""
    report = shows.run(["ingest"] if stages == ("ingest",) else ())
    assert (report.failed, report.waiting) == ([], [])
    assert [one["stage"] for one in report.done] == [*stages]
    assert len(shows.sources()) == 1
    assert downloads(shows) == []
    assert shows.janitor()["orphans"] == shows.check() == []


def has_come(ws: Workspace, least: int) -> Callable[[Victim], bool]:
    def reached(_: Victim) -> bool:
        time.sleep(0.01)  # a piece takes longer; to look all the time would slow it down
        return sum(_size(one) for one in downloads(ws)) >= least

    return reached


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def test_a_download_that_is_killed_three_times_is_gone_on_with(shows: Workspace, site: Site) -> None:
    begun, middle, end = (least for path, least in KILLS.values() if path == "hls/index.m3u8")
    kill_while_it_comes(shows, site, "hls/index.m3u8", ("ingest", begun), ("run", middle), ("run", end))
    end_it(shows, ("ingest",))
    assert len(site.asked("part000.ts")) <= 2  # the first kill was while it came


@pytest.mark.long
@pytest.mark.parametrize("verb", ["ingest", "run"])
@pytest.mark.parametrize(("path", "least"), KILLS.values(), ids=KILLS)
def test_a_download_killed_at_any_moment_is_gone_on_with(
    shows: Workspace, site: Site, path: str, least: int, verb: str
) -> None:
    kill_while_it_comes(shows, site, path, *([("ingest", 1)] if verb == "run" else []), (verb, least))
    end_it(shows, ("ingest", "prepare", "detect", "verify"))
    assert shows.source(1)["n_frames"] == 60
    assert_whole(shows)
    if path == "hls/index.m3u8" and least > KILLS["segments begun"][1]:
        assert len(site.asked("part000.ts")) <= 1 + (verb == "run")


@pytest.mark.long
def test_a_run_leaves_a_download_of_another_process_alone(shows: Workspace, site: Site) -> None:
    site.slow["film.mp4"] = 60
    victim = Victim(Heaters(shows.root), "ingest", site.url("film.mp4"))
    victim.until(lambda _: bool(downloads(shows)))
    report = shows.run()
    assert [(one["stage"], "another process" in one["reason"]) for one in report.waiting] == [("ingest", True)]  # fmt: skip
    assert report.failed == []
    with pytest.raises(StageFailed, match="another process"):
        shows.ingest(site.url("film.mp4"))
    assert shows.source(1)["retry_count"] == 0
    victim.kill()
    site.slow.clear()
    assert victim.orphans() == []
    assert shows.ingest(site.url("film.mp4"))[0]["ingest_state"] == "downloaded"
