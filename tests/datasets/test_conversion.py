import hashlib
import io
import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from support.drawing import draw, drawn

from customlabels.core.errors import LayoutError
from customlabels.datasets.conversion import MARKER, convert, convertible_fault
from customlabels.datasets.files import image_files
from customlabels.datasets.headers import header
from customlabels.datasets.layout import Annotated, Layout, Options
from customlabels.datasets.model import Box, Dataset, ImageInfo, Side
from customlabels.datasets.probe import service_fault
from customlabels.datasets.reading import Policy, make_dataset, turned
from customlabels.manifests.formats import FORMATS, load_dataset

TAKE_ALL = Policy(image_fault=convertible_fault, allow_unlabelled=True)


def load(folder: Path, format: str = "folder") -> Dataset:
    return load_dataset(folder, format, Options(convertible=True), TAKE_ALL)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8))


def sums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_each_image_becomes_one_that_the_service_takes_and_the_originals_stay(tmp_path: Path) -> None:
    label = tmp_path / "in" / "crack"
    label.mkdir(parents=True)
    picture = noise(100, 80)
    for ending in ("webp", "tiff", "bmp", "gif"):
        picture.save(label / f"{ending}.{ending}")
    picture.save(label / "fine.jpg")
    noise(5000, 2500, "L").save(label / "wide.png")
    Image.fromarray(np.full((70, 70), 40_000, np.uint16)).save(label / "deep.png")
    picture.convert("CMYK").save(label / "cmyk.tif")
    picture.convert("RGBA").save(label / "clear.webp")
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(label / "turned.jpg", exif=exif)
    register = pytest.importorskip("pillow_heif").register_heif_opener
    register()
    picture.save(label / "phone.heic")
    before = sums(tmp_path / "in")
    written, changes = convert(load(tmp_path / "in"), FORMATS["folder"], tmp_path / "out")
    assert sums(tmp_path / "in") == before
    by_name = {record.name: record.info for record in written.records}
    assert len(by_name) == 11
    assert all(service_fault(info) is None and info.orientation == 1 and info.bits == 8 for info in by_name.values())
    assert (by_name["crack/wide.png"].width, by_name["crack/wide.png"].height) == (4096, 2048)
    assert (by_name["crack/turned.jpg"].width, by_name["crack/turned.jpg"].height) == (80, 100)
    assert {name.rpartition(".")[2] for name in by_name} == {"jpg", "png"}
    assert Image.open(tmp_path / "out/crack/deep.png").getpixel((3, 3)) == 40_000 >> 8
    said = {change.name: change.reasons for change in changes}
    assert "crack/fine.jpg" not in said
    assert said["crack/turned.jpg"] == ("turned as EXIF says (orientation 6)",)
    assert said["crack/phone.heic"] == ("HEIC to JPEG",)
    assert said["crack/deep.png"] == ("16 to 8 bits a channel",)
    assert said["crack/wide.png"][0] == "scaled down from 5000×2500 pixels"
    assert sums(tmp_path / "out")["crack/fine.jpg"] == before["crack/fine.jpg"]


@pytest.mark.around
def test_too_many_bytes_are_made_fewer(tmp_path: Path) -> None:
    (tmp_path / "in" / "crack").mkdir(parents=True)
    noise(4000, 4000).save(tmp_path / "in/crack/big.jpg", quality=100, subsampling=0)
    noise(2600, 2600).save(tmp_path / "in/crack/big.png", compress_level=1)
    written, _ = convert(load(tmp_path / "in"), FORMATS["folder"], tmp_path / "out")
    for record in written.records:
        assert record.info.size <= 15_000_000
        assert min(record.info.width, record.info.height) > 1500


