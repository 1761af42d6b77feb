"""What machines see of the images in S3, each of its share: left in the execution's folder, and read together.

Each machine lists the whole prefix and looks at its share of it, so that none has to be told what there is. Looking
takes a request an image, and is what millions of images make long; what was seen of a million fits one machine.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from customlabels.aws.s3 import listed, put
from customlabels.aws.s3_reading import get
from customlabels.core.addresses import S3Address, join_key
from customlabels.core.console import Console
from customlabels.core.errors import ServiceError
from customlabels.core.plurals import counted
from customlabels.datasets.model import ImageInfo
from customlabels.pipelines.training.s3_source import Sighting, see

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

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
    machines = json.loads(resources.read_text())
    hosts = sorted(machines["hosts"])
    return Share(hosts.index(machines["current_host"]), len(hosts))


def look(
    s3: "S3Client",
    source: S3Address,
    to: S3Address,
    share: Share,
    wanted: Callable[[str], bool],
    console: Console,
    kms_key: str | None = None,
) -> int:
    """Looks at this machine's share of the images, and leaves what was seen in the folder `to`; how many it were."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count % _LOOKED == 0:
            console.note(f"{counted(count, 'image')} seen")

    mine = see(s3, source, lambda name: name in share and wanted(name), step)
    body = gzip.compress(b"".join(json.dumps(asdict(sighting)).encode() + b"\n" for sighting in mine), mtime=0)
    put(s3, _shard(to, share.number, share.of), body, kms_key=kms_key)
    return count


def seen(s3: "S3Client", to: S3Address) -> list[Sighting]:
    """What all machines saw, in order of the keys.

    Raises
    ------
    ServiceError : what one of them saw is not there
    """
    shards = [stored.address for stored in listed(s3, to.bucket, join_key(to.key, "seen") + "/")]
    many = int(shards[0].key.rpartition("-of-")[2].partition(".")[0]) if shards else 1
    missing = {_shard(to, number, many).key for number in range(many)} - {shard.key for shard in shards}
    if missing:
        raise ServiceError(f"not all machines left what they saw: {', '.join(sorted(missing))} is not there")
    return sorted((sighting for shard in shards for sighting in _read(s3, shard)), key=lambda sighting: sighting.name)


def _read(s3: "S3Client", shard: S3Address) -> Iterator[Sighting]:
    for line in gzip.decompress(get(s3, shard)).splitlines():
        sighting = json.loads(line)
        info = sighting["info"] if isinstance(sighting["info"], str) else ImageInfo(*sighting["info"])
        yield Sighting(sighting["name"], sighting["etag"], sighting["size"], info)


def _shard(to: S3Address, number: int, of: int) -> S3Address:
    return S3Address(to.bucket, join_key(to.key, "seen", f"{number:04}-of-{of:04}.jsonl.gz"))
