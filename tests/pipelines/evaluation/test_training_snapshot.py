"""Also what callers say of lines that cannot be read: the report, and a version that is shown another's test images."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.local_services import BUCKET, Service

from customlabels.pipelines.evaluation.training_snapshot import TrainingSnapshot, load_training, parse_training

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


def test_faults_are_named_by_file_and_line_and_the_first_few_are_enough(service: Service) -> None:
    body = b"\n".join([whole(1, "crack"), *[b"no json"] * 7, whole(2, "ok")])
    service.s3.put_object(Bucket=BUCKET, Key="train.manifest", Body=body)
    stored = {"GroundTruthManifest": {"S3Object": {"Bucket": BUCKET, "Name": "train.manifest"}}}
    description: Any = {"TrainingDataResult": {"Output": {"Assets": [stored]}}}
    snapshot = load_training(service.s3, description)
    assert snapshot.counts == {"crack": 1, "ok": 1}
    assert len(snapshot.unread) == 6
    assert snapshot.unread[0].startswith(f"s3://{BUCKET}/train.manifest, line 2 is none of a training snapshot")
    assert snapshot.unread[-1] == f"s3://{BUCKET}/train.manifest: and 2 more lines"
    assert load_training(service.s3, {}) == TrainingSnapshot()
