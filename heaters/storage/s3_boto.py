"""boto3's client, with retries, and what its errors mean in our words."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
)
from botocore.exceptions import ConnectionError as NoConnection

from heaters.errors import Archived, StoreUnavailable
from heaters.storage.s3_address import S3Address
from heaters.storage.s3_client import ATTEMPTS, Conflict, NotThere

CONNECTIONS: Final = 16
"""Open at a time; more are asked for by several threads that share a client."""
_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 20
"""Longest silence in an answer. A server may need a while to put the parts of an upload together."""
_ANYWHERE: Final = "us-east-1"
"""The region where none is set: servers that are not Amazon's take any."""
_NO_CREDENTIALS: Final = (
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    NoAuthTokenError,
)
_MAKING: Final = threading.Lock()

_CHANGED: Final = (Conflict, "another writer has changed it meanwhile")
_GONE: Final = (NotThere, "there is no such object")
_EXPIRED: Final = (
    StoreUnavailable,
    "the credentials hold no more: renew them, and look at the clock of this machine",
)
_DENIED: Final = (
    StoreUnavailable,
    "access is denied: check the credentials that boto3 finds, and that they may list the bucket, and get, put and delete its objects",
)
_ELSEWHERE: Final = (
    StoreUnavailable,
    "the bucket lies in another region, or the credentials have run out: set AWS_REGION to its region, or renew them",
)
_OTHERS: Final = (StoreUnavailable, "the store can't do what was asked: look into its state, then try again")
_BY_CODE: Final[Mapping[str, tuple[type[StoreUnavailable], str]]] = {
    "PreconditionFailed": _CHANGED, "ConditionalRequestConflict": _CHANGED, "NoSuchUpload": _CHANGED, "NoSuchKey": _GONE,
    "NotFound": _GONE, "404": _GONE, "ExpiredToken": _EXPIRED, "RequestTimeTooSkewed": _EXPIRED, "InvalidToken": _EXPIRED,
    "NoSuchBucket": (StoreUnavailable, "there is no such bucket: make it, or set s3_bucket_name to one that is there"),
    "400": _ELSEWHERE, "AuthorizationHeaderMalformed": _ELSEWHERE, "PermanentRedirect": _ELSEWHERE,
    "InvalidObjectState": (Archived, "it lies in an archive class and has to be restored first"),
}  # fmt: skip
_BY_STATUS: Final[Mapping[int, tuple[type[StoreUnavailable], str]]] = {
    301: _ELSEWHERE, 307: _ELSEWHERE, 401: _DENIED, 403: _DENIED, 409: _CHANGED, 412: _CHANGED,
}  # fmt: skip


@contextmanager
def client(address: S3Address, key: str | None) -> Iterator[Any]:
    """The client for requests on the object `key`, or on the bucket; all stores of this process at one endpoint share it.

    Raises:
        StoreUnavailable: what boto3 raised, as of `fault`.
    """
    try:
        with _MAKING:
            made = _client(address.endpoint)
        yield made
    except (ClientError, BotoCoreError) as error:
        raise fault(error, address, key) from error


def fault(error: Exception, address: S3Address, key: str | None) -> StoreUnavailable:
    """What an error of boto3 means for the object `key`, or for the whole store."""
    uri = address.place if key is None else f"{address.place}/{key}"
    if not isinstance(error, ClientError):
        return _connection_fault(error, uri, address.endpoint)
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind, words = _BY_CODE.get(code) or _BY_STATUS.get(status) or _OTHERS
    return kind(f"{uri}: {words} ({code or status})", key=key, code=code)


def _connection_fault(error: Exception, uri: str, endpoint: str | None) -> StoreUnavailable:
    if isinstance(error, _NO_CREDENTIALS):
        return StoreUnavailable(
            f"{uri}: there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        )
    if isinstance(error, HTTPClientError | NoConnection):
        where = endpoint or "Amazon S3"
        return StoreUnavailable(
            f"{uri}: {where} does not answer ({type(error).__name__}): check the network and s3_endpoint_url"
        )
    return StoreUnavailable(
        f"{uri}: the request could not be made ({type(error).__name__}): check the settings of boto3"
    )


@cache
def _client(endpoint: str | None) -> Any:
    session = boto3.session.Session()
    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS}, connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS, max_pool_connections=CONNECTIONS, signature_version="s3v4",
        s3={"addressing_style": "path"} if endpoint else {},
    )  # fmt: skip
    return session.client(
        "s3", endpoint_url=endpoint, region_name=session.region_name or _ANYWHERE, config=config
    )
