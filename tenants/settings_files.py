"""The settings that say where uploaded files are kept. Part of `settings`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tenants.settings_values import SettingsProblem

_OF_S3 = ("files_s3_endpoint", "files_s3_region", "files_s3_access_key_id")


class FileSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A folder of this machine, or a bucket of S3 or of a storage that speaks its protocol."""

    files_url: Annotated[
        str | None,
        Meta(
            description="Where uploaded files are kept: a folder that is there already, or a "
            "bucket. Unset: the folder `files` in the data folder. See files.md.",
            extra={"kind": "files_url", "expected": "file:///folder or s3://bucket/prefix"},
        ),
    ] = None
    files_s3_endpoint: Annotated[
        str | None,
        Meta(
            description="Address of a storage that speaks S3's protocol and isn't Amazon's.",
            extra={"kind": "endpoint", "expected": "an address such as https://s3.example.com"},
        ),
    ] = None
    files_s3_region: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,63}$")] | None,
        Meta(
            description="Region of the bucket. Unset: the one of AWS_REGION, else us-east-1.",
            extra={"expected": "a name such as eu-central-1"},
        ),
    ] = None
    files_s3_access_key_id: Annotated[
        Annotated[str, Meta(min_length=1, pattern=r"^\S+$")] | None,
        Meta(
            description="Id of the key that the bucket is used with. Unset: the machine's own "
            "right, found as Amazon's tools find it (AWS_ACCESS_KEY_ID, a role, ...).",
            extra={"expected": "an id such as AKIDEXAMPLE"},
        ),
    ] = None
    files_s3_secret_access_key: Annotated[
        Annotated[str, Meta(min_length=8, pattern=r"^\S+$")] | None,
        Meta(
            description="The key that belongs to INTELLIMATCH_FILES_S3_ACCESS_KEY_ID.",
            extra={"secret": True, "expected": "at least 8 characters without a space"},
        ),
    ] = None


def contradictions_of_files(values: Mapping[str, Any]) -> Iterator[SettingsProblem]:
    """Find what is set without what it belongs to."""
    in_bucket = str(values.get("files_url", "")).startswith("s3:")
    for name in (*_OF_S3, "files_s3_secret_access_key"):
        if name in values and not in_bucket:
            yield SettingsProblem(
                f"INTELLIMATCH_{name.upper()}",
                "is set while INTELLIMATCH_FILES_URL names no bucket",
                "INTELLIMATCH_FILES_URL such as s3://bucket/prefix, or neither",
            )
    halves = ("files_s3_access_key_id", "files_s3_secret_access_key")
    for name, other in (halves, halves[::-1]):
        if name in values and other not in values:
            yield SettingsProblem(
                f"INTELLIMATCH_{other.upper()}",
                f"is missing while INTELLIMATCH_{name.upper()} is set",
                "both, or neither for the machine's own right",
            )
