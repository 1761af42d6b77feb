import io
import json
from pathlib import Path

import pytest
from support.drawing import drawn

from customlabels.core.errors import ManifestError
from customlabels.manifests.files import bounded_lines, manifest_lines
from customlabels.manifests.images import local_images
from customlabels.manifests.lines import entry_line
from customlabels.manifests.report import SUMMARY, validate


def good(count: int, label: str = "a") -> list[bytes]:
    return [entry_line(f"s3://plant-7/{label}/{number}.jpg", (label,)) for number in range(count)]


def written(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def test_the_summary_and_the_manifest_are_those_that_the_service_writes(tmp_path: Path) -> None:
    broken = b"{broken\n"
    no_label = b'{"source-ref": "s3://plant-7/x.jpg", "labels": []}\n'
    plain = b'{"source-ref": "s3://plant-7/y.jpg"}\n'
    path = written(tmp_path / "train.manifest", [*good(8), *good(8, "b"), broken, no_label, plain])
    report = validate(path, None, output=tmp_path / "out")
    assert not report.fails
    summary = json.loads((tmp_path / "out" / SUMMARY).read_bytes())
    assert summary == {
        "statistics": {
            "training": {
                "use_case": "IMAGE_LEVEL_LABELS",
                "total_json_lines": 19,
                "valid_json_lines": 16,
                "invalid_json_lines": 2,
                "ignored_json_lines": 1,
                "error_json_line_indices": [17, 18],
                "errors": [],
            }
        },
        "errors": [],
    }
    lines = (tmp_path / "out" / "training_manifest_with_validation.json").read_bytes().splitlines(keepends=True)
    assert lines[:16] == [*good(8), *good(8, "b")]
    assert json.loads(lines[16]) == {
        "errors": [{"code": "ERROR_INVALID_JSON_LINE", "message": "The JSON Line has an invalid format."}]
    }
    assert json.loads(lines[17])["errors"][0]["code"] == "ERROR_NO_LABEL_ATTRIBUTES"
    assert json.loads(lines[18])["warnings"][0]["code"] == "WARNING_UNANNOTATED_RECORD"


def test_causes_add_up_to_the_fifth_that_fails_a_training(tmp_path: Path) -> None:
    lines = [*good(5), *good(5, "b")]
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "b").mkdir()
    for label in ("a", "b"):
        for number in range(5):
            drawn(0, number).save(tmp_path / "images" / label / f"{number}.jpg")
    path = written(tmp_path / "train.manifest", [*lines, b"{}\n", b'{"source-ref": "x"}\n'])
    assert not validate(path, None, look=local_images(tmp_path / "images")).fails
    (tmp_path / "images" / "a" / "0.jpg").write_bytes(b"no image")
    report = validate(path, None, look=local_images(tmp_path / "images"))
    assert [fault.code for fault in report.verdict.faults] == ["ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST"]
    assert report.parts["training"].codes["ERROR_INVALID_IMAGE"].lines == [1]


def test_what_an_import_drops_in_silence_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "train.manifest", [*good(9), *good(9, "b"), *good(1)])
    rows = [(code, said, found.lines) for _, code, said, found in validate(path, None).rows()]
    assert rows == [
        ("(dropped in silence)", "a dataset import leaves the line out: source-ref named before", [19]),
    ]


def test_labels_that_the_test_set_lacks_fail_both_together(tmp_path: Path) -> None:
    train = written(tmp_path / "train.manifest", [line for label in "abcd" for line in good(2, label)])
    test = written(tmp_path / "test.manifest", [line for label in "ax" for line in good(2, label)])
    report = validate(train, test, output=tmp_path / "out")
    assert report.fails
    summary = json.loads((tmp_path / "out" / SUMMARY).read_bytes())
    assert [error["code"] for error in summary["errors"]] == ["ERROR_INSUFFICIENT_LABEL_OVERLAP"]
    assert summary["errors"][0]["message"].startswith("Less than 50% label overlap")


def test_a_file_without_an_ending_cannot_be_imported(tmp_path: Path) -> None:
    report = validate(written(tmp_path / "manifest", [*good(2), *good(2, "b")]), None)
    assert report.import_faults["training"].code == "ERROR_MANIFEST_INACCESSIBLE_OR_UNSUPPORTED_FORMAT"


def test_a_line_of_any_length_is_read_in_pieces() -> None:
    long = b"x" * 5_000_000
    lines = list(bounded_lines(io.BytesIO(b"a\n" + long + b"\n\nb\n" + long)))
    assert [len(line) for line in lines] == [2, 400_002, 1, 2, 400_002]
    assert list(bounded_lines(io.BytesIO(b""))) == []
    assert list(bounded_lines(io.BytesIO(b"a\r\nb"))) == [b"a\r\n", b"b"]


def test_a_line_may_have_100000_characters_of_any_script(tmp_path: Path) -> None:
    def line(characters: int, character: str) -> bytes:
        start = '{"source-ref": "s3://plant-7/a.jpg", "note": "'
        return (start + character * (characters - len(start) - 2) + '"}\n').encode()

    for characters, code in ((100_000, "ERROR_NO_LABEL_ATTRIBUTES"), (100_001, "ERROR_INVALID_JSON_LINE")):
        for character in ("x", "ü", "タ", "🔩"):
            path = written(tmp_path / "train.manifest", [line(characters, character)])
            assert list(validate(path, None).parts["training"].codes) == [code]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"gone\.manifest: cannot be read"):
        list(manifest_lines(tmp_path / "gone.manifest"))


@pytest.mark.parametrize("other", ["A", "a ", "\u200ba"])
def test_labels_that_look_alike_are_noted_also_in_two_files(tmp_path: Path, other: str) -> None:
    training = written(tmp_path / "train.manifest", [*good(8), *good(8, "b")])
    testing = written(tmp_path / "test.manifest", [*good(8, other), *good(8, "b")])
    (row,) = [row for row in validate(training, testing).rows() if row[1] == "(note)"]
    assert row[2].startswith("labels ")
    assert "differ in" in row[2]
    assert not [row for row in validate(training, None).rows() if row[1] == "(note)"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", {"images": [], "annotations": [], "categories": [{"supercategory": "x"}]}, "the file is coco"),
        ("a.json", {"categories": {"label": {"labels": []}}, "items": []}, "a Datumaro export, which is not read"),
        ("a.csv", "image,label\na.jpg,crack\n", "the file is csv"),
    ],
)
def test_a_file_of_another_format_is_called_by_its_name(tmp_path: Path, name: str, content: object, says: str) -> None:
    path = written(tmp_path / name, [(content if isinstance(content, str) else json.dumps(content)).encode()])
    assert any(says in note for _, code, note, _ in validate(path, None).rows() if code == "(note)")
    valid = written(tmp_path / "a.manifest", good(1))
    assert not any("the file is" in note for *_, note, _ in validate(valid, None).rows())
