"""Tricks to lead a download inside: each is played on the real downloader, and a trap tells whether one ever got there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from guarded_child import PUBLIC
from web_server import Site, Trap, make_dash, make_hls, serving, trapping

from heaters.errors import UsageError
from heaters.media.download import Rules, web_address

CHILD = str(Path(__file__).parents[1] / "guarded_child.py")
RULES = Rules(
    allow_private=False, best_only=False, cookies_file="", lookup_seconds=60, max_bytes=10**9, max_hours=1, playlist_limit=5, seconds=120,
)  # fmt: skip

# Each with the port of the trap.
TYPED = {
    "loopback": "http://127.0.0.1:{}/film.mp4", "another loopback": "http://127.255.255.254:{}/film.mp4",
    "a name of this machine": "http://localhost:{}/film.mp4", "with a dot behind": "http://localhost.:{}/film.mp4",
    "decimal": "http://2130706433:{}/film.mp4", "hexadecimal": "http://0x7f000001:{}/film.mp4",
    "hexadecimal in parts": "http://0x7f.0.0.0x1:{}/film.mp4", "octal": "http://0177.0.0.1:{}/film.mp4",
    "octal at once": "http://017700000001:{}/film.mp4", "short": "http://127.1:{}/film.mp4", "zero": "http://0:{}/film.mp4",
    "all interfaces": "http://0.0.0.0:{}/film.mp4", "IPv6": "http://[::1]:{}/film.mp4", "IPv6 for all": "http://[::]:{}/film.mp4",
    "mapped into IPv6": "http://[::ffff:127.0.0.1]:{}/film.mp4", "mapped, in hexadecimal": "http://[::ffff:7f00:1]:{}/film.mp4",
    "compatible with IPv4": "http://[::127.0.0.1]:{}/film.mp4", "translated": "http://[64:ff9b::7f00:1]:{}/film.mp4",
    "in a tunnel": "http://[2002:7f00:1::]:{}/film.mp4", "in a scope": "http://[fe80::1%25lo]:{}/film.mp4",
    "in circles": "http://①②⑦.⓪.⓪.①:{}/film.mp4", "in full width": "http://１２７。０。０。１:{}/film.mp4",
    "percents": "http://%31%32%37.0.0.1:{}/film.mp4", "behind a name": "http://outside.test@127.0.0.1:{}/film.mp4",
    "before a name": "http://127.0.0.1:{}@outside.test/film.mp4", "a backslash": "http://outside.test\\@127.0.0.1:{}/film.mp4",
    "a line feed": "http://127.0.0.1:{}/\r\nHost: outside.test", "metadata of a cloud": "http://169.254.169.254/latest/meta-data/",
    "a name for inside": "http://inside.test:{}/film.mp4", "a name for IPv6 inside": "http://sixth.test:{}/film.mp4",
    "a name for both": "http://several.test:{}/film.mp4", "TLS": "https://127.0.0.1:{}/film.mp4",
    "file": "file:///etc/passwd", "ftp": "ftp://127.0.0.1:{}/film.mp4", "data": "data:video/mp4;base64,AAAA",
    "gopher": "gopher://127.0.0.1:{}/_GET", "rtmp": "rtmp://127.0.0.1:{}/live", "rtsp": "rtsp://127.0.0.1:{}/live",
}  # fmt: skip
REDIRECTED = (
    "loopback", "decimal", "octal", "IPv6", "mapped into IPv6", "behind a name", "metadata of a cloud", "a name for inside", "TLS",
    "file", "ftp",
)  # fmt: skip


class Ground(NamedTuple):
    """Where tricks are played: a public server, the port of the trap, and what a playlist and a manifest say."""

    site: Site
    port: int
    hls: str
    dash: str

    @property
    def inside(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def redirect(self, target: str) -> str:
        return self.site.url(f"redirect?to={quote(target, safe=':/')}")

    def playlist(self, name: str, old: str, new: str) -> str:
        assert old in self.hls
        return self.site.write(f"hls/{name}.m3u8", self.hls.replace(old, new, 1))

    def master(self, name: str, more: str = "", stream: str = "", uri: str = "hls/index.m3u8") -> str:
        text = f"#EXTM3U\n{more}\n#EXT-X-STREAM-INF:BANDWIDTH=100,RESOLUTION=160x96{stream}\n{uri}\n"
        return self.site.write(f"{name}.m3u8", text)

    def manifest(self, name: str, old: str, new: str) -> str:
        assert old in self.dash
        return self.site.write(f"dash/{name}.mpd", self.dash.replace(old, new))

    def page(self, name: str, body: str) -> str:
        return self.site.write(f"{name}.html", f"<html><title>t</title>{body}</html>")


MADE: dict[str, Callable[[Ground], str]] = {
    "a redirect to a redirect": lambda on: on.redirect(on.redirect(f"{on.inside}/film.mp4")),
    "a redirect without a scheme": lambda on: on.redirect(f"//127.0.0.1:{on.port}/film.mp4"),
    "a name that changes its mind": lambda on: f"http://rebound.test:{on.site.server.server_port}/film.mp4",
    "HLS: a segment": lambda on: on.playlist("segment", "part001.ts", f"{on.inside}/part001.ts"),
    "HLS: a segment by redirect": lambda on: on.playlist("led", "part001.ts", on.redirect(f"{on.inside}/part001.ts")),
    "HLS: a segment of a name": lambda on: on.playlist("name", "part001.ts", f"http://inside.test:{on.port}/part001.ts"),
    "HLS: a segment that is a file": lambda on: on.playlist("file", "part001.ts", "file:///etc/passwd"),
    "HLS: a key": lambda on: on.playlist("key", "#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{on.inside}/key"\n#EXTINF'),
    "HLS: a head": lambda on: on.playlist("map", "#EXTINF", f'#EXT-X-MAP:URI="{on.inside}/init.mp4"\n#EXTINF'),
    "HLS: a variant": lambda on: on.master("variant", uri=f"{on.inside}/index.m3u8"),
    "HLS: the sound": lambda on: on.master(
        "sound", f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="s",NAME="a",DEFAULT=YES,URI="{on.inside}/sound.m3u8"', ',AUDIO="s"'),
    "HLS: subtitles": lambda on: on.master(
        "words", f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="t",NAME="a",LANGUAGE="en",URI="{on.inside}/words.vtt"', ',SUBTITLES="t"'),
    "DASH: the base": lambda on: on.manifest("base", "<Period", f"<BaseURL>{on.inside}/</BaseURL><Period"),
    "DASH: segments": lambda on: on.manifest("segments", 'media="', f'media="{on.inside}/'),
    "a page: its film": lambda on: on.page("film", f"<video src='{on.inside}/film.mp4'></video>"),
    "a page: its subtitles": lambda on: on.page(
        "words", f"<video><source src='film.mp4' type='video/mp4'><track kind='subtitles' srclang='en' src='{on.inside}/w.vtt'></video>"),
    "a page: for sharing": lambda on: on.page("og", f'<meta property="og:video" content="{on.inside}/film.mp4">'),
    "a page: for searching": lambda on: on.page("ld", (
        '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "VideoObject", "name": "t", '
        f'"contentUrl": "{on.inside}/film.mp4"}}</script>')),
    "a page: elsewhere": lambda on: on.page("refresh", f'<meta http-equiv="refresh" content="0; url={on.inside}/film.mp4">'),
    "SMIL": lambda on: on.site.write("a.smil", f'<smil><body><video src="{on.inside}/film.mp4"/></body></smil>'),
}  # fmt: skip
WITHOUT_WORDS = {"HLS: subtitles", "a page: its subtitles"}
"""The film itself is outside: it is taken, and what is inside is told as missing."""


def tricks(on: Ground) -> dict[str, str]:
    """The address of each."""
    redirected = {f"redirect: {name}": on.redirect(TYPED[name].format(on.port)) for name in REDIRECTED}
    return (
        {name: url.format(on.port) for name, url in TYPED.items()}
        | redirected
        | {name: make(on) for name, make in MADE.items()}
    )


NAMES = [*TYPED, *(f"redirect: {name}" for name in REDIRECTED), *MADE]


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with trapping() as one:
        yield one


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory, film: Path, trap: Trap) -> dict[str, dict[str, Any]]:
    """What came of each trick: first the address is read, then all that pass are tried by the process that downloads."""
    if sys.platform == "darwin":
        pytest.skip("127.0.0.5 is no address of a Mac")
    folder, into = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("parts")
    (folder / "film.mp4").write_bytes(film.read_bytes())
    texts = [
        one.read_text("utf-8") for one in (make_hls(film, folder / "hls"), make_dash(film, folder / "dash"))
    ]
    with serving(folder, PUBLIC) as site:
        found, tried = {}, {}
        for name, url in tricks(Ground(site, trap.port, *texts)).items():
            try:
                tried[name] = web_address(url)
            except UsageError as error:
                found[name] = {"error": error.as_json()}
        request = {
            "rules": asdict(RULES),
            "folder": str(into),
            "seconds": RULES.seconds,
            "urls": [*tried.values()],
        }
        done = subprocess.run(
            [sys.executable, CHILD, "--each"], input=json.dumps(request) + "\n", capture_output=True, text=True, check=True, timeout=240,
        )  # fmt: skip
    told = [one for one in map(json.loads, done.stdout.splitlines()) if "progress" not in one]
    return found | dict(zip(tried, told, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_trick_leads_nowhere_inside(outcomes: dict[str, dict[str, Any]], trap: Trap, name: str) -> None:
    said = outcomes[name]
    if name in WITHOUT_WORDS:
        assert said["answer"]["subtitles"] == {}
        assert "no public address" in str(said["answer"]["warnings"]), said
    else:
        assert "answer" not in said
        assert "\n" not in said["error"]["message"]
    assert trap.visitors == []


def test_the_trap_would_have_told(trap: Trap) -> None:
    """What is held by an empty list must be able to fill it."""
    for host in ("127.0.0.1", "localhost"):
        before = len(trap.visitors)
        with pytest.raises(ConnectionError):
            urlopen(f"http://{host}:{trap.port}/film.mp4", timeout=5)
        assert len(trap.visitors) == before + 1
    trap.visitors.clear()
