"""What labelling jobs write, read as a source and repaired: chains, verdicts, failures, masks, other shapes."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from support.drawing import drawn

from customlabels.core.errors import LayoutError, ManifestError
from customlabels.datasets.layout import Options
from customlabels.datasets.model import Dataset
from customlabels.datasets.reading import Policy
from customlabels.manifests.entries import read_entry
from customlabels.manifests.files import ARRAY, SPREAD, other_shape, relined
from customlabels.manifests.formats import AUTO, FORMATS, find_format, load_dataset
from customlabels.manifests.ground_truth import SEGMENTATION
from customlabels.manifests.repairing import repaired
from customlabels.manifests.report import validate
from customlabels.manifests.rewriting import Conversion, Kind
from customlabels.manifests.segmentation import boxes_by_color

SIDE = 128
SHARED = {"human-annotated": "yes", "creation-date": "2026-03-01T10:00:00.000000"}
Attribute = tuple[object, dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate("ab"):
        drawn(0, number, SIDE).save(tmp_path / f"{name}.jpg")
    return tmp_path


def label(name: str, **metadata: Any) -> Attribute:
    return 0, {"class-name": name, "confidence": 0.9, "type": "groundtruth/image-classification", **SHARED, **metadata}


def boxes(*lefts: int, **metadata: Any) -> Attribute:
    annotations = [{"class_id": 0, "left": left, "top": 10, "width": 20, "height": 20} for left in lefts]
    content = {"image_size": [{"width": SIDE, "height": SIDE, "depth": 3}], "annotations": annotations}
    shared = {"class-map": {"0": "crack"}, "type": "groundtruth/object-detection", **SHARED, **metadata}
    return content, {"objects": [{"confidence": 1}] * len(lefts), **shared}


def mask(address: str, **colors: str) -> Attribute:
    classes = {
        str(number): {"class-name": name, "hex-color": color} for number, (name, color) in enumerate(colors.items())
    }
    return address, {"internal-color-map": classes, "type": "groundtruth/semantic-segmentation", **SHARED}


def line(image: str, **attributes: Attribute | dict[str, Any]) -> str:
    """A line; of an attribute that failed there is metadata alone."""
    value: dict[str, Any] = {"source-ref": f"s3://plant-7/{image}"}
    for name, attribute in attributes.items():
        if isinstance(attribute, dict):
            value[f"{name}-metadata"] = attribute
        else:
            value[name], value[f"{name}-metadata"] = attribute
    return json.dumps(value)


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{text}\n" for text in lines))
    return path


def load(source: Path, policy: Policy | None = None, **options: Any) -> Dataset:
    return load_dataset(source, AUTO, Options(**options), policy or Policy())


def marks(dataset: Dataset) -> dict[str, list[object]]:
    """Labels, then labels and left edges of boxes, of each image."""
    return {
        record.name: [*record.labels, *((box.label, int(box.left)) for box in record.boxes or ())]
        for record in dataset.records
    }


def messages(dataset: Dataset) -> list[str]:
    return [finding.message for finding in dataset.findings]


def faults(error: LayoutError) -> list[str]:
    return list(error.details)


ADJUSTED = {"adjustment-status": "adjusted"}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"first": boxes(10, 60), "adjusted": boxes(12, **ADJUSTED)}, [12]),
        ({"adjusted": boxes(12, **ADJUSTED), "first": boxes(10, 60)}, [12]),
        ({"first": boxes(10), "adjusted": boxes(10, **{"adjustment-status": "unadjusted"})}, [10]),
        ({"first": boxes(10), "again": boxes(14, **ADJUSTED, **{"creation-date": "2026-05-01T00:00:00"}),
          "adjusted": boxes(12, **ADJUSTED, **{"creation-date": "2026-04-01T00:00:00"})}, [14]),
        ({"first": boxes(10), "adjusted": boxes(**ADJUSTED)}, []),
    ],
)  # fmt: skip
def test_the_latest_adjustment_supersedes_what_it_adjusts(
    folder: Path, attributes: dict[str, Attribute], expected: list[int]
) -> None:
    source = written(folder / "x.manifest", line("a.jpg", **attributes))
    dataset = load(source, Policy(allow_unlabelled=True))
    assert marks(dataset) == {"a.jpg": [("crack", left) for left in expected]}
    assert any("that an adjustment job superseded left out" in message for message in messages(dataset))


def test_labels_of_another_kind_are_not_superseded(folder: Path) -> None:
    source = written(folder / "x.manifest", line("a.jpg", cls=label("bad"), first=boxes(10), adj=boxes(12, **ADJUSTED)))
    assert marks(load(source)) == {"a.jpg": ["bad", ("crack", 12)]}


def test_of_two_that_an_adjustment_may_be_of_the_person_chooses(folder: Path) -> None:
    source = written(folder / "x.manifest", line("a.jpg", one=boxes(10), two=boxes(60), adj=boxes(12, **ADJUSTED)))
    with pytest.raises(LayoutError) as caught:
        load(source)
    assert "/adj" in faults(caught.value)[0]
    assert "adjusts one or two, and nothing says which; --attribute NAME chooses" in faults(caught.value)[0]
    assert marks(load(source, attributes=("adj",))) == {"a.jpg": [("crack", 12)]}
    assert marks(load(source, attributes=("one", "two"))) == {"a.jpg": [("crack", 10), ("crack", 60)]}
    with pytest.raises(LayoutError, match=r"no line has labels in x \(--attribute\); there are adj, one, two"):
        load(source, attributes=("x",))


def test_verdicts_are_named_and_are_no_labels(folder: Path) -> None:
    verdict = ("1", {"class-name": "bad", "confidence": 0.9, "type": "groundtruth/label-verification", **SHARED})
    source = written(folder / "x.manifest", line("a.jpg", first=boxes(10), checked=verdict))
    dataset = load(source)
    assert marks(dataset) == {"a.jpg": [("crack", 10)]}
    assert messages(dataset) == ["1 verdicts of label verification ('bad') left out"]


def test_an_object_that_failed_is_named_with_its_reason(folder: Path) -> None:
    failed = {"failure-reason": "ClientError: too few labels", "type": "groundtruth/image-classification", **SHARED}
    source = written(folder / "x.manifest", line("a.jpg", cls=label("ok")), line("b.jpg", cls=failed))
    dataset = load(source)
    assert marks(dataset) == {"a.jpg": ["ok"]}
    assert any("failed to give (ClientError: too few labels)" in message for message in messages(dataset))
    (_, repair) = repaired(source.read_bytes().splitlines())
    assert repair.line == b'{"source-ref":"s3://plant-7/b.jpg"}'


def test_jobs_of_which_all_labels_are_used_together_are_named(folder: Path) -> None:
    jobs = {"cls": label("ok", **{"job-name": "first"}), "cls2": label("bad", **{"job-name": "second"})}
    source = written(folder / "x.manifest", line("a.jpg", **jobs))
    dataset = load(source)
    assert marks(dataset) == {"a.jpg": ["ok", "bad"]}
    assert messages(dataset) == [
        "labels of first and second on one image are used together (--attribute NAME takes some)"
    ]
    assert marks(load(source, attributes=("cls2",))) == {"a.jpg": ["bad"]}


def test_jobs_on_videos_are_refused_by_name(folder: Path) -> None:
    video = ("s3://plant-7/SeqLabel.json", {"class-map": {"0": "car"}, "type": "groundtruth/video-object-detection"})
    with pytest.raises(LayoutError) as caught:
        load(written(folder / "x.manifest", line("frames.json", **{"car-ref": video})))
    assert "groundtruth/video-object-detection" in faults(caught.value)[0]
    assert "a job on the frames of a video" in faults(caught.value)[0]


def painted(path: Path, background: str = "#ffffff", **spots: tuple[int, int]) -> Path:
    """A mask with spots of 30 by 20 pixels; the keyword is the colour, without its #."""
    image = Image.new("RGB", (SIDE, SIDE), background)
    for color, corner in spots.items():
        image.paste(Image.new("RGB", (30, 20), f"#{color.removeprefix('c')}"), corner)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def lookout(folder: Path, **confidence: Any) -> Path:
    """A manifest of Lookout for Vision, with a mask beside its image."""
    painted(folder / "masks/a_mask.png", c23A436=(40, 50), c1f77b4=(90, 10))
    colors = {"BACKGROUND": "#ffffff", "crack": "#23A436", "dent": "#1F77B4", "never": "#000000"}
    anomaly, normal = label("anomaly", **confidence), label("normal", **confidence)
    anomalous = {"anomaly-label": anomaly, "anomaly-mask-ref": mask("s3://plant-7/m/a_mask.png", **colors)}
    return written(folder / "train.manifest", line("a.jpg", **anomalous), line("b.jpg", **{"anomaly-label": normal}))


