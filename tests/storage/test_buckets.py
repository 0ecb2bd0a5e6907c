"""What is particular about buckets: classes, headers, addresses for pages, and what errors mean."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions
from s3_server import S3Server

from heaters.config import Settings
from heaters.errors import Archived, StoreUnavailable
from heaters.storage import address_of, default_place, open_place, open_store, s3_boto
from heaters.storage.memory import MemoryStore
from heaters.storage.s3_address import S3Address

PROXY = "review_proxies/video_1_proxy.mp4"


def settings(**environ: str) -> Settings:
    return Settings.load(environ=environ)


def put(store: Any, key: str, data: bytes = b"0123456789") -> None:
    with store.part(key) as part:
        part.path.write_bytes(data)
        part.publish()


def test_each_kind_of_file_has_its_class_type_and_caching(s3: S3Server, bucket: str, tmp_path: Path) -> None:
    chosen = settings(
        S3_BUCKET_NAME=bucket, HEATERS_S3_ENDPOINT_URL=s3.endpoint, HEATERS_S3_PREFIX="a/b", PROXY_STORAGE_CLASS="STANDARD_IA"
    )  # fmt: skip
    store = open_place(default_place(chosen), chosen, tmp_path)
    told = {
        "originals/video_1.mov": ("STANDARD", "video/quicktime", None),
        "gold_masters/video_1_master.mkv": ("GLACIER", "video/x-matroska", None),
        PROXY: ("STANDARD_IA", "video/mp4", "public, max-age=31536000, immutable"),
        "review_proxies/video_1_audio.m4a": (
            "STANDARD_IA",
            "audio/mp4",
            "public, max-age=31536000, immutable",
        ),
        "metadata/video_1_frames.parquet": ("STANDARD", "application/vnd.apache.parquet", None),
        "keyframes/video_1_frame_0000010.webp": ("STANDARD", "image/webp", None),
        "final_clips/video_1_clip_001.mp4": ("STANDARD", "video/mp4", None),
        "final_clips/video_1_clip_001.json": ("STANDARD", "application/json", None),
    }
    for key, (kind, content_type, caching) in told.items():
        put(store, key)
        answer = s3.client().head_object(Bucket=bucket, Key=f"a/b/{key}")
        assert (
            answer.get("StorageClass", "STANDARD"),
            answer["ContentType"],
            answer.get("CacheControl"),
        ) == (
            kind,
            content_type,
            caching,
        )
        head = store.head(key)
        assert head is not None
        assert (head.storage_class, head.archived) == (kind, kind == "GLACIER")
    assert {head.key for head in store.list("")} == told.keys()


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({}, None),
        ({"S3_BUCKET_NAME": "one"}, "s3://one"),
        ({"S3_DEV_BUCKET_NAME": "dev", "S3_PROD_BUCKET_NAME": "prod"}, "s3://dev"),
        ({"S3_DEV_BUCKET_NAME": "dev", "S3_PROD_BUCKET_NAME": "prod", "APP_ENV": "production"}, "s3://prod"),
        ({"S3_PROD_BUCKET_NAME": "prod"}, None),
        (
            {"S3_BUCKET_NAME": "one", "S3_DEV_BUCKET_NAME": "dev", "HEATERS_S3_PREFIX": "/a/b/"},
            "s3://one/a/b",
        ),
    ],
)
def test_the_environment_says_where_new_sources_go(environ: dict[str, str], place: str | None) -> None:
    assert default_place(settings(**environ)) == place


@pytest.mark.parametrize(
    ("environ", "cdn"),
    [
        ({}, None),
        ({"CLOUDFRONT_DEV_DOMAIN": "d.cloudfront.net", "CLOUDFRONT_PROD_DOMAIN": "p.cloudfront.net"}, "https://d.cloudfront.net"),
        ({"CLOUDFRONT_DEV_DOMAIN": "d.cloudfront.net", "CLOUDFRONT_PROD_DOMAIN": "p.cloudfront.net", "APP_ENV": "production"}, "https://p.cloudfront.net"),
        ({"PROXY_CDN_DOMAIN": "cdn.example.com/shows/", "CLOUDFRONT_DEV_DOMAIN": "d.cloudfront.net"}, "https://cdn.example.com/shows"),
        ({"PROXY_CDN_DOMAIN": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
    ],
)  # fmt: skip
def test_the_environment_says_which_cdn_it_is(environ: dict[str, str], cdn: str | None) -> None:
    address = address_of("s3://bucket/p", settings(**environ), Path("/ws"))
    assert S3Address.read(address).cdn == cdn
    assert S3Address.read(address).text == address


def test_pages_read_proxies_from_the_cdn_and_all_else_by_signed_addresses(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    with_cdn = S3Address(bucket, "p", s3.endpoint, tmp_path / "cache", 1 << 30, cdn="https://cdn.example.com")
    store = open_store(with_cdn.text)
    for key in (PROXY, "final_clips/video_1_clip_001.mp4"):
        put(store, key)
    head = store.head(PROXY)
    assert head is not None
    assert head.sha256 is not None
    assert store.url(PROXY, 60) == f"https://cdn.example.com/p/{PROXY}?v={head.sha256[:12]}"
    put(store, PROXY, b"other bytes")
    assert head.sha256[:12] not in str(store.url(PROXY, 60)), (
        "what is cached for ever has another address when it changes"
    )

    signed = store.url("final_clips/video_1_clip_001.mp4", 60)
    assert signed is not None
    assert "X-Amz-Expires=60" in signed
    asked = urllib.request.Request(signed, headers={"Range": "bytes=2-4"})
    with urllib.request.urlopen(asked) as answer:
        assert (answer.status, answer.read()) == (206, b"234")


def test_an_address_never_holds_a_secret_and_says_all_else() -> None:
    address = S3Address(
        "b", "p q", "http://h:1", Path("/a b/c&d"), 5, {"originals": "GLACIER_IR"}, "https://x"
    )
    assert S3Address.read(address.text) == address
    assert address.place == "s3://b/p q"
    assert S3Address.read("s3://plain/pre/fix/") == S3Address("plain", "pre/fix")


def client_error(code: str, status: int = 400) -> exceptions.ClientError:
    return exceptions.ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetObject"
    )  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client_error("NoSuchBucket", 404), "there is no such bucket: make it"),
        (client_error("NoSuchKey", 404), "there is no such object"),
        (client_error("404", 404), "there is no such object"),
        (client_error("AccessDenied", 403), "access is denied: check the credentials"),
        (client_error("SignatureDoesNotMatch", 403), "access is denied: check the credentials"),
        (client_error("ExpiredToken"), "the credentials hold no more: renew them"),
        (client_error("AuthorizationHeaderMalformed"), "another region"),
        (client_error("PermanentRedirect", 301), "another region"),
        (client_error("PreconditionFailed", 412), "another writer has changed it"),
        (client_error("SlowDown", 503), "look into its state, then try again"),
        (exceptions.NoCredentialsError(), "there are no credentials: set AWS_ACCESS_KEY_ID"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="x"), "there are no credentials"),
        (exceptions.ProfileNotFound(profile="x"), "there are no credentials"),
        (exceptions.EndpointConnectionError(endpoint_url="http://x"), "does not answer"),
        (exceptions.ConnectTimeoutError(endpoint_url="http://x"), "does not answer"),
        (exceptions.ReadTimeoutError(endpoint_url="http://x"), "does not answer"),
        (exceptions.SSLError(endpoint_url="http://x", error="bad"), "does not answer"),
        (exceptions.ParamValidationError(report="x"), "the request could not be made"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else None,
)
def test_every_error_of_boto3_is_a_sentence(error: Exception, words: str) -> None:
    told = s3_boto.fault(error, S3Address("shows", "p"), "originals/video_1.mp4")
    assert isinstance(told, StoreUnavailable)
    assert told.exit_code == 3
    assert told.message.startswith("s3://shows/p/originals/video_1.mp4: ")
    assert words in told.message


def test_an_archive_is_known_as_one() -> None:
    told = s3_boto.fault(
        client_error("InvalidObjectState", 403), S3Address("shows"), "gold_masters/video_1_master.mkv"
    )
    assert isinstance(told, Archived)
    store = MemoryStore("memory://archive")
    put(store, PROXY)
    store.archive(PROXY)
    with pytest.raises(Archived, match=r"lies in GLACIER and has to be restored first") as first:
        store.local_path(PROXY)
    assert first.value.facts == {"key": PROXY, "restoring": False}
    store.restore(PROXY)
    store.restore(PROXY)
    with pytest.raises(Archived, match="is being restored"):
        store.read(PROXY, 0, 1)
    store.thaw(PROXY)
    assert store.read(PROXY, 0, 1) == b"0"
