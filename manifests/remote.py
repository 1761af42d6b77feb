"""Images that annotations name in S3, looked at there: of each the first bytes are read, and nothing is kept."""

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from customlabels.core.addresses import S3Address, is_address, join_key, parse_address
from customlabels.core.threads import in_threads
from customlabels.datasets.files import Finder
from customlabels.datasets.layout import Annotated, Layout, Options
from customlabels.datasets.model import Dataset, Hashes, ImageInfo
from customlabels.datasets.reading import Images, Policy, make_dataset
from customlabels.manifests.images import sighted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_THREADS = 16


@dataclass(frozen=True, slots=True)
class Remote:
    """A dataset whose images lie below `address`, named as they are there, with what stands for their bytes."""

    address: S3Address
    dataset: Dataset
    hashes: dict[str, Hashes]


def lie_in_s3(layout: Layout, options: Options) -> bool:
    """Whether all images of a layout have addresses in S3, and none lies below its root; `layout` then holds them all.

    Where a folder was named for the images, they are those in it.
    """
    if options.images is not None:
        return False
    images = list(layout.images)
    layout.images = images
    if not images or not all(is_address(image.name) for image in images):
        return False
    finder = Finder(layout.root)
    return not any(_is_found(finder, image) for image in images)


def read_in_s3(s3: "S3Client", layout: Layout, options: Options, policy: Policy) -> Remote:
    """The dataset of a layout whose images have addresses in S3; an image is named by its key below their folder.

    Raises
    ------
    LayoutError : it holds no usable image
    ServiceError : S3 cannot be reached
    """
    addresses = [parse_address(image.name) for image in layout.images]
    ((bucket, _),) = Counter(address.bucket for address in addresses).most_common(1)
    keys = [address.key for address in addresses if address.bucket == bucket]
    folder = posixpath.commonpath([posixpath.dirname(f"/{key}") for key in keys]).strip("/")
    shared = S3Address(bucket, folder)
    # As with a folder in S3, the dataset has the name of the folder.
    root = Path(PurePosixPath(folder).name or bucket)
    hashes: dict[str, Hashes] = {}

    def find(name: str, _: str | None) -> Path:
        address = parse_address(name)
        if address.bucket != bucket:
            raise ValueError(f"lies in another bucket than others, {bucket}; the service takes one a dataset")
        below = address.key.removeprefix(f"{folder}/") if folder else address.key
        path = root / below
        if join_key(folder, path.relative_to(root).as_posix()) != address.key:
            raise ValueError("its key has empty or dotted folders, which do not stay as they are")
        return path

    def probe(
        paths: Iterable[Path], step: Callable[[], None] | None, fault: Callable[[ImageInfo], str | None]
    ) -> Iterator[ImageInfo | str]:
        def see(path: Path) -> ImageInfo | str:
            name = path.relative_to(root).as_posix()
            try:
                info, etag = sighted(s3, S3Address(bucket, join_key(folder, name)))
            except ValueError as error:
                return str(error)
            hashes[name] = Hashes(f"etag-{etag}-{info.size}", etag)
            return fault(info) or info

        for info in in_threads(see, paths, _THREADS):
            if step is not None:
                step()
            yield info

    dataset = make_dataset(replace(layout, root=root), options, policy, images=Images(find, probe))
    return Remote(shared, dataset, hashes)


def _is_found(finder: Finder, image: Annotated) -> bool:
    try:
        return bool(finder.find(image.name, image.subset))
    except ValueError:
        return False
