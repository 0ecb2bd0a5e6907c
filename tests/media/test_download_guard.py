"""What a process that downloads may reach: nothing but public addresses, by whatever spelling or detour."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from guarded_child import PUBLIC
from web_server import Site, Trap, serving, trapping

from heaters.errors import MediaError, NotAvailable, UsageError
from heaters.media import download
from heaters.media.download import Rules, web_address, without_secrets
from heaters.media.web_guard import is_numeric, is_public

CHILD = (str(Path(__file__).parents[1] / "guarded_child.py"),)
RULES = Rules(
    allow_private=False, best_only=False, cookies_file="", lookup_seconds=60, max_bytes=10**9, max_hours=1, playlist_limit=5, seconds=60,
)  # fmt: skip

# Each with the port of the trap.
SPELLINGS = [
    "127.0.0.1:{}", "localhost:{}", "2130706433:{}", "0x7f000001:{}", "0177.0.0.1:{}", "127.1:{}", "0x7f.0.0.1:{}",
    "017700000001:{}", "0.0.0.0:{}", "0:{}", "127.0.0.1.:{}", "[::1]:{}", "[::]:{}", "[::ffff:127.0.0.1]:{}",
    "[::ffff:7f00:1]:{}", "[::127.0.0.1]:{}", "[0:0:0:0:0:0:0:1]:{}", "[64:ff9b::7f00:1]:{}", "[2002:7f00:1::]:{}",
    "ip6-localhost:{}", "LOCALHOST:{}", "localhost.:{}",
]  # fmt: skip

ATTEMPTS = """
import json, socket, ssl, sys, urllib.request, http.client, asyncio, ftplib
from pathlib import Path
from heaters.media.web_guard import Guard
guard = Guard(None, allow_private=False)
guard.install()
port, spellings = json.loads(sys.argv[1])
reached, tls = [], ssl.create_default_context()
def attempt(name, function):
    try:
        function()
    except BaseException as error:
        return
    reached.append(name)
for spelling in spellings:
    where = spelling.format(port)
    attempt(where, lambda: urllib.request.urlopen(f"http://{where}/", timeout=5).read())
    attempt("https " + where, lambda: urllib.request.urlopen(f"https://{where}/", timeout=5, context=tls).read())
address = ("127.0.0.1", port)
def connected(family, where, how="connect"):
    one = socket.socket(family, socket.SOCK_STREAM)
    assert getattr(one, how)(where) in (None, 0)
attempt("connect", lambda: connected(socket.AF_INET, address))
attempt("connect_ex", lambda: connected(socket.AF_INET, address, "connect_ex"))
attempt("name", lambda: connected(socket.AF_INET, ("localhost", port)))
attempt("sixth", lambda: connected(socket.AF_INET6, ("::1", port)))
attempt("C class", lambda: __import__("_socket").socket(socket.AF_INET, socket.SOCK_STREAM).connect(address))
attempt("unix", lambda: connected(socket.AF_UNIX, "/some/socket"))
attempt("tls", lambda: ssl.create_default_context().wrap_socket(socket.socket(), server_hostname="a").connect(address))
attempt("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", address))
attempt("asyncio", lambda: asyncio.run(asyncio.open_connection(*address)))
attempt("ftp", lambda: ftplib.FTP().connect(*address))
attempt("program", lambda: __import__("subprocess").run(["true"], check=True))
attempt("shell", lambda: __import__("os").system("true"))
attempt("fork", lambda: __import__("os").posix_spawn("/bin/true", ["true"], {}))
attempt("write", lambda: Path("written").write_text("x"))
attempt("mapped library", lambda: Path("/dev/null").open("r").close() or 1 / 0)
json.dump({"reached": reached, "refused": len(guard.refused)}, sys.stdout)
"""


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with trapping() as one:
        yield one


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server that counts as public; everything else on this machine does not."""
    if sys.platform == "darwin":
        pytest.skip("127.0.0.5 is no address of a Mac")
    monkeypatch.setattr(download, "CHILD", CHILD)
    (tmp_path / "site").mkdir()
    with serving(tmp_path / "site", PUBLIC) as one:
        yield one


@pytest.mark.parametrize("host", [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:db8::1", "2002:808:808::1", "3fff::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "2600:1f18::5efe:10.0.0.1",
])  # fmt: skip
def test_an_address_that_is_nobodys_on_the_internet_is_not_public(host: str) -> None:
    assert is_numeric(host)
    assert not is_public(host)


