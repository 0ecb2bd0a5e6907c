"""`heaters doctor --cdn` against a small CDN of ours, and against nginx before a real S3 server, with one thing wrong at a time."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cdn_server import CONFIGURATION, MISSING, PROGRAM
from cdn_server import cdn as nginx
from driving import Heaters
from s3_server import S3Server

FILM = b"\0\0\0\x18ftypisom" + bytes(n * 7919 % 251 for n in range(50_000))
ORIGIN = "https://review.example.org"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "cdn.md"


class Cdn(ThreadingHTTPServer):
    """Keeps what it has sent, by address, range and origin."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.fault = ""
        self.kept: dict[Any, dict[str, str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/review_proxies/video_1_proxy.mp4"


class Answers(BaseHTTPRequestHandler):
    server: Cdn

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_OPTIONS(self) -> None:
        fault = self.server.fault
        allowed = {} if fault == "range not allowed" else {"Access-Control-Allow-Headers": "range"}
        self._send(403 if fault == "no preflight" else 204, self._cors() | allowed, b"")

    def do_GET(self) -> None:
        fault = self.server.fault
        answers: dict[str, tuple[int, dict[str, str]]] = {
            "redirect": (302, {"Location": "http://127.0.0.1:9/"}), "forbidden": (403, {}), "unknown": (404, {}),
            "whole": (200, {"Content-Type": "video/mp4"}),
        }  # fmt: skip
        if fault in answers:
            status, headers = answers[fault]
            return self._send(status, self._cors() | headers, FILM if fault == "whole" else b"no")
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"])
        assert found
        start, end = int(found[1]), int(found[2] or len(FILM) - 1) + 1
        if fault == "open range" and not found[2]:
            return self._send(200, self._cors(), FILM)
        headers = self._cached(start, end)
        if fault == "elsewhere" and start:
            start += 1
        body = FILM[start:end]
        if fault == "short":
            body = body[:-1]
        if fault == "other bytes" and end - start == 100:
            body = bytes(100)
        return self._send(206, headers, body)

    def _cached(self, start: int, end: int) -> dict[str, str]:
        fault, origin = self.server.fault, self.headers["Origin"]
        path = urlsplit(self.path).path if fault == "no versions" else self.path
        key = (path, start, end, None if fault in {"one for all", "first counts"} else origin)
        if fault == "one for all" and origin is None:
            key = (path, start, end, "nobody")
        headers = {
            "Content-Range": f"bytes {start}-{end - 1}/{len(FILM)}", "Content-Type": "video/mp4",
            "Cache-Control": "public, max-age=31536000, immutable", **self._cors(),
        }  # fmt: skip
        changed = {
            "packed": {"Content-Encoding": "gzip"}, "page": {"Content-Type": "text/html"},
            "no type": {"Content-Type": "application/octet-stream"},
            "short life": {"Cache-Control": "max-age=60"}, "no store": {"Cache-Control": "no-store, max-age=31536000"},
        }  # fmt: skip
        headers |= changed.get(fault, {})
        if fault == "no content range":
            del headers["Content-Range"]
        if fault == "no cache":
            return headers
        hit = key in self.server.kept
        return self.server.kept.setdefault(key, headers) | {"X-Cache": "Hit" if hit else "Miss"}

    def _cors(self) -> dict[str, str]:
        fault, origin = self.server.fault, self.headers["Origin"]
        exposed = {"Access-Control-Expose-Headers": "Content-Range, Content-Length, ETag, Accept-Ranges"}
        if fault == "hidden":
            exposed = {"Access-Control-Expose-Headers": "ETag"}
        allowed = {"no cors": None, "other origin": "https://other.example.org", "twice": f"{ORIGIN}, *"}
        name = allowed.get(fault, ORIGIN if fault == "one for all" or origin == ORIGIN else None)
        return {"Access-Control-Allow-Origin": name, **exposed} if origin and name else {}

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def server() -> Iterator[Cdn]:
    with Cdn() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def cdn(server: Cdn) -> Cdn:
    server.fault = ""
    server.kept.clear()
    return server


def failed(cdn: Cdn, *words: str, origin: str = ORIGIN) -> dict[str, str]:
    """What is to be changed, by check."""
    rows = Heaters().json("doctor", "--cdn", cdn.url, "--origin", origin, *words, status=1)
    return {row["check"]: f"{row['found']}: {row['change']}" for row in rows if not row["ok"]}


def test_a_cdn_that_does_all_it_should_passes_and_each_check_says_what_it_saw(cdn: Cdn) -> None:
    rows = Heaters().json("doctor", "--cdn", cdn.url, "--origin", f"{ORIGIN}/")
    assert [row["check"] for row in rows if not row["ok"]] == []
    found = {row["check"]: row["found"] for row in rows}
    assert found["range"] == f"206, bytes 0-11/{len(FILM)}"
    assert found["middle range"] == f"1000 bytes from {len(FILM) // 2}"
    assert list(rows[0]) == ["check", "ok", "found", "change"]
    said = Heaters()("doctor", "--cdn", cdn.url, "--origin", ORIGIN).out
    assert "next: heaters dashboard" in said


@pytest.mark.parametrize(
    ("fault", "check", "words"),
    [
        ("redirect", "range", "302, a redirect.*the bucket's region"),
        ("forbidden", "range", "403 .*origin access control"),
        ("unknown", "range", "404 .*rooted where the bucket is"),
        ("whole", "range", "200 .*proxy_force_ranges"),
        ("short", "range", "11 bytes for 12"),
        ("no content range", "range", "no Content-Range"),
        ("packed", "range", "packed by gzip"),
        ("open range", "open range", "200 in the place of 206"),
        ("elsewhere", "middle range", "999 bytes for 1000"),
        ("other bytes", "middle range", "differ"),
        ("page", "content type", "text/html: this is a page"),
        ("no type", "content type", "application/octet-stream: set Content-Type"),
        ("no cors", "CORS", f"no Access-Control-Allow-Origin: add {ORIGIN} to AllowedOrigins"),
        ("other origin", "CORS", "is https://other.example.org"),
        ("twice", "CORS", "browsers refuse two"),
        ("first counts", "CORS and cache", "lost after a read without an origin: make Origin part of the cache key"),
        ("one for all", "CORS and cache", "others are told too"),
        ("hidden", "exposed headers", "ExposeHeaders: Content-Range, Content-Length, Accept-Ranges"),
        ("no preflight", "preflight", "OPTIONS is answered by 403"),
        ("range not allowed", "preflight", "AllowedHeaders"),
        ("short life", "caching allowed", "max-age=60: set Cache-Control"),
        ("no store", "caching allowed", "no-store"),
        ("no cache", "cached", "let the CDN cache"),
        ("no versions", "versions", "part of the cache key"),
    ],
)  # fmt: skip
def test_each_fault_is_found_by_its_check_which_says_what_to_change(
    cdn: Cdn, fault: str, check: str, words: str
) -> None:
    cdn.fault = fault
    found = failed(cdn)
    assert re.search(words, found[check]), found


def test_a_single_fault_fails_no_other_check(cdn: Cdn) -> None:
    for fault, check in {
        "no type": "content type", "hidden": "exposed headers", "range not allowed": "preflight", "short life": "caching allowed",
        "no cache": "cached", "no versions": "versions", "first counts": "CORS and cache", "other bytes": "middle range",
    }.items():  # fmt: skip
        cdn.fault = fault
        cdn.kept.clear()
        assert list(failed(cdn)) == [check]


def test_another_origin_than_the_one_that_is_let_in_is_told(cdn: Cdn) -> None:
    assert list(failed(cdn, origin="http://localhost:8866")) == ["CORS", "exposed headers", "preflight"]


def test_a_signed_address_needs_no_cache_and_its_signature_is_not_told(cdn: Cdn) -> None:
    cdn.fault = "no cache"
    answer = Heaters()("doctor", "--cdn", f"{cdn.url}?X-Amz-Signature=5ecret", "--origin", ORIGIN)
    assert "5ecret" not in answer.out + answer.err
    cdn.fault = "forbidden"
    answer = Heaters()("doctor", "--cdn", f"{cdn.url}?X-Amz-Signature=5ecret", "--origin", ORIGIN, status=1)
    assert "may have expired" in answer.out
    assert "docs/cdn.md" in answer.out
    assert "5ecret" not in answer.out + answer.err


def test_nobody_there_is_one_row(cdn: Cdn) -> None:
    url = "http://127.0.0.1:1/proxy.mp4"
    (row,) = Heaters().json("doctor", "--cdn", url, status=1)
    assert row["found"].startswith("127.0.0.1 does not answer: ")
    with_tls = cdn.url.replace("http", "https")
    (row,) = Heaters().json("doctor", "--cdn", with_tls, status=1)
    assert "does not answer" in row["found"]


CORS_RULES = re.compile(r"```json\n(\[.*?)```", re.DOTALL)
KEY = "review_proxies/video_1_proxy.mp4"
CORS_OF_NGINX = (
    "Access-Control-Allow-Origin $page",
    "Access-Control-Expose-Headers",
    "Access-Control-Allow-Headers",
)


@pytest.fixture(scope="module")
def film_in_s3(s3: S3Server) -> tuple[str, str]:
    """An object in a bucket that lets in pages of one origin by the rules of docs/cdn.md, and caches without any: address and name."""
    name, client = s3.new_bucket(), s3.client()
    documented = CORS_RULES.search(PAGE.read_text("utf-8"))
    assert documented
    rules = [{**rule, "AllowedOrigins": [ORIGIN]} for rule in json.loads(documented[1])]
    client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
    allowed = {
        "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject"], "Resource": [f"arn:aws:s3:::{name}/review_proxies/*"],
    }  # fmt: skip
    client.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )
    facts = {"ContentType": "video/mp4", "CacheControl": "public, max-age=31536000, immutable"}
    for key in (KEY, "originals/video_1.mp4"):
        client.put_object(Bucket=name, Key=key, Body=FILM, **facts)
    return f"{s3.endpoint}/{name}", name


