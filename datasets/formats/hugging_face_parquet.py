"""Parquet files as Hugging Face has them, images in a column of bytes and path, names of classes in the schema.

Source: https://huggingface.co/docs/datasets/image_dataset, "Parquet"; datasets.Image, datasets.ClassLabel.
"""

import atexit
import itertools
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from customlabels.core.errors import LayoutError
from customlabels.datasets.files import is_image
from customlabels.datasets.formats.documents import Document
from customlabels.datasets.formats.hugging_face import NAME, Row, images_of
from customlabels.datasets.layout import Annotated, Layout, Options, subset_of
from customlabels.datasets.model import Finding

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_BATCH = 32
"""Rows that are held at a time."""

_ENDINGS = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"RIFF": ".webp",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"BM": ".bmp",
}


def _opened(path: Path) -> "ParquetFile":
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise LayoutError(
            f"{path}: Parquet files are read with pyarrow", hint="pip install 'customlabels[parquet]'"
        ) from error
    try:
        return parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise LayoutError(f"{path}: no Parquet file: {error}") from error


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a file, counted from 1, with names of classes in place of their numbers.

    Raises
    ------
    LayoutError : it is no Parquet file, or pyarrow is missing
    """
    file = _opened(path)
    classes = _classes(file)
    import pyarrow

    numbers = itertools.count(1)
    try:
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                yield next(numbers), {key: _named(value, classes.get(key)) for key, value in row.items()}
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise LayoutError(f"{path}: cannot be read as Parquet: {error}") from error


def _classes(file: "ParquetFile") -> Document:
    """The features of each column, in which names of classes stand."""
    metadata = file.schema_arrow.metadata or {}
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def _named(value: Any, feature: Any) -> Any:
    """A value with names of classes in place of their numbers, as its feature tells."""
    if isinstance(feature, list):
        feature = feature[0] if feature else None
    if not isinstance(feature, dict):
        return value
    names = feature.get("names")
    if isinstance(names, list) and isinstance(value, int):
        # -1 is what has no label; of any other number nobody knows what it stands for.
        return names[value] if 0 <= value < len(names) else None if value == -1 else {"no class": value}
    inner = feature.get("feature", feature)
    if isinstance(value, list):
        return [_named(part, inner) for part in value]
    if isinstance(value, dict):
        table = inner if isinstance(inner, dict) else {}
        return {key: _named(part, table.get(key)) for key, part in value.items()}
    return _named(value, inner) if inner is not feature else value


def read_images(files: list[Path], folder: Path, options: Options) -> Layout:
    """The images in the files, unpacked into a folder that is gone when the command ends.

    Raises
    ------
    LayoutError : no column holds images, or pyarrow is missing
    """
    described = [(path, _image_column(path)) for path in files]
    names = [path.relative_to(folder).as_posix() for path in files]
    subsets = [subset_of(path.stem.partition("-")[0], *reversed(path.relative_to(folder).parts[:-1])) for path in files]
    if len(set(subsets)) == 1:
        # What nobody has divided is called train there.
        subsets = [None] * len(files)
    unpacked = Path(tempfile.mkdtemp(prefix="customlabels-"))
    atexit.register(shutil.rmtree, unpacked, ignore_errors=True)
    layout = Layout(unpacked.resolve(), (), files=set(names))
    layout.findings.append(
        Finding(", ".join(names[:3]), "its images are unpacked for as long as the command takes", fatal=False)
    )
    layout.images = itertools.chain.from_iterable(
        _images(path, column, name, subset, options, layout)
        for (path, column), name, subset in zip(described, names, subsets, strict=True)
    )
    return layout


def _image_column(path: Path) -> str:
    schema = _opened(path).schema_arrow
    from pyarrow import types

    for field in schema:
        if types.is_struct(field.type) and {"bytes", "path"} <= {inner.name for inner in field.type}:
            return str(field.name)
    raise LayoutError(
        f"{path}: no column holds images, as bytes and path; its columns are {', '.join(map(repr, schema.names))}"
    )


def _images(
    path: Path, column: str, name: str, subset: str | None, options: Options, layout: Layout
) -> Iterator[Annotated]:
    folder = PurePosixPath(name).stem

    def rows() -> Iterator[Row]:
        for number, row in rows_of(path):
            if isinstance(row, str):
                yield number, row
                continue
            image = row.pop(column) or {}
            written = _written(layout.root, folder, number, image)
            yield number, {NAME: written, **row} if written else "holds no image"

    return images_of(rows(), f"{folder}.parquet", subset, options, layout.findings)


def _written(root: Path, folder: str, number: int, image: Document) -> str | None:
    """The name of the image's file, after it was written; None where its row holds none."""
    data = image.get("bytes")
    if not data:
        return None
    base = PurePosixPath(str(image.get("path") or "").replace("\\", "/")).name
    if not is_image(base):
        ending = next((ending for start, ending in _ENDINGS.items() if data.startswith(start)), ".png")
        base = f"{base or 'image'}{ending}"
    path = root / folder / f"{number:07}-{base.replace(chr(0), '')[-100:]}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path.relative_to(root).as_posix()
