"""Answers out of other tools' files."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from customlabels.core.errors import LayoutError
from customlabels.pipelines.service.detection import DetectedLabel
from customlabels.review.answers import Answer, Region, read_answers
from customlabels.review.pick import Group, Stratum
from customlabels.review.reading.files import read_into
from customlabels.review.reading.given import NOT_PICKED
from customlabels.review.tasks import Task, add_tasks

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def review(tmp_path: Path) -> Path:
    folder = tmp_path / "review"
    add_tasks(
        folder,
        [
            Task(f"i#{name}:1", f"line/{name}.png", f"s3://plant/line/{name}.png", "v",
                 (DetectedLabel("crack", 80.0, (0.1, 0.1, 0.2, 0.2)),), (), Group.REST, Stratum.RANDOM, 1.0, NOON)
            for name in ("a", "b")
        ],
    )  # fmt: skip
    return folder


def write(folder: Path, name: str, *documents: Any, lines: bool = False) -> Path:
    path = folder / "given" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(json.dumps, documents)) + "\n" if lines else json.dumps(documents[0]))
    return path


def loop(image: str, *answers: dict[str, Any]) -> dict[str, Any]:
    """An output file of A2I."""
    return {
        "flowDefinitionArn": "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f",
        "humanLoopName": "loop-1",
        "inputContent": {"initialValue": "crack", "taskObject": image},
        "humanAnswers": [
            {
                "acceptanceTime": "2026-06-01T11:59:00.000Z",
                "submissionTime": "2026-06-01T12:00:00.000Z",
                "timeSpentInSeconds": 12.5,
                "workerId": f"worker-{number}",
                "answerContent": content,
            }
            for number, content in enumerate(answers)
        ],
    }


def label(text: str) -> dict[str, Any]:
    return {"crowd-image-classifier": {"label": text}}


def test_of_a2i_every_workers_answer_is_taken_and_a_loop_without_any_is_told(review: Path, tmp_path: Path) -> None:
    boxes = {
        "crowd-bounding-box": {
            "boundingBoxes": [{"left": 20, "top": 10, "width": 40, "height": 30, "label": "pit"}],
            "inputImageProperties": {"width": 200, "height": 100},
        }
    }
    write(tmp_path, "1/output.json", loop("s3://plant/line/a.png", label("crack"), label("none"), boxes))
    write(tmp_path, "2/output.json", loop("s3://plant/line/b.png"))
    new, known, given = read_into(review, [tmp_path / "given"], ["none"])
    assert (new, known) == (3, 0)
    assert read_answers(review) == [
        Answer("i#a:1", "worker-0", NOON, ("crack",), seconds=12.5, tool="a2i"),
        Answer("i#a:1", "worker-1", NOON, (), seconds=12.5, tool="a2i"),
        Answer("i#a:1", "worker-2", NOON, (), (Region("pit", 0.1, 0.1, 0.2, 0.3),), seconds=12.5, tool="a2i"),
    ]
    assert [finding.message for finding in given.findings] == ["has no answer: the loop expired, or was stopped"]
    assert read_into(review, [tmp_path / "given"], ["none"])[:2] == (0, 3)


def test_of_ground_truth_a_line_is_the_answer_of_its_job(review: Path, tmp_path: Path) -> None:
    about = {"human-annotated": "yes", "creation-date": "2026-06-01T12:00:00.000000", "job-name": "labeling-job/night"}
    whole = {
        "source-ref": "s3://plant/line/a.png",
        "kind": 0,
        "kind-metadata": {
            "class-name": "crack",
            "confidence": 0.9,
            "type": "groundtruth/image-classification",
            **about,
        },
    }
    located = {
        "source-ref": "s3://plant/line/b.png",
        "boxes": {
            "image_size": [{"width": 200, "height": 100, "depth": 3}],
            "annotations": [{"class_id": 0, "left": 20, "top": 10, "width": 40, "height": 30}],
        },
        "boxes-metadata": {
            "objects": [{"confidence": 1}], "class-map": {"0": "pit"}, "type": "groundtruth/object-detection", **about,
        },
    }  # fmt: skip
    write(tmp_path, "output.manifest", whole, located, lines=True)
    assert read_into(review, [tmp_path / "given"])[:2] == (2, 0)
    assert read_answers(review) == [
        Answer("i#a:1", "night", NOON, ("crack",), tool="ground-truth"),
        Answer("i#b:1", "night", NOON, (), (Region("pit", 0.1, 0.1, 0.2, 0.3),), tool="ground-truth"),
    ]


def annotation(person: Any, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "completed_by": person,
        "result": list(results),
        "was_cancelled": False,
        "updated_at": "2026-06-01T12:00:00.000Z",
        "lead_time": 3.5,
        **more,
    }


BOX = {
    "type": "rectanglelabels", "from_name": "label", "to_name": "image", "original_width": 200, "original_height": 100,
    "value": {"x": 10, "y": 10, "width": 20, "height": 30, "rotation": 0, "rectanglelabels": ["pit"]},
}  # fmt: skip
CHOICE = {"type": "choices", "from_name": "choice", "to_name": "image", "value": {"choices": ["crack"]}}


def test_of_label_studio_every_annotation_is_the_answer_of_whoever_made_it(review: Path, tmp_path: Path) -> None:
    tasks = [
        {
            "id": 1,
            "data": {"image": "http://here/data/line/a.png", "key": "i#a:1"},
            "annotations": [
                annotation(7, BOX),
                annotation({"id": 8, "email": "bo@example.com"}, CHOICE),
                annotation(9, was_cancelled=True),
                annotation(10),
            ],
        },
        {"id": 2, "data": {"image": "http://here/data/upload/b.png"}, "annotations": []},
    ]
    write(tmp_path, "export.json", tasks)
    new, _, given = read_into(review, [tmp_path / "given" / "export.json"])
    assert new == 4
    by_person = {answer.person: answer for answer in read_answers(review)}
    assert by_person["label-studio 7"].boxes == (Region("pit", 0.1, 0.1, 0.2, 0.3),)
    assert by_person["bo@example.com"].labels == ("crack",)
    assert by_person["label-studio 9"].unsure
    assert by_person["label-studio 10"].boxes == ()
    assert by_person["label-studio 7"].seconds == 3.5
    assert [finding.message for finding in given.findings] == ["has no answer yet"]


@pytest.mark.parametrize(
    ("name", "document", "message"),
    [
        ("output.json", loop("s3://plant/line/a.png", {"crowd-form": {}}), "neither a label nor boxes"),
        ("output.json", {"something": "else"}, "none of A2I, Ground Truth and Label Studio"),
        ("output.json", [{"id": 1, "data": {"image": "a.png"}, "annotations": [{"result": []}]}], "does not say when"),
        ("output.json", [{"id": 1, "annotations": 7}], "no JSON export"),
        ("output.manifest", {"source-ref": "s3://plant/line/a.png", "kind": 0}, ""),
    ],
)
def test_what_is_no_answer_is_named_and_nothing_is_added(
    review: Path, tmp_path: Path, name: str, document: Any, message: str
) -> None:
    write(tmp_path, "good/output.json", loop("s3://plant/line/a.png", label("crack")))
    write(tmp_path, name, document, lines=name.endswith(".manifest"))
    with pytest.raises(LayoutError, match="none was added") as caught:
        read_into(review, [tmp_path / "given"])
    assert any(message in detail for detail in caught.value.details)
    assert read_answers(review) == []


def test_a_file_name_that_several_images_have_names_none(review: Path, tmp_path: Path) -> None:
    other = Task("i#z:1", "night/a.png", "s3://plant/night/a.png", "v", (), (), Group.REST, Stratum.RANDOM, 1.0, NOON)
    add_tasks(review, [other])
    write(tmp_path, "output.json", loop("http://here/a.png", label("crack")))
    with pytest.raises(LayoutError, match="no answer is on an image"):
        read_into(review, [tmp_path / "given"])


def test_answers_on_other_images_are_told_and_left(review: Path, tmp_path: Path) -> None:
    write(tmp_path, "1/output.json", loop("s3://plant/line/a.png", label("crack")))
    write(tmp_path, "2/output.json", loop("s3://plant/line/other.png", label("crack")))
    new, _, given = read_into(review, [tmp_path / "given"])
    assert new == 1
    assert [finding.message for finding in given.findings] == [NOT_PICKED]


SIZE = {"width": 200, "height": 100}


def located(box: dict[str, Any], size: dict[str, Any] = SIZE) -> dict[str, Any]:
    whole = {"left": 20, "top": 10, "width": 40, "height": 30, "label": "pit", **box}
    return {"crowd-bounding-box": {"boundingBoxes": [whole], "inputImageProperties": size}}


@pytest.mark.parametrize(
    ("content", "change"),
    [
        (label("crack"), {"timeSpentInSeconds": float("nan")}),
        (label("crack"), {"timeSpentInSeconds": -3}),
        (label("crack"), {"workerId": None}),
        (label("crack"), {"submissionTime": None}),
        (label(" "), {}),
        ({"crowd-image-classifier-multi-select": {"labels": ["crack", None]}}, {}),
        ({"crowd-image-classifier": None}, {}),
        (None, {}),
        (located({"left": float("nan")}), {}),
        (located({"left": None}), {}),
        (located({"left": 180}), {}),
        (located({"top": -20}), {}),
        (located({"label": None}), {}),
        (located({}, {"width": 0, "height": 100}), {}),
        (located({}, {"width": float("inf"), "height": 100}), {}),
    ],
)
def test_an_answer_that_no_person_can_have_given_is_named_and_none_is_added(
    content: Any, change: dict[str, Any], review: Path, tmp_path: Path
) -> None:
    document = loop("s3://plant/line/a.png", label("crack"), content)
    document["humanAnswers"][1] |= change
    path = write(tmp_path, "1/output.json", document)
    with pytest.raises(LayoutError, match="none was added") as raised:
        read_into(review, [path])
    (detail,) = raised.value.details
    assert detail.startswith(f"{path}, answer 2: is none that can be read")
    assert read_answers(review) == []


@pytest.mark.parametrize("answers", [None, float("nan"), {}, "none"])
def test_a_loop_whose_answers_are_no_list_has_not_just_expired(answers: Any, review: Path, tmp_path: Path) -> None:
    path = write(tmp_path, "1/output.json", loop("s3://plant/line/a.png") | {"humanAnswers": answers})
    with pytest.raises(LayoutError) as raised:
        read_into(review, [path])
    assert "its humanAnswers are no list" in raised.value.details[0]


def test_words_that_name_several_images_name_none_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "review"
    add_tasks(
        folder,
        [
            Task(f"i#{number}:1", "line/a.png", f"s3://plant/{number}/line/a.png", "v", (), (), Group.REST,
                 Stratum.RANDOM, 1.0, NOON)
            for number in (1, 2)
        ],
    )  # fmt: skip
    named = write(tmp_path, "1/output.json", loop("line/a.png", label("crack")))
    with pytest.raises(LayoutError, match="no answer is on an image that was picked"):
        read_into(folder, [named])
    addressed = write(tmp_path, "2/output.json", loop("s3://plant/2/line/a.png", label("crack")))
    assert read_into(folder, [named, addressed])[:2] == (1, 0)
    assert [answer.image for answer in read_answers(folder)] == ["i#2:1"]


def test_a_time_with_microseconds_is_the_same_when_it_is_read_again(review: Path, tmp_path: Path) -> None:
    document = loop("s3://plant/line/a.png", label("crack"))
    document["humanAnswers"][0]["submissionTime"] = "2026-06-01T12:00:00.123456Z"
    path = write(tmp_path, "1/output.json", document)
    assert read_into(review, [path])[:2] == (1, 0)
    assert read_into(review, [path])[:2] == (0, 1)
