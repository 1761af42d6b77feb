"""The images of a batch: out of prefixes, files and inventories; what is none is counted, what is broken is named."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.local_services import QUICK, Service, connect

from customlabels.core.addresses import S3Address
from customlabels.core.errors import CustomLabelsError, ManifestError, SettingsError
from customlabels.emulator.server import address
from customlabels.inspection.batches import listing
from customlabels.inspection.batches.candidates import Left
from customlabels.inspection.batches.sources import images
from customlabels.inspection.functions.arrivals import arrivals
from customlabels.inspection.functions.listed import arrival, item, message
from customlabels.inspection.records import Arrival, by_etag, sighting_key

NAME = "archive-7"
EVERYWHERE = (S3Address(NAME, ""),)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    started = connect(tmp_path_factory.mktemp("sources"), pace=QUICK)
    started.s3.create_bucket(Bucket=NAME)
    for key in ("in/a.jpg", "in/b c+d.PNG", "in/notes.txt", "in/", "in/deep/ä.jpeg"):
        started.s3.put_object(Bucket=NAME, Key=key, Body=key.encode())
    yield started
    address.stop(started.state)


def inventory(service: Service, prefix: str, rows: list[list[str]], **changes: Any) -> str:
    """The address of the manifest of an inventory with these rows."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    body = gzip.compress(text.getvalue().encode())
    service.s3.put_object(Bucket=NAME, Key=f"{prefix}/data/1.csv.gz", Body=body)
    manifest = {
        "sourceBucket": NAME,
        "destinationBucket": f"arn:aws:s3:::{NAME}",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag",
        "files": [{"key": f"{prefix}/data/1.csv.gz", "size": len(body), "MD5checksum": hashlib.md5(body).hexdigest()}],
        **changes,
    }
    text_of = json.dumps(manifest).encode()
    service.s3.put_object(Bucket=NAME, Key=f"{prefix}/manifest.json", Body=text_of)
    checksum = hashlib.md5(text_of).hexdigest().encode()
    service.s3.put_object(Bucket=NAME, Key=f"{prefix}/manifest.checksum", Body=checksum)
    return f"s3://{NAME}/{prefix}/manifest.json"


def row(key: str, latest: str = "true", deleted: str = "false") -> list[str]:
    return [NAME, key, "v", latest, deleted, "5", "2026-11-26T10:00:00.000Z", "0" * 32]


def test_a_prefix_gives_its_images_and_counts_the_rest(service: Service) -> None:
    left = Left()
    found = [image.address.key for image in images(service.s3, f"s3://{NAME}/in/", left)]
    assert (found, dict(left.out)) == (
        ["in/a.jpg", "in/b c+d.PNG", "in/deep/ä.jpeg"],
        {"no JPEG or PNG by its name": 2},
    )


def test_a_folder_without_its_slash_takes_nothing_of_its_neighbours(service: Service) -> None:
    for key in ("inner/1.jpg", "inner-old/2.jpg"):
        service.s3.put_object(Bucket=NAME, Key=key, Body=b"-")
    left = Left()
    assert [image.address.key for image in images(service.s3, f"s3://{NAME}/inner", left)] == ["inner/1.jpg"]
    assert ["inner-old/2.jpg" in sentence for sentence in left.told] == [True]
    with pytest.raises(SettingsError, match="inne: is no folder; it cuts through names"):
        list(images(service.s3, f"s3://{NAME}/inne", Left()))


@pytest.mark.parametrize("kind", ["folder", "file", "inventory"])
def test_archived_images_are_left_out_and_counted(service: Service, tmp_path: Path, kind: str) -> None:
    classes = {
        "warm": "STANDARD",
        "cold": "GLACIER",
        "deep": "DEEP_ARCHIVE",
        "near": "GLACIER_IR",
        "tier": "INTELLIGENT_TIERING",
    }
    for name, of in classes.items():
        service.s3.put_object(Bucket=NAME, Key=f"archive/{name}.jpg", Body=b"-", StorageClass=of)
    source = f"s3://{NAME}/archive"
    if kind == "file":
        source = str(tmp_path / "some.jsonl")
        lines = [{"source-ref": f"s3://{NAME}/archive/{name}.jpg"} for name in classes]
        Path(source).write_text("\n".join(map(json.dumps, lines)))
    elif kind == "inventory":
        schema = "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, IntelligentTieringAccessTier"
        rows = [
            [
                NAME,
                f"archive/{name}.jpg",
                "1",
                "2026-11-26T10:00:00.000Z",
                "0" * 32,
                of,
                "FREQUENT" if name == "tier" else "",
            ]
            for name, of in classes.items()
        ]
        rows.append([*rows[-1][:1], "archive/slow.jpg", *rows[-1][2:-1], "ARCHIVE"])
        source = inventory(service, "classes", rows, fileSchema=schema)
    left = Left()
    keys = {image.address.key for image in images(service.s3, source, left)}
    assert keys == {f"archive/{name}.jpg" for name in ("warm", "near", "tier")}
    archived = {what.split(",")[0]: number for what, number in left.out.items()}
    expected = {"archived in GLACIER": 1, "archived in DEEP_ARCHIVE": 1}
    assert archived == expected | ({"archived in ARCHIVE": 1} if kind == "inventory" else {})
    assert ["INTELLIGENT_TIERING" in sentence for sentence in left.told] == [True] * (kind == "folder")