def test_lookouts_masks_become_boxes_beside_the_label(folder: Path) -> None:
    dataset = load(lookout(folder))
    assert marks(dataset) == {"a.jpg": ["anomaly", ("crack", 40), ("dent", 90)], "b.jpg": ["normal"]}
    assert not dataset.findings
    only = load(folder / "train.manifest", attributes=("anomaly-mask-ref",))
    assert marks(only) == {"a.jpg": [("crack", 40), ("dent", 90)]}
    assert not only.records[0].labels


def test_a_key_that_all_lines_lack_is_named_with_what_fills_it_in(folder: Path) -> None:
    source = lookout(folder, confidence=None)
    with pytest.raises(LayoutError) as caught:
        load(source)
    for detail in faults(caught.value):
        assert "/anomaly-label-metadata/confidence: null" in detail
        assert "customlabels manifest validate FILE --fix NEW.manifest mends it" in detail
    assert "--fix" in (caught.value.hint or "")
    repairs = list(repaired(source.read_bytes().splitlines()))
    told = "filled in /anomaly-label-metadata/confidence: 1 in the place of null, which is required and not read"
    assert all(told in repair.changes for repair in repairs)
    lines = [repair.line.decode() for repair in repairs if repair.line]
    assert marks(load(written(folder / "train.manifest", *lines))) == {"a.jpg": ["anomaly"], "b.jpg": ["normal"]}


