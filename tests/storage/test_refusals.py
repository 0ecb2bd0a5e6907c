"""A store that can't be used: a clear sentence and status 3, before anything is begun."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from driving import Heaters, open_workspace
from s3_server import SECRET, S3Server, free_port

from heaters import Workspace


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
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, r"there are no credentials: set AWS_ACCESS_KEY_ID"),
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


IDLE = """
import sys
from heaters.cli import main
try:
    main(["run", "--workspace", sys.argv[1]])
except SystemExit as end:
    assert not end.code
assert not {"boto3", "botocore", "yt_dlp"} & sys.modules.keys()
"""


def test_without_a_bucket_an_idle_run_never_loads_boto3(ws: Workspace) -> None:
    subprocess.run([sys.executable, "-c", IDLE, str(ws.root)], check=True, capture_output=True)
