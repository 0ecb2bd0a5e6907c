"""Films from a web server: every way they come, and every way they don't."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from driving import make_film
from web_server import Site, copy_streams, make_dash, make_hls, make_hls_apart, serving

from heaters.errors import DownloadFailed, MediaError, NotAvailable, SettingsError
from heaters.media import download
from heaters.media.download import Rules
from heaters.media.remux import why_remux

LONG = pytest.mark.long
RULES = Rules(
    allow_private=True, best_only=False, cookies_file="", lookup_seconds=60, max_bytes=10**9, max_hours=1, playlist_limit=5, seconds=60,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    """Two films and what a web server makes of them."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "film.mp4").write_bytes(film.read_bytes())
    make_hls(film, folder / "hls")
    make_hls_apart(film, folder / "apart")
    make_dash(film, folder / "dash")
    copy_streams(film, folder / "called.mp4", format="mpegts")
    return folder


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    with serving(folder) as one:
        yield one


def fetched(site: Site, path: str, into: Path, rules: Rules = RULES) -> dict[str, Any]:
    into.mkdir(exist_ok=True)
    return download.fetch(site.url(path), into, rules, None, lambda _: None)


def failure(site: Site, path: str, into: Path, rules: Rules = RULES) -> MediaError:
    into.mkdir(exist_ok=True)
    with pytest.raises(MediaError) as failed:
        download.fetch(site.url(path), into, rules, None, lambda _: None)
    assert "\n" not in str(failed.value)
    assert "ERROR" not in str(failed.value)
    return failed.value


# -- what is there ----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_file_comes_as_it_is_and_is_told_while_it_comes(site: Site, film: Path, tmp_path: Path) -> None:
    told: list[int] = []
    site.slow["film.mp4"] = 0.05
    (tmp_path / "parts").mkdir()
    answer = download.fetch(site.url("film.mp4"), tmp_path / "parts", RULES, None, told.append)
    (part,) = map(Path, answer["parts"])
    assert part.read_bytes() == film.read_bytes()
    assert part.parent == tmp_path / "parts"
    assert max(told) > 0
    assert told == sorted(told)
    assert [one["formats"] for one in answer["attempts"]] == [["mp4"]]


@pytest.mark.parametrize(("path", "kinds", "why"), [
    pytest.param("hls/index.m3u8", [["video", "audio"]], "an MPEG transport stream that is called .mp4", marks=LONG),
    ("apart/master.m3u8", [["video"], ["audio"]], "pictures and sound came apart"),
    pytest.param("dash/manifest.mpd", [["video"], ["audio"]], "pictures and sound came apart", marks=LONG),
    pytest.param("called.mp4", [["video", "audio"]], "an MPEG transport stream that is called .mp4", marks=LONG),
])  # fmt: skip
def test_pictures_and_sound_come_whole_or_apart_and_what_their_container_lacks_is_said(
    site: Site, tmp_path: Path, path: str, kinds: list[list[str]], why: str
) -> None:
    import av  # noqa: PLC0415 - the shared part of this file needs none

    parts = [Path(part) for part in fetched(site, path, tmp_path / "parts")["parts"]]
    found = []
    for part in parts:
        with av.open(str(part)) as one:
            found.append([stream.type for stream in one.streams])
    assert found == kinds
    assert why_remux(parts) == why


@pytest.mark.long
def test_a_page_tells_its_title_and_leads_to_its_film(site: Site, film: Path, tmp_path: Path) -> None:
    url = site.write("page.html", "<title>../../A night out</title><video src='film.mp4'></video>")
    seen = download.look_up(url, RULES)
    assert "night" in seen["facts"]["title"]
    answer = download.fetch(url, tmp_path, RULES, seen["info"], lambda _: None)
    (part,) = map(Path, answer["parts"])
    assert (part.parent, part.read_bytes()) == (tmp_path, film.read_bytes())


@pytest.mark.long
def test_subtitles_of_a_page_are_kept_as_text(site: Site, tmp_path: Path) -> None:
    site.write("words.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\nGood evening.\n")
    tracks = "<track kind='subtitles' srclang='en' src='words.vtt'><track srclang='fr' src='gone.vtt'>"
    site.write(
        "titled.html", f"<title>t</title><video><source src='film.mp4' type='video/mp4'>{tracks}</video>"
    )
    answer = fetched(site, "titled.html", tmp_path)
    assert "Good evening." in answer["subtitles"]["en"]["text"]
    assert any("fr" in line for line in answer["warnings"])


@pytest.mark.long
def test_several_films_on_a_page_are_a_playlist(site: Site) -> None:
    make_film(site.folder / "other.mp4", (10,), seed=9)
    videos = "<video src='film.mp4'></video><video src='other.mp4'></video>"
    seen = download.look_up(site.write("two.html", f"<title>Two</title>{videos}"), RULES)
    assert seen["playlist"] == "Two"
    assert len(seen["entries"]) == 2


