"""What our stores add to plain boto3: uploading, reading ranges and fetching whole, from a real S3 server on this machine."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from s3_server import S3Server, s3_server

from heaters.storage import open_store
from heaters.storage.s3_address import S3Address

TARGET = 1.1
FRAME = 33_000
"""Bytes of a frame of a proxy at 720p."""
KEY = "originals/video_1.mp4"


def main() -> None:
    """Measure, print, write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="append rows to this file, as JSON lines")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and bytes")
    arguments = parser.parse_args()
    rounds, size = (3, 32 << 20) if arguments.quick else (9, 128 << 20)
    with tempfile.TemporaryDirectory(prefix="heaters-storage-") as folder, s3_server() as server:
        os.environ.update(server.environ)
        rows = measure(server, Path(folder), rounds, size)
    for one in rows:
        print(
            f"{one['row']:34}{one['ours']:9.1f} {one['unit']}; boto3 {one['peer']:.1f}; ratio {one['ratio']:.2f}"
        )
    if arguments.json:
        with arguments.json.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(one) + "\n" for one in rows)


def measure(server: S3Server, folder: Path, rounds: int, size: int) -> list[dict[str, Any]]:
    """Each measure by turns, ours and boto3's."""
    bucket, client = server.new_bucket(), server.client()
    file, fetched = folder / "file.bin", folder / "fetched.bin"
    file.write_bytes(os.urandom(size))
    address = S3Address(bucket, "", server.endpoint, folder / "cache", 1 << 40).text
    known = hashlib.sha256(
        file.read_bytes()
    ).hexdigest()  # as every stage knows it that has written a large file
    random.seed(1)
    places = [random.randrange(size - FRAME) for _ in range(300)]
    reader = open_store(S3Address(bucket, "", server.endpoint, folder / "none", 1 << 40).text)

    def ours_up(number: int) -> None:
        with open_store(address).part(f"originals/video_{number + 2}.mp4") as part:
            part.path.unlink()
            part.path.hardlink_to(file)  # the bytes without a copy
            part.publish(known)

    def read_ours(_: int) -> None:
        for place in places:
            reader.read(KEY, place, FRAME)

    def read_theirs(_: int) -> None:
        for place in places:
            asked = f"bytes={place}-{place + FRAME - 1}"
            client.get_object(Bucket=bucket, Key=KEY, Range=asked)["Body"].read()

    def fetch_ours(number: int) -> None:
        cache = folder / f"cache{number}"
        open_store(S3Address(bucket, "", server.endpoint, cache, 1 << 40).text).local_path(KEY)

    client.upload_file(str(file), bucket, KEY)
    big = f"{size >> 20} MiB"
    return [
        row(
            f"upload of {big}",
            rounds,
            ours_up,
            lambda n: client.upload_file(str(file), bucket, f"peer{n}"),
            1e3,
            "ms",
        ),
        row(f"range of {FRAME // 1000} kB", rounds, read_ours, read_theirs, 1e3 / len(places), "ms"),
        row(
            f"fetch of {big}",
            rounds,
            fetch_ours,
            lambda _: client.download_file(bucket, KEY, str(fetched)),
            1e3,
            "ms",
        ),
    ]


def row(
    name: str,
    rounds: int,
    ours: Callable[[int], None],
    theirs: Callable[[int], None],
    scale: float,
    unit: str,
) -> dict[str, Any]:
    """One row: the medians of rounds by turns."""
    taken: dict[str, list[float]] = {"ours": [], "peer": []}
    for number in range(rounds):
        for whose, work in (("ours", ours), ("peer", theirs)):
            began = time.perf_counter()
            work(number)
            taken[whose].append((time.perf_counter() - began) * scale)
    mine, peer = median(taken["ours"]), median(taken["peer"])
    return {
        "bench": "storage", "row": name, "ours": round(mine, 2), "peer": round(peer, 2), "unit": unit,
        "ratio": round(mine / peer, 3), "target": f"ratio <= {TARGET}",
        "note": "SeaweedFS on this machine; peer is boto3's upload_file, get_object and download_file",
    }  # fmt: skip


if __name__ == "__main__":
    main()
