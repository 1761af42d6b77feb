"""Model packages that follow the champion: its own is approved, those that would pass for it are rejected."""

from customlabels.aws.clients import Clients
from customlabels.core.errors import ServiceError
from customlabels.core.watching import Watch
from customlabels.pipelines.evaluation.evaluation_summary import load_evaluation
from customlabels.pipelines.following import Follower
from customlabels.pipelines.sagemaker import registry
from customlabels.pipelines.service.arns import CHAMPION
from customlabels.pipelines.service.champion import Promotion, promoted_version
from customlabels.pipelines.service.versions import version_tags
from customlabels.pipelines.training import lineage


def package_follower(clients: Clients, group: str, watch: Watch, left: str | None = None) -> Follower:
    """Registers and approves the champion's model package in `group`, and rejects those that would pass for it.

    Parameters
    ----------
    left : ARN of the version that was gone back from
    """

    def follow(project: str, promotion: Promotion) -> None:
        try:
            version = promoted_version(clients.rekognition, project, promotion)
            made_of = version_tags(clients.rekognition, version)
            tags = {"train": lineage.TRAIN_TAG, "test": lineage.TEST_TAG}
            digests = {side: made_of[tag] for side, tag in tags.items() if tag in made_of}
            evaluation = load_evaluation(clients.s3, version)
            package = registry.register(clients.sagemaker, clients.s3, group, version, evaluation, digests)
            rejected = registry.follow(clients.sagemaker, group, package, promotion.version, promotion.why, left)
        except ServiceError as error:
            # Promoting what is champion promotes nothing, so that no gate need be passed.
            again = f"customlabels versions promote {CHAMPION} --force --project {project}"
            raise ServiceError(
                f"the model package group {group} does not know of the champion: {error.message}; "
                f"{again} puts that right"
            ) from error
        decisions = [f"{package} is approved", *(f"{other} rejected" for other in rejected)]
        watch.note(f"model packages: {', '.join(decisions)}")

    return follow
