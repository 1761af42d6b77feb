"""A run against the local service, watched from the outside through the service itself."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.drawing import draw
from support.local_services import BUCKET, Service

from customlabels.aws.bucket import check_bucket
from customlabels.core.errors import LayoutError, ServiceError, TrainingFailed
from customlabels.datasets.model import Side
from customlabels.datasets.split import split
from customlabels.manifests.formats import load_dataset
from customlabels.pipelines.service.champion import Promotion, before
from customlabels.pipelines.service.detection_files import Kept, read_kept
from customlabels.pipelines.service.detection_files import Run as DetectionRun
from customlabels.pipelines.service.lifetime import delete_version
from customlabels.pipelines.service.versions import choose_version, version_name
from customlabels.pipelines.training.lineage import ticket
from customlabels.pipelines.training.run import Begun, Outcome, begin, finish, prepare
from customlabels.pipelines.training.run_plan import Plan, make_plan, project_name
from customlabels.pipelines.training.submission import check_held, start_training
from customlabels.pipelines.training.upload import missing_images


class Steps:
    def __init__(self) -> None:
        self.titles: list[str] = []
        self.far: dict[str, list[int | None]] = {}
        """Of each step, how much there was and how much was done."""

    @contextmanager
    def step(self, title: str, total: int | None = None, *, in_bytes: bool = False) -> Iterator[Callable[[int], None]]:
        self.titles.append(title)
        done: list[int] = []
        yield done.append
        self.far[title] = [total, sum(done)]


def plan_for(folder: Path, project: str, seed: int = 0) -> Plan:
    divided = split(load_dataset(folder, "folder"), fraction=0.2, seed=seed)
    return make_plan(divided, project=project, bucket=BUCKET, prefix="runs")


def carry_out(service: Service, plan: Plan, *, external: bool = False) -> tuple[Begun, Outcome, list[str]]:
    steps, clients = Steps(), {"rekognition": service.rekognition, "s3": service.s3}
    begun = begin(plan, **clients, region="us-east-1", watch=steps, external=external)
    return begun, finish(begun, **clients, watch=steps, notify=steps.titles.append), steps.titles


def test_an_uploads_progress_is_in_bytes(service: Service, tmp_path: Path) -> None:
    folder = draw(tmp_path / "bytes", {"across": 3, "down": 3})
    plan, steps = plan_for(folder, "bytes"), Steps()
    prepare(plan, service.rekognition, service.s3, steps)
    whole = sum(path.stat().st_size for path in folder.rglob("*.jpg"))
    assert steps.far["uploading 6 of 6 images"] == [whole, whole]


def test_only_what_is_missing_is_uploaded_and_datasets_follow_the_images(service: Service, tmp_path: Path) -> None:
    folder = draw(tmp_path / "grow", {"across": 8, "down": 8})
    begun, first, steps = carry_out(service, plan_for(folder, "grow"))
    assert begun.started
    assert "uploading 16 of 16 images" in steps
    draw(folder, {"across": 9, "down": 9})
    plan = plan_for(folder, "grow")
    assert len(missing_images(service.s3, plan)) == 2
    begun, second, steps = carry_out(service, plan)
    assert begun.started
    assert "uploading 2 of 18 images" in steps
    assert second.measured.evaluation.version != first.measured.evaluation.version
    assert second.measured.evaluation.training_images + second.measured.evaluation.testing_images == 18
    begun, _, steps = carry_out(service, plan)
    assert (begun.started, steps) == (False, [])
    newest = choose_version(service.rekognition, "grow", None)
    assert version_name(newest) == second.measured.evaluation.version


def test_an_image_with_a_strange_name_arrives_and_is_trained_on(service: Service, tmp_path: Path) -> None:
    folder = draw(tmp_path / "names", {"a+b #1": 5, "плитка %20": 5})
    _, outcome, _ = carry_out(service, plan_for(folder, "names"))
    evaluation = outcome.measured.evaluation
    assert evaluation.training_images + evaluation.testing_images == 10


def test_a_failed_training_gives_its_reason_and_is_done_anew_when_it_is_deleted(
    service: Service, tmp_path: Path
) -> None:
    folder = draw(tmp_path / "fails", {"across": 5, "down": 5})
    plan = plan_for(folder, "fails")
    # The images vanish between upload and training.
    gone = replace(plan, bucket="vanishing")
    service.s3.create_bucket(Bucket="vanishing")

    project, _ = prepare(gone, service.rekognition, service.s3, Steps())
    for record in plan.dataset.records:
        service.s3.delete_object(Bucket="vanishing", Key=gone.image(record).key)
    assert start_training(service.rekognition, service.s3, ticket(gone, project))
    with pytest.raises(TrainingFailed, match="too many invalid rows") as caught:
        carry_out(service, gone)
    assert caught.value.hint is not None
    assert f"versions delete {gone.version}" in caught.value.hint
    delete_version(service.rekognition, "fails", gone.version)
    begun, _, _ = carry_out(service, gone)
    assert begun.started


def test_a_bucket_that_is_missing_or_elsewhere_is_named(service: Service) -> None:
    with pytest.raises(ServiceError, match="bucket nowhere-7 does not exist"):
        check_bucket(service.s3, "nowhere-7", "us-east-1")
    with pytest.raises(ServiceError, match=f"bucket {BUCKET} is in us-east-1, the project in eu-west-1"):
        check_bucket(service.s3, BUCKET, "eu-west-1")


@pytest.mark.parametrize(
    ("folder", "name"),
    [("magnetic-tile", "magnetic-tile"), ("my tiles (2)", "my-tiles-2"), ("плитка", "project"), ("x" * 300, "x" * 255)],
)
def test_a_projects_name_is_made_from_any_folders(folder: str, name: str) -> None:
    assert project_name(folder) == name


def test_a_dataset_that_only_grows_is_updated_and_one_that_shrinks_is_made_anew(
    service: Service, tmp_path: Path
) -> None:
    folder = draw(tmp_path / "changes", {"across": 8, "down": 8})
    clients = {"rekognition": service.rekognition, "s3": service.s3}

    def datasets() -> dict[str, str]:
        (found,) = service.rekognition.describe_projects(ProjectNames=["changes"])["ProjectDescriptions"]
        return {one["DatasetType"]: one["DatasetArn"] for one in found["Datasets"]}

    def entries(arn: str) -> int:
        described = service.rekognition.describe_dataset(DatasetArn=arn)["DatasetDescription"]
        return described["DatasetStats"]["TotalEntries"]

    prepare(plan_for(folder, "changes"), **clients, watch=Steps())
    first = datasets()
    draw(folder, {"across": 9, "down": 8})
    plan = plan_for(folder, "changes")
    prepare(plan, **clients, watch=Steps())
    assert datasets() == first
    assert {side.value.upper(): entries(first[side.value.upper()]) for side in Side} == {
        side.value.upper(): len(plan.dataset.side(side)) for side in Side
    }
    check_held(service.rekognition, service.s3, ticket(plan, "any"))
    (folder / "across" / "000.jpg").unlink()
    less = plan_for(folder, "changes")
    prepare(less, **clients, watch=Steps())
    assert datasets() != first
    with pytest.raises(ServiceError, match="another run has changed"):
        check_held(service.rekognition, service.s3, ticket(plan, "any"))


def test_a_training_that_fails_names_codes_and_lines(service: Service, tmp_path: Path) -> None:
    folder = draw(tmp_path / "faulty", {"across": 5, "down": 5})
    plan = plan_for(folder, "faulty")
    project, manifests = prepare(plan, service.rekognition, service.s3, Steps(), external=True)
    for record in plan.dataset.side(Side.TRAIN):
        address = plan.image(record)
        service.s3.put_object(Bucket=address.bucket, Key=address.key, Body=b"no image any more")
    where = {side.value: address for side, address in manifests.items()}
    assert start_training(service.rekognition, service.s3, ticket(plan, project), where)
    with pytest.raises(TrainingFailed) as caught:
        finish(
            Begun(project, plan.version, True),
            rekognition=service.rekognition,
            s3=service.s3,
            watch=Steps(),
            notify=lambda sentence: None,
        )
    assert any("training manifest, line 1: ERROR_INVALID_IMAGE: " in detail for detail in caught.value.details)


def test_what_is_uploaded_is_encrypted_as_the_settings_say(service: Service, tmp_path: Path) -> None:
    folder = draw(tmp_path / "sealed", {"across": 5, "down": 5})
    plan = replace(plan_for(folder, "sealed"), kms_key="alias/models")
    prepare(plan, service.rekognition, service.s3, Steps())
    held = service.s3.head_object(Bucket=BUCKET, Key=plan.image(plan.dataset.records[0]).key)
    assert (held["ServerSideEncryption"], held["SSEKMSKeyId"]) == ("aws:kms", "alias/models")
    assert missing_images(service.s3, plan) == []


def test_detections_that_are_kept_are_those_that_are_whole(tmp_path: Path) -> None:
    def line(name: str, error: str | None = None, **more: object) -> str:
        about = {"source": "photos", "version": "v1", "least": None, **more}
        return json.dumps({"name": name, "labels": [], "error": error, **about}) + "\n"

    path, run = tmp_path / "found.jsonl", DetectionRun("photos", "v1", None)
    assert read_kept(path, run) == Kept(frozenset(), b"")
    path.write_text(line("a", "broken") + line("b") + line("c", source="other") + line("d")[:20])
    kept = read_kept(path, run)
    assert kept.done == {"b"}
    assert kept.body.decode() == line("b") + line("c", source="other")
    for other in ({"version": "v2"}, {"least": 10.0}):
        path.write_text(line("a", **other))
        with pytest.raises(LayoutError, match="holds detections of version"):
            read_kept(path, run)
    for foreign in ('{"a": 1}', '{"a": 1}\n', "name,label\n"):
        path.write_text(foreign)
        with pytest.raises(LayoutError):
            read_kept(path, run)
        assert path.read_text() == foreign


def test_a_rollback_goes_to_what_was_before_and_never_back_to_what_was_left() -> None:
    def promotion(version: str, back: bool = False) -> Promotion:
        return Promotion(version, f"arn:{version}", back=back)

    assert before([promotion("b"), promotion("a")]).version == "a"
    newest_first = [promotion("b", back=True), promotion("c"), promotion("b"), promotion("a")]
    assert before(newest_first).version == "a"
    with pytest.raises(ServiceError, match="no earlier champion"):
        before([promotion("a", back=True), promotion("b"), promotion("a")])
