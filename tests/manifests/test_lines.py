import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customlabels.core.addresses import S3Address
from customlabels.datasets.model import Box
from customlabels.manifests.entries import read_entries
from customlabels.manifests.lines import entry_line, write_manifest

GOLDEN = """\
{"source-ref":"s3://plant-7/tiles/a b+ü.jpg","label_0":0,"label_0-metadata":{"class-name":"crack","confidence":1,\
"type":"groundtruth/image-classification","human-annotated":"yes","creation-date":"2000-01-01T00:00:00.000000",\
"job-name":"labeling-job/tiles"}}
"""

keys = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=80)
labels = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40)


def test_a_line_reads_as_the_guide_says() -> None:
    line = entry_line("s3://plant-7/tiles/a b+ü.jpg", ("crack",), job="tiles")
    assert line.decode() == GOLDEN


@given(keys, st.lists(labels, unique=True, max_size=5).map(tuple))
def test_what_is_written_is_read_back(key: str, named: tuple[str, ...]) -> None:
    line = entry_line(f"s3://plant-7/{key}", named)
    assert line.count(b"\n") == 1
    (entry,) = read_entries([line])
    assert (entry.image, entry.labels) == (S3Address("plant-7", key), named)
    assert [fault.code for fault in entry.faults] == ([] if named else ["WARNING_UNANNOTATED_RECORD"])


boxes = st.lists(st.builds(Box, labels, *[st.floats(-5, 700)] * 2, *[st.floats(0, 700)] * 2), min_size=0, max_size=5)


@given(keys, st.lists(labels, unique=True, max_size=3).map(tuple), st.none() | boxes)
def test_a_line_put_together_is_the_one_that_its_document_gives(
    key: str, named: tuple[str, ...], located: list[Box] | None
) -> None:
    line = entry_line(f"s3://plant-7/{key}", named, located, (640, 480, 3))
    assert line == orjson.dumps(orjson.loads(line)) + b"\n"
    assert orjson.loads(line)["source-ref"] == f"s3://plant-7/{key}"


def test_a_label_called_source_ref_does_no_harm() -> None:
    line = json.loads(entry_line("s3://plant-7/a.jpg", ("source-ref", "x-metadata")))
    assert line["source-ref"] == "s3://plant-7/a.jpg"


def test_the_same_images_give_the_same_bytes_and_a_failure_leaves_no_file(tmp_path: Path) -> None:
    lines = [entry_line(f"s3://plant-7/{number}.jpg", ("crack",)) for number in range(100)]
    for name in ("a", "b"):
        assert write_manifest(tmp_path / name, iter(lines)) == 100
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with pytest.raises(ZeroDivisionError):
        write_manifest(tmp_path / "c", (lines[1 // 0] for _ in "x"))
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}