def test_boxes_are_scaled_with_their_image(tmp_path: Path) -> None:
    noise(5000, 2500, "L").save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("image,xmin,ymin,xmax,ymax,label\na.png,1000,500,2000,1500,crack\n")
    written, _ = convert(load(tmp_path, "csv"), FORMATS["coco"], tmp_path / "out")
    (record,) = written.records
    assert record.boxes is not None
    assert [round(number, 1) for number in record.boxes[0].corners] == [819.2, 409.6, 1638.4, 1228.8]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_lies_on_the_same_pixels_when_its_image_is_turned(tmp_path: Path, orientation: int) -> None:
    pixels = np.zeros((70, 100), np.uint8)
    pixels[10:22, 60:90] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.jpg", exif=exif, quality=100)
    info = header(tmp_path / "a.jpg")
    assert (info.width, info.height) == ((70, 100) if orientation >= 5 else (100, 70))
    assert info.orientation == orientation
    box = turned(Box("x", 60, 10, 30, 12), orientation, 100, 70)
    (tmp_path / "labels.csv").write_text(
        "image,image_width,image_height,xmin,ymin,xmax,ymax,label\n" + "a.jpg,100,70,60,10,90,22,x\n"
    )
    written, _ = convert(load(tmp_path, "csv"), FORMATS["csv"], tmp_path / "out")
    seen = np.asarray(Image.open(written.records[0].path))
    located = written.records[0].boxes
    assert located is not None
    if orientation in (1, 5, 6, 7, 8):
        # Where width and height stay, nothing tells whether boxes were drawn before or after.
        assert located == (box,)
    left, top, right, bottom = (int(number) for number in box.corners)
    assert seen[top + 2 : bottom - 2, left + 2 : right - 2].min() > 200
    assert (seen > 128).sum() == pytest.approx(30 * 12, rel=0.1)


def test_what_no_conversion_mends_is_refused_by_name(tmp_path: Path) -> None:
    draw(tmp_path, {"crack": 1})
    noise(63, 200).save(tmp_path / "crack" / "small.png")
    noise(2100, 100).save(tmp_path / "crack" / "long.webp")
    (tmp_path / "crack" / "broken.webp").write_bytes(b"RIFF\0\0\0\0WEBPVP8 ")
    noise(70, 70, "L").save(tmp_path / "crack" / "bomb.gif")
    bomb = bytearray((tmp_path / "crack" / "bomb.gif").read_bytes())
    bomb[6:10] = b"\xff\xff\xff\xff"
    (tmp_path / "crack" / "bomb.gif").write_bytes(bytes(bomb))
    dataset = load(tmp_path)
    assert {finding.name: finding.message for finding in dataset.faults} == {
        "crack/bomb.gif": "more pixels than are decoded",
        "crack/broken.webp": "a broken WebP file",
        "crack/long.webp": "2100×100 pixels; the service takes sides up to 20:1",
        "crack/small.png": "63×200 pixels; the service takes no side under 64",
    }


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    dataset = load(draw(tmp_path / "in", {"crack": 2}))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(LayoutError, match="is not empty"):
        convert(dataset, FORMATS["folder"], tmp_path / "out")
    assert sums(tmp_path / "out").keys() == {"mine.txt"}


def test_the_same_command_again_gives_the_same_and_takes_away_what_is_no_more(tmp_path: Path) -> None:
    source = draw(tmp_path / "in", {"crack": 3, "ok": 2})
    convert(load(source), FORMATS["coco"], tmp_path / "out")
    first = sums(tmp_path / "out")
    convert(load(source), FORMATS["coco"], tmp_path / "out")
    assert sums(tmp_path / "out") == first
    (source / "ok" / "001.jpg").unlink()
    convert(load(source), FORMATS["csv"], tmp_path / "out")
    assert sums(tmp_path / "out").keys() - {MARKER} == {
        "labels.csv",
        *(f"images/crack/00{number}.jpg" for number in range(3)),
        "images/ok/000.jpg",
    }


def test_an_image_that_cannot_be_decoded_leaves_no_annotations(tmp_path: Path) -> None:
    source = draw(tmp_path / "in", {"crack": 2}, ".png")
    body = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 60_000, (90, 90), dtype=np.uint16)).save(body, "PNG")
    data = bytearray(body.getvalue())
    data[200:400] = bytes(200)
    (source / "crack" / "torn.png").write_bytes(bytes(data))
    with pytest.raises(LayoutError, match=r"torn\.png: cannot be decoded"):
        convert(load(source), FORMATS["coco"], tmp_path / "out")
    assert not (tmp_path / "out" / "annotations").exists()
    (source / "crack" / "torn.png").unlink()
    convert(load(source), FORMATS["coco"], tmp_path / "out")
    assert sums(tmp_path / "out").keys() - {MARKER} == {
        "annotations/instances.json",
        "images/crack/000.png",
        "images/crack/001.png",
    }