@pytest.mark.parametrize(
    ("attribute", "says"),
    [
        (mask("s3://plant-7/absent.png", crack="#23A436"), "/seg-ref: s3://plant-7/absent.png: no such image below"),
        (mask("s3://plant-7/m.png", BACKGROUND="#ffffff", x="#23A437"), "colours that its line does not name: #23a436"),
        (mask("s3://plant-7/text.png", crack="#23A436"), "no PNG file, or a damaged one"),
        (mask("s3://plant-7/m.png", crack="green"), "/seg-ref-metadata/internal-color-map/0/hex-color"),
        (mask("s3://plant-7/m.png", crack="#23A436", pit="#23a436"), "has to be a colour that no other class has"),
        (("s3://plant-7/m.png", {"type": SEGMENTATION}), "/seg-ref-metadata/internal-color-map: missing"),
        ((7, {"type": SEGMENTATION}), "/seg-ref: 7 (has to be the address of a mask)"),
    ],
)  # fmt: skip
def test_a_mask_that_cannot_be_read_is_a_fault(folder: Path, attribute: Attribute, says: str) -> None:
    painted(folder / "m.png", c23A436=(40, 50))
    (folder / "text.png").write_text("x")
    with pytest.raises(LayoutError) as caught:
        load(written(folder / "x.manifest", line("a.jpg", **{"seg-ref": attribute})))
    assert any(says in detail for detail in faults(caught.value)), faults(caught.value)


def test_a_mask_without_a_named_background_has_it_in_black_or_white(tmp_path: Path) -> None:
    for background in ("#000000", "#ffffff"):
        data = painted(tmp_path / "m.png", background, c23A436=(40, 50)).read_bytes()
        assert boxes_by_color(data, {0x23A436: "crack"}, 9)[0][0].corners == (40, 50, 70, 70)


def test_spots_that_are_too_small_are_counted(folder: Path) -> None:
    path = painted(folder / "m.png", c23A436=(40, 50))
    with Image.open(path) as image:
        image.load()
    image.putpixel((5, 5), (35, 164, 54))
    image.save(path)
    source = written(folder / "x.manifest", line("a.jpg", **{"seg-ref": mask("m.png", crack="#23A436")}))
    dataset = load(source)
    assert marks(dataset) == {"a.jpg": [("crack", 40)]}
    assert "1 spots of fewer than 9 pixels (--min-area) left out" in messages(dataset)


