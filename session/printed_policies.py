"""The smallest policies for what the commands do, each from the room that does it; not part of what a session loads."""

from collections.abc import Callable, Mapping

from customlabels.aws.stacks.scope import Policy, Scope
from customlabels.inspection.stack import batch_policy, inspection_policy
from customlabels.pipelines import policies
from customlabels.pipelines.readiness import doctor_policies
from customlabels.pipelines.sagemaker import pipeline_policy
from customlabels.review import review_policy
from customlabels.scheduler.stack import schedule_policy

POLICIES: Mapping[str, Callable[[Scope], Policy]] = {
    "train": policies.train,
    "promote": policies.promote,
    "detect": policies.detect,
    "analyzers": policies.analyzers,
    "bucket": policies.bucket,
    "copy": policies.copy,
    "delete": policies.delete,
    "status": policies.status,
    "schedule": schedule_policy.schedule,
    "inspection": inspection_policy.inspection,
    "inspection-results": inspection_policy.inspection_results,
    "batch": batch_policy.batch,
    "review": review_policy.review,
    "pipeline": pipeline_policy.pipeline,
    "doctor": doctor_policies.doctor,
    "doctor-probe": doctor_policies.probe,
}
"""Every use that a policy is printed for."""
