"""Pages that read from a real S3 server, and from a cache in front of it, both of another origin."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from cdn_server import MISSING, PROGRAM, Cdn, cdn
from cut_line import Line, line_to
from driving import open_workspace
from hosts import Host, lab, notebook, voila
from lab_page import LabPage
from numbered_films import Film, make, steady
from s3_server import KEY, SECRET, S3Server
from shown_films import FILMS
from watching import Watched, console_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

CDN_PAGE = Path(__file__).resolve().parents[2] / "docs" / "cdn.md"
FILM = FILMS["cfr25"]
FEATURE = Film(steady(1000, 512), Fraction(1, 12800), audio="aac", size=(640, 360), grain=190)
"""Longer than what a browser reads ahead of what it plays."""
PROXY = "review_proxies/video_1_proxy.mp4"
FRAMES = (7, 70, 33, 79, 0, 12, 51)
SHOW = """
import dataclasses, os, urllib.parse
import heaters

asked = dict(urllib.parse.parse_qsl(os.environ.get("QUERY_STRING", "")))
os.environ.update({"PROXY_CDN_DOMAIN": asked["cdn"]} if "cdn" in asked else {})
player = heaters.ReviewPlayer(heaters.open_workspace(), asked.get("clip", "1.1"))
player._film = dataclasses.replace(player._film, url_seconds=int(asked.get("seconds", 3600)))
player
"""
"""Shows a clip; the page's address may name another one, a CDN, and after how many seconds addresses expire: no setting is so short."""
SECONDS = 4
OWN_ORIGIN = r"~^http://127\.0\.0\.1:\d+$"
NO_WEBCODECS = "delete window.VideoDecoder"
both_players = pytest.mark.parametrize("script", ["", NO_WEBCODECS], ids=["webcodecs", "video"])


@dataclass(frozen=True)
class Shelf:
    """A workspace whose files lie in a bucket, and Voila on it.

    Attributes:
        store: where pages read them by signed addresses.
        environ: what programs find the bucket by.
        line: to the bucket, from all of these.
    """

    root: Path
    folder: Path
    store: str
    environ: dict[str, str]
    host: Host
    line: Line

    def address(self, **query: object) -> str:
        """Of the page, with what the notebook is asked for."""
        return f"{self.host.url}?{urlencode(query)}"


@pytest.fixture(scope="module")
def shelf(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One source of 80 numbered frames with sound."""
    folder, bucket = tmp_path_factory.mktemp("shelf"), s3.new_bucket()
    with pytest.MonkeyPatch.context() as patched, line_to(s3.endpoint) as line:
        environ = {**s3.environ, "S3_BUCKET_NAME": bucket, "AWS_ENDPOINT_URL_S3": line.url}
        for name, value in environ.items():
            patched.setenv(name, value)
        allow_pages(s3, bucket)
        add(folder / "workspace", folder / "film.mp4", FILM)
        show = notebook(folder / "look.ipynb", SHOW)
        with voila(show, folder / "workspace", folder / "voila", **environ) as host:
            yield Shelf(folder / "workspace", folder, f"{line.url}/{bucket}", environ, host, line)


def add(root: Path, path: Path, film: Film) -> None:
    """Take a film in, as one clip, into the bucket that the environment names."""
    ws = open_workspace(root, create=not root.exists(), verify=False, master_mode="source")
    ws.ingest(make(path, film), whole_clip=True)
    report = ws.run()
    assert not report.failed, report
    assert all(str(row["store"]).startswith("s3://") for row in ws.sources().rows())


@pytest.fixture(scope="module")
def feature(shelf: Shelf) -> str:
    """A clip of 40 s."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in shelf.environ.items():
            patched.setenv(name, value)
        add(shelf.root, shelf.folder / "feature.mp4", FEATURE)
    return "2.1"


def allow_pages(s3: S3Server, name: str) -> None:
    """Let pages of all origins read by signed addresses, by the rules of docs/cdn.md, and the cache without any."""
    documented = re.search(r"```json\n(.*?)```", CDN_PAGE.read_text("utf-8"), re.DOTALL)
    assert documented
    (rule,) = json.loads(documented[1])
    rules = {"CORSRules": [{**rule, "AllowedOrigins": ["*"]}]}
    s3.client().put_bucket_cors(Bucket=name, CORSConfiguration=rules)
    allowed = {
        "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{name}/*"],
    }  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    s3.client().put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


@pytest.fixture(scope="module")
def cache(shelf: Shelf) -> Iterator[Cdn]:
    """It lets in pages of 127.0.0.1, and not those of localhost."""
    if PROGRAM is None:
        pytest.skip(MISSING)
    with cdn(shelf.folder / "nginx", shelf.store, [OWN_ORIGIN]) as running:
        yield running


