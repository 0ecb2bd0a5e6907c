"""Pages that read from a real S3 server, and from a cache in front of it, both of another origin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cdn_server import MISSING, PROGRAM, Cdn, cdn
from driving import Heaters, open_workspace
from hosts import Host, lab, notebook, voila
from lab_page import LabPage
from numbered_films import make
from s3_server import S3Server
from shown_films import FILMS
from watching import Watched, console_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

CDN_PAGE = Path(__file__).resolve().parents[2] / "docs" / "cdn.md"
FILM = FILMS["cfr25"]
PROXY = "review_proxies/video_1_proxy.mp4"
FRAMES = (7, 70, 33, 79, 0, 12, 51)
SHOW = """
import heaters
player = heaters.ReviewPlayer(heaters.open_workspace(), "1.1")
player
"""
BRIEFLY = SHOW.replace("\nplayer\n", """
import dataclasses
player._film = dataclasses.replace(player._film, url_seconds={seconds})
player
""")  # fmt: skip
"""With addresses that expire in some seconds; no setting is so short."""
SECONDS = 4
OWN_ORIGIN = r"~^http://127\.0\.0\.1:\d+$"
NO_WEBCODECS = "delete window.VideoDecoder"


@dataclass(frozen=True)
class Shelf:
    """A workspace whose files lie in a bucket that everybody may read."""

    root: Path
    folder: Path
    public: str
    environ: dict[str, str]


@pytest.fixture(scope="module")
def shelf(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One source of 80 numbered frames with sound."""
    folder = tmp_path_factory.mktemp("shelf")
    bucket = s3.new_bucket()
    environ = {**s3.environ, "S3_BUCKET_NAME": bucket, "AWS_ENDPOINT_URL_S3": s3.endpoint}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        allow_pages(s3, bucket)
        ws = open_workspace(folder / "workspace", create=True, verify=False)
        ws.ingest(make(folder / "film.mp4", FILM), whole_clip=True)
        report = ws.run()
        assert not report.failed, report
        assert ws.source(1)["store"] == f"s3://{bucket}"
        yield Shelf(ws.root, folder, f"{s3.endpoint}/{bucket}", environ)


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


needs_nginx = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


@dataclass(frozen=True)
class Fronted:
    """Voila on the shelf, whose pages are told of the cache in front of it."""

    host: Host
    cdn: Cdn


@pytest.fixture(scope="module")
def fronted(shelf: Shelf) -> Iterator[Fronted]:
    """The cache lets in pages of 127.0.0.1, and not those of localhost."""
    if PROGRAM is None:
        pytest.skip(MISSING)
    look = notebook(shelf.folder / "look.ipynb", SHOW)
    with (
        cdn(shelf.folder / "nginx", shelf.public, [OWN_ORIGIN]) as cache,
        voila(look, shelf.root, shelf.folder / "voila", **shelf.environ, PROXY_CDN_DOMAIN=cache.url) as host,
    ):
        yield Fronted(host, cache)


def kind(player: Watched, words: str) -> str:
    """What the player says of itself, once it says these words; and why."""
    place = player.root.locator(".hp-kind", has_text=words)
    place.wait_for()
    return f"{place.text_content()}: {place.get_attribute('title')}"


def all_right(player: Watched) -> None:
    for frame in FRAMES:
        assert player.seek(frame) == frame


def test_frames_come_from_the_cache_of_another_origin_without_asking_first_and_without_cookies(
    fronted: Fronted, page: Page
) -> None:
    ours: list[str] = []
    page.on("request", lambda request: ours.append(request.url) if "/heaters/media/" in request.url else None)
    errors = console_of(page)
    page.context.add_cookies([{"name": "a-cookie", "value": "of-this-machine", "url": fronted.cdn.url}])
    page.goto(fronted.host.url)
    player = Watched(page).wait_ready()
    assert "WebCodecs" in kind(player, "cdn")
    all_right(player)
    asked = fronted.cdn.asked
    assert [
        line
        for line in asked
        if not re.match(r"GET /review_proxies/video_1_proxy.mp4 bytes=\d+-\d+ 206 ", line)
    ] == []
    assert all(line.endswith(' "-"') for line in asked), "no cookies"
    assert any(" HIT " in line for line in asked)
    assert ours == errors == []


def test_doctor_finds_that_pages_may_read_from_the_cache_and_from_the_bucket(
    fronted: Fronted, shelf: Shelf, s3: S3Server
) -> None:
    origin = fronted.host.url.rstrip("/")
    rows = Heaters().json("doctor", "--cdn", f"{fronted.cdn.url}/{PROXY}", "--origin", origin)
    assert {row["check"]: row["found"] for row in rows}["CORS"] == f"Access-Control-Allow-Origin: {origin}"
    named = {"Bucket": shelf.environ["S3_BUCKET_NAME"], "Key": PROXY}
    signed = s3.client().generate_presigned_url("get_object", Params=named, ExpiresIn=60)
    Heaters().json("doctor", "--cdn", signed, "--origin", "https://elsewhere.example.org")
    stranger = Heaters().json(
        "doctor", "--cdn", f"{fronted.cdn.url}/{PROXY}", "--origin", "http://localhost:1", status=1
    )
    assert [row["check"] for row in stranger if not row["ok"]] == ["CORS", "preflight"]


