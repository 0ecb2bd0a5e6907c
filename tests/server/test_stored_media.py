"""What the server and the kernel read of sources that lie in a real S3 bucket."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from driving import open_workspace
from hosting import jupyter_folders, jupyter_server
from s3_server import S3Server

from heaters.catalog.footers import read_footer
from heaters.errors import UnknownReference
from heaters.server.media_files import is_far, open_media
from heaters.server.registry import register
from heaters.server.stored_media import StoredMedia
from heaters.stages.stage import store_of
from heaters.ui.messages import Film

if TYPE_CHECKING:
    from heaters import Workspace
    from heaters.storage import Store

PROXY, AUDIO = "review_proxies/video_1_proxy.mp4", "review_proxies/video_1_audio.m4a"


@pytest.fixture(scope="module")
def environ(s3: S3Server) -> dict[str, str]:
    return {**s3.environ, "AWS_ENDPOINT_URL_S3": s3.endpoint, "S3_BUCKET_NAME": s3.new_bucket()}


@pytest.fixture(scope="module")
def prepared(environ: dict[str, str], film: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace whose one source lies in the bucket; nothing of it on this machine, but the catalog."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        ws = open_workspace(tmp_path_factory.mktemp("far") / "ws", create=True, verify=False)
        ws.ingest(film)
        assert not ws.run().failed
        shutil.rmtree(ws.root / "cache")
        yield ws.root


@pytest.fixture
def far(
    prepared: Path, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    for name, value in {**environ, "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}.items():
        monkeypatch.setenv(name, value)
    yield open_workspace(prepared)
    shutil.rmtree(prepared / "cache", ignore_errors=True)


@pytest.fixture
def film_of(far: Workspace) -> Film:
    return Film.of(far, 1)


@pytest.fixture
def uuid(far: Workspace, film_of: Film) -> str:
    return register(far.root, film_of.places)


def whole(ws: Workspace, key: str) -> bytes:
    store = store_of(ws.source(1), ws.settings, ws.root)
    head = store.head(key)
    assert head is not None
    return store.read(key, 0, head.bytes)


def copies(ws: Workspace) -> list[str]:
    """What lies on this machine of the bucket."""
    return sorted(path.name.partition("-")[2] for path in (ws.root / "cache").glob("*-video_*"))


def test_ranges_come_from_the_bucket_and_no_film_is_fetched_for_them(
    far: Workspace, film_of: Film, uuid: str
) -> None:
    assert is_far(uuid, 1)
    assert not is_far(uuid, 2)
    for kind, key in (("proxy", PROXY), ("audio", AUDIO)):
        right = whole(far, key)
        with open_media(uuid, 1, kind, film_of.facts["version"]) as media:
            assert isinstance(media, StoredMedia)
            assert media.size == len(right)
            assert media.read(100, 50) == right[100:150]
            assert media.read(0, media.size) == right
    assert copies(far) == ["video_1_frames.parquet"]


def test_a_copy_on_this_machine_is_read_in_the_place_of_the_bucket(
    far: Workspace, film_of: Film, uuid: str
) -> None:
    store = store_of(far.source(1), far.settings, far.root)
    right = store.local_path(PROXY).read_bytes()
    with open_media(uuid, 1, "proxy", film_of.facts["version"]) as media, taken_away(store, PROXY):
        assert media.read(10, 500) == right[10:510]


@contextmanager
def taken_away(store: Store, key: str) -> Iterator[None]:
    """An object is not in the bucket for a while."""
    kept = store.local_path(key).read_bytes()
    store.delete(key)
    try:
        yield
    finally:
        with store.part(key) as part:
            part.path.write_bytes(kept)
            part.publish()


def test_another_version_and_what_is_not_there_are_unknown(far: Workspace, film_of: Film, uuid: str) -> None:
    version = film_of.facts["version"]
    with pytest.raises(UnknownReference, match="prepared again"):
        open_media(uuid, 1, "proxy", "0" * 12)
    other = register(far.root, {7: film_of.store.address})
    with pytest.raises(UnknownReference):
        open_media(other, 7, "proxy", version)


def test_an_object_that_is_removed_meanwhile_sends_the_page_elsewhere(
    far: Workspace, film_of: Film, uuid: str
) -> None:
    with open_media(uuid, 1, "audio", film_of.facts["version"]) as media:
        with taken_away(store_of(far.source(1), far.settings, far.root), AUDIO):
            shutil.rmtree(far.root / "cache")
            with pytest.raises(UnknownReference):
                media.read(0, 10)
        assert media.read(0, 10)


def test_the_kernel_reads_ranges_and_signs_addresses(far: Workspace, film_of: Film) -> None:
    right = whole(far, PROXY)
    assert film_of.read("proxy", 40, 200) == right[40:240]
    urls = film_of.urls()
    assert urls is not None
    assert (urls["from"], urls["seconds"]) == ("s3", far.settings.presigned_seconds)
    assert film_of.facts["audio_bytes"] == len(whole(far, AUDIO))
    assert copies(far) == ["video_1_frames.parquet"]


def test_pictures_are_cut_out_of_the_bucket(far: Workspace) -> None:
    frames = far.frames("1.2")
    assert frames.shape[0] == 20
    assert [picture.width for picture in far.thumbnails(["1.1", "1.2", "1.3"])] == [320, 320, 320]
    assert copies(far) == ["video_1_frames.parquet"]


def test_what_stands_in_the_registry_is_no_secret(uuid: str, tmp_path: Path, s3: S3Server) -> None:
    (file,) = (tmp_path / "runtime" / "heaters").iterdir()
    text = file.read_text()
    assert "s3://" in text
    assert [value for value in s3.environ.values() if value in text and value != "us-east-1"] == []


@pytest.mark.long
def test_a_server_answers_from_the_bucket_and_tells_when_that_does_not(
    far: Workspace,
    film_of: Film,
    environ: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    s3: S3Server,
) -> None:
    folder = tmp_path / "host"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", jupyter_folders(folder)["JUPYTER_RUNTIME_DIR"])
    name, right = register(far.root, film_of.places), whole(far, PROXY)
    path = f"heaters/media/{name}/1/proxy?v={film_of.facts['version']}"
    with jupyter_server(folder) as host:
        reply = host.ask(path, {"Range": "bytes=100-299"})
        assert (reply.status, reply.body) == (206, right[100:300])
        assert reply.headers["Content-Range"] == f"bytes 100-299/{len(right)}"
        assert host.ask(path).body == right
        assert "prepared again" in host.ask(f"{path[:-12]}{'0' * 12}").text
        s3.kill()
        try:
            reply = host.ask(path, {"Range": "bytes=100-299"})
            assert reply.status == 503
            assert "does not answer" in reply.text
            assert host.ask("heaters/health").status == 200
        finally:
            s3.start()
        assert host.ask(path, {"Range": "bytes=100-299"}).body == right[100:300]


def test_the_footer_names_the_version_that_pages_ask_for(far: Workspace, film_of: Film) -> None:
    store = store_of(far.source(1), far.settings, far.root)
    footer = read_footer(store.local_path(far.source(1)["frame_index_filepath"]))
    assert film_of.facts["version"] == footer["proxy_sha256"][:12]
