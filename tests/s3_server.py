"""A real S3 server for tests: SeaweedFS from its wheel, on this machine, with credentials that only it knows."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
KEY, SECRET = "AKIATESTKEYOFHEATERS", "zQ7secretOfTheTestServerOfHeaters+/x"
_IDENTITY = {
    "identities": [
        {
            "name": "tests",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}


def program() -> str | None:
    """SeaweedFS, beside this Python or on the path."""
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def free_port() -> int:
    """A port for which the same + 10000, where SeaweedFS speaks gRPC, is free, too."""
    for _ in range(100):
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            if port > 50_000:
                continue
            try:
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            return port
    raise RuntimeError("no free ports")


@dataclass
class S3Server:
    """A server that runs.

    Attributes:
        endpoint: its address.
        process: to be stopped, killed or paused by tests of what happens then.
    """

    endpoint: str
    folder: Path
    ports: Mapping[str, int]
    process: subprocess.Popen[bytes]
    _client: Any = None

    @property
    def environ(self) -> dict[str, str]:
        """What boto3 finds its credentials by."""
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1"}

    def client(self) -> Any:
        """The client of plain boto3, closed with the server."""
        self._client = self._client or _client(self.endpoint)
        return self._client

    def new_bucket(self) -> str:
        """Make a bucket of a name that nobody has."""
        name = f"shows-{os.urandom(6).hex()}"
        self.client().create_bucket(Bucket=name)
        return name

    def start(self) -> None:
        """Start it, again perhaps, on the same ports and the same data."""
        self.process = _start(self.folder, self.ports)
        _wait(self.endpoint, self.process)

    def kill(self) -> None:
        """Kill it as a crash would."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Stop it, with all that it had."""
        if self._client is not None:
            self._client.close()
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def _client(endpoint: str, **config: Any) -> Any:
    import boto3  # noqa: PLC0415 - most runs of one file need no bucket
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, signature_version="s3v4", **config),
    )  # fmt: skip


@contextmanager
def s3_server(folder: Path | None = None) -> Iterator[S3Server]:
    """Start a server with its data in a folder, and end it."""
    where = folder or Path(tempfile.mkdtemp(prefix="heaters-s3-"))
    where.mkdir(parents=True, exist_ok=True)
    (where / "identities.json").write_text(json.dumps(_IDENTITY), "utf-8")
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    server = S3Server(f"http://127.0.0.1:{ports['s3']}", where, ports, _start(where, ports))
    try:
        _wait(server.endpoint, server.process)
        yield server
    finally:
        server.end()


def _start(folder: Path, ports: Mapping[str, int]) -> subprocess.Popen[bytes]:
    found = program()
    assert found is not None
    with (folder / "server.txt").open("ab") as log:
        return subprocess.Popen(
            [
                found, "-logtostderr=true", "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-filer",
                f"-s3.config={folder / 'identities.json'}", f"-master.port={ports['master']}", f"-volume.port={ports['volume']}",
                f"-filer.port={ports['filer']}", f"-s3.port={ports['s3']}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=3000",
                "-master.volumeSizeLimitMB=64", "-master.volumePreallocate=false", "-master.telemetry=false",
                f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock",
            ],
            stdout=subprocess.DEVNULL, stderr=log, cwd=folder, start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - nothing in it waits for a thread
        )  # fmt: skip


def _die_with_parent() -> None:
    """No server outlives tests that were killed; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait(endpoint: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Until a bucket can be made and an object put into it."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    client = _client(endpoint, retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5)
    deadline = time.monotonic() + seconds
    while True:
        try:
            client.create_bucket(Bucket="ready")
        except (BotoCoreError, ClientError) as error:
            made = "BucketAlready" in str(error)
        else:
            made = True
        try:
            if made:
                client.put_object(Bucket="ready", Key="ready", Body=b"yes")
                client.close()
                return
        except (BotoCoreError, ClientError) as error:
            trouble: object = error
        else:
            trouble = None
        assert process.poll() is None, f"the S3 server has ended with {process.poll()}"
        assert time.monotonic() < deadline, f"the S3 server is not ready: {trouble}"
        time.sleep(0.2)