@pytest.mark.long
def test_redirects_are_followed_where_they_may_lead(site: Site, film: Path, tmp_path: Path) -> None:
    answer = fetched(site, f"redirect?to={site.url('film.mp4')}", tmp_path)
    assert Path(answer["parts"][0]).read_bytes() == film.read_bytes()


# -- what is not ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind", "said"), [
    pytest.param(404, NotAvailable, "check the address", marks=LONG), pytest.param(403, NotAvailable, "cookies_file", marks=LONG),
    pytest.param(410, NotAvailable, "check the address", marks=LONG),
    pytest.param(401, NotAvailable, "cookies_file", marks=LONG),
    pytest.param(503, DownloadFailed, "try it again later", marks=LONG),
    pytest.param(429, DownloadFailed, "try it again later", marks=LONG),
])  # fmt: skip
def test_a_status_is_told_with_the_way_out_and_whether_time_can_heal_it(
    site: Site, status: int, kind: type[MediaError], said: str
) -> None:
    site.gone["film.mp4"] = status
    with pytest.raises(kind, match=said) as failed:
        download.look_up(site.url("film.mp4"), RULES)
    assert str(status) in str(failed.value)


@pytest.mark.long
def test_a_page_without_a_film_is_told_in_one_sentence(site: Site) -> None:
    url = site.write("words.html", "<html><title>Words</title>No film here.</html>")
    with pytest.raises(NotAvailable, match="no video that yt-dlp knows to find") as failed:
        download.look_up(url, RULES)
    assert url in str(failed.value)


@pytest.mark.long
def test_a_server_that_is_not_there_may_be_there_later() -> None:
    with serving(Path()) as gone:
        pass
    with pytest.raises(DownloadFailed, match="could not be reached"):
        download.look_up(gone.url("film.mp4"), RULES)


@pytest.mark.long
def test_a_film_that_is_cut_off_is_gone_on_with_in_the_same_go(
    site: Site, film: Path, tmp_path: Path
) -> None:
    site.cuts["film.mp4"] = 2  # the first look at it, and the first try
    answer = fetched(site, "film.mp4", tmp_path)
    assert Path(answer["parts"][0]).read_bytes() == film.read_bytes()
    assert any(wanted for _, _, wanted in site.asked("film.mp4") if wanted and wanted != "bytes=0-")


@pytest.mark.long
def test_a_film_that_is_always_cut_off_is_tried_again_later_from_where_it_is(
    site: Site, film: Path, tmp_path: Path
) -> None:  # fmt: skip
    site.cuts["part001.ts"] = 99
    failed = failure(site, "hls/index.m3u8", tmp_path)
    assert isinstance(failed, DownloadFailed)
    assert [*tmp_path.glob("*.part")]
    site.cuts.clear()
    before = len(site.asked("part000.ts"))
    fetched(site, "hls/index.m3u8", tmp_path)
    assert len(site.asked("part000.ts")) == before


@pytest.mark.long
def test_a_missing_segment_fails_instead_of_leaving_a_gap(site: Site, tmp_path: Path) -> None:
    site.gone["part001.ts"] = 404
    assert isinstance(failure(site, "hls/index.m3u8", tmp_path), NotAvailable)
    assert not [*tmp_path.glob("*.mp4")]


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["film.mp4", pytest.param("hls/index.m3u8", marks=LONG)])
@pytest.mark.long
def test_what_is_larger_than_allowed_is_not_taken(site: Site, tmp_path: Path, path: str) -> None:
    failed = failure(site, path, tmp_path, replace(RULES, max_bytes=20_000))
    assert failed.permanent
    assert all(one.stat().st_size <= 20_000 for one in tmp_path.iterdir())


@pytest.mark.long
def test_what_is_longer_than_allowed_is_not_even_begun(site: Site, tmp_path: Path) -> None:
    failed = failure(site, "hls/index.m3u8", tmp_path, replace(RULES, max_hours=1e-4))
    assert "max_source_hours" in str(failed)
    assert not [*tmp_path.iterdir()]


@pytest.mark.long
def test_what_takes_too_long_is_stopped_and_gone_on_with_later(
    site: Site, film: Path, tmp_path: Path
) -> None:
    site.slow["film.mp4"] = 60
    failed = failure(site, "film.mp4", tmp_path, replace(RULES, seconds=4))
    assert "download_seconds" in str(failed)
    assert not failed.permanent
    site.slow.clear()
    answer = fetched(site, "film.mp4", tmp_path)
    assert Path(answer["parts"][0]).read_bytes() == film.read_bytes()


