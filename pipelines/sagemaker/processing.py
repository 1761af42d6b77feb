"""The processing jobs: images in S3 looked at by several machines, and made into a dataset by one.

Each machine lists the whole prefix and looks at its share of it, so that none has to be told what there is. Looking
takes a request an image, and is what millions of images make long; what was seen of a million fits one machine.

Run as `python3 processing.zip look|build`; the zip holds this package's modules and the settings. Source of the files
that a machine finds: SageMaker developer guide, "How Amazon SageMaker Processing configures input and output for your
processing container" and "Save and access metadata information about your processing job".
"""

import argparse
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customlabels.aws.clients import Clients, Connection, explained
from customlabels.core.addresses import S3Address, join_key, parse_address
from customlabels.core.console import Console
from customlabels.core.errors import CustomLabelsError, ServiceError
from customlabels.datasets.files import wanted
from customlabels.datasets.model import ImageInfo
from customlabels.pipelines.training.s3_source import Sighting, folder_address, see

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LONGEST_MESSAGE = 1024
"""Bytes of a job's message that DescribeProcessingJob gives."""

_LOOKED = 1000
"""Images between two lines of the log."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which machine of how many this one is, from 0."""

    number: int
    of: int

    def __contains__(self, name: str) -> bool:
        digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.of == self.number


def read_share(resources: Path) -> Share:
    """The share that the machine's resourceconfig.json gives it."""
    found = json.loads(resources.read_text())
    hosts = sorted(found["hosts"])
    return Share(hosts.index(found["current_host"]), len(hosts))


def look(
    s3: "S3Client", source: S3Address, to: S3Address, share: Share, wanted: Callable[[str], bool], console: Console
) -> int:
    """Looks at this machine's share of the images, and leaves what was seen in the folder `to`; how many it were."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count % _LOOKED == 0:
            console.note(f"{count} images seen")

    mine = see(s3, source, lambda name: name in share and wanted(name), step)
    body = gzip.compress(b"".join(json.dumps(asdict(one)).encode() + b"\n" for one in mine), mtime=0)
    place = _shard(to, share.number, share.of)
    with explained(f"writing {place}"):
        s3.put_object(Bucket=place.bucket, Key=place.key, Body=body)
    return count


def seen(s3: "S3Client", to: S3Address) -> list[Sighting]:
    """What all machines saw, in order of the keys.

    Raises
    ------
    ServiceError : what one of them saw is not there
    """
    folder = join_key(to.key, "seen") + "/"
    with explained(f"listing s3://{to.bucket}/{folder}"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=to.bucket, Prefix=folder)
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    many = int(keys[0].rpartition("-of-")[2].partition(".")[0]) if keys else 1
    missing = {_shard(to, number, many).key for number in range(many)} - set(keys)
    if missing:
        raise ServiceError(f"not all machines left what they saw: {', '.join(sorted(missing))} is not there")
    return sorted((one for key in keys for one in _read(s3, to.bucket, key)), key=lambda one: one.name)


def _read(s3: "S3Client", bucket: str, key: str) -> Iterator[Sighting]:
    with explained(f"reading s3://{bucket}/{key}"):
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    for line in gzip.decompress(body).splitlines():
        found = json.loads(line)
        info = found["info"] if isinstance(found["info"], str) else ImageInfo(*found["info"])
        yield Sighting(found["name"], found["etag"], found["size"], info)


def _shard(to: S3Address, number: int, of: int) -> S3Address:
    return S3Address(to.bucket, join_key(to.key, "seen", f"{number:04}-of-{of:04}.jsonl.gz"))


def main(arguments: list[str], settings: dict[str, Any]) -> int:
    """Runs a job; its exit code. Why it failed is left where DescribeProcessingJob finds it.

    Parameters
    ----------
    settings : those of the zip: name, bucket, prefix, kms_key, and what the settings say of the dataset
    """
    parser = argparse.ArgumentParser(prog="processing.zip")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("look", "build"):
        command = commands.add_parser(name)
        command.add_argument("--source", required=True)
        command.add_argument("--to", type=parse_address, required=True)
        command.add_argument("--region", required=True)
        command.add_argument("--resources", type=Path, required=True)
        command.add_argument("--message", type=Path, required=True)
    command.add_argument("--version-name", default="")
    command.add_argument("--seed", type=int, required=True)
    command.add_argument("--test-fraction", type=float, required=True)
    chosen = parser.parse_args(arguments)
    console = Console()
    clients = Clients(Connection(region=chosen.region))
    try:
        if chosen.command == "look":
            _look(chosen, settings, clients, console)
        else:
            # Takes more than the standard library, which looking does not.
            from customlabels.pipelines.sagemaker.building import build

            build(chosen, settings, clients, console)
    except CustomLabelsError as error:
        console.error(error)
        text = "; ".join([error.message, *error.details])
        chosen.message.parent.mkdir(parents=True, exist_ok=True)
        chosen.message.write_bytes(text.encode()[:_LONGEST_MESSAGE].decode(errors="ignore").encode())
        return error.exit_code
    return 0


def _look(chosen: argparse.Namespace, settings: dict[str, Any], clients: Clients, console: Console) -> None:
    share = read_share(chosen.resources)
    given = settings["dataset"]
    count = look(
        clients.s3,
        folder_address(chosen.source),
        chosen.to,
        share,
        lambda name: wanted(name, given["include"], given["exclude"]),
        console,
    )
    console.note(f"machine {share.number + 1} of {share.of}: {count} images seen")
