"""Shared files in a bucket of an S3-compatible object store."""

from typing import Any, Final
from urllib.parse import urlsplit

from models.errors import Invalid, Unavailable, install_line
from serving.platform.artifacts.rules import Kind
from serving.platform.settings import Settings

_SCHEME: Final = "s3"
_GONE: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class BucketUnreachable(Unavailable):
    """The bucket does not answer, or refuses this process."""

    code = "bucket_unreachable"


class BucketFiles:
    """Files in a bucket, by kind and digest under a prefix."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def has(self, kind: Kind, digest: str) -> bool:
        """Whether the bucket has the file. Raises BucketUnreachable (the bucket does not answer, or refuses)."""
        return self._call("head_object", kind, digest) is not None

    def get(self, kind: Kind, digest: str) -> bytes | None:
        """The content; None where the bucket has no such file.

        Raises BucketUnreachable (the bucket does not answer, or refuses).
        """
        return self._call("get_object", kind, digest)

    def save(self, kind: Kind, digest: str, content: bytes) -> None:
        """Keep the content; a file that is there has the same one.

        Raises BucketUnreachable (the bucket does not answer, or refuses).
        """
        self._call("put_object", kind, digest, Body=content)

    def _call(self, operation: str, kind: Kind, digest: str, **more: Any) -> bytes | None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # an extra

        key = f"{self._prefix}{kind}/{digest}"
        try:
            answer = getattr(self._client, operation)(Bucket=self._bucket, Key=key, **more)
            return answer["Body"].read() if operation == "get_object" else b""
        except ClientError as refused:
            code = str(refused.response["Error"]["Code"])
            if code in _GONE and operation != "put_object":
                return None
        except BotoCoreError as failed:
            code = type(failed).__name__
        raise BucketUnreachable(
            "The bucket {bucket} with the shared models cannot be used ({code}). Check its address and the rights of "
            "this process, then try again.",
            bucket=self._bucket,
            code=code,
        )


def bucket_of(settings: Settings) -> BucketFiles | None:
    """The bucket of the settings; None where none is set.

    Raises Invalid (the address is not s3://BUCKET/PREFIX, boto3 is not installed, or production mode would reach it
    unencrypted).
    """
    if settings.artifacts_bucket is None:
        return None
    parts = urlsplit(settings.artifacts_bucket)
    if parts.scheme != _SCHEME or not parts.netloc:
        raise Invalid("TOUCHSTONE_ARTIFACTS_BUCKET must be s3://BUCKET or s3://BUCKET/PREFIX.")
    endpoint = settings.artifacts_endpoint
    if settings.production and endpoint is not None and urlsplit(endpoint).scheme != "https":
        raise Invalid("Production mode refuses an object store without TLS: TOUCHSTONE_ARTIFACTS_ENDPOINT needs https.")
    try:
        import boto3  # noqa: PLC0415  # an extra
        from botocore.config import Config  # noqa: PLC0415  # an extra
    except ImportError:
        raise Invalid("TOUCHSTONE_ARTIFACTS_BUCKET needs boto3: {line}.", line=install_line("s3")) from None
    # Checksums of newer protocol versions are refused by some other servers; readers compare the digest.
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        retries={"mode": "standard", "max_attempts": 3},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    prefix = parts.path.strip("/")
    client = boto3.client("s3", endpoint_url=endpoint, config=config)
    return BucketFiles(client, parts.netloc, f"{prefix}/" if prefix else "")
