"""What any image shows: measured, or as tags script it; the rest is refused in words."""

import io
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image, ImageFilter
from support.local_services import BUCKET, Service

ARN = "arn:aws:rekognition:us-east-1:123456789012:"


def jpeg(pixels: Any) -> bytes:
    body = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(body, "JPEG", quality=95)
    return body.getvalue()


def plain(*colour: int) -> Image.Image:
    return Image.new("RGB", (128, 96), colour)


def quality(service: Service, image: Image.Image) -> dict[str, float]:
    answer = service.rekognition.detect_labels(Image={"Bytes": jpeg(image)}, Features=["IMAGE_PROPERTIES"])
    assert answer["LabelModelVersion"] == "3.0"
    assert "Labels" not in answer
    return dict(answer["ImageProperties"]["Quality"])  # type: ignore[arg-type]


def put(service: Service, key: str, **tags: str) -> dict[str, Any]:
    tagging = "&".join(f"rekognition-{name}={value}" for name, value in tags.items())
    service.s3.put_object(Bucket=BUCKET, Key=key, Body=jpeg(plain(90, 90, 90)), Tagging=tagging)
    return {"S3Object": {"Bucket": BUCKET, "Name": key}}


def test_properties_stand_in_the_order_in_which_people_see_them(service: Service) -> None:
    stripes = np.zeros((96, 128, 3)) + 255 * ((np.arange(128) // 16) % 2)[None, :, None]
    sharp = Image.fromarray(stripes.astype(np.uint8))
    dark, bright = quality(service, plain(20, 20, 20)), quality(service, plain(220, 220, 220))
    assert dark["Brightness"] < 15 < 80 < bright["Brightness"]
    assert dark["Sharpness"] == dark["Contrast"] == 0
    assert quality(service, sharp)["Contrast"] > 80
    blurred = [quality(service, sharp.filter(ImageFilter.GaussianBlur(by)))["Sharpness"] for by in (0, 1, 3, 6)]
    assert blurred == sorted(blurred, reverse=True)
    assert blurred[0] > 2 * blurred[-1]


def test_dominant_colours_are_those_of_the_pixels(service: Service) -> None:
    image = plain(200, 20, 20)
    image.paste((20, 20, 200), (0, 0, 32, 96))
    answer = service.rekognition.detect_labels(
        Image={"Bytes": jpeg(image)},
        Features=["IMAGE_PROPERTIES"],
        Settings={"ImageProperties": {"MaxDominantColors": 2}},
    )
    colours = answer["ImageProperties"]["DominantColors"]
    assert [colour["SimplifiedColor"] for colour in colours] == ["red", "blue"]
    assert [round(colour["PixelPercent"], -1) for colour in colours] == [70, 20] or colours[0]["PixelPercent"] > 70


def test_labels_text_moderation_and_faces_are_those_of_the_tags(service: Service) -> None:
    image = put(
        service,
        "scripted.jpg",
        labels="Person:98.5:0.1:0.2:0.3:0.4/Forklift:60/Cat:30",
        text="LOT 4711:99/OK:40",
        moderation="",
        faces="99:0.1:0.1:0.2:0.2",
    )
    rekognition = service.rekognition
    labels = rekognition.detect_labels(Image=image)["Labels"]  # type: ignore[arg-type]
    assert [(label["Name"], label["Confidence"]) for label in labels] == [("Person", 98.5), ("Forklift", 60)]
    assert labels[0]["Instances"][0]["BoundingBox"] == {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}
    assert [label["Name"] for label in rekognition.detect_labels(Image=image, MinConfidence=20, MaxLabels=9)["Labels"]][
        -1
    ] == "Cat"  # type: ignore[arg-type]
    text = rekognition.detect_text(Image=image, Filters={"WordFilter": {"MinConfidence": 50}})  # type: ignore[arg-type]
    assert [(part["Type"], part["DetectedText"]) for part in text["TextDetections"]] == [
        ("LINE", "LOT 4711"),
        ("WORD", "LOT"),
        ("WORD", "4711"),
    ]
    moderation = rekognition.detect_moderation_labels(Image=image)  # type: ignore[arg-type]
    assert (moderation["ModerationLabels"], moderation["ModerationModelVersion"]) == ([], "7.0")
    (face,) = rekognition.detect_faces(Image=image)["FaceDetails"]  # type: ignore[arg-type]
    assert face["BoundingBox"]["Width"] == 0.2


def test_an_image_that_is_sent_shows_the_faces_that_tags_of_objects_with_its_bytes_say(service: Service) -> None:
    grey, other = jpeg(plain(70, 80, 90)), jpeg(plain(90, 80, 70))
    for key, body, tags in (
        ("same/a.jpg", grey, "rekognition-faces=99:0.1:0.1:0.2:0.2"),
        ("same/b.jpg", grey, "rekognition-faces=&rekognition-text=LOT 9:99"),
        ("other.jpg", other, "rekognition-faces="),
    ):
        service.s3.put_object(Bucket=BUCKET, Key=key, Body=body, Tagging=tags)
    rekognition = service.rekognition
    assert len(rekognition.detect_faces(Image={"Bytes": grey})["FaceDetails"]) == 1
    assert rekognition.detect_faces(Image={"Bytes": other})["FaceDetails"] == []
    with pytest.raises(ClientError, match="sees no text in images by itself"):
        rekognition.detect_text(Image={"Bytes": grey})
    service.s3.delete_object(Bucket=BUCKET, Key="other.jpg")
    with pytest.raises(ClientError, match="or one of the same bytes"):
        rekognition.detect_faces(Image={"Bytes": other})


@pytest.mark.parametrize(
    ("operation", "more", "code", "words"),
    [
        ("detect_labels", {}, "UnknownOperationException", "sees no labels in images by itself"),
        ("detect_text", {}, "UnknownOperationException", "rekognition-text"),
        ("detect_faces", {"Attributes": ["ALL"]}, "InvalidParameterException", "Attributes other than DEFAULT"),
        (
            "detect_text",
            {"Filters": {"RegionsOfInterest": [{"BoundingBox": {"Left": 0, "Top": 0, "Width": 1, "Height": 1}}]}},
            "InvalidParameterException",
            "RegionsOfInterest: not offered",
        ),
        ("detect_moderation_labels", {"ProjectVersion": f"{ARN}project/a/version/b/1"},
         "InvalidParameterException", "ProjectVersion: not offered"),
    ],
)  # fmt: skip
def test_what_nothing_scripts_and_what_would_change_the_answer_is_refused(
    service: Service, operation: str, more: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(service.rekognition, operation)(Image={"Bytes": jpeg(plain(9, 9, 9))}, **more)
    assert error.value.response["Error"]["Code"] == code
    assert words in error.value.response["Error"]["Message"]


@pytest.mark.parametrize("tag", ["Person", "Person:101", "Person:9:1:2", ":99", "Person:9:0.1:0.1:0.1:7"])
def test_a_script_that_cannot_be_read_is_named(service: Service, tag: str) -> None:
    with pytest.raises(ClientError, match="The tag rekognition-labels says"):
        service.rekognition.detect_labels(Image=put(service, "wrong.jpg", labels=tag))  # type: ignore[arg-type]


def test_what_is_no_image_is_refused(service: Service) -> None:
    with pytest.raises(ClientError, match="InvalidImageFormatException"):
        service.rekognition.detect_labels(Image={"Bytes": b"hello"}, Features=["IMAGE_PROPERTIES"])