def test_names_that_would_meet_are_all_named(tmp_path: Path) -> None:
    source = draw(tmp_path / "in", {"crack": 1})
    for ending in (".png", ".bmp"):
        drawn(0, 5).save(source / "crack" / f"x{ending}")
    with pytest.raises(LayoutError, match=r"would lie where crack/x\.bmp does"):
        convert(load(source), FORMATS["folder"], tmp_path / "out")


@pytest.mark.parametrize(
    ("format", "says"),
    [("yolo", "has labels of the whole image"), ("voc", "has labels"), ("masks", "has labels")],
)
def test_a_format_that_has_no_place_for_it_says_so(tmp_path: Path, format: str, says: str) -> None:
    with pytest.raises(LayoutError, match=says) as caught:
        convert(load(draw(tmp_path / "in", {"crack": 2})), FORMATS[format], tmp_path / "out")
    assert len(caught.value.details) == 1
    assert not (tmp_path / "out").exists()


def test_a_marker_from_elsewhere_deletes_nothing(tmp_path: Path) -> None:
    dataset = load(draw(tmp_path / "in", {"crack": 1}))
    (tmp_path / "keep.txt").write_text("keep")
    out = tmp_path / "out"
    out.mkdir()
    (out / MARKER).write_text(
        '{"made_by": "customlabels dataset convert", "files": ["../keep.txt", "/' + os.fspath(tmp_path) + '/keep.txt"]}'
    )
    convert(dataset, FORMATS["folder"], out)
    assert (tmp_path / "keep.txt").exists()
    shutil.rmtree(out)
    out.mkdir()
    (out / MARKER).write_text("[]")
    with pytest.raises(LayoutError, match="is not empty"):
        convert(dataset, FORMATS["folder"], out)


@pytest.mark.parametrize("to", [name for name, format in FORMATS.items() if format.writes])
def test_what_was_written_into_a_folder_of_images_is_named_and_not_read_along(tmp_path: Path, to: str) -> None:
    source = draw(tmp_path / "in", {"crack": 2, "ok": 2})
    dataset = load(source)
    if to in ("coco", "yolo", "voc", "cvat", "labelme", "kitti", "masks"):
        records = (replace(record, labels=(), boxes=(Box("crack", 5, 5, 20, 20),)) for record in dataset.records)
        dataset = replace(dataset, records=tuple(records))
    convert(dataset, FORMATS[to], source / "crack" / "out")
    again = load_dataset(source)
    assert [record.name for record in again.records] == [record.name for record in dataset.records]
    assert [(finding.name, finding.fatal) for finding in again.findings] == [(f"crack/out/{MARKER}", True)]
    without = load_dataset(source, options=Options(exclude=("crack/out/*",)))
    assert (len(without.records), without.findings) == (4, ())
    assert len(image_files(source)) >= 8, "what is shown to a model is all that is there"


def test_the_header_of_another_format_tells_what_it_would_become(tmp_path: Path) -> None:
    noise(100, 80).save(tmp_path / "x.webp")
    assert header(tmp_path / "x.webp") == ImageInfo(100, 80, "WebP", (tmp_path / "x.webp").stat().st_size, 3)


@pytest.mark.parametrize("to", ["coco", "yolo", "voc", "cvat", "csv", "manifest", "labelme", "label-studio", "masks"])
def test_images_of_both_sides_may_have_the_same_name(tmp_path: Path, to: str) -> None:
    for part in ("train", "test"):
        for number in range(2):
            drawn(0, number + len(part)).save(written_below(tmp_path / f"in/{part}/images/{number}.jpg"))
            written_below(tmp_path / f"in/{part}/labels/{number}.txt").write_text("0 0.5 0.5 0.25 0.25\n")
    (tmp_path / "in/data.yaml").write_text("train: train/images\nval: test/images\nnames: [crack]\n")
    source = load(tmp_path / "in", "yolo")
    convert(source, FORMATS[to], tmp_path / "out")
    dataset = load_dataset(tmp_path / "out", to)
    assert Counter(record.side for record in dataset.records) == {Side.TRAIN: 2, Side.TEST: 2}
    assert {tuple(map(round, box.corners)) for record in dataset.records for box in record.boxes or ()} == {
        (36, 36, 60, 60)
    }
    before = Counter((record.side, record.path.read_bytes()) for record in source.records)
    assert Counter((record.side, record.path.read_bytes()) for record in dataset.records) == before


