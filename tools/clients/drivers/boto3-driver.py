"""Does one operation with boto3, as tools/clients/src/driver-operations.ts asks for it."""

import json
import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config


def connect():
    return boto3.client(
        "s3",
        endpoint_url=os.environ["CLIENT_ENDPOINT"],
        region_name=os.environ["CLIENT_REGION"],
        # Without a key it looks for a web identity, as it would without this program.
        aws_access_key_id=os.environ["CLIENT_ACCESS_KEY_ID"] or None,
        aws_secret_access_key=os.environ["CLIENT_SECRET_ACCESS_KEY"] or None,
        aws_session_token=os.environ["CLIENT_SESSION_TOKEN"] or None,
        verify=os.environ["CLIENT_CA_FILE"] or None,
        config=Config(signature_version="s3v4"),
    )


def keys_of(s3, bucket, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def get_range(s3, bucket, key, first, last, file):
    Path(file).write_bytes(s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={first}-{last}")["Body"].read())


def sync_up(s3, bucket, prefix, directory):
    for path in Path(directory).rglob("*"):
        if path.is_file():
            s3.upload_file(str(path), bucket, f"{prefix}/{path.relative_to(directory).as_posix()}")


def sync_down(s3, bucket, prefix, directory):
    for key in keys_of(s3, bucket, f"{prefix}/"):
        file = Path(directory) / key[len(prefix) + 1 :]
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(file))


def empty(s3, bucket):
    keys = keys_of(s3, bucket)
    for start in range(0, len(keys), 1000):
        entries = [{"Key": key} for key in keys[start : start + 1000]]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": entries, "Quiet": True})
        if answer.get("Errors"):
            raise RuntimeError(answer["Errors"][0])


OPERATIONS = {
    "make-bucket": lambda s3, bucket: s3.create_bucket(Bucket=bucket),
    "put": lambda s3, bucket, key, file: s3.upload_file(file, bucket, key),
    "get": lambda s3, bucket, key, file: s3.download_file(bucket, key, file),
    "list": lambda s3, bucket: print(json.dumps(keys_of(s3, bucket))),
    "copy": lambda s3, bucket, key, to: s3.copy_object(Bucket=bucket, Key=to, CopySource={"Bucket": bucket, "Key": key}),
    "get-range": get_range,
    "presign-get": lambda s3, bucket, key: print(s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key})),
    "presign-put": lambda s3, bucket, key: print(s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": key})),
    "sync-up": sync_up,
    "sync-down": sync_down,
    "remove": lambda s3, bucket, key: s3.delete_object(Bucket=bucket, Key=key),
    "empty": empty,
    "remove-bucket": lambda s3, bucket: s3.delete_bucket(Bucket=bucket),
}

if sys.argv[1] == "version":
    print(boto3.__version__)
else:
    OPERATIONS[sys.argv[1]](connect(), *sys.argv[2:])