def test_a_bucket_with_the_documented_rules_is_fit_for_pages_of_that_origin_only(
    film_in_s3: tuple[str, str], s3: S3Server
) -> None:
    named = {"Bucket": film_in_s3[1], "Key": KEY}
    signed = s3.client().generate_presigned_url("get_object", Params=named, ExpiresIn=60)
    Heaters().json("doctor", "--cdn", signed, "--origin", ORIGIN)
    rows = Heaters().json("doctor", "--cdn", signed, "--origin", "http://localhost:1", status=1)
    assert {row["check"] for row in rows if not row["ok"]} >= {"CORS", "preflight"}


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
def test_nginx_as_documented_is_fit_for_pages_of_its_origins_only(
    film_in_s3: tuple[str, str], tmp_path: Path
) -> None:
    with nginx(tmp_path / "nginx", film_in_s3[0], [ORIGIN]) as cache:
        Heaters().json("doctor", "--cdn", f"{cache.url}/{KEY}", "--origin", ORIGIN)
        rows = Heaters().json(
            "doctor", "--cdn", f"{cache.url}/{KEY}", "--origin", "http://localhost:1", status=1
        )
    assert [row["check"] for row in rows if not row["ok"]] == ["CORS", "preflight"]


@pytest.mark.skipif(PROGRAM is None, reason=MISSING)
@pytest.mark.parametrize(
    ("mistakes", "key", "check", "words"),
    [
        ({"Access-Control-Allow-Origin $page": "X-Nothing no"}, KEY, "CORS", f"add {ORIGIN} to AllowedOrigins"),
        ({"Access-Control-Allow-Origin $page": "Access-Control-Allow-Origin https://other"}, KEY, "CORS", "is https://other"),
        ({"proxy_hide_header Access-Control-Allow-Origin;": "", 'proxy_set_header Origin "";': ""}, KEY, "CORS", "refuse two"),
        ({**dict.fromkeys(CORS_OF_NGINX, "X-Nothing"), 'proxy_set_header Origin "";': "", "proxy_hide_header": "proxy_pass_header",
          "gzip off;": "proxy_ignore_headers Vary;"},
         KEY, "CORS and cache", "make Origin part of the cache key"),
        ({'"Content-Range, Content-Length': '"Content-Length'}, KEY, "exposed headers", "Content-Range"),
        ({"{ return 204; }": "{ return 403; }"}, KEY, "preflight", "let OPTIONS and its headers through"),
        ({"Access-Control-Allow-Headers Range": "Access-Control-Allow-Headers Accept"}, KEY, "preflight", "add Range"),
        ({"slice 1m;": "max_ranges 0;", "proxy_set_header Range $slice_range;": 'proxy_set_header Range "";'}, KEY, "range",
         "200 in the place of 206"),
        ({"slice 1m;": "return 302 http://127.0.0.1:9/;"}, KEY, "range", "a redirect"),
        ({"gzip off;": "proxy_hide_header Content-Type; add_header Content-Type text/plain;"}, KEY, "content type", "video/mp4"),
        ({"gzip off;": "proxy_hide_header Cache-Control;"}, KEY, "caching allowed", "no Cache-Control"),
        ({"proxy_cache heaters;": "proxy_cache off;"}, KEY, "cached", "let the CDN cache"),
        ({"$uri$is_args$args": "$uri"}, KEY, "versions", "query string v part of the cache key"),
        ({}, "originals/video_1.mp4", "range", "origin access control"),
        ({}, "review_proxies/video_2_proxy.mp4", "range", "40[34] in the place of 206"),
    ],
)  # fmt: skip
def test_each_mistake_in_nginx_is_found_by_its_check_which_says_what_to_change(
    film_in_s3: tuple[str, str], tmp_path: Path, mistakes: dict[str, str], key: str, check: str, words: str
) -> None:
    with nginx(tmp_path / "nginx", film_in_s3[0], [ORIGIN], mistakes) as cache:
        rows = Heaters().json("doctor", "--cdn", f"{cache.url}/{key}", "--origin", ORIGIN, status=1)
    found = {row["check"]: f"{row['found']}: {row['change']}" for row in rows if not row["ok"]}
    assert re.search(words, found.get(check, "")), found


def test_the_page_on_cdns_configures_nginx_as_these_tests_do() -> None:
    documented = re.search(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert documented
    location = documented[1].partition("location ")[2]
    lines = [" ".join(line.split()) for line in location.splitlines()[1:] if ";" in line]
    assert len(lines) > 12
    tested = " ".join(CONFIGURATION.format(folder="", port=0, upstream="", origins="").split())
    assert [line for line in lines if line not in tested and "proxy_pass" not in line] == []


@pytest.mark.parametrize("url", ["", "ftp://host/x", "https://", "proxy.mp4", "http://host:99999/x?secret=1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    assert "secret" not in Heaters().refused("doctor", "--cdn", url, status=2, kind="UsageError")


def test_what_is_no_origin_is_refused(cdn: Cdn) -> None:
    for origin in ("review.example.org", "https://a/b", ""):
        Heaters().refused("doctor", "--cdn", cdn.url, "--origin", origin, status=2, kind="UsageError")
    assert "--cdn" in Heaters().refused("doctor", "--origin", ORIGIN, status=2, kind="UsageError")
