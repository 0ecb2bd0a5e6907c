"""Which store a workspace uses, by its settings and by what the row of a source says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final, NamedTuple

from heaters.config import Settings
from heaters.storage.cache import Cache
from heaters.storage.s3_address import PROXIES, SCHEME, S3Address

CACHE: Final = "cache"
"""Folder in a workspace for copies of what lies elsewhere."""


class Disk(NamedTuple):
    """The disk of this machine on which the files for a place are made.

    Attributes:
        free: bytes.
        kept: most bytes of copies that may yet stay there of what goes elsewhere.
        place: where that is; None for the workspace's own folder, where everything stays.
    """

    free: int
    kept: int = 0
    place: str | None = None


def default_place(settings: Settings) -> str | None:
    """Where new sources go: `s3://bucket/prefix` if a bucket is set, else None, the folder of the workspace."""
    own = settings.s3_prod_bucket_name if settings.app_env == "production" else settings.s3_dev_bucket_name
    bucket = settings.s3_bucket_name or own
    return S3Address(bucket, settings.s3_prefix).place if bucket else None


def address_of(place: str | None, settings: Settings, home: Path) -> str:
    """What `open_store` takes to open the store at a place.

    Args:
        place: as of `source_videos.store`: None, an absolute folder, or a URI.
        settings: of the workspace.
        home: its folder.
    """
    if place is None:
        return str(home)
    if not place.startswith(SCHEME):
        return place
    named = S3Address.read(place)
    return S3Address(
        bucket=named.bucket, prefix=named.prefix, endpoint=settings.s3_endpoint_url or None, cache=home / CACHE,
        cache_bytes=settings.cache_bytes, classes=_classes(settings), cdn=_cdn(settings),
    ).text  # fmt: skip


def disk_of(place: str | None, settings: Settings, home: Path) -> Disk:
    """The disk that is filled by what is made for a place, as it is now.

    Args:
        place: as of `source_videos.store`.
        settings: of the workspace.
        home: its folder.
    """
    if place is None:
        return Disk(shutil.disk_usage(home).free)
    folder = home / CACHE
    kept = Cache(folder, settings.cache_bytes).room()
    return Disk(shutil.disk_usage(folder if folder.is_dir() else home).free, kept, place)


def _classes(settings: Settings) -> dict[str, str]:
    return {
        "originals": settings.original_storage_class, "gold_masters": settings.gold_master_storage_class,
        PROXIES: settings.proxy_storage_class, "final_clips": settings.final_clip_storage_class,
    }  # fmt: skip


def _cdn(settings: Settings) -> str | None:
    """The address of the CDN: the one that is named, else that of the environment."""
    production = settings.app_env == "production"
    by_env = settings.cloudfront_prod_domain if production else settings.cloudfront_dev_domain
    named = settings.proxy_cdn_domain or by_env
    return named if "://" in named or not named else f"https://{named}"
