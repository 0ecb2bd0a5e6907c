"""One bucket: requests by boto3, which is loaded with the first of them, and errors in our words."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from heaters.errors import StoreUnavailable
from heaters.storage.s3_address import S3Address

ATTEMPTS: Final = 5
"""Of each request, by botocore's own retries: with 30 % of answers 503 or resets none of some thousands failed."""


class NotThere(StoreUnavailable):
    """There is no such object."""


class Conflict(StoreUnavailable):
    """The object is not as the request has it any more, or the upload is gone."""


class Bucket:
    """The bucket of an address. Requests come back as botocore's dicts, errors as ours.

    Args:
        address: names it.
    """

    def __init__(self, address: S3Address) -> None:
        self.address = address

    def call(self, operation: str, key: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Make one request.

        Args:
            operation: method of boto3's client.
            key: of the object, as the store has it; None where the request is on the bucket.

        Raises:
            NotThere: there is no such object.
            Conflict: a condition of the request does not hold, or the upload is gone.
            Archived: the object has to be restored first.
            StoreUnavailable: anything else, in words.
        """
        named = {} if key is None else {"Key": self.address.name(key)}
        with self._client(key) as client:
            answer: dict[str, Any] = getattr(client, operation)(
                Bucket=self.address.bucket, **named, **arguments
            )
        return answer

    def signed_url(self, key: str, seconds: int) -> str:
        """An address that lets everybody who has it read the object for so long."""
        named = {"Bucket": self.address.bucket, "Key": self.address.name(key)}
        with self._client(key) as client:
            return str(client.generate_presigned_url("get_object", Params=named, ExpiresIn=seconds))

    def _client(self, key: str | None) -> AbstractContextManager[Any]:
        from heaters.storage import s3_boto  # noqa: PLC0415 - most commands ask the bucket for nothing

        return s3_boto.client(self.address, key)