def test_an_inventory_that_tells_no_class_says_so(service: Service) -> None:
    left = Left()
    list(images(service.s3, inventory(service, "classless", [row("in/a.jpg")]), left))
    assert ["no column StorageClass" in sentence for sentence in left.told] == [True]


def test_lines_are_asked_for_what_they_do_not_tell(service: Service, tmp_path: Path) -> None:
    whole = {"bucket": NAME, "key": "x.jpg", "etag": "e", "size": 3, "at": "2026-11-26T10:00:00+00:00"}
    lines = [{"source-ref": f"s3://{NAME}/in/a.jpg"}, whole, {"source-ref": f"s3://{NAME}/gone.jpg"}]
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, lines)))
    left = Left()
    found = list(images(service.s3, str(tmp_path / "some.jsonl"), left))
    assert [(image.address.key, image.size) for image in found] == [("in/a.jpg", 8), ("x.jpg", 3)]
    assert dict(left.out) == {"not in S3 (any more)": 1}


def test_an_image_that_several_lines_name_is_looked_at_once(service: Service, tmp_path: Path) -> None:
    whole = {"bucket": NAME, "key": "x.jpg", "etag": "e", "size": 3, "at": "2026-11-26T10:00:00+00:00"}
    other = {**whole, "etag": "f"}
    by_address = {"source-ref": f"s3://{NAME}/in/a.jpg"}
    lines = [whole, by_address, whole, other, by_address]
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, lines)))
    left = Left()
    found = list(images(service.s3, str(tmp_path / "some.jsonl"), left))
    assert [(image.address.key, image.etag) for image in found if image.address.key == "x.jpg"] == [
        ("x.jpg", "e"),
        ("x.jpg", "f"),
    ]
    assert (len(found), dict(left.out)) == (3, {"named by a line before": 2})
    assert left.first == {"named by a line before": f"s3://{NAME}/x.jpg"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"size": "3"}, "size: '3' is no number of bytes"),
        ({"size": -1}, "size: -1 is no number of bytes"),
        ({"size": True}, "size: True is no number of bytes"),
        ({"at": "soon"}, "soon"),
        ({"at": 7}, "at: 7 is no text"),
        ({"etag": None}, "etag: None is no text"),
        ({"key": ""}, "key: '' is no text"),
        ({"bucket": ["b"]}, "bucket: "),
        ({"key": "\ud800.jpg"}, "surrogates not allowed"),
        ({"source-ref": 5}, "source-ref: 5 is no text"),
        ({"source-ref": f"s3://{NAME}"}, "source-ref|s3://"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_number(
    service: Service, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    whole = {"bucket": NAME, "key": "x.jpg", "etag": "e", "size": 3, "at": "2026-11-26T10:00:00+00:00"}
    (tmp_path / "some.jsonl").write_text(json.dumps(whole) + "\n" + json.dumps({**whole, **changes}))
    with pytest.raises(ManifestError, match=sentence) as refused:
        list(images(service.s3, str(tmp_path / "some.jsonl"), Left()))
    assert "some.jsonl, line 2: " in str(refused.value)


def test_all_lines_that_cannot_be_used_are_named_at_once(service: Service, tmp_path: Path) -> None:
    (tmp_path / "some.jsonl").write_text("{}\n[]\n" + "[" * 60_000 + "\nnothing\n" + "x" * 70_000 + "\n")
    with pytest.raises(ManifestError) as refused:
        list(images(service.s3, str(tmp_path / "some.jsonl"), Left()))
    assert len(refused.value.details) >= 4


def test_an_inventory_gives_the_newest_of_each_key(service: Service) -> None:
    rows = [row("in/a.jpg"), row("in/b%20c%2Bd.PNG"), row("old.jpg", latest="false"), row("gone.jpg", deleted="true")]
    left = Left()
    found = list(images(service.s3, inventory(service, "inv", rows), left))
    assert [image.address.key for image in found] == ["in/a.jpg", "in/b c+d.PNG"]
    assert dict(left.out) == {"older versions and delete markers": 2}


def test_an_inventory_that_is_not_whole_is_refused(service: Service) -> None:
    cases = [
        ("not what the inventory's manifest says", {"files": [{"key": "half/data/1.csv.gz", "MD5checksum": "0" * 32}]}),
        ("an inventory in Parquet", {"fileFormat": "Parquet"}),
        ("an inventory in ORC", {"fileFormat": "ORC"}),
        ("of version 2030-01-01; 2016-11-30 is read", {"version": "2030-01-01"}),
        ("no column ETag", {"fileSchema": "Bucket, Key, Size, LastModifiedDate"}),
        (
            "no column IsLatest, IsDeleteMarker",
            {"fileSchema": "Bucket, Key, VersionId, Size, LastModifiedDate, ETag"},
        ),
        ("row 1:", {"fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag"}),
        ("no manifest of an inventory", {"files": [{}]}),
        ("lists a file twice", {"files": [{"key": "half/data/1.csv.gz", "MD5checksum": "0" * 32}] * 2}),
    ]
    for sentence, changes in cases:
        with pytest.raises(ManifestError, match=sentence):
            list(images(service.s3, inventory(service, "half", [row("a.jpg")], **changes), Left()))
    for body in (b"no gzip", gzip.compress(b"a,b")[:-9], gzip.compress(b"\xff\xfe\x00")):
        service.s3.put_object(Bucket=NAME, Key="half/data/2.csv.gz", Body=body)
        files = [{"key": "half/data/2.csv.gz", "MD5checksum": hashlib.md5(body).hexdigest()}]
        with pytest.raises(ManifestError, match="is no CSV in gzip"):
            list(images(service.s3, inventory(service, "half", [row("a.jpg")], files=files), Left()))
    service.s3.put_object(Bucket=NAME, Key="half/manifest.checksum", Body=b"0" * 32)
    with pytest.raises(ManifestError, match="is not what"):
        list(images(service.s3, f"s3://{NAME}/half/manifest.json", Left()))


def test_a_list_is_named_by_its_content_and_read_back(service: Service, tmp_path: Path) -> None:
    def written(name: str) -> listing.Listed:
        return listing.write(images(service.s3, f"s3://{NAME}/in/", Left()), tmp_path / name, Left(), EVERYWHERE)

    first, second = written("a"), written("b")
    assert (first.digest, first.images) == (second.digest, 3)
    assert list(listing.read(first.path)) == list(images(service.s3, f"s3://{NAME}/in/", Left()))
    with pytest.raises(SettingsError, match="may not read it") as refused:
        listing.write(
            images(service.s3, f"s3://{NAME}/in/", Left()), tmp_path / "c", Left(), (S3Address(NAME, "in/a"),)
        )
    assert [str(detail).partition(": ")[0] for detail in (refused.value.message, *refused.value.details)] == [
        f"s3://{NAME}/in/b c+d.PNG",
        f"s3://{NAME}/in/deep/ä.jpeg",
    ]


KEYS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)


@given(st.lists(KEYS, min_size=1, max_size=20, unique=True))
@example(["a\u2028b", "a\nb", "a\r\nb", "a\x85b", "a\x0bb", "a\u2029b"])
def test_whatever_keys_hold_every_reader_takes_a_line_of_a_list_for_one(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str]
) -> None:
    at = datetime(2026, 11, 26, tzinfo=UTC)
    given_ = [Arrival(S3Address(NAME, key), "0" * 32, 5, at.isoformat(timespec="milliseconds"), at) for key in keys]
    path = tmp_path_factory.mktemp("list") / "images.jsonl"
    listing.write(given_, path, Left(), EVERYWHERE)
    assert list(listing.read(path)) == given_
    # As eagerly as any reader splits.
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == keys


@pytest.mark.parametrize("source", ["", "folder", "s3://", "x.txt"])
def test_what_is_no_source_is_refused(service: Service, source: str) -> None:
    with pytest.raises(CustomLabelsError, match="no source of images"):
        list(images(service.s3, source, Left()))


@given(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200),
    st.integers(0, 1 << 40),
    st.datetimes(datetime(2006, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds have none
)
def test_an_item_of_a_list_is_one_and_the_same_arrival_wherever_it_is_read(key: str, size: int, at: datetime) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    image = Arrival(S3Address(NAME, key), "0" * 32, size, at.isoformat(timespec="milliseconds"), at)
    assert arrival(json.loads(json.dumps(item(image)))) == image
    if key.endswith("/") and not size:
        return
    (looked,) = arrivals(message(item(image)))
    assert looked == image
    assert sighting_key(by_etag(image.etag, size), looked) == sighting_key(by_etag(image.etag, size), image)
