import pytest

from customlabels.manifests.lines import entry_line
from customlabels.manifests.validation import import_fault, judge, read_part


def lines(counts: dict[str, int], bucket: str = "plant-7") -> list[bytes]:
    return [
        entry_line(f"s3://{bucket}/{label}/{number}.jpg", (label,))
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
    part = read_part(given)
    fault = import_fault(part)
    assert (0 if fault else part.kept) == kept
    assert (fault.code if fault else None) == code


def unlabelled(count: int) -> list[bytes]:
    return [entry_line(f"s3://plant-7/plain/{number}.jpg", ()) for number in range(count)]


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
    assert [fault.code for fault in judge(read_part(train), read_part(test)).faults] == expected