def written_below(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@pytest.mark.parametrize("to", ["coco", "csv", "cvat", "manifest", "folder"])
def test_folders_of_both_sides_may_hold_the_same_names(tmp_path: Path, to: str) -> None:
    for part in ("train", "test"):
        draw(tmp_path / "in" / part, {"crack": 2, "ok": 2})
    convert(load(tmp_path / "in"), FORMATS[to], tmp_path / "out")
    dataset = load_dataset(tmp_path / "out", to)
    assert Counter((record.side, record.labels) for record in dataset.records) == {
        (side, (label,)): 2 for side in Side for label in ("crack", "ok")
    }


def test_colours_whose_bits_are_lost_are_refused(tmp_path: Path) -> None:
    pixels = np.full((70, 70, 3), 200, np.uint16)
    pixels[10:20] = 4000
    cv2.imwrite(str(written_below(tmp_path / "in/crack/a.png")), pixels)
    with pytest.raises(LayoutError, match="colours of 16 bits make use of 14 or fewer"):
        convert(load(tmp_path / "in"), FORMATS["folder"], tmp_path / "out")


def described(folder: Path, *images: Annotated) -> Dataset:
    for number, image in enumerate(images):
        drawn(0, number, 128).save(written_below(folder / image.name))
    return make_dataset(Layout(folder, images), Options(), TAKE_ALL)


BOX = Box("crack", 20, 30, 40, 20)
PARTLY_DIVIDED = [Annotated(f"{part}.jpg", "", boxes=(BOX,), subset=part) for part in ("train", "test", None)]


@pytest.mark.parametrize(
    ("to", "images", "says"),
    [
        ("folder", [Annotated("a.jpg", "", boxes=(BOX,))], ["1 boxes not kept"]),
        ("folder", [Annotated("a.jpg", "", ("ok",), group="g")], ["1 groups not kept"]),
        ("csv", [Annotated("a.jpg", "", ("ok",), group="g")], []),
        ("coco", [Annotated("a.jpg", "", boxes=(BOX,), group="g")], ["1 groups not kept"]),
        ("yolo", PARTLY_DIVIDED,
         ["2 sides of the split not kept"]),
        ("via", PARTLY_DIVIDED,
         ["via does not read what was written"]),
        ("masks", [Annotated("a.jpg", "", boxes=(BOX, Box("crack", 40, 30, 40, 20)))], ["2 boxes not kept"]),
    ],
)  # fmt: skip
def test_what_a_format_does_not_keep_is_named(
    tmp_path: Path, to: str, images: list[Annotated], says: list[str]
) -> None:
    written, _ = convert(described(tmp_path / "in", *images), FORMATS[to], tmp_path / "out")
    assert len(written.findings) == len(says)
    assert all(said in finding.message for said, finding in zip(says, written.findings, strict=True))


@pytest.mark.parametrize(
    ("images", "says"),
    [
        ([Annotated("a.jpg", "", boxes=(BOX,)), Annotated("a.png", "", boxes=(BOX,))], "would share masks/a.png"),
        ([Annotated("a.jpg", "", boxes=(Box("background", 20, 30, 40, 20),))], "boxes labelled 'background'"),
    ],
)
def test_masks_that_would_not_be_read_back_are_refused(tmp_path: Path, images: list[Annotated], says: str) -> None:
    with pytest.raises(LayoutError, match=says):
        convert(described(tmp_path / "in", *images), FORMATS["masks"], tmp_path / "out")


def test_bits_of_which_cameras_make_no_use_are_left_out_alike(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "crack"
    for name, most in (("dark", 1000), ("bright", 4000)):
        pixels = np.full((70, 70), 200, np.uint16)
        pixels[10:20] = most
        Image.fromarray(pixels).save(written_below(folder / f"{name}.png"))
    frames = [noise(80, 80, "L"), noise(80, 80, "L")]
    frames[0].save(folder / "pages.tif", save_all=True, append_images=frames[1:])
    _, changes = convert(load(tmp_path / "in"), FORMATS["folder"], tmp_path / "out")
    said = {change.name: change.reasons for change in changes}
    for name, most in (("dark", 1000), ("bright", 4000)):
        image = Image.open(tmp_path / f"out/crack/{name}.png")
        assert image.getextrema() == (200 >> 4, most >> 4)
        assert said[f"crack/{name}.png"][-1] == "12 of 16 bits used"
    assert said["crack/pages.tif"] == ("TIFF to PNG", "2 frames, the first kept")
