"""What an address in S3 means where images are looked for: the object of that key, or the folder of that name.

A prefix in S3 cuts through names: `parts` begins `parts/1.jpg` as well as `parts-old/1.jpg`. Here it never does.
"""

from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from customlabels.aws.refusals import explained
from customlabels.aws.s3 import Stored, as_stored, listed_items
from customlabels.core.errors import SettingsError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


def folder_key(key: str) -> str:
    """What keys below a folder begin with; its name may end in a slash. The bucket's own folder is empty."""
    return key if not key or key.endswith("/") else f"{key}/"


def listed(
    s3: "S3Client", bucket: str, key: str, tell: Callable[[str], None] = lambda sentence: None
) -> Iterator[Stored]:
    """As `items`, without what rooms rarely ask for."""
    with explained(f"listing s3://{bucket}/{key}"):
        for item in items(s3, bucket, key, tell):
            yield as_stored(bucket, item)


def items(
    s3: "S3Client", bucket: str, key: str, tell: Callable[[str], None] = lambda sentence: None
) -> "Iterator[ObjectTypeDef]":
    """The object of that key, and all below the folder of that name, as a listing has them.

    Parameters
    ----------
    tell : told that other names begin with `key` too, whose objects are not meant

    Raises
    ------
    SettingsError : there are only such
    """
    stem, count = folder_key(key), 0
    first = [] if stem == key else [*islice(listed_items(s3, bucket, key), 2)]
    for item in chain((item for item in first if item["Key"] == key), listed_items(s3, bucket, stem)):
        yield item
        count += 1
    # A slash is followed by 0.
    behind = [] if stem == key else islice(listed_items(s3, bucket, key, after=f"{key}0"), 1)
    others = [item["Key"] for item in (*first, *behind) if item["Key"] != key and not item["Key"].startswith(stem)]
    if not others:
        return
    address, other = f"s3://{bucket}/{key}", f"s3://{bucket}/{others[0]}"
    if not count:
        raise SettingsError(
            f"{address}: is no folder; it cuts through names, as {other}",
            hint=f"name a whole folder, as {other.rpartition('/')[0]}/",
        )
    tell(f"{address} is taken for the folder {address}/, in which {other} does not lie")