@pytest.mark.long
def test_a_download_can_be_interrupted(site: Site, tmp_path: Path) -> None:
    site.slow["film.mp4"] = 1

    def stop(_: int) -> None:
        if site.asked("film.mp4"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download.fetch(site.url("film.mp4"), tmp_path, RULES, None, stop)


# -- the best that is offered -----------------------------------------------------------------------------------------


@pytest.fixture
def sizes(site: Site, film: Path) -> Site:
    """A master playlist with the same film twice: small, and said to be larger and called by its own name."""
    make_hls(make_film(site.folder / "large.mp4", size=(320, 192)), site.folder / "large")
    site.write("sizes.m3u8",
        '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=160x96,CODECS="avc1.42c00b,mp4a.40.2"\nhls/index.m3u8\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=320x192,CODECS="avc1.42c00d,mp4a.40.2"\nlarge/index.m3u8\n')  # fmt: skip
    return site


@pytest.mark.long
def test_the_largest_pictures_are_taken(sizes: Site, tmp_path: Path) -> None:
    answer = fetched(sizes, "sizes.m3u8", tmp_path)
    assert answer["largest"] == [320, 192]
    assert [one["height"] for one in answer["chosen"]] == [192]
    assert sorted(one["height"] for one in answer["offered"]) == [96, 192]
    assert answer["warnings"] == []


@pytest.mark.long
def test_less_than_is_offered_is_never_taken_in_silence(sizes: Site, tmp_path: Path) -> None:
    """The larger ones are in a container that is not preferred."""
    manifest = make_dash(sizes.folder / "film.mp4", sizes.folder / "small").read_text("utf-8")
    webm = (
        manifest.replace('width="160"', 'width="640"')
        .replace('height="96"', 'height="384"')
        .replace("video/mp4", "video/webm")
    )
    sets = webm[webm.index("<AdaptationSet") : webm.index("</AdaptationSet>") + len("</AdaptationSet>")]
    both = manifest.replace("<AdaptationSet", sets.replace('id="0"', 'id="9"') + "<AdaptationSet", 1)
    for file in [*(sizes.folder / "small").glob("*stream0*")]:
        (file.parent / file.name.replace("stream0", "stream9")).write_bytes(file.read_bytes())
    sizes.write("small/manifest.mpd", both)
    answer = fetched(sizes, "small/manifest.mpd", tmp_path / "less")
    assert answer["largest"] == [640, 384]
    assert [one.get("height") for one in answer["chosen"]] == [96, None]
    assert any("160x96 of 640x384" in line and "require_best_quality" in line for line in answer["warnings"])
    best = fetched(sizes, "small/manifest.mpd", tmp_path / "best", replace(RULES, best_only=True))
    assert [one.get("height") for one in best["chosen"]] == [384, None]


@pytest.mark.long
def test_where_the_best_is_broken_what_is_plain_is_taken_and_each_try_is_told(
    sizes: Site, tmp_path: Path
) -> None:  # fmt: skip
    sizes.gone["large/part"] = 404
    sizes.write("sizes.m3u8", (sizes.folder / "sizes.m3u8").read_text("utf-8").replace("avc1.42c00d", "hvc1.1.6.L93"))  # fmt: skip
    failed = failure(sizes, "sizes.m3u8", tmp_path / "best", replace(RULES, best_only=True))
    assert "404" in str(failed)
    answer = fetched(sizes, "sizes.m3u8", tmp_path / "plain")
    first, second = answer["attempts"]
    assert "404" in first["error"]
    assert "error" not in second
    assert [one["height"] for one in answer["chosen"]] == [96]
    assert any("160x96 of 320x192" in line for line in answer["warnings"])


# -- who may see it ---------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_cookies_are_sent_where_they_belong_and_stay_in_their_file(site: Site, tmp_path: Path) -> None:
    jar = tmp_path / "cookies.txt"
    text = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tsession\tverysecret\n"
    jar.write_text(text, "utf-8")
    heard = site.headers_of("film.mp4")
    answer = fetched(site, "film.mp4", tmp_path / "parts", replace(RULES, cookies_file=str(jar)))
    assert any("verysecret" in one.get("Cookie", "") for one in heard)
    assert "verysecret" not in json.dumps(answer)
    assert jar.read_text("utf-8") == text
    assert not [one for one in (tmp_path / "parts").iterdir() if b"verysecret" in one.read_bytes()]


def test_a_file_of_cookies_that_is_missing_is_named(site: Site, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cookies_file"):
        download.look_up(site.url("film.mp4"), replace(RULES, cookies_file=str(tmp_path / "none")))


@pytest.mark.long
def test_the_child_ends_with_its_parent(site: Site, tmp_path: Path) -> None:
    import psutil  # noqa: PLC0415 - only here

    site.slow["film.mp4"] = 60
    stopped = threading.Event()

    def stop(_: int) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt

    def run() -> None:
        with pytest.raises(KeyboardInterrupt):
            download.fetch(site.url("film.mp4"), tmp_path, RULES, None, stop)

    before = psutil.Process().children()
    thread = threading.Thread(target=run)
    thread.start()
    while not site.asked("film.mp4"):
        time.sleep(0.01)
    (child,) = (one for one in psutil.Process().children() if one not in before)
    stopped.set()
    thread.join(20)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
