import json
from typing import Any

import pytest

from customlabels.core.s3 import S3Address
from customlabels.manifests.entries import import_entries, read_entries, training_faults
from customlabels.manifests.lines import image_level_line

META = {
    "class-name": "crack",
    "confidence": 1,
    "type": "groundtruth/image-classification",
    "human-annotated": "yes",
    "creation-date": "2026-01-31T08:00:00.000",
}


def line(**changes: Any) -> bytes:
    """A good line with parts of its metadata changed; None takes one away."""
    meta = {name: value for name, value in (META | changes).items() if value is not None}
    return json.dumps({"source-ref": "s3://plant-7/a.jpg", "x": 0, "x-metadata": meta}).encode()


def codes(text: bytes) -> list[str]:
    (entry,) = read_entries([text])
    return [fault.code for fault in entry.faults]


@pytest.mark.parametrize(
    "text",
    [
        line(),
        line(**{"job-name": "anything"}),
        line(**{"creation-date": "2026-01-31T08:00:00Z"}),
        line(**{"creation-date": "2026-01-31 08:00:00"}),
        line(confidence=0.25),
        b'{"source-ref": "s3://plant-7/a.jpg"}',
        b'{"source-ref": "s3://plant-7/a.jpg", "cl-metadata": {"is_labeled": false}}',
    ],
)
def test_good_lines_have_no_fault(text: bytes) -> None:
    assert codes(text) == []


BAD_META = ["ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", ["ERROR_INVALID_JSON_LINE"]),
        (b"{", ["ERROR_INVALID_JSON_LINE"]),
        (b"[]", ["ERROR_INVALID_JSON_LINE"]),
        (b'{"source-ref": "\xff"}', ["ERROR_INVALID_JSON_LINE"]),
        (b'{"a": ' + b"[" * 90_000, ["ERROR_INVALID_JSON_LINE"]),
        (b'{"source-ref": "s3://plant-7/' + b"a" * 100_000 + b'"}', ["ERROR_INVALID_JSON_LINE"]),
        (b"{}", ["ERROR_MISSING_SOURCE_REF"]),
        (b'{"source-ref": "https://plant-7/a.jpg"}', ["ERROR_INVALID_SOURCE_REF_FORMAT"]),
        (b'{"source-ref": 7}', ["ERROR_INVALID_SOURCE_REF_FORMAT"]),
        (b'{"source-ref": "s3://plant-7/a.jpg", "labels": [{"label": "x"}]}', ["ERROR_NO_LABEL_ATTRIBUTES"]),
        (line(type="groundtruth/image-classification-multilabel"),
         ["ERROR_UNSUPPORTED_USE_CASE_TYPE", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]),
        (line(type=None), BAD_META),
        (line(**{"class-name": None}), BAD_META),
        (line(confidence="1"), BAD_META),
        (line(confidence=1.5), BAD_META),
        (line(**{"human-annotated": "maybe"}), BAD_META),
        (line(**{"creation-date": "yesterday"}), BAD_META),
        (line(**{"class-name": "x" * 256}), ["ERROR_INVALID_LABEL_NAME_LENGTH", "ERROR_NO_VALID_LABEL_ATTRIBUTES"]),
    ],
)  # fmt: skip
def test_each_fault_has_the_services_code(text: bytes, expected: list[str]) -> None:
    assert codes(text) == expected


def lines(counts: dict[str, int], bucket: str = "plant-7") -> list[bytes]:
    return [
        image_level_line(S3Address(bucket, f"{label}/{number}.jpg"), [label])
        for label, count in counts.items()
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("given", "kept", "code"),
    [
        (lines({"a": 5}), 5, None),
        ([], 0, None),
        (lines({"a": 5}) * 2, 0, "ERROR_TOO_MANY_RECORDS_IN_ERROR"),
        (lines({"a": 9}) + lines({"a": 1}), 9, None),
        ([*lines({"a": 8}), b"x", b"y"], 8, None),
        ([*lines({"a": 7}), b"x", b"y"], 0, "ERROR_TOO_MANY_RECORDS_IN_ERROR"),
        ([b"x"] * 5, 0, "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT"),
        (lines({"a": 5}) + lines({"a": 5}, "other"), 0, "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS"),
        (lines({f"label{number}": 1 for number in range(251)}), 0, "ERROR_MANIFEST_TOO_MANY_LABELS"),
    ],
)
def test_an_import_keeps_drops_and_refuses_as_the_service_does(given: list[bytes], kept: int, code: str | None) -> None:
    entries, fault = import_entries(read_entries(given))
    assert len(entries) == kept
    assert (fault.code if fault else None) == code


def unlabelled(count: int) -> list[bytes]:
    return [image_level_line(S3Address("plant-7", f"plain/{number}.jpg"), []) for number in range(count)]


@pytest.mark.parametrize(
    ("train", "test", "expected"),
    [
        (lines({"a": 5, "b": 5}), lines({"a": 1, "b": 1}), []),
        (lines({"a": 5, "b": 5}) + unlabelled(50), lines({"a": 1, "b": 1}), []),
        (lines({"a": 5, "b": 5}), [], ["ERROR_EMPTY_MANIFEST"]),
        (lines({"a": 5}), lines({"a": 1, "b": 1}), ["ERROR_MANIFEST_TOO_FEW_LABELS"]),
        (lines({"a": 4, "b": 4}) + [b"x"] * 2, lines({"a": 1, "b": 1}), []),
        (lines({"a": 4, "b": 4}) + [b"x"] * 3, lines({"a": 1, "b": 1}), ["ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"]),
        (lines({"a": 4, "b": 4, "c": 4, "d": 4}), lines({"a": 1, "b": 1}), []),
        (lines({"a": 4, "b": 4, "c": 4}), lines({"a": 1, "x": 1}), ["ERROR_INSUFFICIENT_LABEL_OVERLAP"]),
    ],
)
def test_a_training_fails_where_the_service_lets_it_fail(
    train: list[bytes], test: list[bytes], expected: list[str]
) -> None:
    assert [fault.code for fault in training_faults(read_entries(train), read_entries(test))] == expected
