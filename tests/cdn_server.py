"""nginx in front of an S3 server: the stand-in for a CDN, set up as docs/cdn.md says."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = "nginx is not installed (Debian, Ubuntu: apt install nginx-light), and it stands in for a CDN"

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  log_format asked '$request_method $uri $http_range $status $upstream_cache_status "$http_cookie"';
  access_log {folder}/access.log asked;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache levels=1:2 keys_zone=heaters:2m max_size=200m use_temp_path=off;
  map $http_origin $page {{ default ""; {origins} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      add_header Access-Control-Allow-Origin $page always;
      add_header Access-Control-Expose-Headers "Content-Range, Content-Length, ETag, Accept-Ranges" always;
      add_header Access-Control-Allow-Headers Range always;
      add_header Vary Origin always;
      add_header X-Cache-Status $upstream_cache_status always;
      if ($request_method = OPTIONS) {{ return 204; }}
      slice 1m;
      gzip off;
      proxy_cache heaters;
      proxy_cache_key $uri$is_args$args$slice_range;
      proxy_cache_valid 200 206 365d;
      proxy_cache_lock on;
      proxy_set_header Range $slice_range;
      proxy_set_header Origin "";
      proxy_hide_header Access-Control-Allow-Origin;
      proxy_hide_header Access-Control-Expose-Headers;
      proxy_http_version 1.1;
      proxy_pass {upstream}/;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Cdn:
    """A running nginx."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it, if it still runs."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def asked(self) -> list[str]:
        """One line for each request: method, path, range, status, whether it came from the cache, cookies."""
        log = self.folder / "access.log"
        return log.read_text().splitlines() if log.exists() else []


@contextmanager
def cdn(
    folder: Path, upstream: str, origins: Sequence[str] = (), mistakes: Mapping[str, str] | None = None
) -> Iterator[Cdn]:
    """Cache what `upstream` has, on a free port of this machine, for pages of these origins.

    Args:
        folder: an empty one, for all that nginx writes.
        upstream: address below which the keys lie.
        origins: of pages that may read; regular expressions begin with `~`.
        mistakes: parts of the configuration, and what stands in their place.
    """
    assert PROGRAM, MISSING
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    configuration = folder / "nginx.conf"
    mapped = " ".join(f'"{one}" $http_origin;' for one in origins)
    text = CONFIGURATION.format(folder=folder, port=port, upstream=upstream.rstrip("/"), origins=mapped)
    for right, wrong in (mistakes or {}).items():
        assert right in text, right
        text = text.replace(right, wrong)
    configuration.write_text(text)
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(
            [PROGRAM, "-c", str(configuration), "-p", str(folder)],
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        made = Cdn(folder, port, process)
        try:
            _wait(process, port, folder)
            yield made
        finally:
            made.stop()


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + 15
    while True:
        assert process.poll() is None, (folder / "out.txt").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, (folder / "out.txt").read_text()
            time.sleep(0.02)
        else:
            return