@given(st.lists(st.integers(0, 3), min_size=64, max_size=64))
def test_every_pixel_of_a_class_lies_in_a_box_of_its_label(pixels: list[int]) -> None:
    palette = np.array([[255, 255, 255], [35, 164, 54], [31, 119, 180], [1, 2, 3]], np.uint8)
    grid = np.array(pixels).reshape(8, 8)
    body = BytesIO()
    Image.fromarray(palette[grid]).save(body, "PNG")
    colors = {0xFFFFFF: None, 0x23A436: "a", 0x1F77B4: "b", 0x010203: "c"}
    found, size, small = boxes_by_color(body.getvalue(), colors, 1)
    assert (size, small) == ((8, 8), 0)
    for value, name in ((1, "a"), (2, "b"), (3, "c")):
        inside = np.zeros((8, 8), bool)
        for box in found:
            if box.label == name:
                left, top, right, bottom = (int(corner) for corner in box.corners)
                assert (grid[top:bottom, left:right] == value).any()
                inside[top:bottom, left:right] = True
        assert inside[grid == value].all()


def test_a_manifest_is_told_by_its_lines_whatever_its_ending(folder: Path) -> None:
    for name in ("x.jsonl", "x.json", "x.ndjson", "output"):
        source = written(folder / name, line("a.jpg", cls=label("ok")))
        assert find_format(AUTO, source, Options()).name == "manifest", name
        assert marks(load(source)) == {"a.jpg": ["ok"]}
        source.unlink()
    other = written(folder / "metadata.jsonl", '{"file_name": "a.jpg", "label": "ok"}')
    assert not FORMATS["manifest"].recognises(other, Options())


def test_other_shapes_of_json_are_named_and_made_lines(folder: Path) -> None:
    values = [json.loads(line(name, cls=label("ok"))) for name in ("a.jpg", "b.jpg")]
    shapes = {
        ARRAY: json.dumps(values),
        SPREAD: "\n".join(json.dumps(value, indent=2) for value in values),
        "": "\n".join(map(json.dumps, values)),
    }
    for shape, text in shapes.items():
        source = written(folder / "x.manifest", text)
        assert other_shape(source) == (shape or None)
        if not shape:
            continue
        with pytest.raises(LayoutError, match=shape) as caught:
            load(source)
        assert "--fix" in (caught.value.hint or "")
        lines = [repair.line for repair in repaired(relined(source))]
        assert [read_entry(1, text or b"").labels for text in lines] == [("ok",), ("ok",)]


def test_what_is_no_json_is_a_sentence(tmp_path: Path) -> None:
    for text in ('[{"source-ref": ', '{\n"source-ref": 1,,\n}'):
        with pytest.raises(ManifestError, match=r"x\.manifest: "):
            list(relined(written(tmp_path / "x.manifest", text)))


@pytest.mark.parametrize(
    ("attribute", "changed", "told"),
    [
        (label("ok"), ("x-metadata", "confidence"), "filled in /x-metadata/confidence: 1, which"),
        (label("ok"), ("x-metadata", "human-annotated"), 'filled in /x-metadata/human-annotated: "yes", which'),
        (label("ok"), ("x-metadata", "creation-date"), "filled in /x-metadata/creation-date: "),
        (label("ok"), ("x-metadata", "type"), 'filled in /x-metadata/type: "groundtruth/image-classification"'),
        (boxes(10), ("x-metadata", "type"), 'filled in /x-metadata/type: "groundtruth/object-detection"'),
        (boxes(10), ("x-metadata", "objects"), 'filled in /x-metadata/objects: [{"confidence":1}]'),
        (boxes(), ("x-metadata", "class-map"), "filled in /x-metadata/class-map: {}"),
    ],
)
def test_a_key_that_is_required_and_not_read_is_filled_in_by_name(
    attribute: Attribute, changed: tuple[str, str], told: str
) -> None:
    value = json.loads(line("a.jpg", x=attribute))
    del value[changed[0]][changed[1]]
    (repair,) = repaired([json.dumps(value).encode()])
    assert any(told in change for change in repair.changes)
    assert repair.line is not None
    assert not read_entry(1, repair.line).has_errors


