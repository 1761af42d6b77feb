"""Also what callers say of lines that cannot be read: the report, and a version that is shown another's test images."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from customlabels.pipelines.evaluation.training_snapshot import parse_training

LABELS = st.sampled_from(["crack", "ok", "dent"])


def whole(number: int, label: str) -> bytes:
    about = {"class-name": label, "type": "groundtruth/image-classification"}
    return json.dumps({"source-ref": f"s3://b/{number}.jpg", "side": 1, "side-metadata": about}).encode()


def located(number: int, labels: list[str]) -> bytes:
    names = dict(enumerate(sorted(set(labels))))
    numbers = {label: key for key, label in names.items()}
    boxes = [{"class_id": numbers[label], "left": 0, "top": 0, "width": 9, "height": 9} for label in labels]
    line = {
        "source-ref": f"s3://b/{number}.jpg",
        "boxes": {"annotations": boxes},
        "boxes-metadata": {"class-map": names},
    }
    return json.dumps(line).encode()


BAD: list[Any] = [
    b"no json",
    b"[]",
    b"1",
    b"{}",
    b'{"source-ref": 1}',
    b"\xff\xfe",
    b'{"source-ref": "s3://b/x.jpg", "a": 1, "a-metadata": 5}',
    b'{"source-ref": "s3://b/x.jpg", "a": 1, "a-metadata": {"class-name": []}}',
    b'{"source-ref": "s3://b/x.jpg", "a": {"annotations": [{"class_id": 3}]}, "a-metadata": {"class-map": {"0": "b"}}}',
]


@given(st.lists(st.one_of(LABELS, st.lists(LABELS, min_size=1), st.sampled_from(BAD), st.just(b" "))))
def test_each_line_counts_once_or_is_named(drawn: list[Any]) -> None:
    lines = [
        text if isinstance(text, bytes) else whole(number, text) if isinstance(text, str) else located(number, text)
        for number, text in enumerate(drawn, 1)
    ]
    snapshot = parse_training(lines)
    good = {number: text for number, text in enumerate(drawn, 1) if not isinstance(text, bytes)}
    bad = [number for number, text in enumerate(drawn, 1) if text in BAD]
    assert snapshot.images == {f"s3://b/{number}.jpg" for number in good}
    assert [sentence.partition(" is none")[0] for sentence in snapshot.unread] == [f"line {number}" for number in bad]
    for label in ("crack", "ok", "dent"):
        assert snapshot.counts.get(label, 0) == sum(
            label == text if isinstance(text, str) else label in text for text in good.values()
        )
