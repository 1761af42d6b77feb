"""Versions that are no model any more, and champions that are another version by now."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.local_services import BUCKET, Service, begin_training, connect

from customlabels.core.errors import ServiceError
from customlabels.core.waiting import wait_for
from customlabels.emulator.server import address
from customlabels.pipelines.service import hosting
from customlabels.pipelines.service.champion import Promotion, lost, promoted_version, trouble
from customlabels.pipelines.service.lifetime import delete_version
from customlabels.pipelines.service.versions import (
    choose_version,
    find_version,
    list_versions,
    version_name,
)


@dataclass(frozen=True)
class Trained:
    """A project with the version `v1`, of which others are copies."""

    service: Service
    project: str
    v1: str

    def copy(self, name: str) -> str:
        return self.service.rekognition.copy_project_version(
            SourceProjectArn=self.project,
            SourceProjectVersionArn=self.v1,
            DestinationProjectArn=self.project,
            VersionName=name,
            OutputConfig={"S3Bucket": BUCKET, "S3KeyPrefix": "out"},
        )["ProjectVersionArn"]

    def wait(self, name: str, state: str) -> None:
        def reached() -> bool | None:
            version = find_version(self.service.rekognition, self.project, name)
            return True if version is not None and version["Status"] == state else None

        wait_for(reached, what=f"{name} {state}", most=60)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[Trained]:
    service = connect(tmp_path_factory.mktemp("gone"))
    project, version = begin_training(service, "aged", images)
    made = Trained(service, project, version)
    made.wait("v1", "TRAINING_COMPLETED")
    yield made
    address.stop(service.state)


@pytest.mark.parametrize("state", ["EXPIRED", "DEPRECATED"])
def test_what_is_no_model_any_more_is_never_chosen_started_or_kept_as_champion(trained: Trained, state: str) -> None:
    rekognition, name = trained.service.rekognition, state.lower()
    arn = trained.copy(name)
    trained.wait(name, "COPYING_COMPLETED")
    assert version_name(choose_version(rekognition, "aged", None)) == name
    promotion = Promotion(name, arn)
    assert lost(rekognition, "aged", promotion) is None
    rekognition.tag_resource(ResourceArn=arn, Tags={"customlabels:local-state": state})
    trained.wait(name, state)
    assert version_name(choose_version(rekognition, "aged", None)) == "v1"
    assert f"champion {name} is {state}" in (trouble(promotion, list_versions(rekognition, "aged")) or "")
    with pytest.raises(ServiceError, match=f"version {name} of aged is {state}: it is no model any more"):
        choose_version(rekognition, "aged", name)
    with pytest.raises(ServiceError, match=f"champion {name} is {state}"):
        promoted_version(rekognition, "aged", promotion)
    with pytest.raises(ServiceError, match=f"the version is {state} and cannot be started"):
        hosting.start(rekognition, arn, units=1)
    delete_version(rekognition, "aged", name)
    assert lost(rekognition, "aged", promotion) == (
        f"champion {name} was deleted: customlabels versions promote VERSION makes another"
    )


def test_a_champion_that_was_trained_anew_under_its_name_is_said_to_be_so(trained: Trained) -> None:
    rekognition = trained.service.rekognition
    promotion = Promotion("again", trained.copy("again"))
    trained.wait("again", "COPYING_COMPLETED")
    assert promoted_version(rekognition, "aged", promotion)["ProjectVersionArn"] == promotion.arn
    delete_version(rekognition, "aged", "again")
    trained.copy("again")
    trained.wait("again", "COPYING_COMPLETED")
    said = "champion again was deleted, and another version was trained under"
    with pytest.raises(ServiceError, match=said):
        promoted_version(rekognition, "aged", promotion)
    assert said in (trouble(promotion, list_versions(rekognition, "aged")) or "")