def test_class_ids_in_quotes_are_made_numbers() -> None:
    value = json.loads(line("a.jpg", x=boxes(10, 40)))
    for box in value["x"]["annotations"]:
        box["class_id"] = "0"
    (repair,) = repaired([json.dumps(value).encode()])
    assert repair.changes == ("made /x/annotations/*/class_id numbers of texts",)
    assert read_entry(1, repair.line or b"").boxes == ("crack", "crack")


def test_relative_source_refs_stay_where_their_images_are_found() -> None:
    lines = [line(name, cls=label("ok")).replace("s3://plant-7/", "").encode() for name in ("parts/a.jpg", "gone.jpg")]
    kept, dropped = repaired(lines, lambda name: name == "parts/a.jpg")
    assert kept.line is not None
    assert json.loads(kept.line)["source-ref"] == "parts/a.jpg"
    assert kept.changes == ('kept with its path, /source-ref: "parts/a.jpg"; an import needs its address in S3',)
    assert (dropped.line, dropped.changes) == (None, ('dropped: /source-ref: "gone.jpg": no such image',))
    assert [repair.line for repair in repaired(lines)] == [None, None]


def test_a_manifest_of_paths_is_a_source(folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "a.jpg").rename(folder / "parts/a.jpg")
    source = written(folder / "x.manifest", line("parts/a.jpg", cls=label("ok")).replace("s3://plant-7/", ""))
    assert marks(load(source)) == {"parts/a.jpg": ["ok"]}


def test_converting_takes_the_adjusted_boxes_and_says_what_it_leaves_out() -> None:
    conversion = Conversion("x", Kind.CUSTOM_LABELS)
    lines = [line("a.jpg", first=boxes(10), adj=boxes(12, **ADJUSTED), seg=mask("s3://plant-7/m.png", x="#000000"))]
    (converted,) = conversion.lines(text.encode() for text in lines)
    assert sorted(json.loads(converted)) == ["adj", "adj-metadata", "source-ref"]
    assert dict(conversion.parts) == {
        "attributes that an adjustment job superseded": 1,
        "masks (customlabels manifest build makes boxes of them)": 1,
    }


HALVES = [
    ({"cls": label("crack"), "boxes": (boxes(10)[0], None)}, "/boxes-metadata: missing"),
    ({"cls": label("crack"), "boxes": boxes(10)[1]}, "/boxes: missing"),
    ({"cls": label("crack"), "label2": (1, None)}, "/label2-metadata: missing"),
]


@pytest.mark.parametrize(("attributes", "says"), HALVES)
def test_halves_of_attributes_are_named(folder: Path, attributes: dict[str, Any], says: str) -> None:
    value = json.loads(line("a.jpg", **attributes))
    text = json.dumps({key: content for key, content in value.items() if content is not None})
    source = written(folder / "x.manifest", text, line("b.jpg", cls=label("ok")))
    dataset = load(source)
    assert marks(dataset) == {"a.jpg": ["crack"], "b.jpg": ["ok"]}
    assert any(says in message for message in messages(dataset))
    (note,) = [lines for *_, code, said, lines in validate(source, None).rows() if "half an attribute" in said]
    assert note.lines == [1]


def test_boxes_without_metadata_beside_boxes_refuse_the_image(folder: Path) -> None:
    half = {**json.loads(line("a.jpg", boxes=boxes(10))), "more": boxes(60)[0]}
    dataset = load(written(folder / "x.manifest", json.dumps(half), line("b.jpg", x=label("ok"))))
    assert marks(dataset) == {"b.jpg": ["ok"]}
    assert any("/more" in finding.message for finding in dataset.findings if finding.fatal)


def test_a_key_twice_on_a_line_is_refused_by_name(folder: Path) -> None:
    twice = line("a.jpg", x=label("crack"))[:-1] + ", " + line("a.jpg", x=label("ok")).partition(", ")[2]
    source = written(folder / "x.manifest", twice, line("b.jpg", x=label("ok")))
    (finding,) = load(source).findings
    assert finding.fatal
    assert "stands on the line again" in finding.message
    assert any("stands twice" in said for *_, said, _ in validate(source, None).rows())