def kind(player: Watched, words: str) -> str:
    """What the player says of itself, once it says these words; and why."""
    place = player.root.locator(".hp-kind", has_text=words)
    place.wait_for()
    return f"{place.text_content()}: {place.get_attribute('title')}"


def all_right(player: Watched) -> None:
    for frame in FRAMES:
        assert player.seek(frame) == frame


def test_frames_come_from_the_cache_of_another_origin_without_asking_first_and_without_cookies(
    shelf: Shelf, cache: Cdn, page: Page
) -> None:
    ours: list[str] = []
    page.on("request", lambda request: ours.append(request.url) if "/heaters/media/" in request.url else None)
    errors = console_of(page)
    page.context.add_cookies([{"name": "a-cookie", "value": "of-this-machine", "url": cache.url}])
    page.goto(shelf.address(cdn=cache.url))
    player = Watched(page).wait_ready()
    assert "WebCodecs" in kind(player, "cdn")
    all_right(player)
    asked = cache.asked
    assert [
        line
        for line in asked
        if not re.match(r"GET /review_proxies/video_1_proxy.mp4 bytes=\d+-\d+ 206 ", line)
    ] == []
    assert all(line.endswith(' "-"') for line in asked), "no cookies"
    assert any(" HIT " in line for line in asked)
    assert ours == errors == []


@pytest.mark.long
def test_without_webcodecs_the_element_reads_from_the_cache_and_may_be_drawn(
    shelf: Shelf, cache: Cdn, page: Page
) -> None:
    page.add_init_script(NO_WEBCODECS)
    page.goto(shelf.address(cdn=cache.url))
    player = Watched(page).wait_ready()
    assert "<video>" in kind(player, "cdn")
    all_right(player)
    player.press(" ")
    page.wait_for_timeout(1_500)
    player.press(" ")
    assert player.number == player.frame
    assert all(line.endswith(' "-"') for line in cache.asked)


@pytest.mark.long
@both_players
def test_a_page_that_is_not_let_in_reads_from_our_server_and_says_why(
    shelf: Shelf, cache: Cdn, page: Page, script: str
) -> None:
    page.add_init_script(script)
    page.goto(shelf.address(cdn=cache.url).replace("127.0.0.1", "localhost", 1))
    player = Watched(page).wait_ready()
    said = kind(player, "server")
    assert (
        "cdn: it does not answer, or its CORS rules keep this page out (heaters doctor --cdn tells)" in said
    )
    all_right(player)


@pytest.mark.long
def test_a_cache_that_goes_away_is_left_for_our_server_in_mid_work(
    shelf: Shelf, page: Page, tmp_path: Path
) -> None:
    if PROGRAM is None:
        pytest.skip(MISSING)
    with cdn(tmp_path / "nginx", shelf.store, [OWN_ORIGIN]) as going:
        page.goto(shelf.address(cdn=going.url))
        player = Watched(page).wait_ready()
        kind(player, "cdn")
        player.seek(5)
        going.stop()
        assert player.seek(70) == 70
        assert "CORS" in kind(player, "server")
        all_right(player)


@pytest.mark.long
@both_players
def test_where_neither_the_bucket_nor_our_server_can_be_reached_the_kernel_reads_from_the_bucket(
    shelf: Shelf, page: Page, script: str
) -> None:
    shutil.rmtree(shelf.root / "cache", ignore_errors=True)
    page.add_init_script(script)
    page.route("**/heaters/media/**", lambda route: route.fulfill(status=404))
    page.route(f"{shelf.store}/**", lambda route: route.abort("connectionrefused"))
    page.goto(shelf.address())
    player = Watched(page).wait_ready()
    said = kind(player, "kernel")
    assert "s3: it does not answer" in said
    assert "server: " in said
    all_right(player)
    player.press(" ")
    page.wait_for_timeout(1_500)
    player.press(" ")
    assert player.number == player.frame
    assert [file.name for file in (shelf.root / "cache").glob("*proxy.mp4")] == [], "it reads by ranges"


