"""Trainings, dataset updates and copies where what Describe answers lags behind one's own writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawing import draw
from support.interception import Late, intercepted
from support.local_services import BUCKET, Service, connect_to

from customlabels.core.errors import ServiceError
from customlabels.core.watching import UNWATCHED
from customlabels.datasets.model import Side
from customlabels.datasets.split import split
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.copying import Destination, copy
from customlabels.pipelines.service.projects import need_project
from customlabels.pipelines.service.versions import choose_version
from customlabels.pipelines.training import dataset_marks, project_datasets
from customlabels.pipelines.training.lineage import ticket
from customlabels.pipelines.training.project_datasets import ensure_dataset
from customlabels.pipelines.training.run import begin, finish, prepare
from customlabels.pipelines.training.run_plan import Plan, make_plan
from customlabels.pipelines.training.submission import check_held
from customlabels.pipelines.training.ticket import DATASET_TAG

LOOKS = 3


@pytest.fixture
def late(service: Service) -> Iterator[Service]:
    """The service, each of whose answers shows for three looks what was before the last write."""
    with intercepted(service.endpoint_url, late=Late(LOOKS)) as endpoint:
        yield connect_to(service, endpoint)


def plan_for(folder: Path, project: str) -> Plan:
    divided = split(load_dataset(folder, "folder"), fraction=0.2, seed=0)
    return make_plan(divided, project=project, bucket=BUCKET, prefix="late")


@pytest.mark.around
def test_a_run_ends_well_though_every_answer_is_late(service: Service, late: Service, tmp_path: Path) -> None:
    folder = draw(tmp_path / "late", {"across": 8, "down": 8})
    for _ in range(2):
        plan = plan_for(folder, "late")
        begun = begin(plan, rekognition=late.rekognition, s3=late.s3, region="us-east-1", watch=UNWATCHED)
        assert begun.started
        outcome = finish(begun, rekognition=late.rekognition, s3=late.s3, watch=UNWATCHED, notify=lambda sentence: None)
        assert outcome.measured.evaluation.version == plan.version
        # The second run updates the datasets: an old COMPLETE may not end its wait.
        draw(folder, {"across": 9, "down": 9})
    copied = copy(
        late.rekognition,
        late.rekognition,
        choose_version(service.rekognition, "late", None),
        Destination("late-copy", "v1", BUCKET, "late"),
        None,
        lambda seconds: None,
    )
    assert copied["Status"] == "COPYING_COMPLETED"


@pytest.fixture
def without_tags(service: Service, request: pytest.FixtureRequest) -> str:
    """A project whose datasets take no tags."""
    name = f"tagless-{request.node.name[:40].replace('_', '-').strip('-')}"
    service.rekognition.create_project(ProjectName=name, Tags={"customlabels:local-dataset-tags": "refused"})
    return name


def test_datasets_that_take_no_tags_are_marked_beside_their_manifests(
    service: Service, without_tags: str, tmp_path: Path
) -> None:
    folder = draw(tmp_path / "tagless", {"across": 8, "down": 8})
    plan = plan_for(folder, without_tags)
    arn, _ = prepare(plan, service.rekognition, service.s3, UNWATCHED)
    check_held(service.rekognition, service.s3, ticket(plan, arn))
    draw(folder, {"across": 9, "down": 9})
    grown = plan_for(folder, without_tags)
    with pytest.raises(ServiceError, match="another run has changed the train dataset"):
        check_held(service.rekognition, service.s3, ticket(grown, arn))
    prepare(grown, service.rekognition, service.s3, UNWATCHED)
    check_held(service.rekognition, service.s3, ticket(grown, arn))
    (folder / "across" / "000.jpg").unlink()
    less = plan_for(folder, without_tags)
    prepare(less, service.rekognition, service.s3, UNWATCHED)
    check_held(service.rekognition, service.s3, ticket(less, arn))
    for side in Side:
        assert not ensure_dataset(service.rekognition, service.s3, arn, less, side, less.manifest(side))


@pytest.mark.parametrize(
    ("tag", "written", "held"),
    [("a", "", "a"), ("", "b", "b"), ("a", "a", "a"), ("a", "b", ""), ("", "", "")],
)
def test_two_marks_that_differ_tell_nothing(
    service: Service, tmp_path: Path, tag: str, written: str, held: str
) -> None:
    name = f"marks-{tag}-{written}-x"
    arn = service.rekognition.create_project(ProjectName=name)["ProjectArn"]
    dataset = service.rekognition.create_dataset(ProjectArn=arn, DatasetType="TRAIN")["DatasetArn"]
    address = dataset_marks.mark_address(dataset_marks.S3Address(BUCKET, f"late/{name}/manifests"), "train", dataset)
    if tag:
        service.rekognition.tag_resource(ResourceArn=dataset, Tags={DATASET_TAG: tag})
    if written:
        service.s3.put_object(Bucket=BUCKET, Key=address.key, Body=written.encode())
    assert dataset_marks.read_mark(service.rekognition, service.s3, dataset, address) == held


def test_a_dataset_that_is_refused_for_ever_is_not_asked_for_for_ever(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(draw(tmp_path / "refused", {"across": 5, "down": 5}), "refused")
    project, manifests = prepare(plan, service.rekognition, service.s3, UNWATCHED, external=True)
    service.rekognition.create_dataset(ProjectArn=project, DatasetType="TRAIN")
    monkeypatch.setattr(project_datasets, "GRACE", 0.5)

    # Its project's datasets never show.
    with intercepted(service.endpoint_url, late=Late(10_000)) as endpoint:
        hidden = connect_to(service, endpoint)
        hidden.rekognition.tag_resource(ResourceArn=project, Tags={"any": "write"})
        with pytest.raises(ServiceError, match="already has a TRAIN dataset"):
            ensure_dataset(hidden.rekognition, service.s3, project, plan, Side.TRAIN, manifests[Side.TRAIN])
    assert need_project(service.rekognition, "refused") == project


ERRORS = st.lists(
    st.builds(lambda code: {"code": f"ERROR_{code}", "message": "why"}, st.integers(0, 5)), min_size=1, max_size=3
)
PLACES = ("line", "cl-errors", "attribute", "metadata", "annotation")


@given(st.dictionaries(st.sampled_from(PLACES), ERRORS, min_size=1))
@settings(max_examples=60)
def test_complaints_are_found_wherever_the_service_writes_them(errors: dict[str, list[dict[str, str]]]) -> None:
    from customlabels.pipelines.training.failure import line_complaints

    line = {
        "source-ref": "s3://b/a.jpg",
        "boxes": {"annotations": [{"class_id": 0, "errors": errors.get("annotation", [])}], "image_size": []},
        "boxes-metadata": {"objects": [], "errors": errors.get("metadata", [])},
        "errors": errors.get("line", []),
        "cl-errors": errors.get("cl-errors", []),
    }
    line["boxes"]["errors"] = errors.get("attribute", [])  # type: ignore[index]
    codes = {complaint.code for complaint in line_complaints("line 1", line)}
    assert codes == {error["code"] for group in errors.values() for error in group}
