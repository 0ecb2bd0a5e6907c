"""What names an S3 store in any process: its bucket and prefix, and every setting that is needed to work with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from heaters.storage.base import STANDARD

SCHEME: Final = "s3://"
PROXIES: Final = "review_proxies"
_CLASS: Final = "class."
"""Begins the parameters that name a storage class."""


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket, or a part of one, and how to work with it. It holds no secret: credentials come from boto3's own chain.

    Attributes:
        prefix: begins all keys in the bucket; without a slash at its ends, and perhaps empty.
        endpoint: address of a server that is not Amazon's.
        cache: folder for copies on this machine.
        cache_bytes: how large that may grow.
        classes: folder of keys → storage class; others are STANDARD.
        cdn: address under which the bucket's proxies can be read by everybody, without a slash at its end.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    cache: Path = Path()
    cache_bytes: int = 0
    classes: Mapping[str, str] = field(default_factory=dict)
    cdn: str | None = None

    @classmethod
    def read(cls, address: str) -> Self:
        """The value of `text`, from which also a plain `s3://bucket/prefix` may come."""
        parts = urlsplit(address)
        said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return cls(
            bucket=parts.netloc, prefix=parts.path.strip("/"), endpoint=said.get("endpoint"), cache=Path(said.get("cache", "")),
            cache_bytes=int(said.get("cache_bytes", 0)), cdn=said.get("cdn"),
            classes={name.removeprefix(_CLASS): value for name, value in said.items() if name.startswith(_CLASS)},
        )  # fmt: skip

    @property
    def place(self) -> str:
        """`s3://bucket/prefix`: what a row of a source says."""
        return f"{SCHEME}{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")

    @property
    def text(self) -> str:
        """The address for `open_store`."""
        said = {
            "endpoint": self.endpoint, "cache": str(self.cache), "cache_bytes": self.cache_bytes, "cdn": self.cdn,
            **{_CLASS + folder: name for folder, name in sorted(self.classes.items())},
        }  # fmt: skip
        return f"{self.place}?{urlencode({name: value for name, value in said.items() if value})}"

    def name(self, key: str) -> str:
        """The key in the bucket of an object of the store."""
        return f"{self.prefix}/{key}" if self.prefix else key

    def key(self, name: str) -> str:
        """The other way round."""
        return name.removeprefix(f"{self.prefix}/") if self.prefix else name

    def storage_class(self, key: str) -> str:
        """The class in which an object is to be kept. Small notes beside clips stay readable whatever happens."""
        return STANDARD if key.endswith(".json") else self.classes.get(key.partition("/")[0], STANDARD)

    def cdn_url(self, key: str) -> str | None:
        """The address of a proxy at the CDN, without its version; None for other objects, or without a CDN."""
        is_proxy = key.partition("/")[0] == PROXIES
        return f"{self.cdn}/{self.name(key)}" if self.cdn and is_proxy else None