@pytest.mark.long
def test_without_webcodecs_the_element_reads_from_the_cache_and_may_be_drawn(
    fronted: Fronted, page: Page
) -> None:
    page.add_init_script(NO_WEBCODECS)
    page.goto(fronted.host.url)
    player = Watched(page).wait_ready()
    assert "<video>" in kind(player, "cdn")
    all_right(player)
    player.press(" ")
    page.wait_for_timeout(1_500)
    player.press(" ")
    assert player.number == player.frame
    assert all(line.endswith(' "-"') for line in fronted.cdn.asked)


@pytest.mark.long
@pytest.mark.parametrize("script", ["", NO_WEBCODECS], ids=["webcodecs", "video"])
def test_a_page_that_is_not_let_in_reads_from_our_server_and_says_why(
    fronted: Fronted, page: Page, script: str
) -> None:
    page.add_init_script(script)
    page.goto(fronted.host.url.replace("127.0.0.1", "localhost"))
    player = Watched(page).wait_ready()
    said = kind(player, "server")
    assert (
        "cdn: it does not answer, or its CORS rules keep this page out (heaters doctor --cdn tells)" in said
    )
    all_right(player)


@pytest.mark.long
@needs_nginx
def test_a_cache_that_goes_away_is_left_for_our_server_in_mid_work(
    shelf: Shelf, page: Page, tmp_path: Path
) -> None:
    look = notebook(tmp_path / "look.ipynb", SHOW)
    with (
        cdn(tmp_path / "nginx", shelf.public, [OWN_ORIGIN]) as cache,
        voila(look, shelf.root, tmp_path / "voila", **shelf.environ, PROXY_CDN_DOMAIN=cache.url) as host,
    ):
        page.goto(host.url)
        player = Watched(page).wait_ready()
        kind(player, "cdn")
        player.seek(5)
        cache.stop()
        assert player.seek(70) == 70
        assert "CORS" in kind(player, "server")
        all_right(player)


@pytest.mark.long
def test_in_jupyterlab_nothing_keeps_the_page_from_the_cache(
    fronted: Fronted, shelf: Shelf, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**shelf.environ, "PROXY_CDN_DOMAIN": fronted.cdn.url}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "pages").mkdir()
    with lab(notebook(tmp_path / "pages" / "look.ipynb", ""), shelf.root, tmp_path / "lab") as host:
        LabPage(page, host.url).run(SHOW.replace("\nplayer\n", "\ndisplay(player)\n"))
        player = Watched(page).wait_ready()
        kind(player, "cdn")
        all_right(player)


@pytest.mark.long
@pytest.mark.parametrize("script", ["", NO_WEBCODECS], ids=["webcodecs", "video"])
def test_signed_addresses_are_renewed_while_somebody_scrubs_and_nobody_sees_it(
    shelf: Shelf, page: Page, tmp_path: Path, script: str
) -> None:
    look = notebook(tmp_path / "look.ipynb", BRIEFLY.format(seconds=SECONDS))
    signatures: dict[str, list[int]] = {}

    def note(response: Any) -> None:
        found = re.search(r"X-Amz-Signature=(\w+)", response.url)
        if found:
            signatures.setdefault(found[1], []).append(response.status)

    page.on("response", note)
    page.add_init_script(script)
    with voila(look, shelf.root, tmp_path / "voila", **shelf.environ) as host:
        page.goto(host.url)
        player = Watched(page).wait_ready()
        kind(player, "s3")
        watch_states(page)
        for round_ in range(4 * SECONDS):
            frame = (round_ * 17 + 3) % 80
            assert player.seek(frame) == frame
            page.wait_for_timeout(700)
        assert page.evaluate("window.states") == []
    assert len(signatures) >= 4
    assert {status for all_of in signatures.values() for status in all_of} == {206}
    log = (tmp_path / "voila" / "log.txt").read_text()
    assert "X-Amz" not in log


@pytest.mark.long
@pytest.mark.parametrize("script", ["", NO_WEBCODECS], ids=["webcodecs", "video"])
def test_an_address_that_expired_while_nobody_looked_costs_no_word(
    shelf: Shelf, page: Page, tmp_path: Path, script: str
) -> None:
    look = notebook(tmp_path / "look.ipynb", BRIEFLY.format(seconds=SECONDS))
    page.add_init_script(script)
    with voila(look, shelf.root, tmp_path / "voila", **shelf.environ) as host:
        page.goto(host.url)
        player = Watched(page).wait_ready()
        kind(player, "s3")
        watch_states(page)
        player.seek(5)
        page.wait_for_timeout(1_000 * (SECONDS + 3))
        assert player.seek(60) == 60
        kind(player, "s3")
        assert page.evaluate("window.states") == []


def watch_states(page: Page) -> None:
    """Note in the page whenever the player says that something is lost or failed."""
    page.evaluate(
        """() => {
          window.states = [];
          const root = document.querySelector(".heaters-player");
          const bad = () => ["lost", "failed"].includes(root.dataset.status) && window.states.push(root.dataset.status);
          new MutationObserver(bad).observe(root, { attributes: true, attributeFilter: ["data-status"] });
        }"""
    )
