from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hosting import TOKEN, wait_until

import heaters

if TYPE_CHECKING:
    from conftest import Served


def sent(served: Served, header: str | None) -> tuple[int, str | None, bytes]:
    answer = served.host.ask(served.path, {"Range": header} if header else {})
    return answer.status, answer.headers.get("Content-Range"), answer.body


def test_every_answer_with_bytes_is_206_with_exactly_the_bytes_asked_for(served: Served) -> None:
    proxy = served.proxy
    size = len(proxy)
    for header, start, end in [
        (None, 0, size), ("bytes=0-", 0, size), ("bytes=0-0", 0, 1), ("bytes=100-299", 100, 300), ("bytes=500-", 500, size),
        ("bytes=-7", size - 7, size), (f"bytes={size - 1}-", size - 1, size), (f"bytes=10-{size * 9}", 10, size),
        (f"bytes=-{size * 9}", 0, size),
    ]:  # fmt: skip
        assert sent(served, header) == (206, f"bytes {start}-{end - 1}/{size}", proxy[start:end]), header


@pytest.mark.parametrize(
    "header", ["bytes=99999999-", "bytes=-0", "bytes=5-4", "bytes=0-1,4-5", "frames=0-1", "bytes=x"]
)
def test_what_is_not_one_range_of_the_file_is_416_and_tells_the_size(served: Served, header: str) -> None:
    status, content_range, body = sent(served, header)
    assert (status, content_range) == (416, f"bytes */{len(served.proxy)}")
    assert len(body) < 200


def test_the_headers_let_a_browser_keep_the_bytes_for_good(served: Served) -> None:
    answer = served.host.ask(served.path, {"Range": "bytes=0-9", "Accept-Encoding": "gzip"})
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Etag"].strip('"')
    assert "Content-Encoding" not in answer.headers


def test_head_says_what_get_would_send(served: Served) -> None:
    answer = served.host.ask(served.path, {"Range": "bytes=5-14"}, method="HEAD")
    assert (answer.status, answer.body) == (206, b"")
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Content-Range"] == f"bytes 5-14/{len(served.proxy)}"


def test_the_sound_has_its_own_file_and_type(served: Served) -> None:
    answer = served.host.ask(served.path.replace("/proxy?", "/audio?"))
    assert answer.status == 206
    assert answer.headers["Content-Type"] == "audio/mp4"
    assert answer.body == (served.root / "review_proxies" / "video_1_audio.m4a").read_bytes()


@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_is_not_logged_in_gets_403_and_neither_media_nor_a_login_page(
    served: Served, token: str | None, method: str
) -> None:
    for path in (served.path, "heaters/health"):
        answer = served.host.ask(path, token=token, method=method)
        assert answer.status == 403
        assert "Location" not in answer.headers
        assert len(answer.body) < 200


def test_a_token_in_the_address_is_a_login_too(served: Served) -> None:
    assert served.host.ask(f"{served.path}&token={TOKEN}", {"Range": "bytes=0-0"}, token=None).status == 206


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("?v=", "?v=000", "prepared again"),
        ("?v=", "?w=", "prepared again"),
        ("/1/", "/2/", "source 2 is not there"),
        ("/media/", "/media/", None),
    ],
)
def test_an_unknown_source_or_version_is_404_in_words(
    served: Served, old: str, new: str, said: str | None
) -> None:
    answer = served.host.ask(served.path.replace(old, new))
    assert answer.status == (404 if said else 206)
    assert said is None or said in answer.text
    assert str(served.root) not in answer.text if said else True


def test_a_workspace_that_no_kernel_has_registered_is_404_in_words(served: Served) -> None:
    answer = served.host.ask(served.path.replace(served.uuid, "00000000-0000-0000-0000-000000000000"))
    assert answer.status == 404
    assert "no running kernel" in answer.text


@pytest.mark.parametrize(
    "part", ["1/master", "1/../proxy", "-1/proxy", "01/proxy", "1%2f..%2f..%2fproxy", "proxy"]
)
def test_only_ids_lead_to_files(served: Served, part: str) -> None:
    answer = served.host.ask(served.path.replace("1/proxy", part))
    assert answer.status == 404
    assert answer.body[4:8] != b"ftyp"


def test_many_clients_at_once_each_get_their_own_bytes(served: Served) -> None:
    proxy = served.proxy
    starts = [(n * 977) % (len(proxy) - 1000) for n in range(120)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda at: sent(served, f"bytes={at}-{at + 999}")[2], starts))
    assert answers == [proxy[at : at + 1000] for at in starts]


def test_a_client_that_leaves_in_mid_body_leaves_nothing_open_and_no_traceback(served: Served) -> None:
    process, root = served.host.process, served.root
    large = root / "review_proxies" / "video_1_audio.m4a"
    kept = large.read_bytes()
    large.write_bytes(kept + bytes(40 << 20))  # more than all buffers on the way take
    try:
        for _ in range(5):
            with socket.create_connection(("localhost", served.host.port)) as line:
                line.sendall(
                    f"GET {served.host.base_url}{served.path.replace('/proxy?', '/audio?')} HTTP/1.1\r\nHost: localhost\r\n"
                    f"Authorization: token {TOKEN}\r\n\r\n".encode()
                )
                assert line.recv(4096).startswith(b"HTTP/1.1 206")
        import psutil  # noqa: PLC0415

        assert wait_until(
            lambda: str(large) not in {one.path for one in psutil.Process(process.pid).open_files()}
        )
    finally:
        large.write_bytes(kept)
    assert served.host.ask("heaters/health").status == 200
    assert "Traceback" not in (root.parent / "server.log").read_text()


def test_health_names_the_version(served: Served) -> None:
    answer = served.host.ask("heaters/health")
    assert (answer.status, answer.text) == (200, f'{{"heaters": "{heaters.__version__}"}}')