@pytest.mark.long
@pytest.mark.parametrize("way", ["cdn", "s3"])
def test_in_jupyterlab_nothing_keeps_the_page_from_it_and_nothing_of_it_is_saved(
    shelf: Shelf,
    page: Page,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    way: str,
) -> None:
    for name, value in shelf.environ.items():
        monkeypatch.setenv(name, value)
    if way == "cdn":
        monkeypatch.setenv("PROXY_CDN_DOMAIN", request.getfixturevalue("cache").url)
    (tmp_path / "pages").mkdir()
    saved = notebook(tmp_path / "pages" / "look.ipynb", "")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    with lab(saved, shelf.root, tmp_path / "lab") as host:
        inside = LabPage(page, host.url)
        inside.run(SHOW.replace("\nplayer\n", "\ndisplay(player)\n"))
        player = Watched(page).wait_ready()
        kind(player, way)
        all_right(player)
        page.locator(".jp-Notebook-cell .cm-content").last.click()
        page.keyboard.press("Control+s")
        page.wait_for_function("document.title.startsWith('●') === false")
        page.wait_for_timeout(1_500)
        text = saved.read_text("utf-8")
        log = (tmp_path / "lab" / "log.txt").read_text("utf-8")
    assert "application/vnd.jupyter.widget-view+json" in text, "the player was saved"
    signatures = {found[1] for url in asked if (found := re.search(r"X-Amz-Signature=(\w+)", url))}
    assert bool(signatures) == (way == "s3")
    bucket = shelf.environ["S3_BUCKET_NAME"]
    secrets = [*signatures, "X-Amz", KEY, SECRET, bucket, shelf.store, "heaters/media/", "secret"]
    assert [one for one in secrets if one in text] == []
    assert [one for one in (*signatures, "X-Amz", SECRET) if one in log] == []


class Signatures:
    """The answers to signed addresses, by signature and file."""

    def __init__(self, page: Page) -> None:
        self.statuses: dict[tuple[str, str], set[int]] = {}
        page.on("response", self._note)

    def of(self, file: str) -> int:
        """With how many signatures a file was read."""
        return sum(file in name for _, name in self.statuses)

    @property
    def refused(self) -> set[int]:
        """Statuses other than that of a part."""
        return {status for all_of in self.statuses.values() for status in all_of} - {206}

    def _note(self, response: Any) -> None:
        found = re.search(r"/([^/?]+)\?.*X-Amz-Signature=(\w+)", response.url)
        if found:
            self.statuses.setdefault((found[2], found[1]), set()).add(response.status)


@pytest.mark.long
@both_players
def test_signed_addresses_are_renewed_while_somebody_scrubs_and_nobody_sees_it(
    shelf: Shelf, page: Page, script: str
) -> None:
    signatures = Signatures(page)
    page.add_init_script(script)
    page.goto(shelf.address(seconds=SECONDS))
    player = Watched(page).wait_ready()
    kind(player, "s3")
    watch_states(page)
    for round_ in range(4 * SECONDS):
        frame = (round_ * 17 + 3) % 80
        assert player.seek(frame) == frame
        page.wait_for_timeout(700)
    assert page.evaluate("window.states") == []
    assert signatures.of("proxy") >= 4
    assert signatures.refused == set()
    assert "X-Amz" not in (shelf.folder / "voila" / "log.txt").read_text()


@pytest.mark.long
@both_players
def test_an_address_that_expired_while_nobody_looked_costs_no_word(
    shelf: Shelf, page: Page, script: str
) -> None:
    page.add_init_script(script)
    page.goto(shelf.address(seconds=SECONDS))
    player = Watched(page).wait_ready()
    kind(player, "s3")
    watch_states(page)
    player.seek(5)
    page.wait_for_timeout(1_000 * (SECONDS + 3))
    assert player.seek(60) == 60
    kind(player, "s3")
    assert page.evaluate("window.states") == []


@pytest.mark.long
@both_players
def test_a_clip_plays_on_with_its_sound_while_one_address_after_the_other_expires(
    shelf: Shelf, feature: str, page: Page, script: str
) -> None:
    signatures = Signatures(page)
    page.add_init_script(script)
    page.goto(shelf.address(clip=feature, seconds=SECONDS))
    player = Watched(page).wait_ready()
    kind(player, "s3")
    watch_states(page)
    player.press(" ")
    for _ in range(3):
        page.wait_for_timeout(1_000 * (SECONDS + 2))
        shelf.line.cut()  # what it was read by has expired by then
    page.wait_for_timeout(2_000)
    player.press(" ")
    assert player.number == player.frame
    painted = page.evaluate("window.painted")
    assert painted == sorted(painted), "it never went back"
    for frame in (900, 3, 611):
        assert player.seek(frame) == frame
    assert page.evaluate("window.states") == []
    assert signatures.of("proxy") >= 2
    kind(player, "s3")


def watch_states(page: Page) -> None:
    """Note in the page whenever the player says that something is lost or failed, and each frame that it shows while it plays."""
    page.evaluate(
        """() => {
          window.states = [];
          window.painted = [];
          const root = document.querySelector(".heaters-player");
          new MutationObserver((changes) => {
            const { status, frame } = root.dataset;
            if (["lost", "failed"].includes(status)) window.states.push(status);
            window.painted.push(Number(frame));
          }).observe(root, { attributes: true, attributeFilter: ["data-status", "data-frame"] });
        }"""
    )
