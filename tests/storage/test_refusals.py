"""A store that can't be used: a clear sentence and status 3, before anything is begun."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from driving import Heaters, open_workspace
from s3_server import SECRET, S3Server, free_port

from heaters import Workspace
from heaters.config import Settings
from heaters.stages import intake
from heaters.storage import Disk


@pytest.fixture
def stored(ws: Workspace, cli: Heaters, bucket: str) -> Heaters:
    """The command line on a workspace in which a source waits to be prepared, with a bucket for what is new."""
    ws.catalog.execute(_retry_of_preparing(ws))
    return cli


def _retry_of_preparing(ws: Workspace) -> object:
    from heaters.catalog.requests import FailStage, Retry  # noqa: PLC0415

    ws.catalog.execute(FailStage("verify", 1, "a", "b", "to begin with", permanent=False, max_attempts=3))
    return Retry([1])


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"S3_BUCKET_NAME": "no-such-bucket"}, r"s3://no-such-bucket: there is no such bucket"),
        pytest.param({"AWS_SECRET_ACCESS_KEY": "wrong"}, r"access is denied: check the credentials", marks=pytest.mark.long),
        pytest.param({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, r"access is denied: check the credentials", marks=pytest.mark.long),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:{port}"}, r"does not answer \(.*\): check the network and s3_endpoint_url"),
        pytest.param({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, r"there are no credentials: set", marks=pytest.mark.long),
    ],
    ids=["bucket", "secret", "key", "address", "none"],
)  # fmt: skip
def test_a_run_says_why_it_does_not_begin(stored: Heaters, environ: dict[str, str], words: str) -> None:
    environ = {name: value.format(port=free_port()) for name, value in environ.items()}
    said = stored.alone("run", status=3, **environ).err
    assert said.startswith("error: s3://"), said
    assert said.count("\n") == 1
    assert re.search(words, said), said
    assert SECRET not in said
    found = {row["check"]: row for row in stored.alone("doctor", "--json", status=1, **environ).document}
    assert re.search(words, found["store"]["found"])
    assert not found["store"]["ok"]


def test_doctor_tells_where_new_sources_go(stored: Heaters, bucket: str, s3: S3Server) -> None:
    found = {row["check"]: row for row in stored.json("doctor")}
    assert found["store"] == {
        "check": "store",
        "ok": True,
        "found": f"s3://{bucket} at {s3.endpoint}, gold masters in GLACIER",
    }
    shown = {row["name"]: row for row in stored.json("config")}
    assert shown["s3_endpoint_url"]["value"] == s3.endpoint
    assert shown["s3_endpoint_url"]["origin"] == "environment (AWS_ENDPOINT_URL_S3)"


def test_two_workspaces_do_not_share_a_place(
    ws: Workspace, films: Path, tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = open_workspace(ws.root)
    ours.ingest(films / "second.mp4")
    kept = [head.key for head in ours.store.list("originals")]
    assert kept == ["originals/video_2.mp4"]
    other = Heaters(open_workspace(tmp_path / "other", create=True).root)
    refused = other.refused("ingest", films / "third.mp4", status=3, kind="StoreUnavailable")
    assert f"s3://{bucket}/originals/video_2.mp4 is of another workspace" in refused
    assert open_workspace(tmp_path / "other").janitor()["orphans"] == []
    assert [head.key for head in ours.store.list("originals")] == kept
    monkeypatch.setenv("HEATERS_S3_PREFIX", "other")
    assert other.json("ingest", films / "third.mp4")[0]["store"] == f"s3://{bucket}/other"


def test_doctor_tells_of_a_workspace_without_a_bucket(cli: Heaters) -> None:
    found = {row["check"]: row for row in cli.json("doctor")}
    assert found["store"] == {"check": "store", "ok": True, "found": "the folder of the workspace"}


@pytest.mark.parametrize(
    "value", ["http://me:secret@127.0.0.1:1", "http://127.0.0.1:1/?key=secret", "127.0.0.1:8333"]
)
def test_an_address_with_a_secret_in_it_is_refused(
    cli: Heaters, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HEATERS_S3_ENDPOINT_URL", value)
    said = cli("config", status=2).err
    assert "s3_endpoint_url" in said
    assert "secret" not in said


UNLOADED = """
import sys
from heaters.cli import main
for verb in sys.argv[2:]:
    try:
        main([*verb.split(), "--workspace", sys.argv[1]])
    except SystemExit as end:
        assert not end.code
    assert not {"boto3", "botocore", "yt_dlp"} & sys.modules.keys(), verb
"""


@pytest.mark.parametrize("bucket", ["", "of-nobody"], ids=["without a bucket", "with a bucket"])
def test_what_asks_no_bucket_for_anything_never_loads_boto3(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    monkeypatch.setenv("S3_BUCKET_NAME", bucket)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    verbs = ["run", "status", "sources", "clips", "runs", "show 1.1", "decide approve 1.1", "cost", "config"]
    subprocess.run(
        [sys.executable, "-c", UNLOADED, str(ws.root), *verbs], check=True, capture_output=True, timeout=60
    )


def test_what_does_not_fit_on_this_disk_is_refused_on_its_way_to_a_bucket_too(
    empty: Workspace, film: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli, tiny = Heaters(empty.root), "0.000000001"
    monkeypatch.setenv("HEATERS_FREE_SPACE_SHARE", tiny)
    said = cli.refused("ingest", film, status=3, kind="NotEnoughSpace")
    for part in (str(film), f"on this machine, on its way to s3://{bucket}", "are free", "lower cache_bytes"):
        assert part in said
    assert cli.json("sources") == []
    monkeypatch.delenv("HEATERS_FREE_SPACE_SHARE")
    cli("ingest", film)
    assert cli.json("status")[0]["disk"]["fits"]
    monkeypatch.setenv("HEATERS_FREE_SPACE_SHARE", tiny)
    assert "this run is projected to take" in cli.refused("run", status=3, kind="NotEnoughSpace")
    disk = cli.json("status")[0]["disk"]
    assert not disk["fits"]
    assert disk["needed"] > disk["allowed"]
    assert cli.json("sources")[0]["ingest_state"] == "downloaded"


def row(
    store: str | None, *, ffv1: int = 100, original: str | None = "originals/video_1.mp4"
) -> dict[str, object]:
    probe = json.dumps({"projected": {"ffv1": ffv1, "source": 10}})
    return {"store": store, "probe": probe, "original_bytes": 7, "original_filepath": original}


@pytest.mark.parametrize(
    ("rows", "kept", "needed"),
    [
        ([row(None)] * 3, 0, 300),
        ([row(None, original=None)] * 3, 0, 321),
        ([row("s3://b")] * 10, 50, 2 * 107 + 50),
        ([row("s3://b")] * 10, 10_000, 1070),
        ([row("s3://b")] * 9 + [row("s3://b", ffv1=500)], 50, 507 + 107 + 50),
        ([row("s3://b", original="/films/one.mp4")] * 10, 50, 250),
        ([row(None), row("s3://b")], 0, 207),
        ([], 50, 0),
    ],
    ids=["here", "originals too", "two workers", "all copies stay", "the largest", "referenced", "both", "nothing"],
)  # fmt: skip
def test_what_goes_to_a_bucket_takes_the_disk_of_as_many_as_are_made_at_once_and_of_copies(
    rows: list[dict[str, object]], kept: int, needed: int
) -> None:
    settings = Settings.load(environ={}, workers=2)
    found = intake.on_disk(rows, settings, Disk(1_000, kept))
    assert found["ffv1"] == needed
    assert found["source"] <= needed