@pytest.mark.parametrize(
    "host",
    ["1.1.1.1", "8.8.8.8", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001:81b::200e"],
)
def test_an_address_of_the_internet_is_public(host: str) -> None:
    assert is_public(host)


@pytest.mark.parametrize("host", ["localhost", "0x7f.1", "127.1", "2130706433", "010.0.0.1", "", "<broadcast>", "1.1.1.1."])  # fmt: skip
def test_what_would_be_looked_up_again_is_not_numeric(host: str) -> None:
    assert not is_numeric(host)


def test_a_guarded_process_reaches_nothing_here_by_any_spelling_or_library(trap: Trap) -> None:
    told = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, json.dumps([trap.port, SPELLINGS])], capture_output=True, text=True, check=True
    )  # fmt: skip
    answer = json.loads(told.stdout)
    assert answer["reached"] == []
    assert answer["refused"] >= 30
    assert trap.visitors == []


@pytest.mark.parametrize("address", [
    "file:///etc/passwd", "ftp://example.org/film.mp4", "gopher://example.org/", "data:video/mp4;base64,AAAA", "rtmp://example.org/a",
    "http://", "http:///film.mp4", "http://user:secret@example.org/film.mp4", "https://exa mple.org/", "http://[::1", "http://a:b/",
])  # fmt: skip
def test_what_is_no_plain_address_of_the_web_is_refused_before_anything_is_asked(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        web_address(address)
    assert "secret" not in str(refused.value)


def test_an_address_is_kept_without_what_signs_it() -> None:
    signed = "https://cdn.example/a.mp4?v=3&X-Amz-Signature=ff&X-Amz-Credential=k&token=t&Policy=p&Key-Pair-Id=i&sig=s"
    assert without_secrets(signed) == "https://cdn.example/a.mp4?v=3"
    assert (
        without_secrets("https://site.example/watch?v=a%20b&t=10")
        == "https://site.example/watch?v=a%20b&t=10"
    )


def led_inside(site: Site, url: str, folder: Path | None = None) -> str:
    """Take a film from there, which must not be possible; returns why."""
    if folder is None:
        with pytest.raises(MediaError) as refused:
            download.look_up(url, RULES)
    else:
        folder.mkdir()
        with pytest.raises(MediaError) as refused:
            download.fetch(url, folder, RULES, None, lambda _: None)
    return str(refused.value)


def host(site: Site, name: str) -> str:
    return f"http://{name}:{site.server.server_port}"


@pytest.mark.long
def test_a_name_that_changes_its_mind_after_it_was_looked_at_is_refused(
    site: Site, trap: Trap, film: Path, tmp_path: Path
) -> None:
    """The page is at a public address; at the next request the name leads to the trap, which has the same port."""
    (site.folder / "film.mp4").write_bytes(film.read_bytes())
    assert "no public address" in led_inside(site, host(site, "rebound.test") + "/film.mp4", tmp_path / "parts")  # fmt: skip
    assert trap.visitors == []
    assert len(site.requests) == 1


@pytest.mark.long
def test_looking_leads_nowhere_inside(site: Site, trap: Trap) -> None:
    assert "no public address" in led_inside(
        site, site.url(f"redirect?to=http://127.0.0.1:{trap.port}/film.mp4")
    )
    assert trap.visitors == []


@pytest.mark.long
def test_a_page_that_shows_a_film_inside_leads_nowhere(site: Site, trap: Trap, tmp_path: Path) -> None:
    film = f"http://127.0.0.1:{trap.port}/film.mp4"
    url = site.write("page.html", f"<title>t</title><video src='{film}'></video>")
    assert "no public address" in led_inside(site, url, tmp_path / "parts")
    assert trap.visitors == []


@pytest.mark.long
def test_no_proxy_of_the_environment_is_used(
    site: Site, trap: Trap, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
    (site.folder / "film.mp4").write_bytes(film.read_bytes())
    assert download.look_up(site.url("film.mp4"), RULES)["facts"]["title"]
    assert trap.visitors == []


@pytest.mark.long
def test_an_address_in_the_network_can_be_allowed(site: Site, film: Path) -> None:
    (site.folder / "film.mp4").write_bytes(film.read_bytes())
    with serving(site.folder) as inside:
        with pytest.raises(NotAvailable, match="allow_private_addresses"):
            download.look_up(inside.url("film.mp4"), RULES)
        allowed = Rules(**{name: getattr(RULES, name) for name in Rules.__slots__} | {"allow_private": True})
        assert download.look_up(inside.url("film.mp4"), allowed)["facts"]["title"] == "film"
